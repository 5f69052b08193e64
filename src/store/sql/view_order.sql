SELECT round, ended, received, attributes, policies, decided_until,
       known_seq IS NULL OR last_seq > known_seq, next_due_at, set_aside, set_aside_at
FROM   orders
WHERE  nr = $1
