-- Begins to write, and reads the numbers last given: anew each time, because a tool may have written since
-- (`duban import`). IMMEDIATE: a transaction that begins by reading cannot turn to writing if another wrote meanwhile.
BEGIN IMMEDIATE;
SELECT (SELECT coalesce(max(seq), 0) FROM events),
       (SELECT coalesce(max(nr), 0) FROM orders),
       max((SELECT coalesce(max(position), 0) FROM decisions), (SELECT coalesce(max(position), 0) FROM approvals),
           (SELECT coalesce(max(position), 0) FROM liftings)),
       (SELECT coalesce(max(entry), 0) FROM ledger),
       (SELECT coalesce(max(id), 0) FROM notices),
       (SELECT coalesce(max(id), 0) FROM deliveries),
       (SELECT coalesce(max(id), 0) FROM receipts),
       (SELECT coalesce(max(id), 0) FROM journal),
       system_count, system_head, keyed_until
FROM   state
