//! Somebody answers the message that they have tapped.

use std::time::Duration;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Deserialize;

use super::{App, Frame, empty};
use crate::{
    console::{guard::Fields, page::html},
    domain::{Alert, Language, MessageClass, Recipient},
    engine::{Refused, Told},
    notify::{
        push::Answering,
        wording::{self, pages::Pages},
    },
    sequencer::SubmitError,
};

/// Whoever waits for longer must know that it is not certain.
const CONFIRM_WITHIN: Duration = Duration::from_secs(5);
/// The longest answer in one's own words, characters.
const ANSWER_CHARS_MAX: usize = 200;
pub(super) const HELP: &str = "2";
const CALL: &str = "3";

pub(super) fn routes() -> Router<App> {
    Router::new().route("/answer/{token}", get(page).post(answer))
}

#[derive(Template)]
#[template(path = "phone/answer.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    reference: u16,
    /// The message, where the records can be read.
    message: String,
    /// What came of the last answer.
    outcome: &'static str,
    keys: Vec<(&'static str, &'static str)>,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    /// What the answer before this page was, or what came of it.
    pub(super) said: Option<String>,
}

/// What came of the last answer, in words.
pub(super) fn said_of(said: Option<&str>, language: Language) -> &'static str {
    let words = &wording::pages::of(language).answer;
    match said {
        None => "",
        Some("help") => words.helped,
        Some("over") => words.over,
        Some(_) => words.noted,
    }
}

/// Whether it asks for help, whatever goes on.
pub(super) fn is_call(text: &str) -> bool {
    text == HELP || text == CALL
}

async fn page(State(app): State<App>, Path(token): Path<String>, Query(asked): Query<Asked>) -> Response {
    let Some(what) = open(&app, &token) else { return nothing() };
    // Without the records the number and the buttons are there all the same.
    let alert = alert_of(&app, what).await;
    let outcome = said_of(asked.said.as_deref(), what.language);
    draw(StatusCode::OK, what, alert.as_ref(), outcome)
}

async fn answer(State(app): State<App>, Path(token): Path<String>, form: Fields) -> Response {
    let Some(what) = open(&app, &token) else { return nothing() };
    let words = wording::pages::of(what.language);
    let Some(text) = given(form.field("answer")) else {
        let alert = alert_of(&app, what).await;
        return draw(StatusCode::UNPROCESSABLE_ENTITY, what, alert.as_ref(), words.answer.too_long);
    };
    let Answering { alert, raised_at, .. } = what;
    let told = tell(&app, Told::Answer { alert, raised_at, text: text.clone() }).await;
    let is_call = !is_to_staff(what.class) && is_call(&text);
    match told {
        Some(Ok(())) => back(&token, if is_call && text == HELP { "help" } else { "noted" }),
        // The incident is closed. Whoever asks for help is heard all the same.
        Some(Err(Refused::NoSuchAlert(_))) => match after_all(&app, what, &text, is_call).await {
            Some(Ok(())) if is_call => back(&token, if text == HELP { "help" } else { "noted" }),
            // Nobody who reads along may see whether it was their duress word.
            Some(Ok(()) | Err(_)) => back(&token, "over"),
            None => draw(StatusCode::SERVICE_UNAVAILABLE, what, None, words.answer.unsure),
        },
        Some(Err(_)) | None => draw(StatusCode::SERVICE_UNAVAILABLE, what, None, words.answer.unsure),
    }
}

/// What was answered, by a button or in words; `None` if that is nothing, or too much.
pub(super) fn given(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= ANSWER_CHARS_MAX;
    fits.then(|| text.to_owned())
}

/// What was answered to something that is over.
async fn after_all(app: &App, what: Answering, text: &str, is_call: bool) -> Option<Result<(), Refused>> {
    let over = Some(Err(Refused::NoSuchAlert(what.alert)));
    let Some(Recipient::Person(person)) = alert_of(app, what).await.map(|it| it.recipient) else {
        // Whose it was cannot be read; whoever asks for help must know that it is not certain.
        return if is_call { None } else { over };
    };
    let told = if is_call { Told::Call { person } } else { Told::Wrote { person, text: text.into() } };
    tell(app, told).await
}

/// What the engine says to it; `None` if that is not known.
pub(super) async fn tell(app: &App, told: Told) -> Option<Result<(), Refused>> {
    match tokio::time::timeout(CONFIRM_WITHIN, app.inbox.submit(told)).await {
        Ok(Ok(())) => Some(Ok(())),
        Ok(Err(SubmitError::Refused(why))) => Some(Err(why)),
        Ok(Err(SubmitError::Stopped)) | Err(_) => None,
    }
}

fn open(app: &App, token: &str) -> Option<Answering> {
    app.phones.as_deref()?.links.answering(token)
}

/// The alert that a link was sent with.
async fn alert_of(app: &App, what: Answering) -> Option<Alert> {
    let alerts = app.store.alerts_of(what.incident).await.ok()?;
    alerts.into_iter().find(|alert| alert.id == what.alert && alert.raised_at == what.raised_at)
}

fn draw(status: StatusCode, what: Answering, alert: Option<&Alert>, outcome: &'static str) -> Response {
    let frame = Frame::new(what.language);
    let keys = keys(what.class, frame.words);
    let message = alert.map(wording::message).unwrap_or_default();
    (status, html(&Page { frame, reference: what.incident.reference(), message, outcome, keys }))
        .into_response()
}

/// The answers that a message can have. Help can be asked for at any time.
fn keys(class: MessageClass, words: &'static Pages) -> Vec<(&'static str, &'static str)> {
    let [ok, help, call] = words.answer.person;
    let [mine, acted] = words.answer.staff;
    let [go, cannot] = words.answer.sent;
    match class {
        MessageClass::Danger => vec![("1", ok), (HELP, help), (CALL, call)],
        MessageClass::Weak | MessageClass::AllClear => vec![(HELP, help), (CALL, call)],
        MessageClass::Test => vec![("1", words.answer.seen), (HELP, help), (CALL, call)],
        MessageClass::Card => vec![("1", mine), ("2", acted)],
        MessageClass::Sent => vec![("1", go), ("2", cannot)],
    }
}

fn is_to_staff(class: MessageClass) -> bool {
    matches!(class, MessageClass::Card | MessageClass::Sent)
}

/// To the page again: loading it anew must not answer twice.
fn back(token: &str, said: &str) -> Response {
    Redirect::to(&format!("/answer/{token}?said={said}")).into_response()
}

fn nothing() -> Response {
    empty(StatusCode::NOT_FOUND, Language::English, |words| words.nothing)
}
