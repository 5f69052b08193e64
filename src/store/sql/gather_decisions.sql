-- What stands for these orders (a JSON array of nrs), gathered for some orders at a time: in no certain order.
SELECT group_concat(decisions.order_nr || char(31) || decisions.position || char(31) || decisions.body, char(30))
FROM   json_each($1) AS chosen
CROSS  JOIN decisions ON decisions.order_nr = chosen.value
GROUP  BY chosen.key / 64
