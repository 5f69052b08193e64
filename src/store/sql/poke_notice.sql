-- Something became known of a notice: it is looked at at once; of one that is claimed, as soon as it is settled. One that is
-- to be tried again is looked at then, so that what one of its people's telephones says does not hurry the others.
UPDATE notices
SET    is_open = 1,
       due_at = CASE WHEN lease_token IS NULL THEN $2 ELSE due_at END,
       look_again = CASE WHEN lease_token IS NULL THEN 0 ELSE 1 END
WHERE  id = $1
  AND  state <> 'cancelled'
  AND  (lease_token IS NOT NULL OR state NOT IN ('queued', 'sent', 'expired'))
