//! One handover: read and signed by whoever comes on duty, and read later.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    CHANGED, Desk, SAYS_CHARS_MAX, cannot_sign, check, left,
    point::{self, Change, Point},
    record, see,
    sheet::{ChangeLine, Reading, Sheet},
    unwritten,
};
use crate::{
    access::{AccessError, Handover, Mark, Taken},
    console::{
        App,
        caller::Officer,
        guard::Posted,
        names::Names,
        page::{Frame, framed, html},
        refusal::Refusal,
        when::When,
    },
    domain::{Incident, Timestamp},
};

#[derive(Template)]
#[template(path = "handover_one.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    no: i64,
    unit: String,
    unit_name: String,
    outgoing: String,
    signed: When,
    says: String,
    sheet: Sheet,
    /// What is new since, or was by the second signature.
    changes: Vec<ChangeLine>,
    state: Stage,
}

/// How far it has come, for whoever looks.
enum Stage {
    /// Theirs, and it waits.
    Own,
    /// Somebody else's: they may sign, or cannot for this reason.
    Waits { cannot: Option<&'static str>, form: Form },
    /// Signed twice.
    Taken { by: String, at: When, says: String, rest: usize },
}

struct Form {
    seen: String,
    says: String,
    says_max: usize,
    error: String,
    /// How many incidents become theirs.
    moves: usize,
}

/// One as it is kept.
struct Kept {
    handover: Handover,
    points: Vec<Point>,
    /// What was written down with the second signature.
    changes: Vec<Change>,
}

impl Kept {
    /// Finds it, if it is of a unit within reach.
    async fn find(app: &App, officer: &Officer, no: &str) -> Result<Self, Refusal> {
        let no = no.parse().map_err(|_| Refusal::no_record())?;
        let (handover, handed) = app.access.handover(no).await?.ok_or_else(Refusal::no_record)?;
        if !officer.reach.has_unit(&handover.unit) {
            return Err(Refusal::no_record());
        }
        let (mut points, mut changes) = (Vec::new(), Vec::new());
        for (mark, text) in handed {
            let point: Point = serde_json::from_str(&text)
                .map_err(|_| Refusal::from(AccessError::Corrupt("a handover".into())))?;
            match mark {
                Mark::Signed => points.push(point),
                Mark::New => changes.push(Change::New(point)),
                Mark::Changed => changes.push(Change::changed(&points, point)),
                Mark::Gone => changes.push(Change::Gone(point)),
            }
        }
        Ok(Self { handover, points, changes })
    }
}

pub(super) async fn page(
    State(app): State<App>,
    officer: Officer,
    Path(no): Path<String>,
) -> Result<Response, Refusal> {
    let kept = Kept::find(&app, &officer, &no).await?;
    draw(&app, &officer, kept, String::new(), String::new(), StatusCode::OK).await
}

pub(super) async fn decide(
    State(app): State<App>,
    officer: Officer,
    Path(no): Path<String>,
    form: Posted,
) -> Result<Response, Refusal> {
    let kept = Kept::find(&app, &officer, &no).await?;
    let Handover { no, unit, outgoing, taken, .. } = &kept.handover;
    let to_it = || Ok(Redirect::to(&format!("/handover/{no}")).into_response());
    match (form.field("do"), taken) {
        ("withdraw", None) if *outgoing == officer.id => {
            record(&app, &officer, unit, outgoing).await?;
            app.access.withdraw_handover(*no, &officer.id).await?;
            Ok(Redirect::to(&format!("/handover?unit={unit}")).into_response())
        }
        ("rest", Some(taken)) if taken.by == officer.id => {
            left::take_over(&app, &officer, outgoing, rest(&app, &officer, &kept)).await?;
            to_it()
        }
        ("sign", None) => sign(&app, &officer, kept, form.field("says").trim(), form.field("seen")).await,
        // Somebody else was quicker, or it is theirs: the page says so.
        _ => to_it(),
    }
}

async fn sign(app: &App, officer: &Officer, kept: Kept, says: &str, seen: &str) -> Result<Response, Refusal> {
    let Handover { no, unit, outgoing, .. } = kept.handover.clone();
    let desk = Desk::of(app, officer, &unit)?;
    let own = (outgoing == officer.id).then_some("Somebody else has to sign what you hand over.");
    let wrong =
        check(says).err().or_else(|| own.or_else(|| cannot_sign(officer, &desk.board)).map(str::to_owned));
    if let Some(wrong) = wrong {
        return draw(app, officer, kept, says.into(), wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    if seen != desk.seen {
        return draw(app, officer, kept, says.into(), CHANGED.into(), StatusCode::CONFLICT).await;
    }
    record(app, officer, &unit, &outgoing).await?;
    let changes = point::changes(&kept.points, &desk.points);
    let changes = changes.iter().map(Change::handed).collect::<Result<Vec<_>, _>>();
    let changes = changes.map_err(|error| unwritten(&error))?;
    let taken = Taken { by: officer.id.clone(), says: says.into(), at: app.clock.wall() };
    if app.access.take_handover(no, &taken, &changes).await? {
        let theirs = desk.board.incidents.values().map(AsRef::as_ref);
        let theirs = theirs.filter(|it| it.unit == unit && it.owner() == Some(&outgoing)).cloned().collect();
        left::take_over(app, officer, &outgoing, theirs).await?;
    }
    Ok(Redirect::to(&format!("/handover/{no}")).into_response())
}

/// What was handed over, and is the outgoing officer's all the same: the service may have been stopped in between.
fn rest(app: &App, officer: &Officer, kept: &Kept) -> Vec<Incident> {
    let (board, _) = app.look_as(officer);
    let handed = kept.points.iter().chain(kept.changes.iter().filter_map(Change::now));
    let handed = handed.filter_map(Point::incident).filter_map(|id| board.incidents.get(&id));
    let theirs = handed.filter(|it| it.owner() == Some(&kept.handover.outgoing));
    let mut rest: Vec<Incident> = theirs.map(|it| it.as_ref().clone()).collect();
    rest.sort_by_key(|it| it.id);
    rest.dedup_by_key(|it| it.id);
    rest
}

async fn draw(
    app: &App,
    officer: &Officer,
    kept: Kept,
    says: String,
    error: String,
    status: StatusCode,
) -> Result<Response, Refusal> {
    let desk = Desk::of(app, officer, &kept.handover.unit)?;
    see(app, officer, &desk.unit.id).await?;
    let names = Names(&desk.board.rulebook);
    let Handover { no, outgoing, signed_at, taken, .. } = &kept.handover;
    let title = format!("Handover by {}", names.staff(outgoing));
    let title = if error.is_empty() { title } else { format!("Error: {title}") };
    let (_, _, frame) = framed(app, officer, &title, "handover");
    let wall = app.clock.wall();
    let when = |at: Timestamp| When::new(at, wall.max(at));
    let (changes, state) = match taken {
        Some(taken) => {
            let is_theirs = taken.by == officer.id;
            let rest = if is_theirs { rest(app, officer, &kept).len() } else { 0 };
            let by = names.staff(&taken.by);
            let state = Stage::Taken { by, at: when(taken.at), says: taken.says.clone(), rest };
            (kept.changes.clone(), state)
        }
        None => {
            let changes = point::changes(&kept.points, &desk.points);
            let moves = desk.points.iter().filter(|it| it.owner() == Some(outgoing)).count();
            let form = Form { seen: desk.seen, says, says_max: SAYS_CHARS_MAX, error, moves };
            let state = match *outgoing == officer.id {
                true => Stage::Own,
                false => Stage::Waits { cannot: cannot_sign(officer, &desk.board), form },
            };
            (changes, state)
        }
    };
    let reading = Reading { names, outgoing, is_own: *outgoing == officer.id, now: desk.now };
    let page = Page {
        frame,
        no: *no,
        unit: desk.unit.id.to_string(),
        unit_name: desk.unit.name.clone(),
        outgoing: names.staff(outgoing),
        signed: when(*signed_at),
        says: kept.handover.says.clone(),
        sheet: reading.sheet(&kept.points),
        changes: changes.iter().map(|change| reading.change(change)).collect(),
        state,
    };
    Ok((status, html(&page)).into_response())
}
