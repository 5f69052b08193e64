-- A daemon that has the store alone knows that whoever held these is gone: they are due as they were at first.
UPDATE notices SET due_at = at, lease_token = NULL WHERE is_open = 1 AND lease_token IS NOT NULL
