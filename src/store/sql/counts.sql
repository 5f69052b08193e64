-- Cheap enough for every scrape: ends of indexes, and the few rows that are due or set aside.
SELECT (SELECT coalesce(max(seq), 0) FROM events),
       (SELECT coalesce(max(nr), 0) FROM orders),
       (SELECT coalesce(max(position), 0) FROM decisions),
       (SELECT coalesce(max(entry), 0) FROM ledger),
       (SELECT count(*) FROM orders WHERE due_at <= $1 AND due_at IS NOT NULL AND set_aside IS NULL),
       (SELECT min(due_at) FROM orders WHERE due_at <= $1 AND due_at IS NOT NULL AND set_aside IS NULL),
       (SELECT count(*) FROM orders WHERE set_aside IS NOT NULL)
