-- Upgrade a history file from version 1 to version 2.
ALTER TABLE takes RENAME COLUMN cost TO cost_usd;
ALTER TABLE takes ADD COLUMN usage TEXT NOT NULL DEFAULT '[]';
CREATE TABLE days (
    day TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    takes INTEGER NOT NULL,
    seconds REAL NOT NULL,
    tokens INTEGER NOT NULL,
    cost_usd REAL,
    PRIMARY KEY (day, endpoint)
) WITHOUT ROWID;
CREATE TABLE budgets (
    month TEXT PRIMARY KEY,
    warned_usd REAL NOT NULL DEFAULT 0,
    allowed_usd REAL NOT NULL DEFAULT 0
) WITHOUT ROWID;
