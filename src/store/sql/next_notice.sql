-- When the next notice is to be tried, or its lease ends.
SELECT min(CASE WHEN lease_ends_at > due_at THEN lease_ends_at ELSE due_at END) FROM notices WHERE state = 'queued'
