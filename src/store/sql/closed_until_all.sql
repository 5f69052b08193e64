-- Until when there is no room, of keys (a JSON array) that are closed after an instant.
SELECT key, until FROM closed WHERE key IN (SELECT value FROM json_each($1)) AND until > $2
