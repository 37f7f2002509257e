//! The ways by which wearers came: of those who give reason to look, on the map and, fix by fix, in a table.

use std::collections::BTreeSet;

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};

use super::{
    App,
    caller::Officer,
    map::Legend,
    names::Names,
    page::{Frame, framed, html},
    wearers::{self, rank, stage_key, worst, worst_of},
    when::When,
    words,
};
use crate::{
    domain::{Stage, Subject, Timestamp, WearerId},
    engine::EVIDENCE_MS,
    sequencer::{Board, Dot, Passed},
};

/// Wearers whose way is shown; the table has 60 fixes of each at the most.
const TRAILS_MAX: usize = 40;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/trails", get(page)).route("/fragments/trails", get(fragment))
}

/// Those of whom a way is shown, the most dangerous first: who is not clear, or has an open incident.
pub(super) fn chosen(board: &Board) -> Vec<(&WearerId, &Dot)> {
    let open = board.incidents.values().filter(|incident| incident.is_open());
    let with_incident: BTreeSet<&WearerId> = open
        .filter_map(|incident| match &incident.subject {
            Subject::Wearer(id) => Some(id),
            Subject::Person(_) | Subject::Service => None,
        })
        .collect();
    let is_of_interest =
        |id: &WearerId, dot: &Dot| worst(dot).0 != Stage::Clear || with_incident.contains(id);
    let mut chosen: Vec<_> = board.wearers.iter().filter(|(id, dot)| is_of_interest(id, dot)).collect();
    chosen.sort_by_key(|(id, dot)| (std::cmp::Reverse(rank(worst(dot).0)), *id));
    chosen.truncate(TRAILS_MAX);
    chosen
}

/// How long there was no fix before one, if so long that nothing is said of the way between the two.
pub(super) fn gap_before(trail: &[Passed], nth: usize) -> Option<i64> {
    let before = trail.get(nth.checked_sub(1)?)?;
    Some(trail.get(nth)?.at.ms_since(before.at)).filter(|gap_ms| *gap_ms > EVIDENCE_MS)
}

/// The most dangerous stage that was believed at a fix, if that is known.
pub(super) fn believed(passed: &Passed) -> Option<Stage> {
    passed.believed.as_deref().map(|believed| worst_of(believed).0)
}

struct Trails {
    ways: Vec<Way>,
}

struct Way {
    name: String,
    incident: Option<i64>,
    /// The newest first.
    rows: Vec<Row>,
}

struct Row {
    at: When,
    place: String,
    error: String,
    stage: Option<Legend>,
    /// How long there was none before it.
    gap: Option<String>,
}

impl Trails {
    fn new(board: &Board, now: Timestamp) -> Self {
        let names = Names(&board.rulebook);
        let way = |(id, dot): (&WearerId, &Dot)| Way {
            name: names.wearer(id),
            incident: wearers::most_urgent(board, id).map(|incident| incident.0),
            rows: (0..dot.trail.len()).rev().map(|nth| row(&dot.trail, nth, now)).collect(),
        };
        Self { ways: chosen(board).into_iter().map(way).collect() }
    }
}

fn row(trail: &[Passed], nth: usize, now: Timestamp) -> Row {
    let passed = &trail[nth];
    #[expect(clippy::cast_precision_loss, reason = "days, in milliseconds")]
    let gap = gap_before(trail, nth).map(|gap_ms| words::span(gap_ms as f64 / 1e3));
    Row {
        at: When::new(passed.at, now),
        place: format!("{:.5}, {:.5}", passed.position.lat_deg(), passed.position.lon_deg()),
        error: words::metres(passed.sigma_m),
        stage: believed(passed).map(|stage| Legend { key: stage_key(stage), word: words::stage(stage) }),
        gap,
    }
}

#[derive(Template)]
#[template(path = "trails_page.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    trails: Trails,
}

#[derive(Template)]
#[template(path = "trails.html", config = ".askama.toml")]
struct Fragment {
    trails: Trails,
}

async fn page(State(app): State<App>, officer: Officer) -> Response {
    let (board, now, mut frame) = framed(&app, &officer, "Ways", "queue");
    frame.reload_s = 5;
    html(&Page { frame, trails: Trails::new(&board, now) })
}

async fn fragment(State(app): State<App>, officer: Officer) -> Response {
    let (board, now) = app.look_as(&officer);
    html(&Fragment { trails: Trails::new(&board, now) })
}
