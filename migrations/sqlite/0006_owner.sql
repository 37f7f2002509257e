-- Who owns the line. `epoch` rises with every take-over, and every commit names the one that it was made under. Nothing runs
-- out here: the owner holds the lock of a file, which ends with it.
CREATE TABLE owner (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    epoch   INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    -- Which process, for those who look for it.
    process TEXT    NOT NULL,
    -- Always the service itself.
    subject TEXT    NOT NULL
) STRICT;

INSERT INTO owner (one, epoch, until, process, subject) VALUES (1, 0, 0, '', 'service');
