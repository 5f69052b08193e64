SELECT id, notice, party, number, why, at, state, ended_at, by, note
FROM   calls
WHERE  $2 IS NULL OR state = $2
ORDER  BY id DESC
LIMIT  $1
