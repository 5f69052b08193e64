-- Feeds an order's proposal once.
INSERT INTO approvals (position, decision)
SELECT $1, position
FROM   decisions
WHERE  order_nr = $2 AND key = $3 AND NOT EXISTS (SELECT 1 FROM approvals WHERE decision = decisions.position)
