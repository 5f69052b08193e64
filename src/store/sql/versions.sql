SELECT number, in_force, hash, files FROM versions ORDER BY number
