-- When the next order is due.
SELECT min(due_at) FROM orders WHERE due_at IS NOT NULL AND set_aside IS NULL
