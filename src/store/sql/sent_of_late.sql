SELECT at, count FROM sent WHERE key = $1 ORDER BY at
