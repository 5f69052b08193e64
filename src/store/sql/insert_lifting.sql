-- Feeds a lifting once, and only of what was fed before.
INSERT INTO liftings (position, decision, by, body)
SELECT $1, position, $3, $4
FROM   decisions
WHERE  key = $2
       AND (proposal = 0 OR EXISTS (SELECT 1 FROM approvals WHERE decision = decisions.position))
       AND NOT EXISTS (SELECT 1 FROM liftings WHERE decision = decisions.position)
