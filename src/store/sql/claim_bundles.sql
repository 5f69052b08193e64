-- Claims the rest of bundles (a JSON array) of which something was claimed: they go out as one message, or not at all.
UPDATE notices
SET    due_at = $3, lease_token = $4, attempt = attempt + 1, look_again = 0
WHERE  bundle IN (SELECT value FROM json_each($1)) AND is_open = 1 AND due_at <= $2
RETURNING id, sending IS NOT NULL
