-- Takes what was said of a message, by the channel, our id and the other side's, before it was known here.
DELETE FROM strays
WHERE  channel = $1 AND ((is_ours = 1 AND name = $2) OR (is_ours = 0 AND name = $3))
RETURNING at, known_at, outcome, detail
