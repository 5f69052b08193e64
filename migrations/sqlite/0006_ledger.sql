-- One entry for each thing that must not change unseen. An entry names a row of another table by kind and number.
CREATE TABLE ledger (
    entry    INTEGER PRIMARY KEY,
    chain    INTEGER NOT NULL,                      -- the order's nr; 0: the chain `system`
    n        INTEGER NOT NULL,                      -- place in its chain, from 1
    kind     TEXT    NOT NULL,
    subject  INTEGER NOT NULL,
    content  BLOB    NOT NULL,
    hash     BLOB    NOT NULL
) STRICT;
-- What an operator or the daemon did that concerns no order: clock accepted, signed in, exported.
CREATE TABLE journal (
    id   INTEGER PRIMARY KEY,
    at   INTEGER NOT NULL,
    what TEXT    NOT NULL,
    body TEXT    NOT NULL
) STRICT;
-- The one row of what holds for the whole store.
CREATE TABLE state (
    only_one     INTEGER PRIMARY KEY CHECK (only_one = 1),
    first_start  INTEGER,
    newest       INTEGER,                           -- no commit of the daemon is later than this
    marking_from INTEGER,                           -- orders from this nr on are still to be marked due after a change of rules
    system_count INTEGER NOT NULL,
    system_head  BLOB    NOT NULL
) STRICT;
-- The chain `system` begins with the hash of its name.
INSERT INTO state (only_one, system_count, system_head) VALUES (1, 0, x'4735da53613fa5a24afac5d866cf8eca7d89618a46181f528fba01837d262a42');
