SELECT count(*) FROM orders WHERE received = 0 AND first_at < $1
