-- A person has a notice tried again that was given up: by itself, as if nothing had failed, and whatever its time. Who
-- was told already is not told again.
UPDATE notices
SET    state = 'queued', is_open = 1, due_at = $2, attempt = 0, retries = retries + 1, settled_at = NULL,
       forgiven = (SELECT count(*) FROM deliveries WHERE notice = $1),
       reason = NULL, bundle = NULL, lease_token = NULL, look_again = 0
WHERE  id = $1 AND state IN ('failed', 'unknown', 'expired') AND $3 IS NOT NULL
