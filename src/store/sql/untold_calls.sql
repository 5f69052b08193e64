SELECT id, notice, party, number, why, at, state, ended_at, by, note
FROM   calls
WHERE  state = 'open' AND is_told = 0
ORDER  BY id
LIMIT  $1
