//! The revisions of a case: who published and approved each, when, and what it changed; two of them can be compared.
//!
//! They are read from the journal, by their subject, so that a page costs the same however much was recorded of others.

mod changed;
mod compare;
mod fields;
mod revision;

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    response::Response,
    routing::get,
};
use serde::Deserialize;

use super::{kind, record};
use crate::{
    console::{
        App,
        caller::Officer,
        names::Names,
        page::{Frame, framed, html},
        refusal::Refusal,
        rights::Act,
        when::When,
    },
    domain::{Book, Timestamp},
    engine::By,
};
use revision::Revision;

/// Revisions on a page.
const PAGE: usize = 20;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/records/cases/{id}/history", get(page))
        .route("/records/cases/{id}/history/compare", get(compare::page))
}

#[derive(Deserialize)]
struct Asked {
    /// Revisions from before this row only.
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "history.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    case: String,
    title: String,
    revisions: Vec<Line>,
    /// Those from before this row come next.
    older: Option<i64>,
}

struct Line {
    no: i64,
    head: Head,
    /// What it changed of the one before; none if that is not known.
    changed: Option<Vec<String>>,
    /// There is one before it to compare it with.
    has_earlier: bool,
}

/// Which revision it is, and whose.
struct Head {
    number: u64,
    when: When,
    by: String,
    approved: Option<String>,
    why: Option<String>,
}

impl Head {
    /// Why a zone was changed may say where it is: that is for those who see zones.
    fn of(revision: &Revision, names: Names<'_>, now: Timestamp, sees_zones: bool) -> Self {
        let (number, when) = (revision.number, When::new(revision.at, now.max(revision.at)));
        match revision.by.clone() {
            Ok(By { who, approved, why }) => Self {
                number,
                when,
                by: names.staff(&who),
                approved: approved.map(|who| names.staff(&who)),
                why: why.filter(|_| sees_zones),
            },
            Err(unnamed) => Self { number, when, by: unnamed.into(), approved: None, why: None },
        }
    }
}

async fn page(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let (board, now) = app.look_as(&officer);
    let case = kind::case(&board.rulebook, &id)?;
    record(&app, &officer, Act::SeeCases, &Book::Case(case.clone())).await?;
    let sees_zones = compare::sees_zones(&app, &officer, &id);
    // One more says what the last of the page changed.
    let before = asked.before.unwrap_or(i64::MAX);
    let (mut revisions, has_older) = revision::newest(&app, &case, before, PAGE + 1).await?;
    let names = Names(&board.rulebook);
    let lines = revisions.iter().enumerate().take(PAGE).map(|(nth, revision)| {
        let earlier = revisions.get(nth + 1);
        let both = earlier.and_then(|earlier| earlier.case.as_ref()).zip(revision.case.as_ref());
        let changed = both.map(|(earlier, case)| {
            let fields = fields::differences(earlier, case, names);
            let fields = fields.into_iter().map(|field| field.label);
            fields.chain(changed::named(earlier, case)).collect()
        });
        let head = Head::of(revision, names, now, sees_zones);
        Line { no: revision.no, head, changed, has_earlier: earlier.is_some() }
    });
    let lines: Vec<Line> = lines.collect();
    revisions.truncate(PAGE);
    let older = (has_older || lines.last().is_some_and(|line| line.has_earlier)).then(|| lines.last());
    let older = older.flatten().map(|line| line.no);
    let title = format!("History of case {}", case.id);
    let (_, _, frame) = framed(&app, &officer, &title, "records");
    Ok(html(&Page { frame, case: case.id.to_string(), title, revisions: lines, older }))
}
