SELECT id, set_aside_at, set_aside FROM orders WHERE set_aside IS NOT NULL AND set_aside_at <= $1 ORDER BY set_aside_at LIMIT $2
