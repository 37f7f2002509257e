//! Two couples, a tag that goes on to somebody else, and the end of the first couple's case: whose data may be erased.
#![allow(dead_code, reason = "no suite uses all of it")]

use cordon::{
    access::{
        Access, Draft, Proposed, ZonesOf,
        audit::{About, Record, Who},
    },
    domain::{AnyZone, Book, DataSubject, IncidentId, Outcome, Timestamp},
    engine::{Action, DeliveryReport, Told},
    store::{Attempt, Store},
};
use serde_json::{Value, json};
use tag_wire::{Fix, Motion, Ping, Source};

use crate::{
    lived::{Line, START},
    ward,
};

/// In the middle of her zone, to the last digit, and where her Companion was.
pub(crate) const HERS: (f64, f64) = (53.481_357, -2.241_913);
const CARRIED: (f64, f64) = (53.601_234, -2.301_234);
/// Inside her zone, near her Companion, and on the way between: where the wearer was.
const THEIRS: (f64, f64) = (53.481_111, -2.242_222);
const NEAR: (f64, f64) = (53.602_345, -2.302_345);
/// From when they wore the tag, brought when another did.
const LATE: (f64, f64) = (53.712_345, -2.712_345);
const AWAY: (f64, f64) = (53.912_345, -2.912_345);

/// Every word, number and place of the first wearer.
pub(crate) const OF_WEARER: &[&str] =
    &["Barry", "Stone", "53.481111", "2.242222", "53.602345", "53.712345", "53.912345"];
/// The same of the person who is protected from them.
pub(crate) const OF_PERSON: &[&str] = &[
    "447700900001",
    "447700900099",
    "447700900055",
    "Berry",
    "umbrella",
    "hide in the shed",
    "still at the shed",
    "on the page of the shed",
    "Elm Road",
    "Rose Lane",
    "Oak Street",
    "ref-4711",
    "53.481357",
    "2.241913",
];

pub(crate) fn after(s: i64) -> Timestamp {
    START.plus_ms(s * 1_000)
}

/// A ping with these fixes, all of it told in seconds after the start.
pub(crate) fn ping(seq: u64, at_s: i64, fixes: &[(i64, (f64, f64))]) -> Ping {
    let fix = |(s, (lat, lon)): &(i64, (f64, f64))| Fix {
        t_ms: after(*s).as_ms(),
        lat: *lat,
        lon: *lon,
        acc_m: Some(5.0),
        hdop: None,
        source: Source::Gnss,
        speed_mps: None,
        course_deg: None,
        sats: None,
    };
    Ping {
        boot: 1,
        seq,
        oldest_kept: seq,
        next_within_s: 3_600,
        sent_ms: after(at_s).as_ms(),
        battery_pct: 80,
        charging: false,
        motion: Motion::Moving,
        fixes: fixes.iter().map(fix).collect(),
        events: Vec::new(),
    }
}

pub(crate) fn book(value: Value) -> Book {
    serde_json::from_value(value).unwrap()
}

fn circle((lat, lon): (f64, f64)) -> Value {
    json!({"circle": {"lat": lat, "lon": lon, "radius_m": 200.0}})
}

fn case(id: &str, wearer: &str, person: &str) -> Value {
    let mut case = ward::case();
    for (field, value) in [("id", id), ("wearer", wearer)] {
        case["case"][field] = value.into();
    }
    case["case"]["persons"] = json!([person]);
    case["case"]["zone"] = json!([]);
    case
}

/// What happens until everything of the first couple is over.
pub(crate) async fn lived(store: &dyn Store) -> Line<'_> {
    let mut line = Line::new(store);
    let mut first = case("c-1", "w-1", "p-1");
    first["case"]["plan"] = "She lives at 12 Rose Lane.".into();
    first["case"]["zone"] = json!([{"id": "z-1", "code": "ROSE", "margin_m": 300.0, "shape": circle(HERS)}]);
    first["case"]["proximity_zone"] =
        json!([{"id": "q-1", "code": "ELM", "person": "p-1", "radius_m": 200.0, "margin_m": 300.0}]);
    let mut second = case("c-2", "w-2", "p-2");
    second["case"]["zone"] =
        json!([{"id": "z-2", "code": "FERN", "margin_m": 300.0, "shape": circle((54.25, -1.75))}]);
    let mut wearer = ward::wearer("w-1", "sim/t1");
    wearer["wearer"]["name"] = "Barry Stone".into();
    let mut person = ward::person();
    person["person"]["name"] = "Ms A. Berry".into();
    person["person"]["plan"] = json!({"duress_word": "umbrella"});
    person["person"]["companion"] = json!([{"id": "sim/c1", "from": "2026-01-01T00:00:00Z"}]);
    let other = json!({"person": {"id": "p-2", "unit": "north", "name": "Ms D. Hale",
        "contact": [{"channel": "sms", "address": "+447700900077"}]}});
    line.tell(after(-60), Told::Started { sources: vec!["lab".into()] }).await;
    line.tell(after(-59), Told::Source { name: "lab".into(), up: true }).await;
    let books = [ward::unit(), wearer.clone(), ward::wearer("w-2", "sim/t2"), person.clone(), other];
    for (value, s) in books.into_iter().chain([first.clone(), second]).zip(-58..) {
        line.tell(after(s), Told::Publish(book(value))).await;
    }
    // Two revisions that are refused: their words stand in the journal all the same.
    let mut refused = first.clone();
    refused["case"]["plan"] = "She may move to 3 Oak Street.".into();
    refused["case"]["wearer"] = "w-99".into();
    line.tell(after(-40), Told::Publish(book(refused))).await;
    let mut refused = person.clone();
    refused["person"]["unit"] = "nowhere".into();
    refused["person"]["contact"][0]["address"] = "+447700900055".into();
    line.tell(after(-39), Told::Publish(book(refused))).await;

    line.hear(after(0), "sim/t1", &ping(1, 0, &[(-1, THEIRS), (0, THEIRS)])).await;
    let incident = *line.incidents().keys().next().expect("a violation");
    let alert = line.engine().open_alerts().find(|alert| alert.address == "+447700900001").cloned();
    let alert = alert.expect("she is told");
    line.tell(after(5), Told::Delivery { alert: alert.id, report: DeliveryReport::Delivered }).await;
    line.tell(after(9), Told::Reply { from: alert.address, text: "I hide in the shed".into() }).await;
    let (id, raised_at) = (alert.id, alert.raised_at);
    line.tell(after(11), Told::Answer { alert: id, raised_at, text: "on the page of the shed".into() }).await;
    let note = |text: &str| Action::Note(text.into());
    handle(&mut line, 20, incident, note("Her sister lives at 9 Elm Road.")).await;
    // Her number is another one; a last text comes from the old one.
    let mut moved = person.clone();
    moved["person"]["contact"][0]["address"] = "+447700900099".into();
    line.tell(after(25), Told::Publish(book(moved.clone()))).await;
    line.tell(after(26), Told::Reply { from: "+447700900001".into(), text: "still at the shed".into() })
        .await;
    line.hear(after(30), "sim/t2", &ping(1, 30, &[(29, (54.25, -1.75)), (30, (54.25, -1.75))])).await;
    let second = *line.incidents().keys().last().expect("another");
    assert_ne!(second, incident);
    handle(&mut line, 32, second, note("Theirs to keep.")).await;
    line.tell(after(33), Told::Reply { from: "+447700900077".into(), text: "2 please".into() }).await;
    line.hear(after(40), "sim/c1", &ping(1, 40, &[(40, CARRIED)])).await;
    line.hear(after(45), "sim/t1", &ping(2, 45, &[(45, NEAR)])).await;
    line.hear(after(50), "sim/c1", &ping(2, 50, &[(50, CARRIED)])).await;
    for (seq, s) in [(3, 900), (4, 1_000), (5, 1_100)] {
        line.hear(after(s), "sim/t1", &ping(seq, s, &[(s, AWAY)])).await;
    }

    // It ends, and the tag goes on to somebody else, with a fix from before.
    let until = json!(after(2_000).to_string());
    first["case"]["basis"]["until"] = until.clone();
    wearer["wearer"]["tag"][0]["until"] = until.clone();
    moved["person"]["companion"][0]["until"] = until;
    let next = json!({"wearer": {"id": "w-3", "unit": "north", "name": "Dean Fowler",
        "tag": [{"id": "sim/t1", "from": after(2_000).to_string()}]}});
    let books = [first, wearer, moved, next, case("c-3", "w-3", "p-2")];
    for (value, s) in books.into_iter().zip(1_990..) {
        line.tell(after(s), Told::Publish(book(value))).await;
    }
    line.hear(after(2_100), "sim/t1", &ping(6, 2_100, &[(1_500, LATE), (2_099, (53.95, -2.95))])).await;
    line.hear(after(2_200), "sim/t1", &ping(7, 2_200, &[(2_200, (53.96, -2.96))])).await;
    close_all(&mut line).await;
    line.written().await;
    let attempt = Attempt {
        alert: alert.id,
        nth: 1,
        at: after(1),
        took_ms: 120,
        result: "accepted".into(),
        reason: String::new(),
        provider_ref: "ref-4711".into(),
    };
    store.record_attempt(&attempt, None, false).await.unwrap();
    line
}

/// Somebody is protected by the second couple's case for a while.
pub(crate) async fn guest(line: &mut Line<'_>) {
    let person = json!({"person": {"id": "p-3", "unit": "north", "name": "Ms E. Guest",
        "contact": [{"channel": "sms", "address": "+447700900088"}]}});
    let mut without = case("c-2", "w-2", "p-2");
    without["case"]["zone"] =
        json!([{"id": "z-2", "code": "FERN", "margin_m": 300.0, "shape": circle((54.25, -1.75))}]);
    let mut with = without.clone();
    with["case"]["persons"] = json!(["p-2", "p-3"]);
    for (value, s) in [person, with, without].into_iter().zip(31_000..) {
        line.tell(after(s), Told::Publish(book(value))).await;
    }
}

async fn handle(line: &mut Line<'_>, s: i64, incident: IncidentId, action: Action) {
    line.tell(after(s), Told::Handle { incident, by: "desk".parse().unwrap(), action }).await;
}

/// Whatever may be closed is, and whoever is told something has heard it.
async fn close_all(line: &mut Line<'_>) {
    for s in (2_300..30_000).step_by(300) {
        let open: Vec<_> = line.engine().open_incidents().map(|it| (it.id, it.case.clone())).collect();
        for (id, case) in open {
            if case.is_none_or(|case| case.as_str() == "c-1") {
                handle(line, s, id, Action::Close(Outcome::Confirmed)).await;
            }
        }
        let alerts: Vec<_> = line.engine().open_alerts().map(|alert| alert.id).collect();
        for alert in alerts {
            line.tell(after(s + 1), Told::Delivery { alert, report: DeliveryReport::Delivered }).await;
        }
        let at = after(s + 2);
        let wait = |subject: &str| !line.engine().stands_in_the_way(at, &subject.parse().unwrap()).is_empty();
        if !wait("wearer:w-1") && !wait("person:p-1") {
            return;
        }
    }
    let at = after(30_000);
    panic!("{:?}", line.engine().stands_in_the_way(at, &"person:p-1".parse().unwrap()));
}

/// The engine forgets them, and goes on: what is theirs lies before this row.
pub(crate) async fn forgotten(line: &mut Line<'_>, store: &dyn Store, subject: &DataSubject) -> i64 {
    line.written().await;
    let at = store.head().await.unwrap().unwrap().at.plus_ms(1_000);
    line.tell(at, Told::Erase { subject: subject.clone() }).await;
    line.written().await;
    store.head().await.unwrap().unwrap().no
}

/// What staff have written about the couples beside the line.
pub(crate) async fn written(access: &Access) {
    let amy = "amy".parse().unwrap();
    for (subject, name) in [
        ("wearer:w-1", "Barry S."),
        ("person:p-1", "Ms Berry"),
        ("case:c-1", "at 12 Rose Lane"),
        ("wearer:w-2", "Colin M."),
    ] {
        let fields = vec![("name".to_owned(), name.to_owned())];
        let draft = Draft { subject: subject.into(), base: 1, fields, saved_at: START };
        access.keep_draft(&amy, &draft).await.unwrap();
    }
    for (case, wearer, at) in [("c-1", "w-1", HERS), ("c-2", "w-2", (54.25, -1.75))] {
        let zone: AnyZone = serde_json::from_value(
            json!({"id": "gym", "code": "ROWAN-9", "margin_m": 300.0, "shape": circle(at)}),
        )
        .unwrap();
        let of = ZonesOf::Case { case: case.parse().unwrap(), wearer: wearer.parse().unwrap() };
        let (id, author, why) = (zone.id().clone(), amy.clone(), "So it was ordered.".into());
        let proposed = Proposed { of, id, author, why, zone: Some(zone), before: None, made_at: START };
        access.propose(&proposed).await.unwrap().unwrap();
    }
    for (subject, reason) in [("wearer:w-1", "The trial of Stone"), ("person:p-1", "The case of Berry")] {
        let subject: DataSubject = subject.parse().unwrap();
        let record = record(&subject, "place hold");
        let no = access.place_hold(&subject, reason, &record).await.unwrap().unwrap();
        assert!(access.lift_hold(&subject, no, "It is over", &record).await.unwrap());
    }
}

/// Everything that a store keeps, as bytes.
pub(crate) async fn kept(store: &dyn Store) -> Vec<u8> {
    let mut all = Vec::new();
    for row in store.journal(0, i64::MAX).await.unwrap() {
        all.extend([row.payload, row.decision.into_bytes(), row.subject.into_bytes()].concat());
    }
    for incident in store.incidents(IncidentId(0), i64::MAX).await.unwrap() {
        all.extend(serde_json::to_vec(&incident).unwrap());
        for alert in store.alerts_of(incident.id).await.unwrap() {
            all.extend(serde_json::to_vec(&alert).unwrap());
            all.extend(format!("{:?}", store.attempts_of(alert.id).await.unwrap()).into_bytes());
        }
    }
    for snapshot in store.snapshots().await.unwrap() {
        for part in store.snapshot_parts(snapshot.no, 0, i64::MAX).await.unwrap() {
            all.extend([part.subject.into_bytes(), part.content].concat());
        }
    }
    all
}

/// As the audit log has it.
pub(crate) fn record(subject: &DataSubject, what: &'static str) -> Record {
    let about = About::data_of(subject, None);
    Record { at: START, who: Who::Command, what, why: "a test".into(), about }
}
