-- The orders with these ids (a JSON array), and where their ledger chains stand.
SELECT id, nr, chain_count, chain_head, first_at
FROM   orders
WHERE  id IN (SELECT value FROM json_each($1))
