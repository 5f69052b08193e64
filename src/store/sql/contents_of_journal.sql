SELECT id, at, what, body FROM journal WHERE id > $1 AND id <= $2 ORDER BY id
