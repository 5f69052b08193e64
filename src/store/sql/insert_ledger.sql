INSERT INTO ledger (entry, chain, n, kind, subject, content, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7)
