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
use crate::{
    access::{Accounts, audit::Looked},
    domain::Timestamp,
};

pub(super) const READERS_MAX: i64 = 500;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/incidents/{id}/readers", get(page))
}

#[derive(Template)]
#[template(path = "readers.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    what: String,
    /// The page to go back to, and what it is called.
    up: (String, String),
    readers: Vec<Line>,
}

struct Line {
    who: String,
    what: String,
    why: String,
    times: i64,
    last: When,
}

async fn page(
    State(app): State<App>,
    officer: Officer,
    InReach(incident): InReach,
) -> Result<Response, Refusal> {
    let up = (format!("/incidents/{}", incident.id), format!("incident {}", incident.id));
    of(&app, &officer, Looked::of(&incident), up).await
}

/// The page about whatever was looked at, with the page to go back to and what that is called.
pub(super) async fn of(
    app: &App,
    officer: &Officer,
    looked: Looked<'_>,
    up: (String, String),
) -> Result<Response, Refusal> {
    let (_, now, frame) = framed(app, officer, "Who has looked", "readers");
    let readers = app.access.readers(looked, READERS_MAX).await?;
    let accounts = app.access.accounts(app.clock.real_us()).ok_or_else(Refusal::accounts_away)?;
    let readers = readers.into_iter().map(|reader| Line {
        who: named(&accounts, &reader.who),
        what: reader.what,
        why: reader.why,
        times: reader.times,
        last: When::new(Timestamp::from_us(reader.last_at), now),
    });
    Ok(html(&Page { frame, what: looked.to_string(), up, readers: readers.collect() }))
}

/// As the log names them, with the name of an account's owner.
pub(super) fn named(accounts: &Accounts, who: &str) -> String {
    let id = who.strip_prefix("token:").and_then(|token| token.rsplit_once(':')).map_or(who, |(id, _)| id);
    let account = id.parse().ok().and_then(|id| accounts.get(&id));
    account.map_or_else(|| who.to_owned(), |account| format!("{} ({who})", account.name))
}
