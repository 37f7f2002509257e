//! Links by which a protected person or a member of staff enrols a device of theirs for push messages.

use askama::Template;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};

use super::{
    App,
    caller::{Caller, Officer},
    gate,
    guard::Posted,
    names::Names,
    page::{Frame, framed, html},
    phone, posts,
    refusal::Refusal,
    rights::Act,
    when::When,
    words,
};
use crate::{
    access::audit::Record,
    domain::{Book, Channel, Contact, MINUTE_MS, Recipient, Scope},
    engine::{By, Rulebook, Told},
    notify::push::{Enrolment, OwnPage},
};

const PERSONS: &str = "Protected persons";
/// A link works for this long.
const LINK_MS: i64 = 24 * 60 * MINUTE_MS;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/enrolments", get(page).post(make)).route("/enrolments/own", post(own_page))
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

impl Page {
    /// The protected persons among them.
    fn persons(&self) -> Option<&(&'static str, Vec<Choice>)> {
        self.groups.iter().find(|(label, _)| *label == PERSONS)
    }
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
    /// How long it works; a link to somebody's own page until another is made.
    until: Option<When>,
}

async fn page(State(app): State<App>, officer: Officer) -> Result<Response, Refusal> {
    draw(&app, &officer, StatusCode::OK, false, None).await
}

async fn make(
    State(app): State<App>,
    officer: Officer,
    headers: HeaderMap,
    form: Posted,
) -> Result<Response, Refusal> {
    let (board, now) = app.look_as(&officer);
    let chosen = recipient(form.field("who")).filter(|it| is_in_reach(&officer, &board.rulebook, it));
    let revision = chosen.as_ref().and_then(|recipient| {
        let scope = phone::scope_of(&board.rulebook, recipient)?;
        Some(board.rulebook.revision(&scope))
    });
    let (Some(door), Some(recipient), Some(revision)) = (app.phones.as_deref(), chosen, revision) else {
        return draw(&app, &officer, StatusCode::UNPROCESSABLE_ENTITY, true, None).await;
    };
    let name = words::recipient(&recipient, Names(&board.rulebook));
    // Whoever has the link can enrol in their place: none is made that nobody knows of.
    app.access
        .record(&[record(&app, &officer, Act::Enrol, &recipient, &board.rulebook)])
        .await
        .map_err(|error| Refusal::not_recorded(&error))?;
    let until = now.plus_ms(LINK_MS);
    let token = door.links.to_enrol(&Enrolment { recipient, revision, until });
    let token = token.map_err(|_| Refusal::unconfirmed())?;
    tracing::info!(by = %officer.id, "a link for enrolment was made");
    let made = Made {
        name,
        link: format!("{}/enrol/{token}", door.address(&headers)),
        until: Some(When::new(until, now)),
    };
    draw(&app, &officer, StatusCode::OK, false, Some(made)).await
}

/// Makes a protected person a page of their own; any that they had before is no more.
async fn own_page(
    State(app): State<App>,
    officer: Officer,
    headers: HeaderMap,
    form: Posted,
) -> Result<Response, Refusal> {
    let (board, _) = app.look_as(&officer);
    let person = match recipient(form.field("who")) {
        Some(Recipient::Person(id)) => board.rulebook.person(&id).cloned(),
        _ => None,
    };
    let (Some(door), Some(mut person)) = (app.phones.as_deref(), person) else {
        return draw(&app, &officer, StatusCode::UNPROCESSABLE_ENTITY, true, None).await;
    };
    let recipient = Recipient::Person(person.id.clone());
    app.access
        .record(&[record(&app, &officer, Act::MakeOwnPage, &recipient, &board.rulebook)])
        .await
        .map_err(|error| Refusal::not_recorded(&error))?;
    let (id, made_at) = (person.id.clone(), app.clock.wall());
    let name = person.name.clone();
    let token = door.links.to_own_page(&OwnPage { person: id.clone(), made_at });
    let token = token.map_err(|_| Refusal::unconfirmed())?;
    person.plan.own_page_from = Some(made_at);
    let from = board.rulebook.revision(&Scope::Person(id));
    let told = Told::Revise { from, book: Book::Person(person), by: Some(By::one(officer.id.clone())) };
    tokio::time::timeout(posts::CONFIRM_WITHIN, app.inbox.submit(told))
        .await
        .map_err(|_| Refusal::unconfirmed())??;
    tracing::info!(by = %officer.id, "a link to a protected person's own page was made");
    let made = Made { name, link: format!("{}/own/{token}", door.address(&headers)), until: None };
    draw(&app, &officer, StatusCode::OK, false, Some(made)).await
}

async fn draw(
    app: &App,
    officer: &Officer,
    status: StatusCode,
    error: bool,
    made: Option<Made>,
) -> Result<Response, Refusal> {
    let (board, _, frame) = framed(app, officer, "Enrol a device", "enrolments");
    gate::shows(app, officer, Act::SeeDevices, gate::units(&officer.reach, &board.rulebook)).await?;
    let groups = groups(&board.rulebook, officer);
    Ok((status, html(&Page { frame, is_on: app.phones.is_some(), groups, error, made })).into_response())
}

/// An advocate enrols the persons of their cases alone; staff are enrolled by whoever leads them.
fn is_in_reach(caller: &Caller, rulebook: &Rulebook, recipient: &Recipient) -> bool {
    match recipient {
        Recipient::Person(id) => rulebook.person(id).is_some(),
        Recipient::Staff(id) => caller.reach_of_roles(Act::EnrolStaff).is_some_and(|reach| {
            let unit = rulebook.units().find(|unit| unit.staff.iter().any(|staff| staff.id == *id));
            unit.is_some_and(|unit| reach.has_unit(&unit.id))
        }),
    }
}

fn record(app: &App, officer: &Officer, act: Act, recipient: &Recipient, rulebook: &Rulebook) -> Record {
    let about = phone::about(rulebook, recipient);
    Record { at: app.clock.wall(), who: officer.who(), what: act.what(), why: officer.right(act), about }
}

fn groups(rulebook: &Rulebook, officer: &Officer) -> Vec<(&'static str, Vec<Choice>)> {
    let choice = |holder: Holder| Choice {
        value: match &holder.who {
            Recipient::Person(id) => format!("person:{id}"),
            Recipient::Staff(id) => format!("staff:{id}"),
        },
        name: holder.name,
        has_push: holder.has_push,
    };
    let [persons, staff] =
        holders(rulebook, officer).map(|holders| holders.into_iter().map(choice).collect::<Vec<_>>());
    let groups = [(PERSONS, persons), ("Staff", staff)];
    groups.into_iter().filter(|(_, choices)| !choices.is_empty()).collect()
}

/// Somebody who can have a device for push messages.
pub(super) struct Holder {
    pub(super) who: Recipient,
    pub(super) name: String,
    pub(super) has_push: bool,
}

/// Protected persons and staff within somebody's reach, by name.
pub(super) fn holders(rulebook: &Rulebook, caller: &Caller) -> [Vec<Holder>; 2] {
    let holder = |who, name: &str, contacts: &[Contact]| {
        let has_push = contacts.iter().any(|contact| contact.channel == Channel::Push);
        Holder { who, name: name.into(), has_push }
    };
    let persons = rulebook.persons();
    let persons =
        persons.map(|person| holder(Recipient::Person(person.id.clone()), &person.name, &person.contacts));
    let staff = rulebook.units().flat_map(|unit| &unit.staff);
    let staff = staff.map(|staff| holder(Recipient::Staff(staff.id.clone()), &staff.name, &staff.contacts));
    let staff = staff.filter(|holder| is_in_reach(caller, rulebook, &holder.who));
    let sorted = |mut holders: Vec<Holder>| {
        holders.sort_by(|a, b| a.name.cmp(&b.name));
        holders
    };
    [sorted(persons.collect()), sorted(staff.collect())]
}

/// Whom a value of the form stands for.
fn recipient(value: &str) -> Option<Recipient> {
    match value.split_once(':')? {
        ("person", id) => id.parse().ok().map(Recipient::Person),
        ("staff", id) => id.parse().ok().map(Recipient::Staff),
        _ => None,
    }
}
