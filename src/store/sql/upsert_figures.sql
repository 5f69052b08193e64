-- A later figure for the same day and department replaces the earlier; the events keep both.
INSERT INTO figures (figure, day, department, value, seq)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (figure, day, department) DO UPDATE SET value = excluded.value, seq = excluded.seq
