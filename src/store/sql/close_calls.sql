UPDATE calls SET state = 'closed', ended_at = $2 WHERE notice = $1 AND state = 'open'
