INSERT INTO decisions (position, key, order_nr, at, made_at, kind, proposal, body)
SELECT *
FROM   (VALUES ($1, $2, $3, $4, $5, $6, $7, $8))
WHERE  column1 IS NOT NULL
