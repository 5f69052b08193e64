-- Of these figures (a JSON array of name, day, department) those that are known, each with the value in force and its event.
SELECT figures.figure, figures.day, figures.department, figures.value, figures.seq
FROM   json_each($1) AS named
JOIN   figures ON figures.figure = named.value ->> 0 AND figures.day = named.value ->> 1 AND figures.department = named.value ->> 2
