INSERT INTO pauses (channel, since, until, times, why)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (channel) DO UPDATE
SET    since = excluded.since, until = excluded.until, times = excluded.times, why = excluded.why
