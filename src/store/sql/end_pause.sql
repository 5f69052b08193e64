DELETE FROM pauses WHERE channel = $1
