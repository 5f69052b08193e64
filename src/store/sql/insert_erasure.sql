INSERT INTO erasures (order_nr, at, by, reason, body) VALUES ($1, $2, $3, $4, $5) RETURNING id
