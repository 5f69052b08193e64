SELECT count(*) FROM orders WHERE set_aside IS NOT NULL AND set_aside_at <= $1
