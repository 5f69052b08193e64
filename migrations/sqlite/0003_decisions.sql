-- What was decided. Positions ascend in the order of commits; never changed.
CREATE TABLE decisions (
    position INTEGER PRIMARY KEY,
    key      TEXT    NOT NULL UNIQUE,
    order_nr INTEGER NOT NULL REFERENCES orders (nr),
    at       INTEGER NOT NULL,
    made_at  INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    proposal INTEGER NOT NULL,                      -- whether it waits for approval: it is fed from then on, not from here
    body     TEXT    NOT NULL
) STRICT;
CREATE INDEX decisions_of_order ON decisions (order_nr, position);
-- Proposals that were approved, each with its own place in the feed. Never changed.
CREATE TABLE approvals (
    position INTEGER PRIMARY KEY,                   -- in one sequence with decisions
    decision INTEGER NOT NULL UNIQUE REFERENCES decisions (position)
) STRICT;
-- Obligations as they stand: derived, replaced as a set whenever their order is decided.
CREATE TABLE obligations (
    order_nr    INTEGER NOT NULL REFERENCES orders (nr),
    place       INTEGER NOT NULL,                   -- within the order: by policy, start, rule
    policy      TEXT    NOT NULL,
    rule        TEXT    NOT NULL,
    round       INTEGER NOT NULL,
    occurrence  INTEGER NOT NULL,
    opened      INTEGER NOT NULL,
    start       INTEGER NOT NULL,
    due         INTEGER,
    provisional INTEGER NOT NULL,
    outcome     TEXT    NOT NULL,
    stopped_at  INTEGER,
    department  TEXT,
    PRIMARY KEY (order_nr, place)
) STRICT, WITHOUT ROWID;
