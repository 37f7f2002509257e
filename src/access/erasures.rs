//! Erasures of one person's data: who asked, who agreed, and what went.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sqlx::{FromRow, Sqlite, query::QueryScalar, sqlite::SqliteArguments};

use super::{
    Access, AccessError,
    audit::{self, Record},
};
use crate::domain::{CaseId, DataSubject, Timestamp, UnitId};

/// What of somebody's an erasure has found to go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ErasureCounts {
    /// Rows of the journal whose content goes.
    pub rows: u64,
    /// Incidents.
    pub incidents: u64,
    /// Alerts with their tries.
    pub alerts: u64,
    /// Incidents of others that lose what was said of them.
    pub rewritten: u64,
}

/// An erasure that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Its number.
    pub no: i64,
    /// Whose data.
    pub subject: DataSubject,
    /// Their unit, where it was known.
    pub unit: Option<UnitId>,
    /// Who asked, as the audit log names them.
    pub asked_by: String,
    /// Why, in their words.
    pub why: String,
    /// When.
    pub asked_at: Timestamp,
    /// Who agreed, and when; a command needs nobody else.
    pub agreed: Option<(String, Timestamp)>,
    /// The row of the journal by which the engine forgot them, once the eraser has begun there.
    pub row: Option<i64>,
    /// What it found.
    pub counts: ErasureCounts,
    /// When everything was gone.
    pub done_at: Option<Timestamp>,
}

/// Who asks for an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// One of two people: it waits for the other.
    OneOfTwo,
    /// Whoever holds the machine and runs a command on it.
    Alone,
}

#[derive(FromRow)]
struct Row {
    no: i64,
    subject: String,
    unit: String,
    asked_by: String,
    why: String,
    asked_at: i64,
    agreed_by: Option<String>,
    agreed_at: Option<i64>,
    row: Option<i64>,
    counts: String,
    done_at: Option<i64>,
}

/// A statement that gives the number of the erasure that it has changed.
type Change<'q> = QueryScalar<'q, Sqlite, i64, SqliteArguments>;

impl Access {
    /// Asks for an erasure, and has the audit log say so in the same transaction; returns its number. `None` if one of the
    /// subject waits already.
    ///
    /// # Errors
    /// The file's; then nothing is asked.
    pub async fn ask_erasure(
        &self,
        subject: &DataSubject,
        unit: Option<&UnitId>,
        why: &str,
        asks: Asks,
        record: &Record,
    ) -> Result<Option<i64>, AccessError> {
        let who = record.who.to_string();
        let agreed = (asks == Asks::Alone).then_some((&who, record.at.as_us()));
        let asked = sqlx::query_scalar(
            "INSERT INTO erasures (subject, unit, asked_by, why, asked_at, agreed_by, agreed_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING no",
        )
        .bind(subject.to_string())
        .bind(unit.map_or("", UnitId::as_str))
        .bind(&who)
        .bind(why)
        .bind(record.at.as_us())
        .bind(agreed.map(|(who, _)| who))
        .bind(agreed.map(|(_, at)| at));
        self.recorded(asked, record).await
    }

    /// Agrees to an erasure of a subject that somebody else has asked for, in the same way; `false` if none of that number
    /// waits, or whoever agrees has asked for it. What was agreed to and did not come about is agreed to again.
    ///
    /// # Errors
    /// The file's; then nothing is agreed.
    pub async fn agree_erasure(
        &self,
        subject: &DataSubject,
        no: i64,
        record: &Record,
    ) -> Result<bool, AccessError> {
        let who = record.who.to_string();
        let agreed = sqlx::query_scalar(
            "UPDATE erasures SET agreed_by = $3, agreed_at = $4 \
             WHERE no = $2 AND subject = $1 AND row IS NULL AND asked_by <> $3 \
             AND (agreed_by IS NULL OR agreed_by = $3) RETURNING no",
        )
        .bind(subject.to_string())
        .bind(no)
        .bind(&who)
        .bind(record.at.as_us());
        Ok(self.recorded(agreed, record).await?.is_some())
    }

    /// It was agreed to, and the engine refused: it waits as before.
    ///
    /// # Errors
    /// The file's.
    pub async fn unagree_erasure(&self, no: i64) -> Result<(), AccessError> {
        sqlx::query("UPDATE erasures SET agreed_by = NULL, agreed_at = NULL WHERE no = $1 AND row IS NULL")
            .bind(no)
            .execute(&self.db.write)
            .await?;
        Ok(())
    }

    /// Takes an erasure back that nobody else has agreed to, in the same way as it is asked for; `false` if none of that
    /// number waits.
    ///
    /// # Errors
    /// The file's; then it stands.
    pub async fn withdraw_erasure(
        &self,
        subject: &DataSubject,
        no: i64,
        record: &Record,
    ) -> Result<bool, AccessError> {
        let gone = sqlx::query_scalar(
            "DELETE FROM erasures WHERE no = $2 AND subject = $1 AND row IS NULL \
             AND (agreed_by IS NULL OR agreed_by = asked_by) RETURNING no",
        )
        .bind(subject.to_string())
        .bind(no);
        Ok(self.recorded(gone, record).await?.is_some())
    }

    /// The eraser begins with what this row of the journal let the engine forget. Begun again, it counts as it did first.
    ///
    /// # Errors
    /// The file's.
    pub async fn begin_erasure(
        &self,
        subject: &DataSubject,
        unit: Option<&UnitId>,
        row: i64,
        counts: ErasureCounts,
        at: Timestamp,
    ) -> Result<(), AccessError> {
        let counts = serde_json::to_string(&counts).map_err(|_| corrupt())?;
        let mut tx = self.db.write.begin_with("BEGIN IMMEDIATE").await?;
        let begun: i64 = sqlx::query_scalar("SELECT count(*) FROM erasures WHERE row = $1")
            .bind(row)
            .fetch_one(&mut *tx)
            .await?;
        if begun == 0 {
            let asked =
                sqlx::query("UPDATE erasures SET row = $2, counts = $3 WHERE subject = $1 AND row IS NULL")
                    .bind(subject.to_string())
                    .bind(row)
                    .bind(&counts)
                    .execute(&mut *tx)
                    .await?;
            if asked.rows_affected() == 0 {
                // This file is not the one in which it was asked for.
                sqlx::query(
                    "INSERT INTO erasures (subject, unit, asked_by, why, asked_at, row, counts) \
                     VALUES ($1, $2, '', '', $3, $4, $5)",
                )
                .bind(subject.to_string())
                .bind(unit.map_or("", UnitId::as_str))
                .bind(at.as_us())
                .bind(row)
                .bind(&counts)
                .execute(&mut *tx)
                .await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Everything is gone that was theirs before that row; the audit log has it in the same transaction. Said twice, it is
    /// done once.
    ///
    /// # Errors
    /// The file's; then it is not done.
    pub async fn finish_erasure(&self, row: i64, record: &Record) -> Result<(), AccessError> {
        let done = sqlx::query_scalar(
            "UPDATE erasures SET done_at = $2 WHERE row = $1 AND done_at IS NULL RETURNING no",
        )
        .bind(row)
        .bind(record.at.as_us());
        self.recorded(done, record).await.map(drop)
    }

    /// Changes an erasure, and has the audit log say so in the same transaction; its number. `None` if there was none to
    /// change: then it says nothing.
    async fn recorded(&self, change: Change<'_>, record: &Record) -> Result<Option<i64>, AccessError> {
        let mut tx = self.db.write.begin_with("BEGIN IMMEDIATE").await?;
        let no = change.fetch_optional(&mut *tx).await?;
        if no.is_some() {
            audit::append(&mut tx, std::slice::from_ref(record)).await?;
        }
        tx.commit().await?;
        Ok(no)
    }

    /// The rows of the journal whose erasures are done.
    ///
    /// # Errors
    /// The file's.
    pub async fn erasures_done(&self) -> Result<BTreeSet<i64>, AccessError> {
        let rows: Vec<i64> = sqlx::query_scalar("SELECT row FROM erasures WHERE done_at IS NOT NULL")
            .fetch_all(&self.db.read)
            .await?;
        Ok(rows.into_iter().collect())
    }

    /// The newest erasures, the newest first; of some units, or of all.
    ///
    /// # Errors
    /// The file's.
    pub async fn erasures(&self, units: Option<&[UnitId]>, limit: i64) -> Result<Vec<Erasure>, AccessError> {
        const SELECT: &str = "SELECT * FROM erasures \
                              WHERE $1 IS NULL OR unit IN (SELECT value FROM json_each($1)) \
                              ORDER BY no DESC LIMIT $2";
        let units = units.map(|units| serde_json::json!(units).to_string());
        let rows: Vec<Row> = sqlx::query_as(SELECT).bind(units).bind(limit).fetch_all(&self.db.read).await?;
        rows.into_iter().map(Row::erasure).collect()
    }

    /// An erasure.
    ///
    /// # Errors
    /// The file's.
    pub async fn erasure(&self, no: i64) -> Result<Option<Erasure>, AccessError> {
        let row: Option<Row> = sqlx::query_as("SELECT * FROM erasures WHERE no = $1")
            .bind(no)
            .fetch_optional(&self.db.read)
            .await?;
        row.map(Row::erasure).transpose()
    }

    /// The newest erasure of a subject.
    ///
    /// # Errors
    /// The file's.
    pub async fn erasure_of(&self, subject: &DataSubject) -> Result<Option<Erasure>, AccessError> {
        let row: Option<Row> =
            sqlx::query_as("SELECT * FROM erasures WHERE subject = $1 ORDER BY no DESC LIMIT 1")
                .bind(subject.to_string())
                .fetch_optional(&self.db.read)
                .await?;
        row.map(Row::erasure).transpose()
    }

    /// Deletes what was written here about somebody and their cases before a time: drafts, proposals, what stood in
    /// handovers, and holds that were lifted.
    ///
    /// # Errors
    /// The file's; then nothing is deleted.
    pub async fn forget(
        &self,
        subject: &DataSubject,
        cases: &[CaseId],
        before: Timestamp,
    ) -> Result<(), AccessError> {
        const DRAFTS: &str = "DELETE FROM drafts WHERE saved_at < $1 AND \
                              (subject = $2 OR subject IN (SELECT 'case:' || value FROM json_each($3)))";
        const PROPOSALS: &str = "DELETE FROM proposals WHERE made_at < $1 AND \
                                 (case_id IN (SELECT value FROM json_each($3)) OR 'wearer:' || wearer = $2)";
        const HOLDS: &str =
            "DELETE FROM holds WHERE placed_at < $1 AND subject = $2 AND lifted_at IS NOT NULL";
        // What was said of a wearer's incident may be about the persons of its case: what they answered, what was noted.
        const POINTS: &str = "DELETE FROM handover_points \
                              WHERE handover IN (SELECT no FROM handovers WHERE signed_at < $1) AND (subject = $2 \
                              OR $2 LIKE 'person:%' AND \
                              (json_extract(point, '$.open.case') IN (SELECT value FROM json_each($3)) \
                              OR EXISTS (SELECT 1 FROM json_each(point, '$.open.calls') \
                              WHERE 'person:' || json_extract(value, '$.person') = $2)))";
        let cases = serde_json::json!(cases).to_string();
        let mut tx = self.db.write.begin_with("BEGIN IMMEDIATE").await?;
        // An id may be used again, for a case that is not theirs who had this one.
        const CASELOAD: &str = "DELETE FROM caseload WHERE case_id IN (SELECT value FROM json_each($3))";
        for statement in [DRAFTS, PROPOSALS, HOLDS, POINTS, CASELOAD] {
            sqlx::query(statement)
                .bind(before.as_us())
                .bind(subject.to_string())
                .bind(&cases)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Leaves nothing of what was deleted in the log beside the file.
    ///
    /// # Errors
    /// The file's; also while somebody reads what is to go.
    pub async fn scrub(&self) -> Result<(), AccessError> {
        let (busy, _, _): (i64, i64, i64) =
            sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&self.db.write).await?;
        if busy == 0 { Ok(()) } else { Err(AccessError::Unavailable("somebody reads it".into())) }
    }
}

fn corrupt() -> AccessError {
    AccessError::Corrupt("an erasure".into())
}

impl Row {
    fn erasure(self) -> Result<Erasure, AccessError> {
        let unit = match self.unit.as_str() {
            "" => None,
            unit => Some(unit.parse().map_err(|_| corrupt())?),
        };
        let agreed = self.agreed_by.zip(self.agreed_at.map(Timestamp::from_us));
        Ok(Erasure {
            no: self.no,
            subject: self.subject.parse().map_err(|_| corrupt())?,
            unit,
            asked_by: self.asked_by,
            why: self.why,
            asked_at: Timestamp::from_us(self.asked_at),
            agreed,
            row: self.row,
            counts: serde_json::from_str(&self.counts).map_err(|_| corrupt())?,
            done_at: self.done_at.map(Timestamp::from_us),
        })
    }
}
