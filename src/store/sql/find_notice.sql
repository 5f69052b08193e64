-- The notice of a number, or of a key: of an order's those of the order of the decision at a position, which the key names.
SELECT id FROM notices WHERE id = $2
UNION ALL
SELECT id FROM notices WHERE order_nr IS NULL AND key = $1
UNION ALL
SELECT id FROM notices WHERE order_nr = (SELECT order_nr FROM decisions WHERE position = $3) AND key = $1
LIMIT  1
