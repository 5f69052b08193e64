-- After a change of the rules every order that was ever decided and goes on is decided again.
UPDATE orders
SET    due_at = $1
WHERE  nr >= $2 AND nr < $3 AND ended = 0 AND known_seq IS NOT NULL AND (due_at IS NULL OR due_at > $1)
