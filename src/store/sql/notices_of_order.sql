SELECT id FROM notices WHERE order_nr = $1 ORDER BY id
