-- The versions of the rules, whole, each with the instant from which it is in force. Never changed.
CREATE TABLE versions (
    number     INTEGER PRIMARY KEY,
    in_force   INTEGER NOT NULL,
    hash       BLOB    NOT NULL,
    files      TEXT    NOT NULL
) STRICT;
