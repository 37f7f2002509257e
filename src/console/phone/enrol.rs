//! Somebody agrees to be shown push messages on their device.

use std::time::Duration;

use askama::Template;
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::get,
};
use serde_json::Value;

use super::{App, Door, Frame, empty};
use crate::{
    access::audit::{About, Record, Who, Whom},
    console::page::html,
    domain::{Book, Channel, Contact, Language, Recipient, Scope, Subject, Subscription},
    engine::{Refused, Rulebook, Told},
    notify::push::{self, Enrolment},
    sequencer::SubmitError,
};

/// As long as the console waits for a commit.
const CONFIRM_WITHIN: Duration = Duration::from_secs(10);

pub(super) fn routes() -> Router<App> {
    Router::new().route("/enrol/{token}", get(page).post(subscribe))
}

#[derive(Template)]
#[template(path = "phone/enrol.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    key: String,
}

async fn page(State(app): State<App>, Path(token): Path<String>) -> Response {
    match open(&app, &token) {
        Some((door, enrolment)) => {
            let language = language_of(&app.board.borrow().rulebook, &enrolment.recipient);
            html(&Page { frame: Frame::new(language), key: door.public_key.clone() })
        }
        None => empty(StatusCode::GONE, Language::English, |words| words.enrol.used),
    }
}

/// Publishes what the browser has given as a revision of whoever the link is for.
async fn subscribe(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Json(given): Json<Value>,
) -> StatusCode {
    let Some((door, enrolment)) = open(&app, &token) else { return StatusCode::GONE };
    let Some(address) = address(&given, door.is_here(&headers)) else {
        tracing::warn!("an enrolment gave what is no subscription");
        return StatusCode::UNPROCESSABLE_ENTITY;
    };
    let contact = Contact { channel: Channel::Push, address };
    let book = with_contact(&app.board.borrow().rulebook, &enrolment.recipient, contact);
    let Some(book) = book else { return StatusCode::GONE };
    // Whoever has the link is told of alerts from now on: that is not done unseen.
    let record = Record {
        at: app.clock.wall(),
        who: Who::Stranger,
        what: "enrol device",
        why: "by the link that was made for it".into(),
        about: about(&app.board.borrow().rulebook, &enrolment.recipient),
    };
    if let Err(error) = app.access.record(&[record]).await {
        tracing::error!(%error, "the audit log could not take an enrolment: nothing was enrolled");
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let told = Told::Revise { from: enrolment.revision, book, by: None };
    match tokio::time::timeout(CONFIRM_WITHIN, app.inbox.submit(told)).await {
        Ok(Ok(())) => {
            tracing::info!("a device was enrolled for push messages");
            StatusCode::NO_CONTENT
        }
        Ok(Err(SubmitError::Refused(Refused::Outdated))) => StatusCode::GONE,
        Ok(Err(SubmitError::Refused(why))) => {
            // Its text may name somebody.
            tracing::warn!(refused = ?std::mem::discriminant(&why), "an enrolment was refused");
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Ok(Err(SubmitError::Stopped)) | Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// What a link stands for, if it still works. Whether another was faster is for the engine to say.
fn open<'a>(app: &'a App, token: &str) -> Option<(&'a Door, Enrolment)> {
    let door = app.phones.as_deref()?;
    let enrolment = door.links.enrolment(token)?;
    let (board, now) = app.look();
    let newest = scope_of(&board.rulebook, &enrolment.recipient).map(|scope| board.rulebook.revision(&scope));
    (now < enrolment.until && newest == Some(enrolment.revision)).then_some((door, enrolment))
}

/// Whose revision names them.
pub(in crate::console) fn scope_of(rulebook: &Rulebook, recipient: &Recipient) -> Option<Scope> {
    match recipient {
        Recipient::Person(id) => rulebook.person(id).map(|person| Scope::Person(person.id.clone())),
        Recipient::Staff(id) => rulebook
            .units()
            .find(|unit| unit.staff.iter().any(|staff| staff.id == *id))
            .map(|unit| Scope::Unit(unit.id.clone())),
    }
}

/// As the audit log names them.
pub(in crate::console) fn about(rulebook: &Rulebook, recipient: &Recipient) -> About {
    let (subject, unit) = match recipient {
        Recipient::Person(id) => (
            Whom::Subject(Subject::Person(id.clone())),
            rulebook.person(id).map(|person| person.unit.clone()),
        ),
        Recipient::Staff(id) => {
            let is_theirs = |unit: &&crate::domain::Unit| unit.staff.iter().any(|staff| staff.id == *id);
            (Whom::Account(id.clone()), rulebook.units().find(is_theirs).map(|unit| unit.id.clone()))
        }
    };
    About { subject: Some(subject), unit, ..About::default() }
}

fn language_of(rulebook: &Rulebook, recipient: &Recipient) -> Language {
    match recipient {
        Recipient::Person(id) => rulebook.person(id).map(|person| person.plan.language).unwrap_or_default(),
        Recipient::Staff(_) => Language::default(),
    }
}

/// A browser's subscription as the rulebook keeps it: nothing but what messages need. Plain http is for a push service on
/// this machine, and only while the pages are, too: nobody from outside may have Cordon post to what runs here.
fn address(given: &Value, is_here: bool) -> Option<String> {
    let subscription = Subscription::read(&given.to_string()).filter(push::is_sound)?;
    let endpoint = &subscription.endpoint;
    (is_here || endpoint.starts_with("https:")).then(|| {
        let keys = &subscription.keys;
        serde_json::json!({"endpoint": endpoint, "keys": {"p256dh": keys.p256dh, "auth": keys.auth}})
            .to_string()
    })
}

/// Their book, with this in the place of their contact on its channel.
fn with_contact(rulebook: &Rulebook, recipient: &Recipient, contact: Contact) -> Option<Book> {
    let put = |contacts: &mut Vec<Contact>| {
        contacts.retain(|known| known.channel != contact.channel);
        contacts.push(contact);
    };
    match recipient {
        Recipient::Person(id) => {
            let mut person = rulebook.person(id)?.clone();
            put(&mut person.contacts);
            Some(Book::Person(person))
        }
        Recipient::Staff(id) => {
            let is_theirs = |unit: &&crate::domain::Unit| unit.staff.iter().any(|staff| staff.id == *id);
            let mut unit = rulebook.units().find(is_theirs)?.clone();
            let staff = unit.staff.iter_mut().find(|staff| staff.id == *id)?;
            put(&mut staff.contacts);
            Some(Book::Unit(unit))
        }
    }
}
