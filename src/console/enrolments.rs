//! Links by which a protected person or a member of staff enrols a device of theirs for push messages.

use askama::Template;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};

use super::{
    App,
    guard::{Officer, Posted},
    names::Names,
    page::{Frame, framed, html},
    phone,
    refusal::Refusal,
    when::When,
    words,
};
use crate::{
    domain::{Channel, Contact, MINUTE_MS, Recipient},
    engine::Rulebook,
    notify::push::Enrolment,
};

/// A link works for this long.
const LINK_MS: i64 = 24 * 60 * MINUTE_MS;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/enrolments", get(page).post(make))
}

#[derive(Template)]
#[template(path = "enrolments.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    /// Whether push messages are set up at all.
    is_on: bool,
    groups: Vec<(&'static str, Vec<Choice>)>,
    error: bool,
    made: Option<Made>,
}

/// Somebody who can be enrolled.
struct Choice {
    value: String,
    name: String,
    has_push: bool,
}

/// A link that was just made.
struct Made {
    name: String,
    link: String,
    until: When,
}

async fn page(State(app): State<App>, officer: Officer) -> Response {
    draw(&app, &officer, StatusCode::OK, false, None)
}

async fn make(
    State(app): State<App>,
    officer: Officer,
    headers: HeaderMap,
    form: Posted,
) -> Result<Response, Refusal> {
    let (board, now) = app.look();
    let chosen = recipient(form.field("who"));
    let revision = chosen.as_ref().and_then(|recipient| {
        let scope = phone::scope_of(&board.rulebook, recipient)?;
        Some(board.rulebook.revision(&scope))
    });
    let (Some(door), Some(recipient), Some(revision)) = (app.phones.as_deref(), chosen, revision) else {
        return Ok(draw(&app, &officer, StatusCode::UNPROCESSABLE_ENTITY, true, None));
    };
    let name = words::recipient(&recipient, Names(&board.rulebook));
    let until = now.plus_ms(LINK_MS);
    let token = door.links.to_enrol(&Enrolment { recipient, revision, until });
    let token = token.map_err(|_| Refusal::unconfirmed())?;
    tracing::info!(by = %officer.id, "a link for enrolment was made");
    let made = Made {
        name,
        link: format!("{}/enrol/{token}", door.address(&headers)),
        until: When::new(until, now),
    };
    Ok(draw(&app, &officer, StatusCode::OK, false, Some(made)))
}

fn draw(app: &App, officer: &Officer, status: StatusCode, error: bool, made: Option<Made>) -> Response {
    let (board, _, frame) = framed(app, officer, "Enrol a device", "enrolments");
    let groups = groups(&board.rulebook);
    (status, html(&Page { frame, is_on: app.phones.is_some(), groups, error, made })).into_response()
}

fn groups(rulebook: &Rulebook) -> Vec<(&'static str, Vec<Choice>)> {
    let has_push = |contacts: &[Contact]| contacts.iter().any(|contact| contact.channel == Channel::Push);
    let persons = rulebook.persons().map(|person| Choice {
        value: format!("person:{}", person.id),
        name: person.name.clone(),
        has_push: has_push(&person.contacts),
    });
    let staff = rulebook.units().flat_map(|unit| &unit.staff).map(|staff| Choice {
        value: format!("staff:{}", staff.id),
        name: staff.name.clone(),
        has_push: has_push(&staff.contacts),
    });
    let sorted = |mut choices: Vec<Choice>| {
        choices.sort_by(|a, b| a.name.cmp(&b.name));
        choices
    };
    let groups = [("Protected persons", sorted(persons.collect())), ("Staff", sorted(staff.collect()))];
    groups.into_iter().filter(|(_, choices)| !choices.is_empty()).collect()
}

/// Whom a value of the form stands for.
fn recipient(value: &str) -> Option<Recipient> {
    match value.split_once(':')? {
        ("person", id) => id.parse().ok().map(Recipient::Person),
        ("staff", id) => id.parse().ok().map(Recipient::Staff),
        _ => None,
    }
}
