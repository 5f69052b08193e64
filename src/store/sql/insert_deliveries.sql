INSERT INTO deliveries (id, notice, attempt, channel, address, at, outcome, detail, provider_id, message, party)
SELECT *
FROM   (VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11))
WHERE  column1 IS NOT NULL
