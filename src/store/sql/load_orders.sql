-- How these orders (a JSON array of nrs) stand.
SELECT nr, last_seq, revision, known_seq, decided_until
FROM   orders
WHERE  nr IN (SELECT value FROM json_each($1))
