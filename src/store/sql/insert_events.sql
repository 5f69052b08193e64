-- Takes what is new. An id that is known stays as it was first told.
INSERT INTO events (seq, source, id, order_nr, type, at, recorded_at, digest, body, salt)
SELECT *
FROM   (VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10))
WHERE  column1 IS NOT NULL
ON CONFLICT (source, id) DO NOTHING
