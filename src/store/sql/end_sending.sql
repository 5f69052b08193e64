-- Nobody sends these notices (a JSON array) any more.
UPDATE notices
SET    sending = NULL, state = 'queued'
WHERE  id IN (SELECT value FROM json_each($1)) AND sending IS NOT NULL
