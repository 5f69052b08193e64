SELECT state, count(*) FROM notices GROUP BY state
