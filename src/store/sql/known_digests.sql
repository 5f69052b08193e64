-- The contents under these names (a JSON array of pairs), to tell duplicates from conflicts.
SELECT events.source, events.id, events.digest
FROM   json_each($1) AS named
JOIN   events ON events.source = named.value ->> 0 AND events.id = named.value ->> 1
