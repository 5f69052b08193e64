-- A daemon that has the store alone knows that whoever held these is gone.
UPDATE notices SET lease_ends_at = NULL, lease_token = NULL WHERE state = 'queued' AND lease_token IS NOT NULL
