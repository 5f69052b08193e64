SELECT place, body FROM tree WHERE level = 0 AND place > $1 ORDER BY place LIMIT $2
