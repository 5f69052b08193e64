INSERT OR IGNORE INTO replies (channel, message, address, at, known_at, text) VALUES ($1, $2, $3, $4, $5, $6)
