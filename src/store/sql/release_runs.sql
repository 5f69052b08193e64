-- A daemon that has the store alone knows that whoever held these is gone.
UPDATE jobs SET lease_ends_at = at WHERE ended_at IS NULL
