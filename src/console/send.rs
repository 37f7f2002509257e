//! Whom an officer sends to an incident. It is a page of its own: it shows who is on duty.

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use super::{
    App,
    caller::Officer,
    gate::{self, InReach},
    guard::Posted,
    incident::parse_id,
    names::Names,
    page::{Frame, framed, html},
    posts,
    refusal::Refusal,
    rights::Act,
    words,
};
use crate::{
    access::audit::About,
    domain::{Attendance, Attending, Incident, StaffId, Timestamp},
    engine::{Action, Rulebook},
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/incidents/{id}/send", get(page).post(send))
}

/// Somebody who can be sent.
#[derive(Debug, PartialEq)]
struct Candidate {
    id: String,
    name: String,
    /// By which channels they would be told.
    ways: String,
    on_duty: bool,
    /// How far they have come, if they were sent to this incident.
    stage: Option<&'static str>,
    can_send: bool,
}

#[derive(Template)]
#[template(path = "send_page.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    id: i64,
    number: u8,
    kind: &'static str,
    subject: String,
    candidates: Vec<Candidate>,
    error: bool,
}

async fn page(State(app): State<App>, officer: Officer, Path(id): Path<String>) -> Result<Response, Refusal> {
    draw(&app, &officer, &id, StatusCode::OK)
}

async fn send(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
    InReach(incident): InReach,
    form: Posted,
) -> Result<Response, Refusal> {
    let Ok(responder) = form.field("responder").parse::<StaffId>() else {
        gate::shows(&app, &officer, Act::SeeSend, [About::incident(&incident)]).await?;
        return draw(&app, &officer, &id, StatusCode::UNPROCESSABLE_ENTITY);
    };
    posts::submit(&app, &officer, incident.id, Action::Send(responder)).await??;
    Ok(Redirect::to(&format!("/incidents/{id}")).into_response())
}

fn draw(app: &App, officer: &Officer, id: &str, status: StatusCode) -> Result<Response, Refusal> {
    let known = parse_id(id).ok_or_else(|| Refusal::no_incident(id))?;
    let (board, now, _) = framed(app, officer, "", "incident");
    // Nobody is sent to what is closed: only open ones are on the board.
    let incident = board.incidents.get(&known).ok_or_else(|| Refusal::no_incident(id))?;
    let (_, _, frame) = framed(app, officer, &format!("Send: {}", words::kind(incident.kind)), "incident");
    let page = Page {
        frame,
        id: known.0,
        number: incident.priority.number(),
        kind: words::kind(incident.kind),
        subject: Names(&board.rulebook).subject(incident),
        candidates: candidates(incident, &board.rulebook, now),
        error: status != StatusCode::OK,
    };
    Ok((status, html(&page)).into_response())
}

/// The staff of the incident's unit: those on duty first, and desks, which stay where they are, last.
fn candidates(incident: &Incident, rulebook: &Rulebook, now: Timestamp) -> Vec<Candidate> {
    let Some(unit) = rulebook.unit(&incident.unit) else { return Vec::new() };
    let on_duty: Vec<&StaffId> = unit.rotas.iter().flat_map(|rota| rota.on_duty(now)).collect();
    let mut staff: Vec<_> = unit.staff.iter().filter(|staff| !staff.contacts.is_empty()).collect();
    let is_with_them =
        |staff: &crate::domain::Staff| staff.contacts.iter().any(|it| it.channel.is_with_them());
    staff.sort_by_key(|staff| (!is_with_them(staff), !on_duty.contains(&&staff.id)));
    let candidate = |staff: &crate::domain::Staff| {
        let stage = incident.attendance(&staff.id).map(Attendance::stage);
        let ways = staff.contacts.iter().map(|contact| words::channel(contact.channel).to_lowercase());
        Candidate {
            id: staff.id.to_string(),
            name: staff.name.clone(),
            ways: ways.collect::<Vec<_>>().join(", "),
            on_duty: on_duty.contains(&&staff.id),
            stage: stage.map(words::attending),
            can_send: !stage.is_some_and(Attending::is_going),
        }
    };
    staff.into_iter().map(candidate).collect()
}
