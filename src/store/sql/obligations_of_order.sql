SELECT policy, rule, round, occurrence, opened, start, due, provisional, outcome, stopped_at, department
FROM   obligations
WHERE  order_nr = $1
ORDER  BY place
