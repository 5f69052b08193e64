-- Each notice is queued once, however often it is decided.
INSERT INTO notices (id, key, order_nr, decision, kind, target, at, expires_at, confidential, forms, due_at, said_in, calendar,
                     state)
SELECT *, 'queued'
FROM   (VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13))
WHERE  column1 IS NOT NULL
ON CONFLICT (order_nr, key) WHERE order_nr IS NOT NULL DO NOTHING
ON CONFLICT (key) WHERE order_nr IS NULL DO NOTHING
