-- A person takes back what is not delivered. What is on its way just now cannot be taken back.
UPDATE notices
SET    state = 'cancelled', is_open = 0, settled_at = $2, reason = $3, lease_token = NULL, look_again = 0
WHERE  id = $1 AND state IN ('queued', 'failed', 'unknown')
