-- Somebody is to be called; one that was closed is opened again.
INSERT INTO calls (notice, party, number, why, at, state)
VALUES ($1, $2, $3, $4, $5, 'open')
ON CONFLICT (notice, party) DO UPDATE
SET    number = $3, why = $4, at = $5, state = 'open', is_told = 0, ended_at = NULL, by = NULL, note = NULL
WHERE  calls.state = 'closed'
