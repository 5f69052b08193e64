-- How orders stand after they were decided. Whoever loaded them before has an old revision now.
UPDATE orders
SET    revision = revision + 1,
       known_seq = decided.column2,
       decided_until = decided.column3,
       due_at = CASE WHEN decided.column11 IS NULL OR decided.column4 <= decided.column11
                     THEN decided.column4 ELSE decided.column11 END,
       next_due_at = decided.column4,
       round = decided.column5,
       ended = decided.column6,
       attributes = decided.column7,
       policies = decided.column8,
       set_aside = NULL,
       set_aside_at = NULL,
       chain_count = decided.column9,
       chain_head = decided.column10,
       written = decided.column12
FROM   (VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)) AS decided
WHERE  orders.nr = decided.column1
