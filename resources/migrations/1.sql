-- Upgrade a history file from version 0 to version 1.
CREATE TABLE takes (
    id TEXT PRIMARY KEY,
    started TEXT NOT NULL,
    offset_min INTEGER NOT NULL,
    text TEXT NOT NULL,
    folded TEXT NOT NULL,
    outcome TEXT NOT NULL,
    engine TEXT NOT NULL,
    inserted_by TEXT NOT NULL,
    duration_s REAL NOT NULL,
    timings TEXT NOT NULL,
    error TEXT NOT NULL,
    program TEXT NOT NULL,
    audio TEXT NOT NULL,
    cost REAL
);
CREATE INDEX takes_by_start ON takes (started, id);
