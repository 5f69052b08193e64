INSERT INTO jobs (job, at, late, attempt, lease_ends_at, ended_at, outcome)
VALUES ($1, $2, 0, 0, $2, $2, 'known')
ON CONFLICT (job, at) DO NOTHING
