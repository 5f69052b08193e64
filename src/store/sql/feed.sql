-- Positions ascend with commits: nothing comes later at a position already passed. A proposal comes at the position of its
-- approval, and what a person lifted once more at that of its lifting. Each part ends by itself, so that a reader far behind
-- does not pay for all that follows.
SELECT fed.position, orders.id, fed.body, fed.by
FROM   (SELECT * FROM (SELECT position, order_nr, body, NULL AS by
                       FROM   decisions
                       WHERE  position > $1 AND proposal = 0
                       ORDER  BY position
                       LIMIT  $2)
        UNION ALL
        SELECT * FROM (SELECT approvals.position, decisions.order_nr, decisions.body, NULL
                       FROM   approvals
                       JOIN   decisions ON decisions.position = approvals.decision
                       WHERE  approvals.position > $1
                       ORDER  BY approvals.position
                       LIMIT  $2)
        UNION ALL
        SELECT * FROM (SELECT liftings.position, decisions.order_nr, liftings.body, liftings.by
                       FROM   liftings
                       JOIN   decisions ON decisions.position = liftings.decision
                       WHERE  liftings.position > $1
                       ORDER  BY liftings.position
                       LIMIT  $2)) AS fed
JOIN   orders ON orders.nr = fed.order_nr
ORDER  BY fed.position
LIMIT  $2
