INSERT INTO obligations (order_nr, place, policy, rule, round, occurrence, opened, start, due, provisional, outcome,
                         stopped_at, department)
SELECT *
FROM   (VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13))
WHERE  column1 IS NOT NULL
