SELECT id, delivery, at, known_at, source, outcome, detail
FROM   receipts
WHERE  id > $1 AND id <= $2
ORDER  BY id
