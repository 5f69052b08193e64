INSERT INTO versions (number, in_force, hash, files) VALUES ($1, $2, $3, $4)
