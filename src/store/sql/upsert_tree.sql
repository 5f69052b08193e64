INSERT INTO tree (level, place, body)
SELECT *
FROM   (VALUES ($1, $2, $3))
WHERE  column1 IS NOT NULL
ON CONFLICT (level, place) DO UPDATE SET body = excluded.body
