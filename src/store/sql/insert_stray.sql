INSERT INTO strays (channel, name, is_ours, address, at, known_at, outcome, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (channel, name, is_ours, address, outcome) DO NOTHING
