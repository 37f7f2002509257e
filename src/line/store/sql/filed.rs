//! Whether the columns beside a record say what it says. Dispatch claims and the console counts by columns: an edit of
//! one would silence an alert while its record still reads "waiting".

use sqlx::FromRow;

use super::{
    Db, on,
    record::{Record, cause_text, recipient_text, subject_text},
};
use crate::{
    domain::{Alert, CaseId, Incident},
    store::StoreError,
};

/// Rows read at a time.
const PAGE_ROWS: i64 = 1_000;

const INCIDENTS: &str = "SELECT id, codec, record, unit, subject, cause, case_id, kind, priority, handling, ongoing, \
    raised_at FROM incidents WHERE id > $1 ORDER BY id LIMIT $2";
const ALERTS: &str = "SELECT id, codec, record, incident, unit, subject, channel, priority, raised_at, state \
    FROM alerts WHERE id > $1 ORDER BY id LIMIT $2";

/// A record and the columns beside it.
#[derive(FromRow)]
struct Filed<C> {
    #[sqlx(flatten)]
    record: Record,
    #[sqlx(flatten)]
    columns: C,
}

#[derive(FromRow, PartialEq)]
struct IncidentColumns {
    unit: String,
    subject: String,
    cause: String,
    case_id: Option<String>,
    kind: String,
    priority: i64,
    handling: String,
    ongoing: bool,
    raised_at: i64,
}

#[derive(FromRow, PartialEq)]
struct AlertColumns {
    incident: i64,
    unit: String,
    subject: String,
    channel: String,
    priority: i64,
    raised_at: i64,
    state: String,
}

impl Db {
    pub(super) async fn misfiled_records(&self) -> Result<Vec<String>, StoreError> {
        let mut problems = Vec::new();
        let mut after = 0;
        loop {
            let page: Vec<Filed<IncidentColumns>> = on!(self, read, |pool| {
                sqlx::query_as(INCIDENTS).bind(after).bind(PAGE_ROWS).fetch_all(pool).await?
            });
            let Some(last) = page.last() else { break };
            after = last.record.id;
            for filed in page {
                let incident: Incident = filed.record.decode("incident")?;
                if incident.id.0 != filed.record.id || IncidentColumns::of(&incident) != filed.columns {
                    problems.push(misfiled("incident", filed.record.id));
                }
            }
        }
        after = 0;
        loop {
            let page: Vec<Filed<AlertColumns>> = on!(self, read, |pool| {
                sqlx::query_as(ALERTS).bind(after).bind(PAGE_ROWS).fetch_all(pool).await?
            });
            let Some(last) = page.last() else {
                return Ok(problems);
            };
            after = last.record.id;
            for filed in page {
                let alert: Alert = filed.record.decode("alert")?;
                if alert.id.0 != filed.record.id || AlertColumns::of(&alert) != filed.columns {
                    problems.push(misfiled("alert", filed.record.id));
                }
            }
        }
    }
}

fn misfiled(what: &str, id: i64) -> String {
    format!("{what} {id}: its columns are not what its record says")
}

impl IncidentColumns {
    fn of(incident: &Incident) -> Self {
        Self {
            unit: incident.unit.as_str().into(),
            subject: subject_text(&incident.subject),
            cause: cause_text(&incident.cause),
            case_id: incident.case.as_ref().map(CaseId::as_str).map(Into::into),
            kind: incident.kind.as_str().into(),
            priority: incident.priority.number().into(),
            handling: incident.handling.as_str().into(),
            ongoing: incident.ongoing,
            raised_at: incident.raised_at.as_us(),
        }
    }
}

impl AlertColumns {
    fn of(alert: &Alert) -> Self {
        Self {
            incident: alert.incident.0,
            unit: alert.unit.as_str().into(),
            subject: recipient_text(&alert.recipient),
            channel: alert.channel.as_str().into(),
            priority: alert.priority.number().into(),
            raised_at: alert.raised_at.as_us(),
            state: alert.state.as_str().into(),
        }
    }
}
