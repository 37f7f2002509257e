-- Notices to protected persons end by themselves, as 'told': one that has ended does not stand in the way of the next.
DROP INDEX incidents_one_open;
CREATE UNIQUE INDEX incidents_one_open ON incidents (subject, cause) WHERE handling NOT IN ('closed', 'told');
