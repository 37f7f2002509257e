//! The end of a shift: whoever goes off duty signs what the live board shows, with what they have to say; whoever comes on
//! duty is shown that and what is new since, and signs, too. With the second signature what the first had is the second's.
//! Until then it is the first's: no incident is ever nobody's because of a handover.
//!
//! What was signed is kept beside the accounts; whose an incident is stands in the journal, as all that befalls it.

mod left;
mod one;
mod point;
mod sheet;

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

use super::{
    App,
    caller::Officer,
    gate,
    guard::Posted,
    names::Names,
    page::{Frame, framed, html},
    refusal::Refusal,
    rights::Act,
    trouble,
    when::When,
};
use crate::{
    access::{
        Draft, Handover, Mark,
        audit::{About, Record, Whom},
    },
    domain::{StaffId, Timestamp, Unit, UnitId},
    sequencer::Board,
};
pub(super) use left::{Left, leavers, stays};
use point::Point;
use sheet::{Reading, Sheet};
use std::sync::Arc;

/// Signed handovers that are listed.
const LISTED_MAX: i64 = 60;
/// What either side writes.
const SAYS_CHARS_MAX: usize = 4_000;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/handover", get(page).post(post_draft))
        .route("/handover/left", post(left::take))
        .route("/handover/{no}", get(one::page).post(one::decide))
}

#[derive(Deserialize)]
struct Asked {
    unit: Option<String>,
}

#[derive(Template)]
#[template(path = "handover.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    /// Those to choose from: id, name, whether it is this one.
    units: Vec<(String, String, bool)>,
    unit: String,
    /// Why this person cannot sign; they may look all the same.
    cannot: Option<&'static str>,
    sheet: Sheet,
    seen: String,
    says: String,
    says_max: usize,
    error: String,
    /// What they wrote is kept as their draft, of then.
    drafted: Option<When>,
    /// Theirs that waits for a second signature.
    own: Option<Head>,
    /// Others' that do.
    waiting: Vec<Head>,
    signed: Vec<Head>,
    left: Vec<Left>,
}

/// A handover in a list.
struct Head {
    no: i64,
    outgoing: String,
    signed: When,
    incoming: String,
    taken: Option<When>,
}

impl Head {
    fn new(handover: &Handover, names: Names<'_>, now: Timestamp) -> Self {
        let when = |at: Timestamp| When::new(at, now.max(at));
        Self {
            no: handover.no,
            outgoing: names.staff(&handover.outgoing),
            signed: when(handover.signed_at),
            incoming: handover.taken.as_ref().map(|taken| names.staff(&taken.by)).unwrap_or_default(),
            taken: handover.taken.as_ref().map(|taken| when(taken.at)),
        }
    }
}

/// A unit as it stands now.
struct Desk {
    board: Arc<Board>,
    now: Timestamp,
    unit: Unit,
    points: Vec<Point>,
    /// Which picture this is.
    seen: String,
}

impl Desk {
    /// The unit of that id as far as somebody reaches it.
    fn of(app: &App, officer: &Officer, unit: &UnitId) -> Result<Self, Refusal> {
        let (board, now) = app.look_as(officer);
        let unit = board.rulebook.unit(unit).filter(|unit| officer.reach.has_unit(&unit.id));
        let unit = unit.ok_or_else(Refusal::no_record)?.clone();
        let points = point::of_board(&board, &unit, trouble::lines(&board, app.measured()), now);
        let seen = point::digest(&points).map_err(|error| unwritten(&error))?;
        Ok(Self { board, now, unit, points, seen })
    }
}

/// What a person may be shown of a unit: the one that they ask for, or the first of theirs, where they have most to hand
/// over.
fn chosen(app: &App, officer: &Officer, asked: Option<&str>) -> Result<UnitId, Refusal> {
    let (board, _) = app.look_as(officer);
    if let Some(asked) = asked.filter(|asked| !asked.is_empty()) {
        return asked.parse().map_err(|_| Refusal::no_record());
    }
    let theirs = |unit: &Unit| {
        let of_unit = board.incidents.values().filter(|it| it.unit == unit.id);
        of_unit.filter(|it| it.owner() == Some(&officer.id)).count()
    };
    let units = board.rulebook.units().filter(|unit| officer.reach.has_unit(&unit.id));
    // Of several with as many the first.
    let most = units.enumerate().max_by_key(|(n, unit)| (theirs(unit), std::cmp::Reverse(*n)));
    most.map(|(_, unit)| unit.id.clone()).ok_or_else(Refusal::no_unit)
}

async fn page(
    State(app): State<App>,
    officer: Officer,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let unit = chosen(&app, &officer, asked.unit.as_deref())?;
    let desk = Desk::of(&app, &officer, &unit)?;
    let draft = app.access.draft(&officer.id, &subject(&unit)).await?;
    let drafted = draft.as_ref().map(|draft| draft.saved_at);
    let says = draft.and_then(|draft| draft.fields.into_iter().next()).map(|(_, says)| says);
    let writing = Writing { says: says.unwrap_or_default(), drafted, error: String::new() };
    draw(&app, &officer, desk, writing, StatusCode::OK).await
}

/// What somebody has written into the form.
struct Writing {
    says: String,
    drafted: Option<Timestamp>,
    error: String,
}

async fn post_draft(State(app): State<App>, officer: Officer, form: Posted) -> Result<Response, Refusal> {
    let unit = chosen(&app, &officer, Some(form.field("unit")))?;
    let desk = Desk::of(&app, &officer, &unit)?;
    let says = form.field("says").trim().to_owned();
    let again = |desk, error: String, status| {
        let writing = Writing { says: says.clone(), drafted: None, error };
        draw(&app, &officer, desk, writing, status)
    };
    let wrong = check(&says).err().or_else(|| cannot_sign(&officer, &desk.board).map(str::to_owned));
    if let Some(wrong) = wrong {
        return again(desk, wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let at = app.clock.wall();
    if form.field("do") == "keep" {
        let fields = vec![("says".to_owned(), says.clone())];
        let draft = Draft { subject: subject(&unit), base: 0, fields, saved_at: at };
        app.access.keep_draft(&officer.id, &draft).await?;
        return Ok(Redirect::to(&format!("/handover?unit={unit}")).into_response());
    }
    if form.field("seen") != desk.seen {
        return again(desk, CHANGED.into(), StatusCode::CONFLICT).await;
    }
    record(&app, &officer, &unit, &officer.id).await?;
    let points = desk.points.iter().map(|point| point.handed(Mark::Signed)).collect::<Result<Vec<_>, _>>();
    let points = points.map_err(|error| unwritten(&error))?;
    let handover = Handover {
        no: 0,
        unit: unit.clone(),
        outgoing: officer.id.clone(),
        says: says.clone(),
        signed_at: at,
        taken: None,
    };
    match app.access.sign_handover(&handover, &points).await? {
        Some(no) => {
            app.access.drop_draft(&officer.id, &subject(&unit)).await?;
            Ok(Redirect::to(&format!("/handover/{no}")).into_response())
        }
        None => again(desk, WAITS_ALREADY.into(), StatusCode::CONFLICT).await,
    }
}

const CHANGED: &str =
    "The picture has changed since this page was drawn. Nothing was signed. Read it again, then sign.";
const WAITS_ALREADY: &str =
    "You have signed one that nobody has taken over yet. Take that back first. Nothing was signed.";

async fn draw(
    app: &App,
    officer: &Officer,
    desk: Desk,
    writing: Writing,
    status: StatusCode,
) -> Result<Response, Refusal> {
    let Desk { board, now, unit, points, seen } = desk;
    see(app, officer, &unit.id).await?;
    let names = Names(&board.rulebook);
    let title = if writing.error.is_empty() { "Handover" } else { "Error: Handover" };
    let (_, _, frame) = framed(app, officer, title, "handover");
    let wall = app.clock.wall();
    let head = |handover: &Handover| Head::new(handover, names, wall);
    let waiting = app.access.handovers(&unit.id, true, LISTED_MAX).await?;
    let (own, others): (Vec<_>, Vec<_>) = waiting.iter().partition(|it| it.outgoing == officer.id);
    let signed = app.access.handovers(&unit.id, false, LISTED_MAX).await?;
    let units: Vec<_> = board.rulebook.units().filter(|it| officer.reach.has_unit(&it.id)).collect();
    let reading = Reading { names, outgoing: &officer.id, is_own: true, now };
    let page = Page {
        frame,
        units: units.iter().map(|it| (it.id.to_string(), it.name.clone(), it.id == unit.id)).collect(),
        cannot: cannot_sign(officer, &board),
        sheet: reading.sheet(&points),
        seen,
        says: writing.says,
        says_max: SAYS_CHARS_MAX,
        error: writing.error,
        drafted: writing.drafted.map(|at| When::new(at, wall.max(at))),
        own: own.into_iter().map(head).next(),
        waiting: others.into_iter().map(head).collect(),
        signed: signed.iter().map(head).collect(),
        left: leavers(app, &board, |incident| incident.unit == unit.id),
        unit: unit.id.to_string(),
    };
    Ok((status, html(&page)).into_response())
}

/// Why somebody can put no signature to anything here.
fn cannot_sign(officer: &Officer, board: &Board) -> Option<&'static str> {
    if officer.signed.generation.is_none() {
        return Some("Whoever came by a one-time link has no account, and so no signature.");
    }
    let unknown = board.rulebook.staff(&officer.id).is_none();
    unknown.then_some("Your account is none of the staff's in the records, so no incident can be yours. A supervisor can add you there.")
}

/// What is wrong with what somebody wrote.
fn check(says: &str) -> Result<(), String> {
    match says.chars().count() {
        length if length > SAYS_CHARS_MAX => {
            Err(format!("What you say has at most 4,000 characters; this has {length}. Nothing was signed."))
        }
        _ => Ok(()),
    }
}

/// What somebody has begun to write, as drafts name it.
fn subject(unit: &UnitId) -> String {
    format!("handover:{unit}")
}

/// Whatever comes of a form, the page shows who waits for what: the audit log has it each time.
async fn see(app: &App, officer: &Officer, unit: &UnitId) -> Result<(), Refusal> {
    let about = About { unit: Some(unit.clone()), ..About::default() };
    let act = Act::SeeHandover;
    let (who, why) = (officer.who(), officer.right(act));
    gate::viewed(app, [Record { at: app.clock.wall(), who, what: act.what(), why, about }]).await
}

/// A signature that the audit log cannot take is not put.
async fn record(app: &App, officer: &Officer, unit: &UnitId, outgoing: &StaffId) -> Result<(), Refusal> {
    let about = About {
        subject: Some(Whom::Account(outgoing.clone())),
        unit: Some(unit.clone()),
        ..About::default()
    };
    let act = Act::SignHandover;
    let (who, why) = (officer.who(), officer.right(act));
    let record = Record { at: app.clock.wall(), who, what: act.what(), why, about };
    app.access.record(&[record]).await.map_err(|error| Refusal::not_recorded(&error))
}

/// Nothing in a point can fail to be written: if it ever does, nothing is signed.
fn unwritten(error: &serde_json::Error) -> Refusal {
    tracing::error!(%error, "a handover could not be written");
    Refusal::accounts_away()
}
