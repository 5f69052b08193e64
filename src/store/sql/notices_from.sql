-- The notices of this transaction, which are those from a number on.
SELECT id FROM notices WHERE id >= $1
