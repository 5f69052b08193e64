-- Personal data can be erased by law, and the ledger still holds: what is hashed of a body is hashed with a salt, so that
-- what was erased cannot be found again by trying values against its hash.
ALTER TABLE events ADD COLUMN salt   BLOB;          -- random, hashed before the body; none: erased, or older than this
ALTER TABLE events ADD COLUMN erased BLOB;          -- the body's hash as it was accepted, once something of it was erased
-- Who erased what, when and why. Never changed.
CREATE TABLE erasures (
    id       INTEGER PRIMARY KEY,
    order_nr INTEGER NOT NULL REFERENCES orders (nr),
    at       INTEGER NOT NULL,
    by       TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    body     TEXT    NOT NULL                       -- the events, each with the hash of its body as it stands since
) STRICT;
CREATE INDEX erasures_of_order ON erasures (order_nr);
