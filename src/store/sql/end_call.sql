UPDATE calls SET state = 'done', ended_at = $2, by = $3, note = $4 WHERE id = $1 AND state = 'open'
