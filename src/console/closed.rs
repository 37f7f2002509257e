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
    caller::{Caller, Officer},
    page::{Frame, framed, html},
    queue::{self, Card},
    refusal::Refusal,
    rights::Act,
    scope,
    told::Next,
};
use crate::{
    domain::{Incident, IncidentId, Subject},
    sequencer::Board,
};

/// Incidents on one page.
const PAGE: i64 = 100;
/// Looks into the store for one page, for whoever may see few of them.
const READS_MAX: usize = 20;

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
    /// Each, and whether there is something to play back.
    cards: Vec<(Card, bool)>,
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
    let (read, older) = closed_in_reach(&app, &officer, &board, IncidentId(before)).await?;
    let can_play =
        |incident: &Incident| matches!(incident.subject, Subject::Wearer(_)) && officer.may(Act::SeePlayback);
    let cards = read.iter().map(|it| (Card::new(it, &board, now), can_play(it))).collect();
    Ok(html(&Page { frame, cards, older }))
}

/// The newest closed incidents within reach, and the number before which there are more to look at.
pub(super) async fn closed_in_reach(
    app: &App,
    caller: &Caller,
    board: &Board,
    mut before: IncidentId,
) -> Result<(Vec<Incident>, Option<i64>), Refusal> {
    let (page, mut found) = (usize::try_from(PAGE).unwrap_or(usize::MAX), Vec::new());
    for _ in 0..READS_MAX {
        // One more says whether there are older ones.
        let read = app.store.closed_incidents(before, PAGE + 1).await?;
        let is_all = read.len() <= page;
        for incident in read.into_iter().take(page) {
            before = incident.id;
            if scope::has_incident(&caller.reach, &board.rulebook, &incident) {
                found.push(incident);
            }
            if found.len() == page {
                return Ok((found, Some(before.0)));
            }
        }
        if is_all {
            return Ok((found, None));
        }
    }
    Ok((found, Some(before.0)))
}
