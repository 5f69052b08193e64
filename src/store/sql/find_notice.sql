SELECT id FROM notices WHERE key = $1 OR id = $2 ORDER BY key = $1 DESC LIMIT 1
