//! Who has seen and changed what.

use axum::{Json, Router, extract::State, routing::get};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    super::{App, audit, caller::Caller, gate::InReach, readers, refusal::Refusal},
    body::Asked,
    facts::Instant,
    incidents::Page,
};
use crate::{
    access::audit::{Entry, Looked, Reader},
    domain::{CaseId, IncidentId, Timestamp},
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/api/v1/audit", get(log)).route("/api/v1/incidents/{id}/readers", get(of_incident))
}

/// Records of the audit log.
#[derive(Serialize, JsonSchema)]
pub(super) struct AuditLog {
    /// The newest first, at most 200.
    records: Vec<RecordFacts>,
    /// Ask again with `before` set to this for older ones; none when there are none.
    next_before: Option<i64>,
}

/// A record. Empty texts stand for nobody and nothing.
#[derive(Serialize, JsonSchema)]
struct RecordFacts {
    /// Its number, from 1 without a gap.
    no: i64,
    at: Instant,
    /// An account's id; `token:ID:NUMBER` for one of its tokens; `link:ID` for whoever came by a one-time link.
    who: String,
    what: String,
    /// By what right, or for what reason.
    why: String,
    /// About whom: `wearer:ID`, `person:ID`, `staff:ID` or `service`.
    subject: String,
    unit: String,
    case: String,
    incident: Option<IncidentId>,
}

impl From<Entry> for RecordFacts {
    fn from(entry: Entry) -> Self {
        Self {
            no: entry.no,
            at: Timestamp::from_us(entry.at).into(),
            who: entry.who,
            what: entry.what,
            why: entry.why,
            subject: entry.subject,
            unit: entry.unit,
            case: entry.case_id,
            incident: (entry.incident != 0).then_some(IncidentId(entry.incident)),
        }
    }
}

async fn log(
    State(app): State<App>,
    caller: Caller,
    Asked(Page { before }): Asked<Page>,
) -> Result<Json<AuditLog>, Refusal> {
    let (entries, next_before) = audit::entries(&app, &caller, before).await?;
    Ok(Json(AuditLog { records: entries.into_iter().map(RecordFacts::from).collect(), next_before }))
}

/// Who has looked at a case, or at an incident that belongs to none.
#[derive(Serialize, JsonSchema)]
pub(super) struct Readers {
    incident: IncidentId,
    case: Option<CaseId>,
    /// The last first, at most 500.
    readers: Vec<ReaderFacts>,
}

/// Somebody who saw or did something.
#[derive(Serialize, JsonSchema)]
struct ReaderFacts {
    /// As the audit log names them.
    who: String,
    what: String,
    /// By what right, or for what reason.
    why: String,
    times: i64,
    last_at: Instant,
}

async fn of_incident(State(app): State<App>, InReach(it): InReach) -> Result<Json<Readers>, Refusal> {
    let readers = app.access.readers(Looked::of(&it), readers::READERS_MAX).await?;
    let facts = |reader: Reader| ReaderFacts {
        who: reader.who,
        what: reader.what,
        why: reader.why,
        times: reader.times,
        last_at: Timestamp::from_us(reader.last_at).into(),
    };
    Ok(Json(Readers { incident: it.id, case: it.case, readers: readers.into_iter().map(facts).collect() }))
}
