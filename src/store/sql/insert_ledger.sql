INSERT INTO ledger (entry, chain, n, kind, subject, content, hash)
SELECT *
FROM   (VALUES ($1, $2, $3, $4, $5, $6, $7))
WHERE  column1 IS NOT NULL
