-- An order grows by events. History sets nothing in motion: it gives no due, and takes none away.
INSERT INTO orders (nr, id, first_at, last_seq, due_at, received, chain_count, chain_head)
SELECT *
FROM   (VALUES ($1, $2, $3, $4, $5, $6, $7, $8))
WHERE  column1 IS NOT NULL
ON CONFLICT (nr) DO UPDATE
SET    first_at = excluded.first_at,
       last_seq = excluded.last_seq,
       due_at = CASE WHEN excluded.due_at IS NULL OR orders.due_at < excluded.due_at THEN orders.due_at ELSE excluded.due_at END,
       received = CASE WHEN excluded.received = 1 THEN 1 ELSE orders.received END,
       chain_count = excluded.chain_count,
       chain_head = excluded.chain_head
