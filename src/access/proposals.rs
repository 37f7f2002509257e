//! Changes of zones that wait for a second person.

use sqlx::FromRow;

use super::{Access, AccessError};
use crate::domain::{CaseId, StaffId, Timestamp, WearerId, Zone, ZoneId};

/// So many may wait at a case.
const WAITING_MAX: i64 = 50;

/// A change of a zone that somebody proposes.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposed {
    /// Whose zone.
    pub case: CaseId,
    /// Whom it binds.
    pub wearer: WearerId,
    /// Which.
    pub id: ZoneId,
    /// Who proposes it: they cannot approve it.
    pub author: StaffId,
    /// Why, in their words.
    pub why: String,
    /// The zone as it is to be; `None` if it is to go.
    pub zone: Option<Zone>,
    /// As it was in force then; `None` if it was not.
    pub before: Option<Zone>,
    /// When.
    pub made_at: Timestamp,
}

#[derive(FromRow)]
struct Row {
    no: i64,
    case_id: String,
    wearer: String,
    zone_id: String,
    author: String,
    why: String,
    zone: String,
    before: String,
    made_at: i64,
}

impl Access {
    /// Keeps a proposal; returns its number. `None` if too many wait at the case already.
    ///
    /// # Errors
    /// The file's.
    pub async fn propose(&self, proposed: &Proposed) -> Result<Option<i64>, AccessError> {
        let written = sqlx::query_scalar(
            "INSERT INTO proposals (case_id, wearer, zone_id, author, why, zone, before, made_at) \
             SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE (SELECT count(*) FROM proposals WHERE case_id = $1) < $9 \
             RETURNING no",
        )
        .bind(proposed.case.as_str())
        .bind(proposed.wearer.as_str())
        .bind(proposed.id.as_str())
        .bind(proposed.author.as_str())
        .bind(&proposed.why)
        .bind(json(proposed.zone.as_ref())?)
        .bind(json(proposed.before.as_ref())?)
        .bind(proposed.made_at.as_us())
        .bind(WAITING_MAX)
        .fetch_optional(&self.db.write)
        .await?;
        Ok(written)
    }

    /// The proposals that wait, by number; of one case, or all.
    ///
    /// # Errors
    /// The file's.
    pub async fn proposals(&self, case: Option<&CaseId>) -> Result<Vec<(i64, Proposed)>, AccessError> {
        let rows: Vec<Row> =
            sqlx::query_as("SELECT * FROM proposals WHERE $1 IS NULL OR case_id = $1 ORDER BY no")
                .bind(case.map(CaseId::as_str))
                .fetch_all(&self.db.read)
                .await?;
        rows.into_iter().map(Row::proposed).collect()
    }

    /// Takes a proposal away, since it is decided; `false` if somebody else has decided it already.
    ///
    /// # Errors
    /// The file's.
    pub async fn take_proposal(&self, no: i64) -> Result<bool, AccessError> {
        let done =
            sqlx::query("DELETE FROM proposals WHERE no = $1").bind(no).execute(&self.db.write).await?;
        Ok(done.rows_affected() == 1)
    }
}

fn json(zone: Option<&Zone>) -> Result<String, AccessError> {
    zone.map_or(Ok(String::new()), serde_json::to_string).map_err(|_| corrupt())
}

fn corrupt() -> AccessError {
    AccessError::Corrupt("a proposal".into())
}

impl Row {
    fn proposed(self) -> Result<(i64, Proposed), AccessError> {
        let zone = |text: &str| match text {
            "" => Ok(None),
            text => serde_json::from_str(text).map(Some).map_err(|_| corrupt()),
        };
        let proposed = Proposed {
            case: self.case_id.parse().map_err(|_| corrupt())?,
            wearer: self.wearer.parse().map_err(|_| corrupt())?,
            id: self.zone_id.parse().map_err(|_| corrupt())?,
            author: self.author.parse().map_err(|_| corrupt())?,
            why: self.why,
            zone: zone(&self.zone)?,
            before: zone(&self.before)?,
            made_at: Timestamp::from_us(self.made_at),
        };
        Ok((self.no, proposed))
    }
}
