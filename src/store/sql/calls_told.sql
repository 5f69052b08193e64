UPDATE calls SET is_told = 1 WHERE id <= $1 AND is_told = 0 AND state = 'open'
