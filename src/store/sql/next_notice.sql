-- When the next notice is to be tried, or its lease ends.
SELECT min(due_at) FROM notices WHERE state = 'queued'
