-- Orders, one row each: how the order stands, when it is next to be decided, and the head of its ledger chain.
CREATE TABLE orders (
    nr            INTEGER PRIMARY KEY,              -- short stand-in for the id in every other table
    id            TEXT    NOT NULL UNIQUE,
    first_at      INTEGER NOT NULL,                 -- when its first event was stored
    last_seq      INTEGER NOT NULL,                 -- its newest event: what a decision must know to be saved
    revision      INTEGER NOT NULL DEFAULT 0,       -- counts what was decided, so that nobody decides twice from one state
    due_at        INTEGER,                          -- when it is to be decided; none: not before the next event
    received      INTEGER NOT NULL DEFAULT 0,       -- whether a `received` has come
    known_seq     INTEGER,                          -- the newest event known when it was last decided
    decided_until INTEGER,
    next_due_at   INTEGER,                          -- what that decision gave as the next due
    round         INTEGER NOT NULL DEFAULT 0,
    ended         INTEGER NOT NULL DEFAULT 0,
    attributes    TEXT    NOT NULL DEFAULT '[]',
    policies      TEXT    NOT NULL DEFAULT '[]',
    set_aside     TEXT,                             -- why deciding it failed
    set_aside_at  INTEGER,
    chain_count   INTEGER NOT NULL,
    chain_head    BLOB    NOT NULL
) STRICT;
CREATE INDEX orders_due ON orders (due_at) WHERE due_at IS NOT NULL AND set_aside IS NULL;
CREATE INDEX orders_without_received ON orders (first_at) WHERE received = 0;
CREATE INDEX orders_set_aside ON orders (set_aside_at) WHERE set_aside IS NOT NULL;
