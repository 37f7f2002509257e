//! The audit log, for whoever looks after it: the newest first.

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use serde::Deserialize;

use super::{
    App,
    caller::{Caller, Officer},
    page::{Frame, framed, html},
    readers::named,
    refusal::Refusal,
    when::When,
};
use crate::{access::audit::Entry, domain::Timestamp};

/// Records on one page.
const PAGE: i64 = 200;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/audit", get(page))
}

#[derive(Deserialize)]
struct Asked {
    /// Records with smaller numbers only.
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "audit.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    lines: Vec<Line>,
    /// Those with a smaller number come next.
    older: Option<i64>,
}

struct Line {
    no: i64,
    at: When,
    who: String,
    what: String,
    /// Whose own readers have a page.
    case: String,
    about: String,
    incident: i64,
    why: String,
}

async fn page(
    State(app): State<App>,
    officer: Officer,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let (_, now, frame) = framed(&app, &officer, "Audit log", "audit");
    let (entries, older) = entries(&app, &officer, asked.before).await?;
    let accounts = app.access.accounts(app.clock.real_us()).ok_or_else(Refusal::accounts_away)?;
    let line = |entry: Entry| {
        let about = [entry.subject, prefixed("unit ", entry.unit)];
        Line {
            no: entry.no,
            at: When::new(Timestamp::from_us(entry.at), now),
            who: named(&accounts, &entry.who),
            what: entry.what,
            about: about.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "),
            incident: entry.incident,
            case: entry.case_id,
            why: entry.why,
        }
    };
    Ok(html(&Page { frame, lines: entries.into_iter().map(line).collect(), older }))
}

/// The newest records within reach, and the number before which there are more to look at.
pub(super) async fn entries(
    app: &App,
    caller: &Caller,
    before: Option<i64>,
) -> Result<(Vec<Entry>, Option<i64>), Refusal> {
    let units = (!caller.reach.everything).then_some(caller.reach.units.as_slice());
    let entries = app.access.entries(before.unwrap_or(i64::MAX), PAGE, units).await?;
    let is_full = i64::try_from(entries.len()).is_ok_and(|read| read == PAGE);
    let older = entries.last().filter(|_| is_full).map(|entry| entry.no);
    Ok((entries, older))
}

fn prefixed(prefix: &str, id: String) -> String {
    if id.is_empty() { id } else { format!("{prefix}{id}") }
}
