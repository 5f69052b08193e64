-- The digest goes, too: it would tell who tries values which are right. A repeat of such an event is a duplicate.
UPDATE events SET body = $2, salt = NULL, digest = zeroblob(32), erased = coalesce(erased, $3) WHERE seq = $1
