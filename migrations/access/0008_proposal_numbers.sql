-- A proposal's number is never given twice: a page that shows one which is decided must not decide another.
CREATE TABLE numbered_proposals (
    no      INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Whose zone, and whom it binds: a case and its wearer, or a unit; the other columns are '' then.
    case_id TEXT    NOT NULL,
    wearer  TEXT    NOT NULL,
    unit_id TEXT    NOT NULL,
    zone_id TEXT    NOT NULL,
    author  TEXT    NOT NULL,
    why     TEXT    NOT NULL,
    -- The zone as it is to be, and as it was in force when it was proposed, in JSON; '' for none.
    zone    TEXT    NOT NULL,
    before  TEXT    NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;

INSERT INTO numbered_proposals (no, case_id, wearer, unit_id, zone_id, author, why, zone, before, made_at)
SELECT no, case_id, wearer, unit_id, zone_id, author, why, zone, before, made_at FROM proposals;

DROP TABLE proposals;
ALTER TABLE numbered_proposals RENAME TO proposals;

CREATE INDEX proposals_case ON proposals (case_id);
CREATE INDEX proposals_unit ON proposals (unit_id);
