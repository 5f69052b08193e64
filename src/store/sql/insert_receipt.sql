-- Once for each delivery and outcome, however often it is said.
INSERT INTO receipts (id, delivery, at, known_at, source, outcome, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (delivery, outcome) DO NOTHING
