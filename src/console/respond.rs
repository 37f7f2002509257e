//! The pages on the phone of a responder: what they are sent to, who and where, what to do, and how far they have come.
//!
//! Little weight, and all of it without a script, which only fetches them again: they are used in a hurry, outdoors, on
//! whatever phone there is.

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use super::{
    App, caller::Officer, guard::Posted, incident::parse_id, names::Names, page::html, posts, queue::Card,
    refusal::Refusal, response::advice, rights::Act, when::When, words,
};
use crate::{
    domain::{Attendance, Attending, Incident, Priority, StaffId, Subject, Timestamp},
    engine::Action,
    sequencer::Board,
};

/// Danger nobody has sent them to is listed up to so many.
const LISTED_MAX: usize = 20;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/respond", get(list)).route("/respond/{id}", get(page).post(attend))
}

/// What is to be seen of an incident in a list.
struct Line {
    id: i64,
    number: u8,
    kind: &'static str,
    subject: String,
    raised: When,
    stage: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "respond_list.html", config = ".askama.toml")]
struct List {
    now: When,
    /// Those that they are sent to, or go to.
    yours: Vec<Line>,
    others: Vec<Line>,
    form_token: String,
}

#[derive(Template)]
#[template(path = "respond_page.html", config = ".askama.toml")]
struct Page {
    now: When,
    card: Card,
    meaning: &'static str,
    dont: &'static str,
    protects: Vec<String>,
    /// Where the wearer was last seen; `None` for what is about no wearer, or for those who may not see it.
    place: Option<Place>,
    /// Every stage they have come to, and when.
    stages: Vec<(&'static str, When)>,
    answers: Vec<(&'static str, &'static str)>,
    can_call: bool,
    form_token: String,
}

struct Place {
    lat: String,
    lon: String,
    error: String,
    fix: When,
}

async fn list(State(app): State<App>, officer: Officer) -> Response {
    let (board, now) = app.look_as(&officer);
    let open = board.incidents.values().map(AsRef::as_ref).filter(|incident| incident.is_open());
    let is_theirs = |incident: &&Incident| {
        incident.attendance(&officer.id).is_some_and(|attendance| !attendance.stage().is_over())
    };
    let (yours, others): (Vec<&Incident>, Vec<&Incident>) = open.partition(is_theirs);
    let danger = others.into_iter().filter(|incident| incident.priority == Priority::P1);
    let lines = |mut incidents: Vec<&Incident>| -> Vec<Line> {
        incidents.sort_by_key(|incident| std::cmp::Reverse((incident.raised_at, incident.id)));
        let lines = incidents.into_iter().take(LISTED_MAX);
        lines.map(|incident| line(incident, &board, &officer.id, now)).collect()
    };
    html(&List {
        now: When::new(now, now),
        yours: lines(yours),
        others: lines(danger.collect()),
        form_token: officer.signed.form_token(),
    })
}

async fn page(State(app): State<App>, officer: Officer, Path(id): Path<String>) -> Result<Response, Refusal> {
    let known = parse_id(&id).ok_or_else(|| Refusal::no_incident(&id))?;
    let (board, now) = app.look_as(&officer);
    // Nobody goes to what is closed: only open ones are on the board.
    let incident = board.incidents.get(&known).ok_or_else(|| Refusal::no_incident(&id))?;
    let attendance = incident.attendance(&officer.id);
    let case = incident.case.as_ref();
    Ok(html(&Page {
        now: When::new(now, now),
        card: Card::new(incident, &board, now),
        meaning: words::meaning(incident.kind),
        dont: advice(incident, &app.look().0),
        protects: case.map(|id| Names(&board.rulebook).protected(id)).unwrap_or_default(),
        place: place(&app, &officer, incident, now),
        stages: stages(attendance, now),
        answers: answers(attendance),
        can_call: officer.may(Act::SeeNumbers),
        form_token: officer.signed.form_token(),
    }))
}

async fn attend(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
    form: Posted,
) -> Result<Response, Refusal> {
    let known = parse_id(&id).filter(|id| app.look_as(&officer).0.incidents.contains_key(id));
    let incident = known.ok_or_else(|| Refusal::no_incident(&id))?;
    let said = form.field("stage");
    let stage = Attending::ANSWERS.into_iter().find(|stage| stage.as_str() == said);
    let stage = stage.ok_or_else(|| Refusal::unreadable_form(StatusCode::UNPROCESSABLE_ENTITY))?;
    posts::submit(&app, &officer, incident, Action::Attend(stage)).await??;
    Ok(Redirect::to(&format!("/respond/{id}")).into_response())
}

fn line(incident: &Incident, board: &Board, who: &StaffId, now: Timestamp) -> Line {
    Line {
        id: incident.id.0,
        number: incident.priority.number(),
        kind: words::kind(incident.kind),
        subject: Names(&board.rulebook).subject(incident),
        raised: When::new(incident.raised_at, now),
        stage: incident.attendance(who).map(|attendance| words::attending(attendance.stage())),
    }
}

fn place(app: &App, officer: &Officer, incident: &Incident, now: Timestamp) -> Option<Place> {
    let Subject::Wearer(wearer) = &incident.subject else { return None };
    let (board, _) = app.look_at(&officer.reach_of(Act::SeeMap)?);
    let dot = board.wearers.get(wearer)?;
    Some(Place {
        lat: format!("{:.5}", dot.position.lat_deg()),
        lon: format!("{:.5}", dot.position.lon_deg()),
        error: words::metres(dot.sigma_m),
        fix: When::new(dot.fix_at, now),
    })
}

fn stages(attendance: Option<&Attendance>, now: Timestamp) -> Vec<(&'static str, When)> {
    let stages = attendance.into_iter().flat_map(|attendance| &attendance.stages);
    stages.map(|(stage, at)| (words::attending(*stage), When::new(*at, now))).collect()
}

/// What can be said next, with the words of its button.
fn answers(attendance: Option<&Attendance>) -> Vec<(&'static str, &'static str)> {
    let now = attendance.map(Attendance::stage).filter(|stage| !stage.is_over());
    let may = |stage: &Attending| match now {
        Some(now) => *stage > now,
        None => stage.is_going(),
    };
    Attending::ANSWERS.into_iter().filter(may).map(|it| (it.as_str(), words::attend(it))).collect()
}

#[cfg(test)]
#[path = "tests/respond.rs"]
mod tests;
