-- Feeds the lifting of an order's decision once, and only of what was fed before.
INSERT INTO liftings (position, decision, by, body)
SELECT $1, position, $4, $5
FROM   decisions
WHERE  order_nr = $2 AND key = $3
       AND (proposal = 0 OR EXISTS (SELECT 1 FROM approvals WHERE decision = decisions.position))
       AND NOT EXISTS (SELECT 1 FROM liftings WHERE decision = decisions.position)
