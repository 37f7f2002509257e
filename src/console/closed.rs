//! Closed incidents, the newest first, a page of numbers at a time.

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;

use super::{
    App,
    guard::Officer,
    page::{Frame, framed, html},
    queue::{self, Card},
    refusal::Refusal,
    told::Next,
};
use crate::{
    domain::{Incident, IncidentId},
    sequencer::Board,
};

/// Incidents read for one page.
const PAGE: i64 = 100;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/incidents", get(list))
}

#[derive(Deserialize)]
struct Asked {
    closed: Option<String>,
    /// Incidents with smaller numbers only.
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "closed_page.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    cards: Vec<Card>,
    /// Numbers looked through, for the heading.
    first: i64,
    last: i64,
    older: Option<i64>,
}

async fn list(
    State(app): State<App>,
    officer: Officer,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    if asked.closed.is_none() {
        return Ok(queue::redirect().into_response());
    }
    let (board, now, frame) = framed(&app, &officer, "Closed incidents", "closed");
    let end = match asked.before {
        Some(before) => {
            before.parse().ok().filter(|n| *n > 0).ok_or_else(|| Refusal::no_incident(&before))?
        }
        None => newest(&app, &board).await?.saturating_add(1),
    };
    let start = end.saturating_sub(PAGE).max(1);
    let mut read = app.store.incidents(IncidentId(start - 1), end - start).await?;
    read.retain(|incident| incident.id.0 < end && !incident.is_open());
    let cards = read.iter().rev().map(|incident: &Incident| Card::new(incident, &board, now)).collect();
    let older = (start > 1).then_some(start);
    Ok(html(&Page { frame, cards, first: start, last: end - 1, older }))
}

/// The highest incident number. Numbers have no gaps, so the count is near it.
async fn newest(app: &App, board: &Board) -> Result<i64, Refusal> {
    let on_board = board.incidents.last_key_value().map_or(0, |(id, _)| id.0);
    let counted: i64 = app.store.counts().await?.incidents.values().sum();
    let mut newest = on_board.max(counted.saturating_sub(1));
    while let Some(later) = app.store.incidents(IncidentId(newest), 1_000).await?.last() {
        newest = later.id.0;
    }
    Ok(newest)
}
