//! Closed incidents, the newest first, a page at a time.

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
use crate::domain::IncidentId;

/// Incidents on one page.
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
    /// Those with a smaller number come next.
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
    let before = match asked.before {
        Some(before) => {
            before.parse().ok().filter(|n| *n > 0).ok_or_else(|| Refusal::no_incident(&before))?
        }
        None => i64::MAX,
    };
    // One more says whether there are older ones.
    let mut read = app.store.closed_incidents(IncidentId(before), PAGE + 1).await?;
    let more = usize::try_from(PAGE).is_ok_and(|page| read.len() > page);
    if more {
        read.pop();
    }
    let older = read.last().filter(|_| more).map(|incident| incident.id.0);
    let cards = read.iter().map(|incident| Card::new(incident, &board, now)).collect();
    Ok(html(&Page { frame, cards, older }))
}
