//! A protected person's own page: at any time they can ask for help there, and answer what they have last been told of.

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use super::{
    App, Frame,
    answer::{Asked, HELP, given, is_call, said_of, tell},
    empty,
};
use crate::{
    console::{guard::Fields, page::html},
    domain::{Alert, Incident, Language, Person, Recipient},
    engine::{Refused, Told},
    notify::wording,
    sequencer::Board,
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/own/{token}", get(page).post(answer))
}

#[derive(Template)]
#[template(path = "phone/own.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    /// What they were last told of and may answer; `None` if there is nothing.
    told: Option<Asks>,
    outcome: &'static str,
    help: (&'static str, &'static str),
    call: (&'static str, &'static str),
}

struct Asks {
    reference: u16,
    message: String,
    safe: (&'static str, &'static str),
}

async fn page(State(app): State<App>, Path(token): Path<String>, Query(asked): Query<Asked>) -> Response {
    let (board, _) = app.look();
    let Some(person) = open(&app, &board, &token) else { return nothing() };
    let outcome = said_of(asked.said.as_deref(), person.plan.language);
    draw(&app, StatusCode::OK, &board, person, outcome).await
}

async fn answer(State(app): State<App>, Path(token): Path<String>, form: Fields) -> Response {
    let (board, _) = app.look();
    let Some(person) = open(&app, &board, &token) else { return nothing() };
    let words = &wording::pages::of(person.plan.language).answer;
    let Some(text) = given(form.field("answer")) else {
        return draw(&app, StatusCode::UNPROCESSABLE_ENTITY, &board, person, words.too_long).await;
    };
    let said = match say(&app, &board, person, &text).await {
        Some(Ok(())) if text == HELP => "help",
        Some(Ok(())) => "noted",
        // Nobody who reads along may see whether it was their duress word.
        Some(Err(_)) => "over",
        None => return draw(&app, StatusCode::SERVICE_UNAVAILABLE, &board, person, words.unsure).await,
    };
    Redirect::to(&format!("/own/{token}?said={said}")).into_response()
}

/// Answers what they were told of; beside that, and where there is nothing, their call for help is one of its own.
async fn say(app: &App, board: &Board, person: &Person, text: &str) -> Option<Result<(), Refused>> {
    let sent = last_told(board, person).and_then(|incident| newest_to(incident, person));
    let answered = match sent {
        Some((alert, raised_at)) => {
            Some(tell(app, Told::Answer { alert, raised_at, text: text.into() }).await?)
        }
        None => None,
    };
    let person = person.id.clone();
    match answered {
        Some(Ok(())) => Some(Ok(())),
        _ if is_call(text) => tell(app, Told::Call { person }).await,
        _ => tell(app, Told::Wrote { person, text: text.into() }).await,
    }
}

/// The newest open danger that they have been told of.
fn last_told<'b>(board: &'b Board, person: &Person) -> Option<&'b Incident> {
    let open = board.incidents.values().map(AsRef::as_ref).filter(|incident| incident.is_open());
    open.filter(|incident| newest_to(incident, person).is_some()).max_by_key(|incident| incident.id)
}

type Sent = (crate::domain::AlertId, crate::domain::Timestamp);

/// The newest alert to them in an incident, and when it was raised.
fn newest_to(incident: &Incident, person: &Person) -> Option<Sent> {
    let theirs = Recipient::Person(person.id.clone());
    incident.timeline.iter().rev().find_map(|entry| match &entry.what {
        crate::domain::Happening::Alert {
            alert,
            recipient,
            state: crate::domain::AlertState::Waiting,
            ..
        } if *recipient == theirs => Some((*alert, entry.at)),
        _ => None,
    })
}

async fn draw(
    app: &App,
    status: StatusCode,
    board: &Board,
    person: &Person,
    outcome: &'static str,
) -> Response {
    let frame = Frame::new(person.plan.language);
    let [safe, help, call] = frame.words.answer.person;
    let told = match last_told(board, person) {
        Some(incident) => {
            let message = message(app, incident, person).await.unwrap_or_default();
            Some(Asks { reference: incident.id.reference(), message, safe: ("1", safe) })
        }
        None => None,
    };
    let page = Page { frame, told, outcome, help: (HELP, help), call: ("3", call) };
    (status, html(&page)).into_response()
}

/// What they were told, where the records can be read.
async fn message(app: &App, incident: &Incident, person: &Person) -> Option<String> {
    let (id, _) = newest_to(incident, person)?;
    let alerts: Vec<Alert> = app.store.alerts_of(incident.id).await.ok()?;
    alerts.iter().find(|alert| alert.id == id).map(wording::message)
}

/// Whose page a link opens, if it has not been replaced by another.
fn open<'b>(app: &App, board: &'b Board, token: &str) -> Option<&'b Person> {
    let link = app.phones.as_deref()?.links.own_page(token)?;
    let person = board.rulebook.person(&link.person)?;
    person.plan.own_page_from.is_none_or(|from| link.made_at >= from).then_some(person)
}

fn nothing() -> Response {
    empty(StatusCode::NOT_FOUND, Language::English, |words| words.nothing)
}
