-- Handovers of a shift: what the officer who goes off duty signed, and who took it over. A row without a second signature
-- waits; a signed one is kept.
CREATE TABLE handovers (
    -- Never given twice: the audit log names it.
    no        INTEGER PRIMARY KEY AUTOINCREMENT,
    unit      TEXT    NOT NULL,
    -- The accounts that signed, what each wrote, and when.
    outgoing  TEXT    NOT NULL,
    says      TEXT    NOT NULL,
    signed_at INTEGER NOT NULL,
    incoming  TEXT,
    answer    TEXT    NOT NULL,
    taken_at  INTEGER,
    CHECK ((incoming IS NULL) = (taken_at IS NULL) AND incoming IS NOT outgoing)
) STRICT;

CREATE INDEX handovers_unit ON handovers (unit, no);
-- Nobody hands the same unit over twice at once.
CREATE UNIQUE INDEX handovers_waiting ON handovers (unit, outgoing) WHERE incoming IS NULL;

-- What stood in it, one row for each thing, so that what is about one person can be found and erased. Ids alone, and words
-- that people wrote.
CREATE TABLE handover_points (
    handover INTEGER NOT NULL REFERENCES handovers (no) ON DELETE CASCADE,
    place    INTEGER NOT NULL,
    -- About whom: wearer:ID, person:ID or service; '' for nobody.
    subject  TEXT    NOT NULL,
    -- signed: as the outgoing officer signed it. new, changed, gone: what had happened to it when the second signed.
    mark     TEXT    NOT NULL CHECK (mark IN ('signed', 'new', 'changed', 'gone')),
    -- In JSON.
    point    TEXT    NOT NULL,
    PRIMARY KEY (handover, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX handover_points_subject ON handover_points (subject) WHERE subject <> '';
