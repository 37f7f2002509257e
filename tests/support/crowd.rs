//! Wearers who drive through one zone after another, so that something is always happening.
#![allow(dead_code, reason = "no test uses all of it")]

use std::{collections::BTreeSet, path::Path};

use cordon::domain::{Ping, TagId, Timestamp};
use firmware_sim::track::TimedPing;
use serde_json::{Value, json};
use tag_wire::{Fix, Motion, Source};

use crate::fleet::BOOT;

/// From one zone's centre to the next it takes this long, seconds: 200 m at 25 m/s.
const APART_S: i64 = 8;
const SPEED_MPS: f64 = 25.0;
/// Inside for five to six seconds.
const RADIUS_M: f64 = 70.0;
/// Degrees of longitude in a metre at 54 degrees north.
const LON_PER_M: f64 = 1.0 / 65_500.0;
/// So many wearers drive side by side, each to the east; the next ones begin further east.
const COLUMN: i64 = 90;
/// Pings, and with them violations, are spread over the seconds.
const STAGGER_MS: i64 = 330;

/// How many there are, and how many zones each drives through.
#[derive(Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) wearers: i64,
    pub(crate) zones: i64,
}

impl Crowd {
    pub(crate) fn tags(self) -> Vec<TagId> {
        (0..self.wearers).map(tag).collect()
    }

    /// What every tag sends, from `start_ms` on: a ping a second until the last zone is behind.
    pub(crate) fn pings(self, start_ms: i64) -> Vec<(TagId, Vec<TimedPing>)> {
        let of = |wearer| (0..self.zones * APART_S + 2).map(|n| timed(wearer, n, start_ms)).collect();
        (0..self.wearers).map(|wearer| (tag(wearer), of(wearer))).collect()
    }

    /// How many violations there are: every zone is driven through.
    pub(crate) fn violations(self) -> usize {
        usize::try_from(self.wearers * self.zones).unwrap()
    }
}

fn tag(wearer: i64) -> TagId {
    format!("sim/tag-{wearer}").parse().unwrap()
}

/// The same, in the order of sending, as the engine takes them.
pub(crate) fn in_order(sent: &[(TagId, Vec<TimedPing>)]) -> Vec<(Timestamp, &TagId, Ping)> {
    let mut all: Vec<_> = sent
        .iter()
        .flat_map(|(tag, pings)| {
            pings
                .iter()
                .map(move |timed| (Timestamp::from_ms(timed.at_ms), tag, Ping::from(timed.ping.clone())))
        })
        .collect();
    all.sort_by_key(|(at, tag, _)| (*at, (*tag).clone()));
    all
}

/// Tag and number of every ping.
pub(crate) fn numbers(sent: &[(TagId, Vec<TimedPing>)]) -> BTreeSet<(TagId, u32, u64)> {
    let each = sent.iter().flat_map(|(tag, pings)| pings.iter().map(move |timed| (tag, &timed.ping)));
    each.map(|(tag, ping)| (tag.clone(), ping.boot, ping.seq)).collect()
}

fn lat(wearer: i64) -> f64 {
    54.0 + 0.02 * (wearer % COLUMN) as f64
}

fn lon(wearer: i64, metres: f64) -> f64 {
    3.0 + 0.02 * (wearer / COLUMN) as f64 + metres * LON_PER_M
}

fn timed(wearer: i64, n: i64, start_ms: i64) -> TimedPing {
    let at_ms = start_ms + n * 1_000 + wearer * STAGGER_MS;
    let fix = Fix {
        t_ms: at_ms,
        lat: lat(wearer),
        lon: lon(wearer, SPEED_MPS * n as f64),
        acc_m: Some(5.0),
        hdop: None,
        source: Source::Gnss,
        speed_mps: Some(SPEED_MPS),
        course_deg: Some(90.0),
        sats: Some(12),
    };
    let ping = tag_wire::Ping {
        boot: BOOT,
        seq: n.unsigned_abs() + 1,
        oldest_kept: n.unsigned_abs() + 1,
        next_within_s: 60,
        sent_ms: at_ms,
        battery_pct: 80,
        charging: false,
        motion: Motion::Moving,
        fixes: vec![fix],
        events: vec![],
    };
    TimedPing { at_ms, ping }
}

/// Writes a rulebook file: each wearer with a case, a protected person and a row of zones of their own. Nobody is told
/// twice within an hour.
pub(crate) fn write_rulebook(crowd: Crowd, file: &Path, webhook: &str) {
    let desk = json!([{"to": "desk", "channel": "webhook", "wait_s": 3600}]);
    let unit = json!({"id": "unit", "name": "Unit", "default_policy": "standard",
        "area": {"south": 53.0, "west": 2.0, "north": 56.0, "east": 11.0},
        "staff": [{"id": "desk", "name": "Desk", "contact": [{"channel": "webhook", "address": webhook}]}],
        "policy": [{"id": "standard", "protected": [{"channel": "sms", "wait_s": 3600}],
            "danger": desk, "device": desk, "upkeep": desk}]});
    let each = |book: &dyn Fn(i64) -> Value| (0..crowd.wearers).map(book).collect::<Vec<_>>();
    let wearers = each(&|n| {
        json!({"id": format!("w-{n}"), "unit": "unit", "name": format!("Wearer {n}"),
            "tag": [{"id": tag(n), "from": "2026-01-01T00:00:00Z"}]})
    });
    let persons = each(&|n| {
        json!({"id": format!("p-{n}"), "unit": "unit", "name": format!("Person {n}"),
            "contact": [{"channel": "sms", "address": format!("+44770090{n:04}")}]})
    });
    let cases = each(&|n| {
        json!({"id": format!("c-{n}"), "unit": "unit", "wearer": format!("w-{n}"), "persons": [format!("p-{n}")],
            "risk": "high", "policy": "standard", "basis": {"kind": "order", "from": "2026-01-01T00:00:00Z"},
            "zone": (0..crowd.zones).map(|k| zone(n, k)).collect::<Vec<_>>()})
    });
    let file_content = json!({"unit": [unit], "wearer": wearers, "person": persons, "case": cases});
    std::fs::write(file, file_content.to_string()).unwrap();
}

fn zone(wearer: i64, k: i64) -> Value {
    let centre_m = SPEED_MPS * APART_S as f64 * (k as f64 + 0.75);
    json!({"id": format!("z-{wearer}-{k}"), "code": format!("Z {wearer} {k}"), "margin_m": 40.0,
        "shape": {"circle": {"lat": lat(wearer), "lon": lon(wearer, centre_m), "radius_m": RADIUS_M}}})
}
