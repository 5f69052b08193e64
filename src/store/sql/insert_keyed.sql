INSERT INTO keyed (short, position)
SELECT *
FROM   (VALUES ($1, $2))
WHERE  column1 IS NOT NULL
