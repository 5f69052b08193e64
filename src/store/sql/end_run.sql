UPDATE jobs
SET    ended_at = $4, outcome = $5, detail = $6, lease_ends_at = $7
WHERE  job = $1 AND at = $2 AND attempt = $3 AND ended_at IS NULL
