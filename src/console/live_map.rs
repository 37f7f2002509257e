//! What the moving map draws, as far as somebody may see it: where wearers are, where they came from and what is believed
//! of them, with every new picture; and the zones' borders, which seldom change.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::{Json, Router, extract::State, routing::get};
use serde::Serialize;

use super::{
    App,
    caller::Officer,
    map, trails,
    wearers::{self, rank, stage_key, worst},
};
use crate::{
    domain::{Timestamp, WearerId, Zone},
    geometry::{LatLon, Shape},
    sequencer::{Board, Dot},
};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/fragments/map/places", get(places)).route("/fragments/map/zones", get(zones))
}

/// East and north, degrees.
type Place = [f64; 2];

#[derive(Serialize)]
struct Places {
    /// Which borders the zones have.
    borders: String,
    /// In the order of the borders.
    zones: Vec<ZoneNow>,
    /// The most dangerous first.
    wearers: Vec<WearerNow>,
    trails: Vec<Trail>,
}

#[derive(Serialize)]
struct ZoneNow {
    /// Some wearer is not clear of it.
    hot: bool,
    applies: bool,
}

/// A row of the table of wearers, with its place.
#[derive(Serialize)]
struct WearerNow {
    key: u64,
    at: Place,
    /// Most likely within so many metres.
    within_m: f64,
    rank: u8,
    stage: &'static str,
    word: &'static str,
    name: String,
    dark: bool,
    zone: String,
    outlook: String,
    off: Vec<String>,
    /// The stage is believed since then, or for longer.
    since_ms: Option<i64>,
    since_or_longer: bool,
    fix_ms: i64,
    heard_ms: i64,
    error: String,
    incident: Option<i64>,
}

#[derive(Serialize)]
struct Trail {
    /// Whose.
    key: u64,
    /// The newest last.
    fixes: Vec<TrailFix>,
}

#[derive(Serialize)]
struct TrailFix {
    at: Place,
    /// Nothing is known of the way from the one before.
    gap: bool,
    /// What was believed then, where that is known.
    stage: Option<&'static str>,
}

#[derive(Serialize)]
struct Border {
    code: String,
    middle: Place,
    /// Polygons, each of its rings.
    zone: Vec<Vec<Vec<Place>>>,
    /// The same with the warning zone.
    margin: Vec<Vec<Vec<Place>>>,
}

impl Places {
    fn new(board: &Board, now: Timestamp) -> Self {
        let drawn = drawn_zones(board);
        let mut dots: Vec<_> = board.wearers.iter().collect();
        dots.sort_by_key(|(_, dot)| std::cmp::Reverse(rank(worst(dot).0)));
        dots.truncate(map::WEARERS_MAX);
        Self {
            borders: revision(&drawn),
            zones: drawn
                .iter()
                .map(|zone| ZoneNow { hot: map::is_hot(board, zone), applies: zone.applies(now) })
                .collect(),
            wearers: dots.into_iter().map(|(id, dot)| wearer(board, id, dot, now)).collect(),
            trails: trails::chosen(board).into_iter().map(|(id, dot)| trail(id, dot)).collect(),
        }
    }
}

fn wearer(board: &Board, id: &WearerId, dot: &Dot, now: Timestamp) -> WearerNow {
    let row = wearers::row(board, id, dot, now);
    WearerNow {
        key: key(id),
        at: place(dot.position, dot.position),
        within_m: dot.sigma_m * map::CIRCLE_SIGMAS,
        rank: rank(worst(dot).0),
        stage: row.stage_key,
        word: row.stage,
        name: row.name,
        dark: row.dark,
        zone: row.zone,
        outlook: row.outlook,
        off: row.off,
        since_ms: row.since.as_ref().map(|since| since.from.ms()),
        since_or_longer: row.since.is_some_and(|since| since.or_longer),
        fix_ms: row.seen.fix.ms(),
        heard_ms: row.seen.heard.ms(),
        error: row.seen.error,
        incident: row.incident,
    }
}

fn trail(id: &WearerId, dot: &Dot) -> Trail {
    let fix = |(nth, passed): (usize, &crate::sequencer::Passed)| TrailFix {
        at: place(passed.position, dot.position),
        gap: trails::gap_before(&dot.trail, nth).is_some(),
        stage: trails::believed(passed).map(stage_key),
    };
    Trail { key: key(id), fixes: dot.trail.iter().enumerate().map(fix).collect() }
}

/// Tells wearers apart without naming them, in every picture alike. A script counts to 2^53.
pub(super) fn key(id: &WearerId) -> u64 {
    hash(id) >> 11
}

fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// The zones that are drawn, in an order that does not depend on where anybody is.
fn drawn_zones(board: &Board) -> Vec<&Zone> {
    let mut zones: Vec<&Zone> = map::drawn_zones(board).into_iter().map(|(_, zone)| zone).collect();
    zones.sort_by_key(|zone| &zone.id);
    zones
}

/// Another one for other borders.
fn revision(zones: &[&Zone]) -> String {
    let bits = |at: LatLon| [at.lat_deg().to_bits(), at.lon_deg().to_bits()];
    let numbers = |zone: &&Zone| -> (String, u64, Vec<[u64; 2]>) {
        let corners = match &zone.shape.0 {
            Shape::Circle(circle) => vec![bits(circle.centre()), [circle.radius_m().to_bits(), 0]],
            Shape::Polygon(polygon) => polygon.rings().iter().flatten().map(|corner| bits(*corner)).collect(),
        };
        (zone.code.clone(), zone.margin_m.metres().to_bits(), corners)
    };
    format!("{:016x}", hash(&zones.iter().map(numbers).collect::<Vec<_>>()))
}

fn border(zone: &Zone) -> Border {
    let (shape, middle) = (&zone.shape.0, zone.shape.0.centre());
    let polygons = |margin_m: f64| {
        let rings = |rings: Vec<Vec<LatLon>>| {
            let ring = |ring: Vec<LatLon>| ring.into_iter().map(|corner| place(corner, middle)).collect();
            rings.into_iter().map(ring).collect()
        };
        shape.outline(margin_m).into_iter().map(rings).collect()
    };
    Border {
        code: zone.code.clone(),
        middle: place(middle, middle),
        zone: polygons(0.0),
        margin: polygons(zone.margin_m.metres()),
    }
}

/// To a tenth of a metre, and on the same side of the 180th meridian as what belongs to it.
fn place(position: LatLon, beside: LatLon) -> Place {
    let round = |deg: f64| (deg * 1e6).round() / 1e6;
    let turns = ((beside.lon_deg() - position.lon_deg()) / 360.0).round();
    [round(position.lon_deg() + 360.0 * turns), round(position.lat_deg())]
}

async fn places(State(app): State<App>, officer: Officer) -> Json<Places> {
    let (board, now) = app.look_as(&officer);
    Json(Places::new(&board, now))
}

async fn zones(State(app): State<App>, officer: Officer) -> Json<serde_json::Value> {
    let (board, _) = app.look_as(&officer);
    let drawn = drawn_zones(&board);
    let borders: Vec<Border> = drawn.iter().map(|zone| border(zone)).collect();
    Json(serde_json::json!({"borders": revision(&drawn), "zones": borders}))
}
