-- What became known: events of orders, and figures, which are events without an order. Never changed.
CREATE TABLE events (
    seq         INTEGER PRIMARY KEY,                -- number of arrival
    source      TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    order_nr    INTEGER REFERENCES orders (nr) DEFERRABLE INITIALLY DEFERRED,
    type        TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    digest      BLOB    NOT NULL,                   -- tells a duplicate from a conflict; `recorded_at` is not in it
    body        TEXT    NOT NULL,                   -- as accepted
    UNIQUE (source, id)
) STRICT;
CREATE INDEX events_of_order ON events (order_nr, seq) WHERE order_nr IS NOT NULL;
CREATE TABLE figures (
    figure     TEXT    NOT NULL,
    day        TEXT    NOT NULL,
    department TEXT    NOT NULL,                    -- empty: of none
    value      REAL    NOT NULL,
    seq        INTEGER NOT NULL REFERENCES events (seq),
    PRIMARY KEY (figure, day, department)
) STRICT, WITHOUT ROWID;
