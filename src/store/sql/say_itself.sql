-- A notice whose words were to be in one that was not queued has them itself.
UPDATE notices SET forms = $2, said_in = NULL WHERE id = $1
