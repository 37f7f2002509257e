//! What is done about an incident: the same inputs as the pages' forms, and the answer comes when they are written down.

use axum::{Router, extract::State, http::StatusCode, routing::post};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    super::{App, caller::Caller, gate::InReach, posts, refusal::Refusal},
    body::Sent,
};
use crate::{
    domain::{IncidentId, Outcome},
    engine::Action,
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/incidents/{id}/own", post(own))
        .route("/api/v1/incidents/{id}/act", post(act))
        .route("/api/v1/incidents/{id}/note", post(note))
        .route("/api/v1/incidents/{id}/close", post(close))
}

/// A note on an incident.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Note {
    /// What to write down: 1 to 2000 characters beside spaces at its ends.
    #[schemars(length(min = 1, max = 2000), regex(pattern = r"\S"))]
    text: String,
}

/// How an incident ends.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Closing {
    /// What it turned out to be.
    outcome: Outcome,
}

async fn own(State(app): State<App>, caller: Caller, InReach(it): InReach) -> Result<StatusCode, Refusal> {
    done(&app, &caller, it.id, Action::Own).await
}

async fn act(State(app): State<App>, caller: Caller, InReach(it): InReach) -> Result<StatusCode, Refusal> {
    done(&app, &caller, it.id, Action::Act).await
}

async fn note(
    State(app): State<App>,
    caller: Caller,
    InReach(it): InReach,
    Sent(Note { text }): Sent<Note>,
) -> Result<StatusCode, Refusal> {
    let text = text.trim();
    posts::check_note(text).map_err(Refusal::note_length)?;
    done(&app, &caller, it.id, Action::Note(text.into())).await
}

async fn close(
    State(app): State<App>,
    caller: Caller,
    InReach(it): InReach,
    Sent(Closing { outcome }): Sent<Closing>,
) -> Result<StatusCode, Refusal> {
    done(&app, &caller, it.id, Action::Close(outcome)).await
}

async fn done(app: &App, caller: &Caller, id: IncidentId, action: Action) -> Result<StatusCode, Refusal> {
    posts::submit(app, caller, id, action).await??;
    Ok(StatusCode::NO_CONTENT)
}
