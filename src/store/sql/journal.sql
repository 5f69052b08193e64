SELECT id, at, what, body FROM journal WHERE id > $1 ORDER BY id LIMIT $2
