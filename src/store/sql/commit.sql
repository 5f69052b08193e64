-- Keeps the newest instant written, for the clock guard, and the head of the chain `system`; then all is durable.
UPDATE state
SET    newest = CASE WHEN $1 IS NULL OR newest > $1 THEN newest ELSE $1 END,
       system_count = $2,
       system_head = $3;
COMMIT
