-- Since when the longest-waiting notice is due, and how many people are to be called.
SELECT (SELECT min(due_at) FROM notices WHERE is_open = 1 AND state IN ('queued', 'sent')),
       (SELECT count(*) FROM calls WHERE state = 'open')
