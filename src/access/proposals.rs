//! Changes of zones that wait for a second person.

use sqlx::FromRow;

use super::{Access, AccessError};
use crate::domain::{AnyZone, CaseId, StaffId, Timestamp, UnitId, WearerId, ZoneId};

/// So many may wait at a case or a unit.
const WAITING_MAX: i64 = 50;

/// Whose zones they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZonesOf {
    /// A case's: they bind its wearer.
    Case {
        /// Which case.
        case: CaseId,
        /// Whom they bind.
        wearer: WearerId,
    },
    /// A unit's: they bind everybody of it.
    Unit(UnitId),
}

impl ZonesOf {
    /// The columns of the case, the wearer and the unit.
    fn columns(&self) -> [&str; 3] {
        match self {
            Self::Case { case, wearer } => [case.as_str(), wearer.as_str(), ""],
            Self::Unit(unit) => ["", "", unit.as_str()],
        }
    }
}

/// A change of a zone that somebody proposes.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposed {
    /// Whose zone.
    pub of: ZonesOf,
    /// Which.
    pub id: ZoneId,
    /// Who proposes it: they cannot approve it.
    pub author: StaffId,
    /// Why, in their words.
    pub why: String,
    /// The zone as it is to be; `None` if it is to go.
    pub zone: Option<AnyZone>,
    /// As it was in force then; `None` if it was not.
    pub before: Option<AnyZone>,
    /// When.
    pub made_at: Timestamp,
}

#[derive(FromRow)]
struct Row {
    no: i64,
    case_id: String,
    wearer: String,
    unit_id: String,
    zone_id: String,
    author: String,
    why: String,
    zone: String,
    before: String,
    made_at: i64,
}

impl Access {
    /// Keeps a proposal; returns its number, which is never given twice. `None` if too many wait there already.
    ///
    /// # Errors
    /// The file's.
    pub async fn propose(&self, proposed: &Proposed) -> Result<Option<i64>, AccessError> {
        self.put_proposal(None, proposed).await
    }

    /// Puts one back that was taken and could not be put in force, under its own number and beside however many wait.
    ///
    /// # Errors
    /// The file's.
    pub async fn put_proposal_back(&self, no: i64, proposed: &Proposed) -> Result<(), AccessError> {
        self.put_proposal(Some(no), proposed).await.map(drop)
    }

    async fn put_proposal(&self, no: Option<i64>, proposed: &Proposed) -> Result<Option<i64>, AccessError> {
        let [case, wearer, unit] = proposed.of.columns();
        let written = sqlx::query_scalar(
            "INSERT INTO proposals (no, case_id, wearer, zone_id, author, why, zone, before, made_at, unit_id) \
             SELECT $11, $1, $2, $3, $4, $5, $6, $7, $8, $10 \
             WHERE $11 IS NOT NULL OR \
             (SELECT count(*) FROM proposals WHERE case_id = $1 AND unit_id = $10) < $9 RETURNING no",
        )
        .bind(case)
        .bind(wearer)
        .bind(proposed.id.as_str())
        .bind(proposed.author.as_str())
        .bind(&proposed.why)
        .bind(json(proposed.zone.as_ref())?)
        .bind(json(proposed.before.as_ref())?)
        .bind(proposed.made_at.as_us())
        .bind(WAITING_MAX)
        .bind(unit)
        .bind(no)
        .fetch_optional(&self.db.write)
        .await?;
        Ok(written)
    }

    /// The proposals that wait at a case or a unit, by number.
    ///
    /// # Errors
    /// The file's.
    pub async fn proposals(&self, of: &ZonesOf) -> Result<Vec<(i64, Proposed)>, AccessError> {
        let [case, _, unit] = of.columns();
        let rows: Vec<Row> =
            sqlx::query_as("SELECT * FROM proposals WHERE case_id = $1 AND unit_id = $2 ORDER BY no")
                .bind(case)
                .bind(unit)
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

fn json(zone: Option<&AnyZone>) -> Result<String, AccessError> {
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
        let of = match self.unit_id.as_str() {
            "" => ZonesOf::Case {
                case: self.case_id.parse().map_err(|_| corrupt())?,
                wearer: self.wearer.parse().map_err(|_| corrupt())?,
            },
            unit => ZonesOf::Unit(unit.parse().map_err(|_| corrupt())?),
        };
        let proposed = Proposed {
            of,
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
