-- An order that cannot be decided stops nobody else. It stays due, for when it is tried again.
UPDATE orders SET set_aside = $2, set_aside_at = $3 WHERE nr = $1
