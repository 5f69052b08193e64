-- Sources of rows, by their names in the configuration: how far each was read, and how that went.
CREATE TABLE sources (
    name         TEXT    PRIMARY KEY,
    position     TEXT,                              -- up to where it was read, in the source's own words
    rewind       TEXT,                              -- from where it is read again once the configuration changes
    configured   TEXT    NOT NULL,                  -- by what configuration rows were refused
    looked_at    INTEGER,
    caught_up_at INTEGER,                           -- when it was last read to its end
    failed_at    INTEGER,                           -- since when it fails
    failure      TEXT,
    taken        INTEGER NOT NULL DEFAULT 0,        -- events and figures, since ever
    duplicates   INTEGER NOT NULL DEFAULT 0,
    changed      INTEGER NOT NULL DEFAULT 0,
    refused      INTEGER NOT NULL DEFAULT 0         -- rows, since ever
) STRICT, WITHOUT ROWID;
-- Rows that could not be read: where each stands and why, nothing of what it says.
CREATE TABLE refused_rows (
    source      TEXT    NOT NULL,
    place       TEXT    NOT NULL,                   -- as people find it
    position    TEXT    NOT NULL,                   -- where it is read again
    column_name TEXT,
    reason      TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (source, place)
) STRICT, WITHOUT ROWID;
