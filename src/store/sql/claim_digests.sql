-- Claims the rest of what goes to readers (a JSON array) as one digest, of whom something was claimed.
UPDATE notices
SET    due_at = $2, lease_token = $3, attempt = attempt + 1, look_again = 0
WHERE  id IN (SELECT id
              FROM   notices
              WHERE  is_open = 1 AND held = 'digest' AND lease_token IS NULL
                AND  target IN (SELECT value FROM json_each($1))
              ORDER  BY id
              LIMIT  $4)
RETURNING id
