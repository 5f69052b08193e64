-- What may have changed since these notices (a JSON array) were queued: whether their decision counts no more, what their
-- order's attributes are where one of them says whether it is confidential, and which earlier push of the same order to the
-- same system is still to go out.
SELECT notices.id,
       notices.order_nr,
       EXISTS (SELECT 1
               FROM   decisions AS later
               WHERE  later.order_nr = notices.order_nr AND later.kind = 'revoke'
                 AND  json_extract(later.body, '$.kind.revoke.revoked') = notices.decision)
       OR EXISTS (SELECT 1
                  FROM   decisions AS lifted
                  JOIN   liftings ON liftings.decision = lifted.position
                  WHERE  lifted.order_nr = notices.order_nr AND lifted.key = notices.decision)
       OR EXISTS (SELECT 1
                  FROM   notices AS told
                  WHERE  told.order_nr = notices.order_nr AND told.kind = 'revocation'
                    AND  told.decision = notices.decision),
       CASE WHEN instr(orders.attributes, '"confidential"') > 0 THEN orders.attributes END,
       ahead.due_at,
       ahead.lease_token IS NOT NULL
FROM   json_each($1) AS chosen
CROSS  JOIN notices ON notices.id = chosen.value
LEFT   JOIN orders ON orders.nr = notices.order_nr
LEFT   JOIN notices AS ahead
       ON ahead.id = (SELECT min(earlier.id)
                      FROM   notices AS earlier
                      WHERE  notices.target LIKE '{"channel"%'
                        AND  earlier.order_nr = notices.order_nr AND earlier.target = notices.target
                        AND  earlier.id < notices.id AND earlier.is_open = 1 AND earlier.state IN ('queued', 'sent'))
