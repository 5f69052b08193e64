-- How many messages were sent of late, by what is limited: a robot, a member of an application, a number, a reader. Keys are
-- hashes: nothing personal, no secret.
CREATE TABLE sent (
    key   TEXT    NOT NULL,
    at    INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (key, at)
) STRICT, WITHOUT ROWID;
-- Where the other side has had enough for a while.
CREATE TABLE closed (
    key   TEXT    NOT NULL PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Channels that go on failing, tried again only now and then.
CREATE TABLE pauses (
    channel TEXT    NOT NULL PRIMARY KEY,
    since   INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    times   INTEGER NOT NULL,
    why     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
-- Why a notice that waits is held, where its channel is not the reason: hours, or to go out with others as a digest.
ALTER TABLE notices ADD COLUMN held TEXT;
