-- The journal is short: it holds what people did with the store as a whole.
SELECT id, body FROM journal WHERE what = $1 ORDER BY id DESC LIMIT 1
