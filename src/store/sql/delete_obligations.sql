-- Obligations beyond those that orders have now (a JSON array of pairs: an order's nr, how many it has).
DELETE FROM obligations
WHERE  (order_nr, place) IN (SELECT obligations.order_nr, obligations.place
                             FROM   json_each($1) AS chosen
                             CROSS  JOIN obligations ON obligations.order_nr = chosen.value ->> 0
                                                    AND obligations.place >= chosen.value ->> 1)
