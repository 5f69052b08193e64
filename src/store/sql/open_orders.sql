-- Orders that were ever decided and go on: those that a change of the rules concerns.
SELECT nr, id
FROM   orders
WHERE  nr > $1 AND ended = 0 AND known_seq IS NOT NULL
ORDER  BY nr
LIMIT  $2
