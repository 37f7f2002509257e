//! Handovers of a shift: signed by whoever goes off duty, and taken over by somebody else, who signs, too. Both are kept.

use sqlx::{FromRow, SqliteConnection};

use super::{Access, AccessError, audit::Whom};
use crate::domain::{StaffId, Subject, Timestamp, UnitId};

/// A handover that at least one officer has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// Its number; 0 before it has one.
    pub no: i64,
    /// Of which unit.
    pub unit: UnitId,
    /// Whoever goes off duty.
    pub outgoing: StaffId,
    /// What they wrote.
    pub says: String,
    /// When they signed.
    pub signed_at: Timestamp,
    /// The second signature; none while it waits.
    pub taken: Option<Taken>,
}

/// The second signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Whose.
    pub by: StaffId,
    /// What they wrote.
    pub says: String,
    /// When.
    pub at: Timestamp,
}

/// One thing that stood in a handover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedPoint {
    /// How it came to stand there.
    pub mark: Mark,
    /// About whom.
    pub subject: Option<Subject>,
    /// What, in JSON.
    pub point: String,
}

/// How something came to stand in a handover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It is what the outgoing officer signed.
    Signed,
    /// It had come up by the second signature.
    New,
    /// It had become this by then.
    Changed,
    /// It was as this when it was signed, and was no longer there.
    Gone,
}

impl Mark {
    const ALL: [Self; 4] = [Self::Signed, Self::New, Self::Changed, Self::Gone];

    fn as_str(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::New => "new",
            Self::Changed => "changed",
            Self::Gone => "gone",
        }
    }
}

#[derive(FromRow)]
struct Row {
    no: i64,
    unit: String,
    outgoing: String,
    says: String,
    signed_at: i64,
    incoming: Option<String>,
    answer: String,
    taken_at: Option<i64>,
}

impl Access {
    /// Keeps a handover that its outgoing officer signs, with what stands in it; returns its number. `None` if another of
    /// theirs waits in that unit already.
    ///
    /// # Errors
    /// The file's.
    pub async fn sign_handover(
        &self,
        handover: &Handover,
        points: &[HandedPoint],
    ) -> Result<Option<i64>, AccessError> {
        let mut tx = self.db.write.begin().await?;
        let no: Option<i64> = sqlx::query_scalar(
            "INSERT INTO handovers (unit, outgoing, says, signed_at, answer) VALUES ($1, $2, $3, $4, '') \
             ON CONFLICT DO NOTHING RETURNING no",
        )
        .bind(handover.unit.as_str())
        .bind(handover.outgoing.as_str())
        .bind(&handover.says)
        .bind(handover.signed_at.as_us())
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(no) = no {
            put(&mut tx, no, points).await?;
        }
        tx.commit().await?;
        Ok(no)
    }

    /// Puts the second signature under a handover, with what was new by then; `false` if it no longer waits.
    ///
    /// # Errors
    /// The file's.
    pub async fn take_handover(
        &self,
        no: i64,
        taken: &Taken,
        points: &[HandedPoint],
    ) -> Result<bool, AccessError> {
        let mut tx = self.db.write.begin().await?;
        let done = sqlx::query(
            "UPDATE handovers SET incoming = $2, answer = $3, taken_at = $4 \
             WHERE no = $1 AND incoming IS NULL AND outgoing <> $2",
        )
        .bind(no)
        .bind(taken.by.as_str())
        .bind(&taken.says)
        .bind(taken.at.as_us())
        .execute(&mut *tx)
        .await?;
        let is_taken = done.rows_affected() == 1;
        if is_taken {
            put(&mut tx, no, points).await?;
        }
        tx.commit().await?;
        Ok(is_taken)
    }

    /// Takes a handover back that still waits; `false` if it does not, or is somebody else's.
    ///
    /// # Errors
    /// The file's.
    pub async fn withdraw_handover(&self, no: i64, outgoing: &StaffId) -> Result<bool, AccessError> {
        let done = sqlx::query("DELETE FROM handovers WHERE no = $1 AND outgoing = $2 AND incoming IS NULL")
            .bind(no)
            .bind(outgoing.as_str())
            .execute(&self.db.write)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// A handover with what stands in it, in the order in which that was put there: how it came there, and what it is in
    /// JSON.
    ///
    /// # Errors
    /// The file's.
    pub async fn handover(&self, no: i64) -> Result<Option<(Handover, Vec<(Mark, String)>)>, AccessError> {
        const ROW: &str = "SELECT * FROM handovers WHERE no = $1";
        const POINTS: &str = "SELECT mark, point FROM handover_points WHERE handover = $1 ORDER BY place";
        let row: Option<Row> = sqlx::query_as(ROW).bind(no).fetch_optional(&self.db.read).await?;
        let Some(row) = row else { return Ok(None) };
        let points: Vec<(String, String)> = sqlx::query_as(POINTS).bind(no).fetch_all(&self.db.read).await?;
        let point = |(mark, point): (String, String)| {
            let mark = Mark::ALL.into_iter().find(|it| it.as_str() == mark).ok_or_else(corrupt)?;
            Ok((mark, point))
        };
        let points = points.into_iter().map(point).collect::<Result<_, AccessError>>()?;
        Ok(Some((row.handover()?, points)))
    }

    /// The newest handovers of a unit; those that wait, or those that were taken over.
    ///
    /// # Errors
    /// The file's.
    pub async fn handovers(
        &self,
        unit: &UnitId,
        waiting: bool,
        limit: i64,
    ) -> Result<Vec<Handover>, AccessError> {
        const SELECT: &str = "SELECT * FROM handovers WHERE unit = $1 AND (incoming IS NULL) = $2 \
                              ORDER BY no DESC LIMIT $3";
        let rows: Vec<Row> = sqlx::query_as(SELECT)
            .bind(unit.as_str())
            .bind(waiting)
            .bind(limit)
            .fetch_all(&self.db.read)
            .await?;
        rows.into_iter().map(Row::handover).collect()
    }
}

/// Adds what stands in a handover behind what stands there already.
async fn put(tx: &mut SqliteConnection, no: i64, points: &[HandedPoint]) -> Result<(), AccessError> {
    for HandedPoint { mark, subject, point } in points {
        let subject = subject.clone().map(|subject| Whom::Subject(subject).to_string());
        sqlx::query(
            "INSERT INTO handover_points (handover, place, subject, mark, point) \
             SELECT $1, 1 + coalesce(max(place), 0), $2, $3, $4 FROM handover_points WHERE handover = $1",
        )
        .bind(no)
        .bind(subject.unwrap_or_default())
        .bind(mark.as_str())
        .bind(point)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

fn corrupt() -> AccessError {
    AccessError::Corrupt("a handover".into())
}

impl Row {
    fn handover(self) -> Result<Handover, AccessError> {
        let taken = match (self.incoming, self.taken_at) {
            (Some(by), Some(at)) => Some(Taken {
                by: by.parse().map_err(|_| corrupt())?,
                says: self.answer,
                at: Timestamp::from_us(at),
            }),
            _ => None,
        };
        Ok(Handover {
            no: self.no,
            unit: self.unit.parse().map_err(|_| corrupt())?,
            outgoing: self.outgoing.parse().map_err(|_| corrupt())?,
            says: self.says,
            signed_at: Timestamp::from_us(self.signed_at),
            taken,
        })
    }
}
