SELECT id, at, body FROM journal WHERE what = $1 ORDER BY id DESC LIMIT 1
