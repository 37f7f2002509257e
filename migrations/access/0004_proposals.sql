-- Changes of zones that wait for a second person. A row goes when it is approved or refused; who did what stands in the
-- audit log, and what was approved in the journal.
CREATE TABLE proposals (
    no      INTEGER PRIMARY KEY,
    -- Whose zone, and whom it binds.
    case_id TEXT    NOT NULL,
    wearer  TEXT    NOT NULL,
    zone_id TEXT    NOT NULL,
    author  TEXT    NOT NULL,
    why     TEXT    NOT NULL,
    -- The zone as it is to be, and as it was in force when it was proposed, in JSON; '' for none.
    zone    TEXT    NOT NULL,
    before  TEXT    NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;

CREATE INDEX proposals_case ON proposals (case_id);
