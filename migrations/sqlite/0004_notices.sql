-- The outbox: what is to be told, and what became of it.
CREATE TABLE notices (
    id            INTEGER PRIMARY KEY,
    key           TEXT    NOT NULL UNIQUE,          -- queued once
    order_nr      INTEGER REFERENCES orders (nr),
    decision      TEXT    REFERENCES decisions (key) DEFERRABLE INITIALLY DEFERRED,
    kind          TEXT    NOT NULL,
    target        TEXT    NOT NULL,
    at            INTEGER NOT NULL,
    expires_at    INTEGER,
    confidential  INTEGER NOT NULL,
    forms         TEXT    NOT NULL,                 -- as rendered when it was decided
    state         TEXT    NOT NULL,
    due_at        INTEGER NOT NULL,                 -- when it is next to be tried, or its lease ends
    attempt       INTEGER NOT NULL DEFAULT 0,
    lease_token   INTEGER,                          -- the newest claim: only its holder settles
    settled_at    INTEGER,
    reason        TEXT
) STRICT;
CREATE INDEX notices_queued ON notices (due_at, id) WHERE state = 'queued';
CREATE INDEX notices_unsent ON notices (state, id) WHERE state IN ('failed', 'given-up');
CREATE INDEX notices_of_order ON notices (order_nr) WHERE order_nr IS NOT NULL;
-- Each attempt at one address. Never changed.
CREATE TABLE deliveries (
    id          INTEGER PRIMARY KEY,
    notice      INTEGER NOT NULL REFERENCES notices (id),
    attempt     INTEGER NOT NULL,
    channel     TEXT    NOT NULL,
    address     TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    outcome     TEXT    NOT NULL,
    detail      TEXT,
    provider_id TEXT
) STRICT;
CREATE INDEX deliveries_of_notice ON deliveries (notice, id);
