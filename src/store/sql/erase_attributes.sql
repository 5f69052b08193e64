-- The order is due: its attributes are written anew when it is decided. What is being decided on what was erased is stale.
UPDATE orders
SET    attributes = $2,
       due_at = CASE WHEN due_at < $3 THEN due_at ELSE $3 END,
       revision = revision + 1,
       chain_count = $4,
       chain_head = $5
WHERE  nr = $1
