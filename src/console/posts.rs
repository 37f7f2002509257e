//! What an officer does about an incident: each becomes an input, and the page waits until it is committed.

use std::time::Duration;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::post,
};

use super::{
    App,
    caller::{Caller, Officer},
    gate::{self, InReach},
    guard::Posted,
    incident::{self, FormError},
    refusal::Refusal,
    rights::Act,
};
use crate::{
    access::audit::About,
    domain::{Incident, IncidentId, Outcome},
    engine::{Action, Refused, Told},
    sequencer::SubmitError,
};

/// A commit takes milliseconds; after this long the officer must know that it is not certain.
pub(super) const CONFIRM_WITHIN: Duration = Duration::from_secs(10);
const NOTE_CHARS_MAX: usize = 2_000;
/// For how long an incident can be shelved.
pub(super) const SHELVE_MINUTES: [u16; 4] = [30, 60, 120, 240];
const SHELF_REASON_CHARS_MAX: usize = 200;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/incidents/{id}/own", post(own))
        .route("/incidents/{id}/act", post(act))
        .route("/incidents/{id}/note", post(note))
        .route("/incidents/{id}/close", post(close))
        .route("/incidents/{id}/shelve", post(shelve))
}

async fn own(
    State(app): State<App>,
    officer: Officer,
    InReach(incident): InReach,
    form: Posted,
) -> Result<Response, Refusal> {
    submit(&app, &officer, incident.id, Action::Own).await??;
    Ok(back(&form, incident.id))
}

async fn act(
    State(app): State<App>,
    officer: Officer,
    InReach(incident): InReach,
    form: Posted,
) -> Result<Response, Refusal> {
    submit(&app, &officer, incident.id, Action::Act).await??;
    Ok(back(&form, incident.id))
}

async fn note(
    State(app): State<App>,
    officer: Officer,
    InReach(incident): InReach,
    form: Posted,
) -> Result<Response, Refusal> {
    let text = form.field("note").trim();
    let bad = |message: &str| FormError::Note { message: message.into(), text: text.into() };
    if let Err(message) = check_note(text) {
        return again(&app, &officer, &incident, bad(&message)).await;
    }
    match submit(&app, &officer, incident.id, Action::Note(text.into())).await? {
        Err(SubmitError::Refused(why @ Refused::NoteLength)) => {
            again(&app, &officer, &incident, bad(&format!("{why}."))).await
        }
        other => other.map(|()| back(&form, incident.id)).map_err(Refusal::from),
    }
}

async fn close(
    State(app): State<App>,
    officer: Officer,
    InReach(incident): InReach,
    form: Posted,
) -> Result<Response, Refusal> {
    let chosen = form.field("outcome");
    let Some(outcome) = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == chosen) else {
        return again(&app, &officer, &incident, FormError::Outcome).await;
    };
    submit(&app, &officer, incident.id, Action::Close(outcome)).await??;
    Ok(back(&form, incident.id))
}

async fn shelve(
    State(app): State<App>,
    officer: Officer,
    InReach(incident): InReach,
    form: Posted,
) -> Result<Response, Refusal> {
    let reason = form.field("reason").trim();
    let chosen = SHELVE_MINUTES.into_iter().find(|minutes| minutes.to_string() == form.field("minutes"));
    let (Some(minutes), 1..=SHELF_REASON_CHARS_MAX) = (chosen, reason.chars().count()) else {
        return again(&app, &officer, &incident, FormError::Shelf { reason: reason.into() }).await;
    };
    submit(&app, &officer, incident.id, Action::Shelve { minutes, reason: reason.into() }).await??;
    Ok(back(&form, incident.id))
}

/// What is wrong with a note, in a sentence.
pub(super) fn check_note(text: &str) -> Result<(), String> {
    match text.chars().count() {
        0 => Err("Write a note first.".into()),
        length if length > NOTE_CHARS_MAX => {
            Err(format!("A note has at most 2,000 characters; this one has {length}."))
        }
        _ => Ok(()),
    }
}

/// Puts the input in; the outer error is a refusal that every form words alike.
pub(super) async fn submit(
    app: &App,
    caller: &Caller,
    incident: IncidentId,
    action: Action,
) -> Result<Result<(), SubmitError>, Refusal> {
    let told = Told::Handle { incident, by: caller.id.clone(), action };
    tokio::time::timeout(CONFIRM_WITHIN, app.inbox.submit(told)).await.map_err(|_| Refusal::unconfirmed())
}

/// The incident's page once more, with what was wrong beside the field.
async fn again(
    app: &App,
    officer: &Officer,
    incident: &Incident,
    error: FormError,
) -> Result<Response, Refusal> {
    gate::shows(app, officer, Act::SeeIncident, [About::incident(incident)]).await?;
    let page = incident::page_with(app, officer, incident.id, Some(error)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// To where the form stood.
fn back(form: &Posted, id: IncidentId) -> Response {
    match form.field("back") {
        "queue" => Redirect::to("/").into_response(),
        _ => Redirect::to(&format!("/incidents/{id}")).into_response(),
    }
}
