-- Signed states of the ledger. Never changed.
CREATE TABLE checkpoints (
    number    INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL,
    entries   INTEGER NOT NULL,                     -- up to which entry of the ledger
    text      TEXT    NOT NULL,                     -- what was signed
    signature BLOB    NOT NULL
) STRICT;
-- The tree over all chains, so that a checkpoint costs as much as what changed: on level 0 each row holds count and head
-- of 16 chains, above it the hashes of 16 nodes of the level below.
CREATE TABLE tree (
    level INTEGER NOT NULL,
    place INTEGER NOT NULL,
    body  BLOB    NOT NULL,
    PRIMARY KEY (level, place)
) STRICT, WITHOUT ROWID;
ALTER TABLE state ADD COLUMN tree_entries INTEGER NOT NULL DEFAULT 0;  -- up to which entry the tree has grown
