//! Who has looked at a case, or changed something about it.

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};

use super::{
    App,
    caller::Officer,
    gate::InReach,
    page::{Frame, framed, html},
    refusal::Refusal,
    when::When,
};
use crate::{access::Accounts, domain::Timestamp};

pub(super) const READERS_MAX: i64 = 500;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/incidents/{id}/readers", get(page))
}

#[derive(Template)]
#[template(path = "readers.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    what: String,
    incident: i64,
    readers: Vec<Line>,
}

struct Line {
    who: String,
    what: String,
    times: i64,
    last: When,
}

async fn page(
    State(app): State<App>,
    officer: Officer,
    InReach(incident): InReach,
) -> Result<Response, Refusal> {
    let (_, now, frame) = framed(&app, &officer, "Who has looked", "readers");
    let readers = app.access.readers(incident.case.as_ref(), incident.id, READERS_MAX).await?;
    let accounts = app.access.accounts(app.clock.real_us()).ok_or_else(Refusal::accounts_away)?;
    let readers = readers.into_iter().map(|reader| Line {
        who: named(&accounts, &reader.who),
        what: reader.what,
        times: reader.times,
        last: When::new(Timestamp::from_us(reader.last_at), now),
    });
    let what = match &incident.case {
        Some(case) => format!("case {case}"),
        None => format!("incident {}", incident.id),
    };
    Ok(html(&Page { frame, what, incident: incident.id.0, readers: readers.collect() }))
}

/// As the log names them, with the name of an account's owner.
pub(super) fn named(accounts: &Accounts, who: &str) -> String {
    let id = who.strip_prefix("token:").and_then(|token| token.rsplit_once(':')).map_or(who, |(id, _)| id);
    let account = id.parse().ok().and_then(|id| accounts.get(&id));
    account.map_or_else(|| who.to_owned(), |account| format!("{} ({who})", account.name))
}
