-- What a person has to look at, newest first.
SELECT id FROM notices WHERE state IN ('failed', 'unknown') ORDER BY id DESC LIMIT $1
