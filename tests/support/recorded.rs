//! The recorded tracks with ground truth, and a rulebook with one wearer, tag and zone for each scenario.
#![allow(dead_code, reason = "no test uses all of it")]

use std::path::PathBuf;

use cordon::domain::Book;
use firmware_sim::track;
use serde_json::json;
use tag_wire::Fix;

/// A zone laid over a recorded track.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) id: usize,
    pub(crate) track: String,
    pub(crate) is_breach: bool,
    pub(crate) lat: f64,
    pub(crate) lon: f64,
    pub(crate) radius_m: f64,
    /// Seconds of the track.
    pub(crate) first_entry_s: Option<f64>,
    /// Seconds of the first stay.
    pub(crate) first_stay_s: Option<f64>,
    /// Metres from the border to the nearest point of the true path, negative inside.
    pub(crate) nearest_m: f64,
}

/// Where the tracks are, or `None` with a visible word that the test is skipped.
pub(crate) fn folder(test: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/gps");
    let folder = std::env::var_os("CORDON_TRACKS").map_or_else(beside, PathBuf::from);
    if folder.join("scenarios.csv").is_file() {
        return Some(folder);
    }
    println!("SKIPPED {test}: no recorded tracks in {}; set CORDON_TRACKS", folder.display());
    None
}

/// The fixes of a track.
pub(crate) fn fixes(folder: &std::path::Path, name: &str) -> Vec<Fix> {
    let text = std::fs::read_to_string(folder.join(format!("{name}.csv"))).unwrap();
    track::read(&text).unwrap()
}

/// All scenarios.
pub(crate) fn scenarios(folder: &std::path::Path) -> Vec<Scenario> {
    let text = std::fs::read_to_string(folder.join("scenarios.csv")).unwrap();
    text.lines().skip(1).map(|line| scenario(&line.split(',').collect::<Vec<_>>())).collect()
}

fn scenario(columns: &[&str]) -> Scenario {
    let number = |i: usize| columns[i].parse::<f64>().ok();
    Scenario {
        id: columns[0].parse().unwrap(),
        track: columns[1].into(),
        is_breach: columns[2] == "breach",
        lat: number(3).unwrap(),
        lon: number(4).unwrap(),
        radius_m: number(5).unwrap(),
        first_entry_s: number(6),
        first_stay_s: number(8),
        nearest_m: number(9).unwrap(),
    }
}

/// One unit, and for each zone a wearer, their tag `sim/tag-N`, a protected person and a case. Phone numbers come
/// from the range reserved for drama.
pub(crate) fn rulebook(zones: &[Scenario], webhook: &str) -> Vec<Book> {
    let mut books = vec![json!({"unit": {
        "id": "tracks", "name": "Tracks", "default_policy": "standard",
        "area": {"south": -85, "west": -180, "north": 85, "east": 180},
        "staff": [{"id": "desk", "name": "Desk", "contact": [{"channel": "webhook", "address": webhook}]}],
        "policy": [{"id": "standard",
            "protected": [{"channel": "sms", "wait_s": 3600}],
            "danger": [{"to": "desk", "channel": "webhook", "wait_s": 3600}],
            "device": [{"to": "desk", "channel": "webhook", "wait_s": 3600}],
            "upkeep": [{"to": "desk", "channel": "webhook", "wait_s": 3600}]}]}})];
    for zone in zones {
        let n = zone.id;
        books
            .push(json!({"wearer": {"id": format!("w-{n}"), "unit": "tracks", "name": format!("Wearer {n}"),
            "tag": [{"id": format!("sim/tag-{n}"), "from": "2000-01-01T00:00:00Z"}]}}));
        books
            .push(json!({"person": {"id": format!("p-{n}"), "unit": "tracks", "name": format!("Person {n}"),
            "contact": [{"channel": "sms", "address": format!("+44770090{:04}", n)}]}}));
        books.push(json!({"case": {"id": format!("c-{n}"), "unit": "tracks", "wearer": format!("w-{n}"),
            "persons": [format!("p-{n}")], "risk": "medium", "policy": "standard",
            "basis": {"kind": "order", "from": "2000-01-01T00:00:00Z"},
            "zone": [{"id": format!("z-{n}"), "code": format!("Z {n}"), "margin_m": 100.0,
                "shape": {"circle": {"lat": zone.lat, "lon": zone.lon, "radius_m": zone.radius_m}}}]}}));
    }
    books.into_iter().map(|book| serde_json::from_value(book).unwrap()).collect()
}
