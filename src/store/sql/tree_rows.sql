-- These rows (a JSON array of places) of a level.
SELECT tree.place, tree.body FROM json_each($2) AS chosen CROSS JOIN tree ON tree.level = $1 AND tree.place = chosen.value
