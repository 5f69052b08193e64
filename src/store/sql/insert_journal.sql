INSERT INTO journal (id, at, what, body) VALUES ($1, $2, $3, $4)
