INSERT INTO awaited (delivery, asked, ask_at, until) VALUES ($1, 0, $2, $3)
