-- The decision of a key ($2 stands for it in the index), among those entered or those that are too new to be.
SELECT decisions.position
FROM   keyed
JOIN   decisions ON decisions.position = keyed.position
WHERE  keyed.short = $2 AND decisions.key = $1
UNION ALL
SELECT position
FROM   decisions
WHERE  position > (SELECT keyed_until FROM state) AND key = $1
LIMIT  1
