-- Who is or was to be called for these notices (a JSON array).
SELECT calls.id, calls.notice, calls.party, calls.number, calls.why, calls.at, calls.state, calls.ended_at, calls.by,
       calls.note
FROM   json_each($1) AS chosen
CROSS  JOIN calls ON calls.notice = chosen.value
ORDER  BY calls.id
