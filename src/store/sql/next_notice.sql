-- When the next notice is to be tried or looked at, or its lease ends.
SELECT min(due_at) FROM notices WHERE is_open = 1
