//! What to do about an incident: whom to call, in which order, and what not to do. It is a page of its own, since it shows
//! numbers that no other page does.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    App,
    caller::{Caller, Officer},
    incident::parse_id,
    names::Names,
    page::{Frame, framed, html},
    refusal::Refusal,
    words,
};
use crate::{
    domain::{Contact, Incident, IncidentKind, PersonId, Priority, StaffId, Subject, Timestamp},
    engine::Rulebook,
    sequencer::Board,
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/incidents/{id}/call", get(page))
}

/// Somebody who is to be called.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(super) struct Callee {
    /// Their name.
    pub(super) name: String,
    /// In a few words, why they are called.
    pub(super) role: &'static str,
    /// Their phones, none twice.
    pub(super) numbers: Vec<String>,
}

/// Whom to call about an open incident.
pub(super) struct Calls {
    pub(super) incident: Arc<Incident>,
    pub(super) dont: &'static str,
    pub(super) callees: Vec<Callee>,
}

#[derive(Template)]
#[template(path = "call_page.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    id: i64,
    number: u8,
    kind: &'static str,
    meaning: &'static str,
    subject: String,
    dont: &'static str,
    callees: Vec<Callee>,
}

async fn page(State(app): State<App>, officer: Officer, Path(id): Path<String>) -> Result<Response, Refusal> {
    let Calls { incident, dont, callees } = calls(&app, &officer, &id)?;
    let title = format!("Whom to call: {}", words::kind(incident.kind));
    let (board, _, frame) = framed(&app, &officer, &title, "incident");
    Ok(html(&Page {
        frame,
        id: incident.id.0,
        number: incident.priority.number(),
        kind: words::kind(incident.kind),
        meaning: words::meaning(incident.kind),
        subject: Names(&board.rulebook).subject(&incident),
        dont,
        callees,
    }))
}

/// Whom to call about an incident within somebody's reach.
pub(super) fn calls(app: &App, caller: &Caller, id: &str) -> Result<Calls, Refusal> {
    let (board, now) = app.look_as(caller);
    // Nobody is called about what is closed: only open ones are on the board.
    let incident = parse_id(id).and_then(|id| board.incidents.get(&id));
    let incident = Arc::clone(incident.ok_or_else(|| Refusal::no_incident(id))?);
    // Also by an incident that this caller may not see: it says no more than whose phone must not ring.
    let whole = app.look().0;
    let under_duress = is_under_duress(&incident, &whole);
    let callees = callees(&incident, &board.rulebook, now, under_duress);
    Ok(Calls { dont: advice(&incident, &whole), incident, callees })
}

/// What not to do. `whole` is the whole picture: whose phone must not ring may stand in another incident.
pub(super) fn advice(incident: &Incident, whole: &Board) -> &'static str {
    dont(if is_under_duress(incident, whole) { IncidentKind::Duress } else { incident.kind })
}

/// Whether one of those whom an incident endangers has called for help without a sound, be it in this one or beside it:
/// their phone must not ring.
fn is_under_duress(incident: &Incident, board: &Board) -> bool {
    let persons = persons(incident, &board.rulebook);
    let theirs = |subject: &Subject| matches!(subject, Subject::Person(id) if persons.contains(&id));
    let mut open = board.incidents.values().filter(|other| other.is_open());
    open.any(|other| other.kind == IncidentKind::Duress && theirs(&other.subject))
}

/// In the order in which they are to be called, nobody twice: whoever is in danger, whom they have named, then the response
/// team as its policy has it.
fn callees(incident: &Incident, rulebook: &Rulebook, now: Timestamp, under_duress: bool) -> Vec<Callee> {
    let persons = persons(incident, rulebook);
    let plans = persons.iter().filter_map(|id| rulebook.person(id)).map(|person| &person.plan);
    let nominated: Vec<&StaffId> = plans.flat_map(|plan| &plan.nominated).collect();
    let policy = rulebook.policy_or_unit_s(&incident.unit, &incident.policy);
    let steps = policy.map_or(&[][..], |policy| match incident.priority {
        Priority::P1 => &policy.danger,
        Priority::P2 => &policy.device,
        Priority::P3 => &policy.upkeep,
    });
    let named = nominated.into_iter().map(|id| (id, "named by the protected person"));
    let team = steps.iter().map(|step| (&step.to, "response team"));
    let mut all = Vec::new();
    if !under_duress {
        all.extend(persons.iter().filter_map(|id| rulebook.person(id)).map(|person| {
            let (name, numbers) = (person.name.clone(), numbers(&person.contacts));
            Callee { name, role: "protected person", numbers }
        }));
    }
    let mut seen = Vec::new();
    for (id, role) in
        named.chain(team).flat_map(|(id, role)| on_duty(id, rulebook, now).map(move |id| (id, role)))
    {
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        if let Some(staff) = rulebook.staff(id) {
            all.push(Callee { name: staff.name.clone(), role, numbers: numbers(&staff.contacts) });
        }
    }
    all
}

/// Whom the incident endangers.
pub(super) fn persons<'a>(incident: &'a Incident, rulebook: &'a Rulebook) -> Vec<&'a PersonId> {
    match &incident.subject {
        Subject::Person(id) => vec![id],
        Subject::Wearer(_) | Subject::Service => {
            let case = incident.case.as_ref().and_then(|id| rulebook.case(id));
            case.map(|case| case.persons.iter().collect()).unwrap_or_default()
        }
    }
}

/// A member of staff; of a rota whoever is on duty, or stands in.
fn on_duty<'a>(id: &'a StaffId, rulebook: &'a Rulebook, now: Timestamp) -> impl Iterator<Item = &'a StaffId> {
    let on_duty = match rulebook.rota(id) {
        None => vec![id],
        Some(rota) => match rota.on_duty(now) {
            nobody if nobody.is_empty() => vec![&rota.otherwise],
            on_duty => on_duty,
        },
    };
    on_duty.into_iter()
}

fn numbers(contacts: &[Contact]) -> Vec<String> {
    let mut numbers: Vec<String> = Vec::new();
    for contact in contacts.iter().filter(|contact| contact.channel.is_phone()) {
        if !numbers.contains(&contact.address) {
            numbers.push(contact.address.clone());
        }
    }
    numbers
}

/// What not to do about a kind of incident.
fn dont(kind: IncidentKind) -> &'static str {
    match kind {
        IncidentKind::Approach | IncidentKind::Violation => {
            "Do not tell the wearer where the protected person is, nor anybody where the wearer is: say near, inside or gone."
        }
        IncidentKind::StrapTamper | IncidentKind::CaseTamper => {
            "Do not take it for a fault before somebody has seen the wearer and the tag."
        }
        IncidentKind::LostContact
        | IncidentKind::Blind
        | IncidentKind::Jamming
        | IncidentKind::PositionDisputed
        | IncidentKind::NotEvaluable => {
            "Do not take silence for safety: until the tag is seen again the wearer may be anywhere they could have reached."
        }
        IncidentKind::LowBattery | IncidentKind::TagClock => {
            "Do not alarm the protected person: nothing has happened to them."
        }
        IncidentKind::Sos | IncidentKind::CallForHelp => {
            "Do not close it because nobody answers: send somebody who sees them."
        }
        IncidentKind::Duress => {
            "Do not call, text or visit them openly: whoever is with them must not know that they asked for help."
        }
        IncidentKind::ProtectionWeak
        | IncidentKind::AllClear
        | IncidentKind::TestAlert
        | IncidentKind::WayFails => "Do not leave a message that says more than that you will call again.",
        IncidentKind::Deaf
        | IncidentKind::Flood
        | IncidentKind::ServerClock
        | IncidentKind::MissingPings
        | IncidentKind::Misuse
        | IncidentKind::ProviderFails
        | IncidentKind::StoreFails
        | IncidentKind::DiskFull
        | IncidentKind::CanaryMissed
        | IncidentKind::NoConsoleArmed => {
            "Do not rely on Cordon alone until it is put right: tell the teams that they may not be alerted."
        }
    }
}

#[cfg(test)]
#[path = "tests/response.rs"]
mod tests;
