-- Orders whose due has come: due means due, the very instant counts.
SELECT nr, id
FROM   orders
WHERE  due_at <= $1 AND due_at IS NOT NULL AND set_aside IS NULL
ORDER  BY due_at, nr
LIMIT  $2
