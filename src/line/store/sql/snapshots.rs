//! The snapshots' tables.

use sqlx::{PgConnection, SqliteConnection};

use super::{Db, execute, on};
use crate::store::{Snapshot, SnapshotPart, StoreError};

/// Parts deleted in one transaction: the line's commits do not wait for more.
const FORGOTTEN_AT_ONCE: i64 = 200;

const PART: &str = "INSERT INTO snapshot_parts (snapshot, nth, subject, content) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (snapshot, nth) DO UPDATE SET subject = excluded.subject, content = excluded.content";
const PARTS_PG: &str = "INSERT INTO snapshot_parts (snapshot, nth, subject, content) \
    SELECT $1, * FROM UNNEST($2::bigint[], $3::text[], $4::bytea[]) \
    ON CONFLICT (snapshot, nth) DO UPDATE SET subject = excluded.subject, content = excluded.content";
const COMPLETE: &str = "INSERT INTO snapshots (no, chain, form, parts, digest) VALUES ($1, $2, $3, $4, $5) \
    ON CONFLICT (no) DO UPDATE SET chain = excluded.chain, form = excluded.form, parts = excluded.parts, \
    digest = excluded.digest";
const ALL: &str = "SELECT no, chain, form, parts, digest FROM snapshots ORDER BY no DESC";
const PARTS: &str = "SELECT nth, subject, content FROM snapshot_parts WHERE snapshot = $1 AND nth >= $2 \
    ORDER BY nth LIMIT $3";
const FORGET: &str = "DELETE FROM snapshots WHERE no = $1";
/// The next snapshot that has parts: one look into the index, however many parts lie between.
const NEXT_WITH_PARTS: &str = "SELECT min(snapshot) FROM snapshot_parts WHERE snapshot > $1";
const FORGET_PARTS: &str = "DELETE FROM snapshot_parts WHERE (snapshot, nth) IN \
    (SELECT snapshot, nth FROM snapshot_parts WHERE snapshot = $1 ORDER BY nth LIMIT $2)";

#[derive(sqlx::FromRow)]
struct Row {
    no: i64,
    chain: Vec<u8>,
    form: i64,
    parts: i64,
    digest: Vec<u8>,
}

impl From<Row> for Snapshot {
    fn from(Row { no, chain, form, parts, digest }: Row) -> Self {
        Self { no, chain, form, parts, digest }
    }
}

impl Db {
    pub(super) async fn write_parts(&self, snapshot: i64, parts: &[SnapshotPart]) -> Result<(), StoreError> {
        on!(self, write, |tx| tx.insert_parts(snapshot, parts).await?);
        Ok(())
    }

    pub(super) async fn write_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        let Snapshot { no, chain, form, parts, digest } = snapshot;
        on!(self, write, |tx| execute!(tx, COMPLETE, no, chain, form, parts, digest));
        Ok(())
    }

    pub(super) async fn read_snapshots(&self) -> Result<Vec<Snapshot>, StoreError> {
        let all: Vec<Row> = on!(self, read, |pool| sqlx::query_as(ALL).fetch_all(pool).await?);
        Ok(all.into_iter().map(Snapshot::from).collect())
    }

    pub(super) async fn read_parts(
        &self,
        snapshot: i64,
        from: i64,
        limit: i64,
    ) -> Result<Vec<SnapshotPart>, StoreError> {
        let rows: Vec<(i64, String, Vec<u8>)> = on!(self, read, |pool| {
            sqlx::query_as(PARTS).bind(snapshot).bind(from).bind(limit.max(0)).fetch_all(pool).await?
        });
        Ok(rows.into_iter().map(|(nth, subject, content)| SnapshotPart { nth, subject, content }).collect())
    }

    pub(super) async fn delete_snapshots(&self, kept: &[i64]) -> Result<bool, StoreError> {
        let Some(last) = kept.iter().max().copied() else { return Ok(false) };
        let goes = |no: &i64| *no < last && !kept.contains(no);
        let heads: Vec<i64> = self.read_snapshots().await?.into_iter().map(|it| it.no).filter(goes).collect();
        on!(self, write, |tx| for no in &heads {
            execute!(tx, FORGET, *no);
        });
        let mut next = self.next_with_parts(i64::MIN).await?;
        while let Some(no) = next.filter(|no| *no < last) {
            if goes(&no) {
                on!(self, write, |tx| execute!(tx, FORGET_PARTS, no, FORGOTTEN_AT_ONCE));
                return Ok(true);
            }
            next = self.next_with_parts(no).await?;
        }
        Ok(false)
    }

    async fn next_with_parts(&self, after: i64) -> Result<Option<i64>, StoreError> {
        Ok(on!(self, read, |pool| sqlx::query_scalar(NEXT_WITH_PARTS).bind(after).fetch_one(pool).await?))
    }
}

trait InsertParts {
    async fn insert_parts(&mut self, snapshot: i64, parts: &[SnapshotPart]) -> Result<(), sqlx::Error>;
}

impl InsertParts for SqliteConnection {
    async fn insert_parts(&mut self, snapshot: i64, parts: &[SnapshotPart]) -> Result<(), sqlx::Error> {
        for SnapshotPart { nth, subject, content } in parts {
            sqlx::query(PART)
                .bind(snapshot)
                .bind(nth)
                .bind(subject)
                .bind(content)
                .execute(&mut *self)
                .await?;
        }
        Ok(())
    }
}

impl InsertParts for PgConnection {
    async fn insert_parts(&mut self, snapshot: i64, parts: &[SnapshotPart]) -> Result<(), sqlx::Error> {
        let query = sqlx::query(PARTS_PG)
            .bind(snapshot)
            .bind(parts.iter().map(|part| part.nth).collect::<Vec<_>>())
            .bind(parts.iter().map(|part| part.subject.as_str()).collect::<Vec<_>>())
            .bind(parts.iter().map(|part| part.content.as_slice()).collect::<Vec<_>>());
        query.execute(self).await.map(drop)
    }
}
