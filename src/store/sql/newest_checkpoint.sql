SELECT number, text, signature FROM checkpoints ORDER BY number DESC LIMIT 1
