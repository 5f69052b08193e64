-- Only the newest claim settles. An attempt that was put off before anything was tried is taken back. What became known
-- meanwhile is looked at at once, unless the notice is to be tried again anyway.
UPDATE notices
SET    state = $3,
       is_open = CASE WHEN $4 IS NOT NULL OR look_again = 1 THEN 1 ELSE 0 END,
       due_at = CASE WHEN look_again = 1 AND $3 <> 'queued' THEN $6 ELSE coalesce($4, due_at) END,
       attempt = attempt - $5,
       settled_at = CASE WHEN $3 = 'queued' THEN NULL WHEN state = $3 AND settled_at IS NOT NULL THEN settled_at ELSE $6 END,
       reason = $7,
       held = $8,
       sending = NULL,
       look_again = 0,
       lease_token = NULL
WHERE  id = $1 AND lease_token = $2
