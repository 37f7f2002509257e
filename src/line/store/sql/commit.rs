//! One batch, one transaction.

use super::{
    Db,
    error::SqlError,
    execute,
    journal::InsertRows,
    on,
    record::{CODEC, cause_text, encode, recipient_text, subject_text},
};
use crate::{
    crash,
    domain::{Alert, CaseId, Incident},
    store::{
        Batch, JournalRow, StoreError,
        fit::{Mark, already_there},
    },
};

const HEAD_NO: &str = "SELECT max(no) FROM journal";
const MARKS: &str = "SELECT no, digest, chain FROM journal WHERE no BETWEEN $1 AND $2 ORDER BY no";

const INCIDENT: &str = "INSERT INTO incidents \
    (id, unit, subject, cause, case_id, kind, priority, handling, ongoing, raised_at, codec, record) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
    ON CONFLICT (id) DO UPDATE SET unit = excluded.unit, subject = excluded.subject, cause = excluded.cause, \
    case_id = excluded.case_id, kind = excluded.kind, priority = excluded.priority, handling = excluded.handling, \
    ongoing = excluded.ongoing, raised_at = excluded.raised_at, codec = excluded.codec, record = excluded.record";

/// What dispatch wrote stays, but for the lease of an alert that no longer waits.
const ALERT: &str = "INSERT INTO alerts \
    (id, incident, unit, subject, channel, priority, raised_at, state, codec, record, due_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $7) \
    ON CONFLICT (id) DO UPDATE SET incident = excluded.incident, unit = excluded.unit, subject = excluded.subject, \
    channel = excluded.channel, priority = excluded.priority, raised_at = excluded.raised_at, \
    state = excluded.state, codec = excluded.codec, record = excluded.record, \
    lease_owner = CASE WHEN excluded.state = 'waiting' THEN alerts.lease_owner END, \
    lease_until = CASE WHEN excluded.state = 'waiting' THEN alerts.lease_until END";

const TAKEN: &str = "DELETE FROM hand_ins WHERE id = $1";

impl Db {
    pub(super) async fn write_batch(&self, batch: &Batch) -> Result<(), SqlError> {
        // Written as JSON before the transaction: the write lock is not held meanwhile.
        let incidents = incident_rows(batch)?;
        let alerts = alert_rows(batch)?;
        crash::point("commit.before");
        on!(self, write, |tx| {
            let epoch: i64 = sqlx::query_scalar(self.epoch()).fetch_one(&mut *tx).await?;
            if epoch != batch.epoch {
                return Err(StoreError::NotOwner.into());
            }
            let head: Option<i64> = sqlx::query_scalar(HEAD_NO).fetch_one(&mut *tx).await?;
            let marks: Vec<(i64, Vec<u8>, Vec<u8>)> = match overlap(&batch.rows, head) {
                Some((first, last)) => {
                    sqlx::query_as(MARKS).bind(first).bind(last).fetch_all(&mut *tx).await?
                }
                None => Vec::new(),
            };
            let there: Vec<Mark> = marks.into_iter().map(Mark::from).collect();
            let known = already_there(&batch.rows, head, &there)?;
            let new = &batch.rows[known..];
            if known > 0 && new.is_empty() {
                return Ok(());
            }
            if tx.insert_rows(new).await? != new.len() as u64 {
                return Err(StoreError::Unavailable("these rows are being committed elsewhere".into()).into());
            }
            for row in &incidents {
                let of = row.incident;
                execute!(
                    tx,
                    INCIDENT,
                    of.id.0,
                    of.unit.as_str(),
                    &row.subject,
                    &row.cause,
                    of.case.as_ref().map(CaseId::as_str),
                    of.kind.as_str(),
                    i64::from(of.priority.number()),
                    of.handling.as_str(),
                    of.ongoing,
                    of.raised_at.as_us(),
                    CODEC,
                    &row.record,
                );
            }
            for row in &alerts {
                let of = row.alert;
                execute!(
                    tx,
                    ALERT,
                    of.id.0,
                    of.incident.0,
                    of.unit.as_str(),
                    &row.subject,
                    of.channel.as_str(),
                    i64::from(of.priority.number()),
                    of.raised_at.as_us(),
                    of.state.as_str(),
                    CODEC,
                    &row.record,
                );
            }
            for id in &batch.taken {
                execute!(tx, TAKEN, *id);
            }
            crash::point("commit.inside");
        });
        crash::point("commit.after");
        Ok(())
    }
}

/// The numbers that may already be in the journal: usually none.
fn overlap(rows: &[JournalRow], head: Option<i64>) -> Option<(i64, i64)> {
    let (first, last) = (rows.first()?.no, rows.last()?.no);
    (first <= head?).then_some((first, last))
}

struct IncidentRow<'a> {
    incident: &'a Incident,
    subject: String,
    cause: String,
    record: String,
}

fn incident_rows(batch: &Batch) -> Result<Vec<IncidentRow<'_>>, StoreError> {
    let row =
        |incident: &'_ Incident| -> Result<_, StoreError> { encode("incident", incident.id.0, incident) };
    let incidents = batch.incidents_closed_first().into_iter();
    incidents
        .map(|incident| {
            Ok(IncidentRow {
                incident,
                subject: subject_text(&incident.subject),
                cause: cause_text(&incident.cause),
                record: row(incident)?,
            })
        })
        .collect()
}

struct AlertRow<'a> {
    alert: &'a Alert,
    subject: String,
    record: String,
}

/// In the order of their ids: two transactions that lock the same rows lock them in the same order.
fn alert_rows(batch: &Batch) -> Result<Vec<AlertRow<'_>>, StoreError> {
    let mut alerts: Vec<&Alert> = batch.alerts.iter().collect();
    alerts.sort_by_key(|alert| alert.id);
    let row = |alert| -> Result<_, StoreError> {
        Ok(AlertRow {
            alert,
            subject: recipient_text(&alert.recipient),
            record: encode("alert", alert.id.0, alert)?,
        })
    };
    alerts.into_iter().map(row).collect()
}
