-- The source is read anew: what is still wrong will be refused again.
DELETE FROM refused_rows WHERE source = $1
