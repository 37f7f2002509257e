//! What somebody has begun to write about a person or case and not published: kept so that neither a call nor a flat
//! battery costs them their work.

use sqlx::FromRow;

use super::{Access, AccessError};
use crate::domain::{StaffId, Timestamp};

/// A draft that nobody has touched for so long is thrown away, days.
pub const DRAFT_DAYS: i64 = 28;
/// Of one author; the oldest goes for a new one.
const DRAFTS_MAX: i64 = 100;

/// What somebody has begun to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// About whom: `wearer:w-1`; `wearer:` for somebody who has no record yet.
    pub subject: String,
    /// The number of the revision that it was made from; 0 for none.
    pub base: u64,
    /// The form's fields and what they hold.
    pub fields: Vec<(String, String)>,
    /// When.
    pub saved_at: Timestamp,
}

#[derive(FromRow)]
struct Row {
    subject: String,
    base: i64,
    fields: String,
    saved_at: i64,
}

#[derive(FromRow)]
struct AuthoredRow {
    author: String,
    #[sqlx(flatten)]
    row: Row,
}

impl Access {
    /// Keeps a draft, in place of the one its author had about the same subject.
    ///
    /// # Errors
    /// The file's.
    pub async fn keep_draft(&self, author: &StaffId, draft: &Draft) -> Result<(), AccessError> {
        let fields =
            serde_json::to_string(&draft.fields).map_err(|_| AccessError::Corrupt("a draft".into()))?;
        let mut tx = self.db.write.begin().await?;
        sqlx::query("DELETE FROM drafts WHERE saved_at < $1")
            .bind(draft.saved_at.plus_ms(-DRAFT_DAYS * 86_400_000).as_us())
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT OR REPLACE INTO drafts (author, subject, base, fields, saved_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(author.as_str())
            .bind(&draft.subject)
            .bind(i64::try_from(draft.base).unwrap_or(i64::MAX))
            .bind(fields)
            .bind(draft.saved_at.as_us())
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "DELETE FROM drafts WHERE author = $1 AND subject NOT IN \
             (SELECT subject FROM drafts WHERE author = $1 ORDER BY saved_at DESC, subject LIMIT $2)",
        )
        .bind(author.as_str())
        .bind(DRAFTS_MAX)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// What an author has begun to write about a subject.
    ///
    /// # Errors
    /// The file's.
    pub async fn draft(&self, author: &StaffId, subject: &str) -> Result<Option<Draft>, AccessError> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT subject, base, fields, saved_at FROM drafts WHERE author = $1 AND subject = $2",
        )
        .bind(author.as_str())
        .bind(subject)
        .fetch_optional(&self.db.read)
        .await?;
        row.map(Row::draft).transpose()
    }

    /// All that an author has begun to write, the newest first.
    ///
    /// # Errors
    /// The file's.
    pub async fn drafts(&self, author: &StaffId) -> Result<Vec<Draft>, AccessError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT subject, base, fields, saved_at FROM drafts WHERE author = $1 ORDER BY saved_at DESC, subject",
        )
        .bind(author.as_str())
        .fetch_all(&self.db.read)
        .await?;
        rows.into_iter().map(Row::draft).collect()
    }

    /// What anybody has begun to write about a subject, with its author, by author.
    ///
    /// # Errors
    /// The file's.
    pub async fn drafts_about(&self, subject: &str) -> Result<Vec<(String, Draft)>, AccessError> {
        let rows: Vec<AuthoredRow> = sqlx::query_as(
            "SELECT author, subject, base, fields, saved_at FROM drafts WHERE subject = $1 ORDER BY author",
        )
        .bind(subject)
        .fetch_all(&self.db.read)
        .await?;
        rows.into_iter().map(|row| Ok((row.author, row.row.draft()?))).collect()
    }

    /// Throws a draft away, if there is one.
    ///
    /// # Errors
    /// The file's.
    pub async fn drop_draft(&self, author: &StaffId, subject: &str) -> Result<(), AccessError> {
        sqlx::query("DELETE FROM drafts WHERE author = $1 AND subject = $2")
            .bind(author.as_str())
            .bind(subject)
            .execute(&self.db.write)
            .await?;
        Ok(())
    }
}

impl Row {
    fn draft(self) -> Result<Draft, AccessError> {
        let Self { subject, base, fields, saved_at } = self;
        let fields = serde_json::from_str(&fields).map_err(|_| AccessError::Corrupt("a draft".into()))?;
        let base = u64::try_from(base).map_err(|_| AccessError::Corrupt("a draft".into()))?;
        Ok(Draft { subject, base, fields, saved_at: Timestamp::from_us(saved_at) })
    }
}
