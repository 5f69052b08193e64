SELECT number, in_force, files FROM versions WHERE number > $1 AND number <= $2 ORDER BY number
