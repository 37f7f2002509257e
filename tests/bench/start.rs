//! How long a start takes with many tags, whatever the journal's length: what the engine remembers is written down and read
//! again on SQLite, with the memory of each tag full.
//!
//! `cargo bench --profile dev --bench start -- 30000` (the development profile is optimised, and is built already).
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

use cordon::{
    clock::Clock,
    domain::{Book, Ping, TagId, Timestamp},
    lab::Course,
    sequencer::{Recovered, Taken},
    store::{self, Batch, JournalHead, JournalRow},
};
use serde_json::json;

/// More fixes than are kept of a track.
const FIXES: i64 = 70;
const NOON: Timestamp = Timestamp::from_ms(1_772_884_800_000);

#[tokio::main]
async fn main() {
    let tags = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(1_000);
    let engine = lived(tags).engine;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cordon.db");
    let store = store::open(&format!("sqlite:{}", file.display())).await.unwrap();
    let last = row();
    let head = JournalHead { no: last.no, at: last.at, chain: last.chain.clone() };
    store.commit(&Batch { rows: vec![last], ..Batch::default() }).await.unwrap();

    let clock = Clock::real();
    let ms = |began: i64| (clock.real_us() - began) / 1_000;
    let began = clock.real_us();
    let taken = Taken::of(&engine, &head).unwrap();
    let taken_ms = ms(began);
    let began = clock.real_us();
    taken.write(store.as_ref()).await.unwrap();
    let written_ms = ms(began);
    let began = clock.real_us();
    let recalled = Recovered::from_snapshot(store.as_ref()).await.unwrap();
    let recalled_ms = ms(began);
    assert!(recalled.engine == engine);
    let parts = store.snapshot_parts(head.no, 0, i64::MAX).await.unwrap();
    let bytes: usize = parts.iter().map(|part| part.content.len()).sum();
    let figures = json!({"tags": tags, "bytes": bytes, "taken_ms": taken_ms, "written_ms": written_ms,
        "recalled_ms": recalled_ms});
    println!("{figures}");
}

/// An engine in the midst of so many wearers' lives.
fn lived(tags: usize) -> Course {
    let books: Vec<Book> = std::iter::once(unit()).chain((0..tags).flat_map(one)).collect();
    let mut course = Course::with(&books, NOON.plus_ms(-60_000)).unwrap();
    for seq in 0..FIXES {
        for n in 0..tags {
            let at = NOON.plus_ms(seq * 60_000);
            let at = Timestamp::from_us(at.as_us() + i64::try_from(n).unwrap());
            course.ping(at, &tag(n), ping(n, seq, at));
        }
    }
    course
}

fn tag(n: usize) -> TagId {
    format!("sim/t{n}").parse().unwrap()
}

/// Each lives a kilometre from the next.
fn home(n: usize) -> (f64, f64) {
    (51.0 + (n / 200) as f64 * 0.01, (n % 200) as f64 * 0.015)
}

fn ping(n: usize, seq: i64, at: Timestamp) -> Ping {
    let (lat, lon) = home(n);
    let fix = json!({"t_ms": at.as_ms(), "lat": lat + (seq % 7) as f64 * 1e-4, "lon": lon, "acc_m": 6.0, "source": "gnss"});
    let ping = json!({"v": 1, "boot": 1, "seq": seq + 1, "oldest_kept": seq + 1, "next_within_s": 90, "sent_ms": at.as_ms(),
        "battery_pct": 80, "charging": false, "motion": "moving", "fixes": [fix], "events": []});
    Ping::from(tag_wire::decode_ping(ping.to_string().as_bytes()).unwrap())
}

fn unit() -> Book {
    let step = json!([{"to": "desk", "channel": "webhook", "wait_s": 3600}]);
    let unit = json!({"unit": {"id": "north", "name": "North", "default_policy": "usual",
        "area": {"south": 50, "west": -1, "north": 80, "east": 30},
        "staff": [{"id": "desk", "name": "Desk", "contact": [{"channel": "webhook", "address": "http://127.0.0.1:1/"}]}],
        "policy": [{"id": "usual", "protected": [{"channel": "sms", "wait_s": 3600}],
            "danger": step, "device": step, "upkeep": step}]}});
    serde_json::from_value(unit).unwrap()
}

/// A wearer, whom they must stay away from, and the case with a zone that the wearer lives beside.
fn one(n: usize) -> Vec<Book> {
    let (lat, lon) = home(n);
    let shape = json!({"circle": {"lat": lat + 0.008, "lon": lon, "radius_m": 200.0}});
    let books = [
        json!({"wearer": {"id": format!("w-{n}"), "unit": "north", "name": format!("Wearer {n}"),
            "tag": [{"id": format!("sim/t{n}"), "from": "2020-01-01T00:00:00Z"}]}}),
        json!({"person": {"id": format!("p-{n}"), "unit": "north", "name": format!("Person {n}"),
            "contact": [{"channel": "sms", "address": format!("+4477009{n:05}")}]}}),
        json!({"case": {"id": format!("c-{n}"), "unit": "north", "wearer": format!("w-{n}"),
            "persons": [format!("p-{n}")], "risk": "medium", "policy": "usual",
            "basis": {"kind": "order", "from": "2020-01-01T00:00:00Z"},
            "zone": [{"id": format!("z-{n}"), "code": format!("Z {n}"), "margin_m": 100.0, "shape": shape}]}}),
    ];
    books.into_iter().map(|book| serde_json::from_value(book).unwrap()).collect()
}

fn row() -> JournalRow {
    JournalRow {
        no: 1,
        at: NOON,
        wall: NOON,
        kind: "started".into(),
        unit: None,
        subject: "service".into(),
        codec: 2,
        payload: Vec::new(),
        decision: String::new(),
        engine: cordon::engine::ENGINE_VERSION,
        salt: Vec::new(),
        digest: Vec::new(),
        chain: vec![1],
    }
}
