//! Legal holds: while one stands, nothing of its subject is erased.

use sqlx::FromRow;

use super::{
    Access, AccessError,
    audit::{self, Record},
};
use crate::domain::{DataSubject, Timestamp};

/// Characters of a reason for placing or lifting one.
pub const HOLD_REASON_CHARS_MAX: usize = 500;
/// So many may stand for one subject.
const STANDING_MAX: i64 = 20;

/// A legal hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its number, never given twice.
    pub no: i64,
    /// Who placed it, as the audit log names them.
    pub author: String,
    /// Why, in their words.
    pub reason: String,
    /// When.
    pub placed_at: Timestamp,
    /// Who lifted it, why and when; `None` while it stands.
    pub lifted: Option<Lifted>,
}

/// How a hold ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifted {
    /// Who, as the audit log names them.
    pub by: String,
    /// Why, in their words.
    pub why: String,
    /// When.
    pub at: Timestamp,
}

#[derive(FromRow)]
struct Row {
    no: i64,
    author: String,
    reason: String,
    placed_at: i64,
    lifted_by: Option<String>,
    lifted_why: Option<String>,
    lifted_at: Option<i64>,
}

impl Access {
    /// Places a hold, and has the audit log say so in the same transaction; returns its number. `None` if too many stand
    /// for the subject already.
    ///
    /// # Errors
    /// The file's; then nothing is placed.
    pub async fn place_hold(
        &self,
        subject: &DataSubject,
        reason: &str,
        record: &Record,
    ) -> Result<Option<i64>, AccessError> {
        let mut tx = self.db.write.begin_with("BEGIN IMMEDIATE").await?;
        let placed: Option<i64> = sqlx::query_scalar(
            "INSERT INTO holds (subject, author, reason, placed_at) SELECT $1, $2, $3, $4 \
             WHERE (SELECT count(*) FROM holds WHERE subject = $1 AND lifted_at IS NULL) < $5 RETURNING no",
        )
        .bind(subject.to_string())
        .bind(record.who.to_string())
        .bind(reason)
        .bind(record.at.as_us())
        .bind(STANDING_MAX)
        .fetch_optional(&mut *tx)
        .await?;
        if placed.is_some() {
            audit::append(&mut tx, std::slice::from_ref(record)).await?;
        }
        tx.commit().await?;
        Ok(placed)
    }

    /// Lifts a hold of a subject in the same way; `false` if there is none of that number that stands.
    ///
    /// # Errors
    /// The file's; then nothing is lifted.
    pub async fn lift_hold(
        &self,
        subject: &DataSubject,
        no: i64,
        why: &str,
        record: &Record,
    ) -> Result<bool, AccessError> {
        let mut tx = self.db.write.begin_with("BEGIN IMMEDIATE").await?;
        let lifted = sqlx::query(
            "UPDATE holds SET lifted_by = $3, lifted_why = $4, lifted_at = $5 \
             WHERE no = $2 AND subject = $1 AND lifted_at IS NULL",
        )
        .bind(subject.to_string())
        .bind(no)
        .bind(record.who.to_string())
        .bind(why)
        .bind(record.at.as_us())
        .execute(&mut *tx)
        .await?;
        let lifted = lifted.rows_affected() == 1;
        if lifted {
            audit::append(&mut tx, std::slice::from_ref(record)).await?;
        }
        tx.commit().await?;
        Ok(lifted)
    }

    /// All holds that there ever were of a subject, by number.
    ///
    /// # Errors
    /// The file's.
    pub async fn holds(&self, subject: &DataSubject) -> Result<Vec<Hold>, AccessError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT no, author, reason, placed_at, lifted_by, lifted_why, lifted_at FROM holds \
             WHERE subject = $1 ORDER BY no",
        )
        .bind(subject.to_string())
        .fetch_all(&self.db.read)
        .await?;
        Ok(rows.into_iter().map(Row::hold).collect())
    }
}

impl Row {
    fn hold(self) -> Hold {
        let lifted = self.lifted_at.map(|at| Lifted {
            by: self.lifted_by.unwrap_or_default(),
            why: self.lifted_why.unwrap_or_default(),
            at: Timestamp::from_us(at),
        });
        let placed_at = Timestamp::from_us(self.placed_at);
        Hold { no: self.no, author: self.author, reason: self.reason, placed_at, lifted }
    }
}
