//! The revisions of a case or a unit: who published and approved each, when, and what it changed; two of them can be compared.
//!
//! They are read from the journal, by their subject, so that a page costs the same however much was recorded of others.

mod changed;
mod compare;
mod fields;
mod revision;
mod unit;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use serde::Deserialize;

use super::{
    owner::{Owner, OwnerPage, Whose},
    record,
};
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
    domain::Timestamp,
    engine::By,
};
use revision::Revision;

/// Revisions on a page.
const PAGE: usize = 20;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/records/cases/{id}/history", get(page))
        .route("/records/cases/{id}/history/compare", get(compare::page))
        .route("/records/units/{id}/history", get(page))
        .route("/records/units/{id}/history/compare", get(compare::page))
}

/// One role may read a record, and another see zones elsewhere.
fn sees_zones(officer: &Officer, owner: &Owner) -> bool {
    officer.reach_of(Act::SeeZones).is_some_and(|reach| owner.is_within(&reach))
}

/// What it takes to see it.
fn see(owner: &Owner) -> Act {
    if owner.is_unit() { Act::SeeUnits } else { Act::SeeCases }
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
    owner: OwnerPage,
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
    Whose(owner, _): Whose,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let (board, now) = app.look_as(&officer);
    record(&app, &officer, see(&owner), &owner.book()).await?;
    let sees_zones = sees_zones(&officer, &owner);
    // One more says what the last of the page changed.
    let before = asked.before.unwrap_or(i64::MAX);
    let (mut revisions, has_older) = revision::newest(&app, &owner, before, PAGE + 1).await?;
    let names = Names(&board.rulebook);
    let lines = revisions.iter().enumerate().take(PAGE).map(|(nth, revision)| {
        let earlier = revisions.get(nth + 1);
        let both = earlier.and_then(|earlier| earlier.said.as_ref()).zip(revision.said.as_ref());
        let changed = both.map(|(earlier, later)| {
            let fields = fields::differences(earlier, later, names);
            let fields = fields.into_iter().map(|field| field.label);
            fields.chain(changed::named(earlier, later)).collect()
        });
        let head = Head::of(revision, names, now, sees_zones);
        Line { no: revision.no, head, changed, has_earlier: earlier.is_some() }
    });
    let lines: Vec<Line> = lines.collect();
    revisions.truncate(PAGE);
    let older = (has_older || lines.last().is_some_and(|line| line.has_earlier)).then(|| lines.last());
    let older = older.flatten().map(|line| line.no);
    let title = format!("History of {}", owner.name());
    let (_, _, frame) = framed(&app, &officer, &title, "records");
    Ok(html(&Page { frame, owner: OwnerPage::new(&owner, title), revisions: lines, older }))
}
