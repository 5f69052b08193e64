-- A lease, not a lock: a crashed run ends by itself and is tried again. What has ended stays ended.
INSERT INTO jobs (job, at, late, attempt, lease_ends_at)
VALUES ($1, $2, $3, 1, $5)
ON CONFLICT (job, at) DO UPDATE
SET    attempt = jobs.attempt + 1, lease_ends_at = excluded.lease_ends_at
WHERE  jobs.ended_at IS NULL AND jobs.lease_ends_at <= $4
RETURNING attempt
