-- How these orders (a JSON array of nrs) stand, gathered.
SELECT group_concat(nr || char(31) || last_seq || char(31) || revision || char(31) || coalesce(known_seq, '') || char(31) ||
                    coalesce(decided_until, '') || char(31) || coalesce(hex(written), '-'), char(30))
FROM   orders
WHERE  nr IN (SELECT value FROM json_each($1))
