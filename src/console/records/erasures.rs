//! Whose data was erased, and whose is asked to be: by id, since there is no name any more.

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};

use super::data::{is_left, left_at};
use crate::{
    access::{Erasure, ErasureCounts},
    console::{
        App,
        caller::Officer,
        page::{Frame, framed, html},
        readers::named,
        refusal::Refusal,
        rights::Act,
        when::When,
    },
    domain::Timestamp,
};

/// Lines on the page.
const LINES_MAX: i64 = 500;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/records/erasures", get(page))
}

#[derive(Template)]
#[template(path = "erasures.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    lines: Vec<Line>,
}

struct Line {
    subject: String,
    /// Where what is left is kept, while something may be.
    left_at: Option<String>,
    unit: String,
    asked_by: String,
    asked: When,
    why: String,
    agreed: Option<(String, When)>,
    /// How far it has come.
    came: &'static str,
    done: Option<When>,
    counts: ErasureCounts,
}

async fn page(State(app): State<App>, officer: Officer) -> Result<Response, Refusal> {
    let (_, _, frame) = framed(&app, &officer, "Erasures", "records");
    let now = app.clock.wall();
    let units = (!officer.reach.everything).then_some(officer.reach.units.as_slice());
    let erasures = app.access.erasures(units, LINES_MAX).await?;
    let accounts = app.access.accounts(app.clock.real_us()).ok_or_else(Refusal::accounts_away)?;
    let may_hold = officer.reach_of(Act::PlaceHold).is_some();
    let when = |at: Timestamp| When::new(at, now.max(at));
    let line = |it: Erasure| Line {
        left_at: (may_hold && is_left(&app, &it)).then(|| left_at(it.no)),
        came: came(&it),
        subject: it.subject.to_string(),
        unit: it.unit.map(|unit| unit.to_string()).unwrap_or_default(),
        asked_by: named(&accounts, &it.asked_by),
        asked: when(it.asked_at),
        why: it.why,
        agreed: it.agreed.map(|(by, at)| (named(&accounts, &by), when(at))),
        done: it.done_at.map(when),
        counts: it.counts,
    };
    Ok(html(&Page { frame, lines: erasures.into_iter().map(line).collect() }))
}

fn came(it: &Erasure) -> &'static str {
    match (&it.agreed, it.row, it.done_at) {
        (_, _, Some(_)) => "Erased",
        (_, Some(_), None) => "Being erased",
        (Some(_), None, None) => "Agreed; waits for the service, a legal hold, or an open incident",
        (None, None, None) => "Waits for a second supervisor",
    }
}
