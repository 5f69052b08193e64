-- What these notices (a JSON array) were sending when they were left.
SELECT id, sending FROM notices WHERE id IN (SELECT value FROM json_each($1)) AND sending IS NOT NULL ORDER BY id
