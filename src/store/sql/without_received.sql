SELECT id, first_at, NULL FROM orders WHERE received = 0 AND first_at < $1 ORDER BY first_at LIMIT $2
