-- Obligations as they stand; those that stand so already are left alone, which most are.
INSERT INTO obligations (order_nr, place, policy, rule, round, occurrence, opened, start, due, provisional, outcome,
                         stopped_at, department)
SELECT *
FROM   (VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13))
WHERE  column1 IS NOT NULL
ON CONFLICT (order_nr, place) DO UPDATE
SET    policy = excluded.policy,
       rule = excluded.rule,
       round = excluded.round,
       occurrence = excluded.occurrence,
       opened = excluded.opened,
       start = excluded.start,
       due = excluded.due,
       provisional = excluded.provisional,
       outcome = excluded.outcome,
       stopped_at = excluded.stopped_at,
       department = excluded.department
WHERE  (obligations.policy, obligations.rule, obligations.round, obligations.occurrence, obligations.opened,
        obligations.start, obligations.due, obligations.provisional, obligations.outcome, obligations.stopped_at,
        obligations.department)
       IS NOT (excluded.policy, excluded.rule, excluded.round, excluded.occurrence, excluded.opened, excluded.start,
               excluded.due, excluded.provisional, excluded.outcome, excluded.stopped_at, excluded.department)
