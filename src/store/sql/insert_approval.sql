-- Feeds a proposal once.
INSERT INTO approvals (position, decision)
SELECT $1, position
FROM   decisions
WHERE  key = $2 AND NOT EXISTS (SELECT 1 FROM approvals WHERE decision = decisions.position)
