//! What one ping costs the engine, decide and apply, by how many zones are in force: near constant.
//!
//! `cargo bench --profile dev --bench decide` (the development profile is optimised, and is built already).
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

use cordon::{
    domain::{Book, Ping, TagId, Timestamp},
    lab::Course,
};
use divan::{Bencher, counter::ItemsCount};
use serde_json::{Value, json};

/// Zones lie this far apart, degrees, about a kilometre; each has a radius of 200 m.
const APART_DEG: f64 = 0.01;
const NOON: Timestamp = Timestamp::from_ms(1_772_884_800_000);

fn main() {
    divan::main();
}

#[divan::bench(args = [100, 10_000, 1_000_000], sample_count = 20, sample_size = 200)]
fn decide_and_apply(bencher: Bencher<'_, '_>, zones: usize) {
    let mut course = Course::with(&books(zones), NOON.plus_ms(-60_000)).unwrap();
    let tag: TagId = "sim/t1".parse().unwrap();
    let mut seq = 0;
    let next = move || {
        seq += 1;
        ping(seq)
    };
    let bencher = bencher.counter(ItemsCount::new(1_usize)).with_inputs(next);
    bencher.bench_local_values(move |(at, ping)| course.ping(at, &tag, ping));
}

/// Up and down a street, 12 m/s, past some zones and through others.
fn ping(seq: u64) -> (Timestamp, Ping) {
    let at = NOON.plus_ms(i64::try_from(seq).unwrap() * 15_000);
    let step = (seq % 200).min(200 - seq % 200) as f64;
    let fix = json!({"t_ms": at.as_ms(), "lat": 51.001 + step * 0.0016, "lon": 0.021, "acc_m": 6.0, "source": "gnss"});
    let ping = json!({"v": 1, "boot": 1, "seq": seq, "oldest_kept": seq, "next_within_s": 60, "sent_ms": at.as_ms(),
        "battery_pct": 80, "charging": false, "motion": "moving", "fixes": [fix], "events": []});
    (at, Ping::from(tag_wire::decode_ping(ping.to_string().as_bytes()).unwrap()))
}

fn books(zones: usize) -> Vec<Book> {
    let side = (zones as f64).sqrt().ceil() as usize;
    let zone = |n: usize| {
        let (row, column) = (n / side, n % side);
        json!({"id": format!("z-{n}"), "code": format!("Z {n}"), "margin_m": 100.0, "shape": {"circle": {
            "lat": 51.0 + row as f64 * APART_DEG, "lon": column as f64 * APART_DEG, "radius_m": 200.0}}})
    };
    let step = json!([{"to": "desk", "channel": "webhook", "wait_s": 3600}]);
    let unit = json!({"unit": {"id": "north", "name": "North", "default_policy": "usual",
        "area": {"south": 50, "west": -1, "north": 80, "east": 30},
        "staff": [{"id": "desk", "name": "Desk", "contact": [{"channel": "webhook", "address": "http://127.0.0.1:1/"}]}],
        "policy": [{"id": "usual", "protected": [{"channel": "sms", "wait_s": 3600}],
            "danger": step, "device": step, "upkeep": step}],
        "zone": (0..zones).map(zone).collect::<Vec<Value>>()}});
    let others = [
        json!({"wearer": {"id": "w-1", "unit": "north", "name": "Wearer", "tag": [{"id": "sim/t1", "from": "2000-01-01T00:00:00Z"}]}}),
        json!({"person": {"id": "p-1", "unit": "north", "name": "Person", "contact": [{"channel": "sms", "address": "+447700900001"}]}}),
        json!({"case": {"id": "c-1", "unit": "north", "wearer": "w-1", "persons": ["p-1"], "risk": "medium", "policy": "usual",
            "basis": {"kind": "order", "from": "2000-01-01T00:00:00Z"}}}),
    ];
    std::iter::once(unit).chain(others).map(|book| serde_json::from_value(book).unwrap()).collect()
}
