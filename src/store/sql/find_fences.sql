-- How these orders (a JSON array of nrs) stand now, and where their ledger chains stand.
SELECT nr, last_seq, revision, chain_count, chain_head
FROM   orders
WHERE  nr IN (SELECT value FROM json_each($1))
