-- Reads what saving these orders (a JSON array of nrs) writes and loading them does not read.
SELECT sum((SELECT count(outcome) FROM obligations WHERE order_nr = chosen.value) +
           (SELECT count(*) FROM notices WHERE order_nr = chosen.value))
FROM   json_each($1) AS chosen
