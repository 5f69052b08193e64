-- What people answered (上行) to what they were sent. Never changed.
CREATE TABLE replies (
    id       INTEGER PRIMARY KEY,
    channel  TEXT    NOT NULL,
    message  TEXT,                                  -- the newest that the address was sent by then; none: nothing was
    address  TEXT    NOT NULL,                      -- personal
    at       INTEGER NOT NULL,                      -- as the other side says
    known_at INTEGER NOT NULL,
    text     TEXT    NOT NULL,                      -- personal
    UNIQUE (channel, address, at, text)
) STRICT;
CREATE INDEX replies_to ON replies (message) WHERE message IS NOT NULL;
-- The parts of long messages that are known to have arrived: the message has with the last of them.
CREATE TABLE parts (
    channel  TEXT    NOT NULL,
    message  TEXT    NOT NULL,                      -- as the other side names it
    part     INTEGER NOT NULL,
    known_at INTEGER NOT NULL,
    PRIMARY KEY (channel, message, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX parts_by_age ON parts (known_at);
