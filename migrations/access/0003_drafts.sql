-- What somebody has begun to write about a person or case and not published. It goes when it is published or thrown away,
-- and after four weeks in any case.
CREATE TABLE drafts (
    -- Whose.
    author   TEXT    NOT NULL,
    -- About whom: wearer:ID, person:ID, case:ID or unit:ID; a kind and a colon for somebody who has no record yet.
    subject  TEXT    NOT NULL,
    -- The number of the revision that it was made from; 0 for none.
    base     INTEGER NOT NULL,
    -- The form's fields: [[name, value], ...].
    fields   TEXT    NOT NULL,
    saved_at INTEGER NOT NULL,
    PRIMARY KEY (author, subject)
) STRICT, WITHOUT ROWID;
