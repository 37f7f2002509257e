//! The store in SQLite and in PostgreSQL: the same SQL text wherever the two allow it.

mod commit;
mod erasure;
mod error;
mod filed;
mod journal;
mod open;
mod outbox;
mod owner;
mod record;
mod snapshots;

use async_trait::async_trait;
use sqlx::{PgPool, SqlitePool};

pub use open::{file_of, migrations, open, open_as, tables};
use owner::{FileLock, Session};

use super::{
    About, Attempt, Batch, Claimed, Counts, HandIn, JournalHead, JournalRow, Room, Snapshot, SnapshotPart,
    Store, StoreError,
};
use crate::domain::{Alert, AlertId, CANARY, Incident, IncidentId, Subject, Timestamp};

/// An open database.
#[derive(Debug)]
enum Db {
    /// SQLite allows one writer at a time: a single connection, so that writers queue here rather than on its lock.
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
        lock: FileLock,
    },
    Pg {
        pool: PgPool,
        session: Box<Session>,
    },
}

/// One body for both databases. `read` hands it a pool. `write` hands it a transaction that is committed after it and
/// rolled back when it leaves early; on SQLite the transaction takes the write lock at once, since one that reads first
/// and then writes is refused when another process wrote in between.
macro_rules! on {
    ($db:expr, read, |$pool:ident| $body:expr) => {
        match $db {
            $crate::store::sql::Db::Sqlite { read: $pool, .. } => $body,
            $crate::store::sql::Db::Pg { pool: $pool, .. } => $body,
        }
    };
    ($db:expr, write, |$tx:ident| $body:expr) => {
        match $db {
            $crate::store::sql::Db::Sqlite { write, .. } => {
                let mut $tx = write.begin_with("BEGIN IMMEDIATE").await?;
                let result = $body;
                $tx.commit().await?;
                result
            }
            $crate::store::sql::Db::Pg { pool, .. } => {
                let mut $tx = pool.begin().await?;
                let result = $body;
                $tx.commit().await?;
                result
            }
        }
    };
}

/// Runs a statement with these values in a transaction and counts the rows it changed.
macro_rules! execute {
    ($tx:expr, $sql:expr, $($value:expr),+ $(,)?) => {
        sqlx::query($sql)$(.bind($value))+.execute(&mut *$tx).await?.rows_affected()
    };
}

use {execute, on};

#[async_trait]
impl Store for Db {
    async fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        self.write_batch(batch).await.map_err(|error| error.in_batch(batch.first_no()))
    }

    async fn take_line(&self, process: &str) -> Result<Option<i64>, StoreError> {
        self.take_ownership(process).await
    }

    async fn keep_line(&self, epoch: i64) -> Result<bool, StoreError> {
        self.keep_ownership(epoch).await
    }

    async fn leave_line(&self, epoch: i64) -> Result<(), StoreError> {
        self.leave_ownership(epoch).await
    }

    async fn head(&self) -> Result<Option<JournalHead>, StoreError> {
        self.journal_head().await
    }

    async fn journal(&self, after: i64, limit: i64) -> Result<Vec<JournalRow>, StoreError> {
        self.journal_rows(after, limit).await
    }

    async fn journal_of(
        &self,
        kind: &str,
        about: About<'_>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<JournalRow>, StoreError> {
        self.journal_rows_of(kind, about, after, limit).await
    }

    async fn newest_of(
        &self,
        kind: &str,
        subject: &str,
        before: i64,
        limit: i64,
    ) -> Result<Vec<JournalRow>, StoreError> {
        self.newest_journal_rows(kind, subject, before, limit).await
    }

    async fn blank_rows(&self, after: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
        self.blank_journal_rows(after, limit).await
    }

    async fn incident(&self, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        self.read_incident(id).await
    }

    async fn incidents(&self, after: IncidentId, limit: i64) -> Result<Vec<Incident>, StoreError> {
        self.read_incidents(after, limit).await
    }

    async fn incidents_about(
        &self,
        subject: &Subject,
        before: IncidentId,
        limit: i64,
    ) -> Result<Vec<Incident>, StoreError> {
        self.read_incidents_about(subject, before, limit).await
    }

    async fn closed_incidents(&self, before: IncidentId, limit: i64) -> Result<Vec<Incident>, StoreError> {
        self.read_closed_incidents(before, limit).await
    }

    async fn alerts_of(&self, incident: IncidentId) -> Result<Vec<Alert>, StoreError> {
        self.read_alerts(incident).await
    }

    async fn misfiled(&self) -> Result<Vec<String>, StoreError> {
        self.misfiled_records().await
    }

    async fn attempts_of(&self, alert: AlertId) -> Result<Vec<Attempt>, StoreError> {
        self.read_attempts(alert).await
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        const INCIDENTS: &str = "SELECT kind, count(*) FROM incidents WHERE unit <> $1 GROUP BY kind";
        const ALERTS: &str = "SELECT state, count(*) FROM alerts WHERE unit <> $1 GROUP BY state";
        let (incidents, alerts) = on!(self, read, |pool| (
            sqlx::query_as::<_, (String, i64)>(INCIDENTS).bind(CANARY).fetch_all(pool).await?,
            sqlx::query_as::<_, (String, i64)>(ALERTS).bind(CANARY).fetch_all(pool).await?,
        ));
        Ok(Counts { incidents: incidents.into_iter().collect(), alerts: alerts.into_iter().collect() })
    }

    async fn claim(
        &self,
        now: Timestamp,
        owner: &str,
        lease_until: Timestamp,
        limit: i64,
        room: Room,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.claim_alerts(now, owner, lease_until, limit, room).await
    }

    async fn record_attempt(
        &self,
        attempt: &Attempt,
        next_try_at: Option<Timestamp>,
        told_no_success: bool,
    ) -> Result<(), StoreError> {
        self.write_attempt(attempt, next_try_at, told_no_success).await
    }

    async fn end_leases(&self) -> Result<(), StoreError> {
        self.end_all_leases().await
    }

    async fn next_claimable(&self, room: Room) -> Result<Option<Timestamp>, StoreError> {
        self.earliest_claimable(room).await
    }

    async fn hand_in(&self, payloads: &[String]) -> Result<Vec<i64>, StoreError> {
        const INSERT: &str = "INSERT INTO hand_ins (payload) VALUES ($1) RETURNING id";
        let mut ids = Vec::with_capacity(payloads.len());
        on!(self, write, |tx| {
            for payload in payloads {
                ids.push(sqlx::query_scalar(INSERT).bind(payload).fetch_one(&mut *tx).await?);
            }
        });
        Ok(ids)
    }

    async fn handed_in(&self, limit: i64) -> Result<Vec<HandIn>, StoreError> {
        const SELECT: &str = "SELECT id, payload FROM hand_ins ORDER BY id LIMIT $1";
        let rows = on!(self, read, |pool| {
            sqlx::query_as::<_, (i64, String)>(SELECT).bind(limit.max(0)).fetch_all(pool).await?
        });
        Ok(rows.into_iter().map(|(id, payload)| HandIn { id, payload }).collect())
    }

    async fn erase_rows(&self, nos: &[i64]) -> Result<(), StoreError> {
        self.blank_rows(nos).await
    }

    async fn forget_incidents(&self, ids: &[IncidentId]) -> Result<(), StoreError> {
        self.delete_incidents(ids).await
    }

    async fn forget_alerts(&self, ids: &[AlertId]) -> Result<(), StoreError> {
        self.delete_alerts(ids).await
    }

    async fn scrub(&self) -> Result<(), StoreError> {
        self.overwrite_deleted().await
    }

    async fn keep_parts(&self, snapshot: i64, parts: &[SnapshotPart]) -> Result<(), StoreError> {
        self.write_parts(snapshot, parts).await
    }

    async fn keep_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.write_snapshot(snapshot).await
    }

    async fn snapshots(&self) -> Result<Vec<Snapshot>, StoreError> {
        self.read_snapshots().await
    }

    async fn snapshot_parts(
        &self,
        snapshot: i64,
        from: i64,
        limit: i64,
    ) -> Result<Vec<SnapshotPart>, StoreError> {
        self.read_parts(snapshot, from, limit).await
    }

    async fn forget_snapshots(&self, kept: &[i64]) -> Result<bool, StoreError> {
        self.delete_snapshots(kept).await
    }
}
