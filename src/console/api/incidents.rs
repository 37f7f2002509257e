//! The queue, its feed, and what is closed.

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::StreamExt as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        App, caller::Caller, closed, gate::InReach, incident::records, live, notices, queue,
        refusal::Refusal, response,
    },
    body::Asked,
    facts::{IncidentFacts, NoticeFacts, Picture},
    incident::Story,
};
use crate::domain::{IncidentId, Priority};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/queue", get(open))
        .route("/api/v1/feed", get(feed))
        .route("/api/v1/closed", get(closed_ones))
        .route("/api/v1/incidents/{id}", get(one))
        .route("/api/v1/incidents/{id}/call", get(call))
}

/// Open incidents.
#[derive(Serialize, JsonSchema)]
pub(super) struct Queue {
    #[serde(flatten)]
    picture: Picture,
    /// P1 first, then P2 and P3; of a priority the newest first.
    incidents: Vec<IncidentFacts>,
    /// What is put aside, in the order in which it comes back.
    shelved: Vec<IncidentFacts>,
    /// What protected persons are being told beside danger, or were told and go by; the newest first.
    notices: Vec<NoticeFacts>,
    /// How many older ones hold.
    notices_not_listed: usize,
    /// How many more P2 are open.
    p2_not_listed: usize,
    /// How many more P3 are open.
    p3_not_listed: usize,
}

async fn open(State(app): State<App>, caller: Caller) -> Json<Queue> {
    let (board, now) = app.look_as(&caller);
    let [p1, p2, p3] =
        [Priority::P1, Priority::P2, Priority::P3].map(|priority| queue::open(&board, priority));
    let all = p1.0.iter().chain(&p2.0).chain(&p3.0);
    let (notices, notices_not_listed) = notices::lasting(&board);
    Json(Queue {
        picture: Picture::new(&board, now),
        incidents: all.map(|incident| IncidentFacts::new(incident, &board, now)).collect(),
        notices: notices.into_iter().filter_map(|notice| NoticeFacts::new(notice, &board)).collect(),
        notices_not_listed,
        shelved: queue::shelved(&board)
            .into_iter()
            .map(|incident| IncidentFacts::new(incident, &board, now))
            .collect(),
        p2_not_listed: p2.1,
        p3_not_listed: p3.1,
    })
}

/// From where a feed goes on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resume {
    after: Option<i64>,
}

async fn feed(
    State(app): State<App>,
    caller: Caller,
    Asked(Resume { after }): Asked<Resume>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let seat = app.api.seats.take(caller.token().map_or(0, |token| token.no));
    let seat = seat.ok_or_else(Refusal::too_many_feeds)?;
    let (head, body) = live::feed(app, caller, None, after, &headers).into_parts();
    let events = body.into_data_stream().inspect(move |_| {
        // Given up when the listener is gone.
        let _ = &seat;
    });
    Ok(Response::from_parts(head, Body::from_stream(events)))
}

/// Where to go on in a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    pub(super) before: Option<i64>,
}

/// Closed incidents.
#[derive(Serialize, JsonSchema)]
pub(super) struct Closed {
    #[serde(flatten)]
    picture: Picture,
    /// The newest first, at most 100.
    incidents: Vec<IncidentFacts>,
    /// Ask again with `before` set to this for older ones; none when there are none.
    next_before: Option<i64>,
}

async fn closed_ones(
    State(app): State<App>,
    caller: Caller,
    Asked(Page { before }): Asked<Page>,
) -> Result<Json<Closed>, Refusal> {
    let (board, now) = app.look_as(&caller);
    let before = IncidentId(before.unwrap_or(i64::MAX));
    let (read, next_before) = closed::closed_in_reach(&app, &caller, &board, before).await?;
    let incidents = read.iter().map(|incident| IncidentFacts::new(incident, &board, now)).collect();
    Ok(Json(Closed { picture: Picture::new(&board, now), incidents, next_before }))
}

async fn one(State(app): State<App>, caller: Caller, InReach(incident): InReach) -> Json<Story> {
    let records = records(&app, incident.id).await;
    if let Err(error) = &records {
        // What is happening now does not wait for the records.
        tracing::error!(%error, "the API could not read an incident's alerts");
    }
    let (board, now) = app.look_as(&caller);
    Json(Story::new(&incident, records.ok(), &board, now))
}

/// Whom to call about an open incident.
#[derive(Serialize, JsonSchema)]
pub(super) struct Calls {
    incident: IncidentId,
    /// What not to do about it, in a sentence.
    dont: &'static str,
    /// In the order in which they are to be called.
    callees: Vec<response::Callee>,
}

async fn call(
    State(app): State<App>,
    caller: Caller,
    InReach(incident): InReach,
) -> Result<Response, Refusal> {
    let found = response::calls(&app, &caller, &incident.id.to_string())?;
    let calls = Calls { incident: found.incident.id, dont: found.dont, callees: found.callees };
    Ok(Json(calls).into_response())
}
