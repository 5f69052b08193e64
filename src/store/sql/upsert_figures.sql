-- A later figure for the same day and department replaces the earlier; the events keep both.
INSERT INTO figures (figure, day, department, value, seq)
SELECT *
FROM   (VALUES ($1, $2, $3, $4, $5))
WHERE  column1 IS NOT NULL
ON CONFLICT (figure, day, department) DO UPDATE SET value = excluded.value, seq = excluded.seq
