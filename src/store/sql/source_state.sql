-- How a source stands, with how many of its rows are refused now.
SELECT position, rewind, configured, looked_at, caught_up_at, failed_at, failure, taken, duplicates, changed, refused,
       (SELECT count(*) FROM refused_rows WHERE source = name)
FROM   sources
WHERE  name = $1
