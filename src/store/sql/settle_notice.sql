-- Only the newest claim settles. An attempt that was put off before anything was tried is taken back.
UPDATE notices
SET    state = $3,
       due_at = coalesce($4, due_at),
       attempt = attempt - $5,
       settled_at = $6,
       reason = $7,
       lease_token = NULL
WHERE  id = $1 AND lease_token = $2 AND state = 'queued'
