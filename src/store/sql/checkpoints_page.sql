SELECT number, entries, text, signature FROM checkpoints WHERE number > $1 ORDER BY number LIMIT $2
