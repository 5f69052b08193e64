-- Enters that a request goes out for all of a batch (a JSON array), if all of it is still held: else for none. The lease
-- lasts as long again.
UPDATE notices
SET    state = 'sent', sending = $3, bundle = coalesce(bundle, $4), due_at = $5
WHERE  id IN (SELECT value FROM json_each($1))
  AND  (SELECT count(*)
        FROM   json_each($1) AS batch
        CROSS  JOIN notices AS held ON held.id = batch.value
        WHERE  held.lease_token = $2) = json_array_length($1)
