-- How these orders (a JSON array of nrs) stand now, and where their ledger chains stand, gathered.
SELECT group_concat(nr || char(31) || last_seq || char(31) || revision || char(31) || chain_count || char(31) ||
                    hex(chain_head), char(30))
FROM   orders
WHERE  nr IN (SELECT value FROM json_each($1))
