//! What is done about an incident: the same inputs as the pages' forms, and the answer comes when they are written down.

use axum::{Router, extract::State, http::StatusCode, routing::post};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};

use super::{
    super::{App, caller::Caller, gate::InReach, posts, refusal::Refusal},
    body::Sent,
};
use crate::{
    domain::{Attending, IncidentId, Outcome, StaffId},
    engine::Action,
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/incidents/{id}/own", post(own))
        .route("/api/v1/incidents/{id}/act", post(act))
        .route("/api/v1/incidents/{id}/note", post(note))
        .route("/api/v1/incidents/{id}/send", post(send))
        .route("/api/v1/incidents/{id}/attend", post(attend))
        .route("/api/v1/incidents/{id}/shelve", post(shelve))
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

/// Who is sent to an incident.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Sending {
    /// One of the staff.
    responder: StaffId,
}

/// How far whoever the token belongs to has come.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Going {
    /// A stage that is further than the one before.
    stage: Said,
}

/// What a responder can say.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Said {
    Accepted,
    EnRoute,
    OnScene,
    Done,
    Declined,
}

/// For how long an incident of less than danger is put aside, and why.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Shelving {
    /// Minutes.
    #[serde(deserialize_with = "whole")]
    #[schemars(range(min = 1, max = 240))]
    minutes: u16,
    /// 1 to 200 characters beside spaces at its ends.
    #[schemars(length(min = 1, max = 200), regex(pattern = r"\S"))]
    reason: String,
}

/// A whole number however it is written: to JSON Schema 30.0 is one.
fn whole<'de, D: Deserializer<'de>>(number: D) -> Result<u16, D::Error> {
    let number = f64::deserialize(number)?;
    let is_one = number.fract() == 0.0 && (0.0..=f64::from(u16::MAX)).contains(&number);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was looked at")]
    let whole = is_one.then_some(number as u16);
    whole.ok_or_else(|| D::Error::custom(format!("{number} is no whole number that fits")))
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

async fn send(
    State(app): State<App>,
    caller: Caller,
    InReach(it): InReach,
    Sent(Sending { responder }): Sent<Sending>,
) -> Result<StatusCode, Refusal> {
    done(&app, &caller, it.id, Action::Send(responder)).await
}

async fn attend(
    State(app): State<App>,
    caller: Caller,
    InReach(it): InReach,
    Sent(Going { stage }): Sent<Going>,
) -> Result<StatusCode, Refusal> {
    done(&app, &caller, it.id, Action::Attend(stage.into())).await
}

async fn shelve(
    State(app): State<App>,
    caller: Caller,
    InReach(it): InReach,
    Sent(Shelving { minutes, reason }): Sent<Shelving>,
) -> Result<StatusCode, Refusal> {
    done(&app, &caller, it.id, Action::Shelve { minutes, reason }).await
}

impl From<Said> for Attending {
    fn from(said: Said) -> Self {
        match said {
            Said::Accepted => Self::Accepted,
            Said::EnRoute => Self::EnRoute,
            Said::OnScene => Self::OnScene,
            Said::Done => Self::Done,
            Said::Declined => Self::Declined,
        }
    }
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
