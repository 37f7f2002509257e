-- What is asked of one wearer's past reads their rows and incidents alone.
CREATE INDEX journal_of_one ON journal (kind, subject, no);
CREATE INDEX incidents_about_one ON incidents (subject, id);
