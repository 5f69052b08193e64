-- Claims what is due, so that nobody sends the same notice twice; says what goes out together with others.
-- A lease, not a lock: the transaction ends long before a slow gateway answers, and a crashed claim ends by itself, because
-- the notice is due again when the lease ends.
UPDATE notices
SET    due_at = $2, lease_token = $4, attempt = attempt + 1, look_again = 0
WHERE  id IN (SELECT id
              FROM   notices
              WHERE  is_open = 1 AND due_at <= $1
              ORDER  BY due_at, id
              LIMIT  $3)
RETURNING id, bundle, CASE WHEN held = 'digest' THEN target END, sending IS NOT NULL
