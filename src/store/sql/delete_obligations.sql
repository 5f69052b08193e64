-- Obligations are replaced as a set.
DELETE FROM obligations WHERE order_nr IN (SELECT value FROM json_each($1))
