SELECT id, notice, party, number, why, at, state, ended_at, by, note
FROM   calls
WHERE  state = 'open' AND state = $2
ORDER  BY id
LIMIT  $1
