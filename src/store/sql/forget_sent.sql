-- What was sent so long ago that it counts no more.
DELETE FROM sent WHERE key = $1 AND at <= $2
