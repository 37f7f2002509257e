//! A lived incident in a journal of its own, as the line wrote it, and what was believed live.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::*;
use crate::{
    domain::{AlertState, Book, Incident, IncidentId, Outcome},
    engine::{Action, DeliveryReport},
    geometry::{LatLon, offset},
    sequencer::{Done, Message, MessageKind, Now, Sequencer, Ticket},
    store::MemoryStore,
};

/// An hour and a half before the picture.
const START: Timestamp = Timestamp::from_ms(AT.as_ms() - 90 * 60_000);
pub(super) const TAG: &str = "sim/t1";
pub(super) const COMPANION: &str = "sim/c1";
/// In the middle of the zone.
const HOME: (f64, f64) = (53.2, -2.9);
/// What staff and the protected person wrote.
pub(super) const NOTE: &str = "She is with her sister in Elm Street";

/// A line that writes into a store, and what was believed live after each of its rows.
pub(super) struct Life {
    pub(super) sequencer: Sequencer,
    pub(super) store: Arc<MemoryStore>,
    incidents: BTreeMap<IncidentId, Incident>,
    pub(super) believed: BTreeMap<i64, Vec<String>>,
    now: Timestamp,
    seqs: BTreeMap<&'static str, u64>,
    done: mpsc::UnboundedSender<Done>,
}

pub(super) fn east(metres: f64) -> LatLon {
    offset(LatLon::new(HOME.0, HOME.1).expect("on earth"), 90.0, metres)
}

pub(super) fn at(s: i64) -> Timestamp {
    START.plus_ms(s * 1_000)
}

pub(super) fn clock(s: i64) -> String {
    when::When::new(at(s), at(s)).clock()
}

fn zone(radius_m: f64) -> Value {
    json!({"id": "home", "code": "ROWAN-4", "margin_m": 300.0,
        "shape": {"circle": {"lat": HOME.0, "lon": HOME.1, "radius_m": radius_m}}})
}

pub(super) fn case(radius_m: f64) -> Value {
    json!({"case": {"id": "case-1", "unit": "cheshire", "wearer": "w-1", "persons": ["p-1"], "risk": "high",
        "policy": "usual", "basis": {"kind": "order", "from": "2026-01-01T00:00:00Z"}, "zone": [zone(radius_m)],
        "proximity_zone": [{"id": "near", "code": "ELM-7", "person": "p-1", "radius_m": 200.0, "margin_m": 300.0}]}})
}

fn books() -> Vec<Value> {
    let unit = |id: &str, name: &str, staff: &str, [south, west]: [f64; 2]| {
        json!({"unit": {"id": id, "name": name, "default_policy": "usual",
            "area": {"south": south, "west": west, "north": south + 0.5, "east": west + 0.6},
            "staff": [{"id": staff, "name": staff, "contact": [{"channel": "sms", "address": "+447700900011"}]}],
            "policy": [{"id": "usual", "protected": [{"channel": "sms", "wait_s": 3_600}],
                "danger": [{"to": staff, "channel": "sms", "wait_s": 3_600}],
                "device": [{"to": staff, "channel": "sms", "wait_s": 3_600}],
                "upkeep": [{"to": staff, "channel": "sms", "wait_s": 3_600}]}]}})
    };
    vec![
        unit("cheshire", "Cheshire", "amy", [53.0, -3.2]),
        unit("kent", "Medway", "kim", [53.0, -3.2]),
        json!({"wearer": {"id": "w-1", "unit": "cheshire", "name": "Barry Stone",
            "tag": [{"id": TAG, "from": "2026-01-01T00:00:00Z"}]}}),
        json!({"person": {"id": "p-1", "unit": "cheshire", "name": "Ms A. Berry",
            "contact": [{"channel": "sms", "address": "+447700900001"}],
            "companion": [{"id": COMPANION, "from": "2026-01-01T00:00:00Z"}]}}),
        case(200.0),
    ]
}

impl Life {
    pub(super) async fn begin() -> Self {
        let mut life = Self {
            sequencer: Sequencer::default(),
            store: Arc::new(MemoryStore::new()),
            incidents: BTreeMap::new(),
            believed: BTreeMap::new(),
            now: at(-60),
            seqs: BTreeMap::new(),
            done: mpsc::unbounded_channel().0,
        };
        life.tell(-60, Told::Started { sources: vec!["lab".into()] }).await;
        life.tell(-60, Told::Source { name: "lab".into(), up: true }).await;
        for value in books() {
            life.publish(-59, value).await;
        }
        life
    }

    async fn publish(&mut self, s: i64, value: Value) {
        let book: Book = serde_json::from_value(value).expect("a sound book");
        self.tell(s, Told::Publish(book)).await;
    }

    async fn tell(&mut self, s: i64, told: Told) {
        self.pass_to(s).await;
        self.step(vec![Arrival::Told(told, None)]).await;
    }

    async fn pass_to(&mut self, s: i64) {
        while let Some(due) = self.sequencer.engine().next_deadline().filter(|due| *due <= at(s)) {
            self.now = self.now.max(due);
            self.step(Vec::new()).await;
        }
        self.now = self.now.max(at(s));
    }

    /// A device sends fixes: when each was taken, where, and how well.
    pub(super) async fn send(&mut self, tag: &'static str, s: i64, fixes: &[(i64, LatLon, f64)]) {
        let seq = self.seqs.entry(tag).or_default();
        *seq += 1;
        let fix = |(taken_s, place, acc_m): &(i64, LatLon, f64)| tag_wire::Fix {
            t_ms: at(*taken_s).as_ms(),
            lat: place.lat_deg(),
            lon: place.lon_deg(),
            acc_m: Some(*acc_m),
            hdop: None,
            source: tag_wire::Source::Gnss,
            speed_mps: None,
            course_deg: None,
            sats: None,
        };
        let ping = tag_wire::Ping {
            boot: 1,
            seq: *seq,
            oldest_kept: 1,
            next_within_s: 60,
            sent_ms: at(s).as_ms(),
            battery_pct: 80,
            charging: false,
            motion: tag_wire::Motion::Moving,
            fixes: fixes.iter().map(fix).collect(),
            events: vec![],
        };
        self.pass_to(s).await;
        let message = Message {
            tag: tag.parse().expect("a tag"),
            source: "lab".into(),
            kind: MessageKind::Ping,
            payload: ping.encode(),
            received_real_us: 0,
            ticket: Ticket { id: 1, done: self.done.clone() },
        };
        self.step(vec![Arrival::Message(message)]).await;
    }

    async fn step(&mut self, arrivals: Vec<Arrival>) {
        let stepped =
            self.sequencer.step(Now { steady: self.now, wall: self.now }, arrivals, &mut || [7; 16]);
        self.store.commit(&stepped.batch).await.expect("a sound batch");
        self.incidents.extend(stepped.batch.incidents.iter().map(|one| (one.id, one.clone())));
        if let Some(row) = stepped.batch.rows.iter().find(|row| row.kind == "ping") {
            let engine = self.sequencer.engine();
            let stages = engine.sightings().flat_map(|(_, seen)| seen.stages).map(|(zone, stage)| {
                let code = engine.rulebook().zone_code(&zone).expect("a zone in force").to_owned();
                format!("{code}: {}", words::stage(stage))
            });
            self.believed.insert(row.no, stages.collect());
        }
    }

    async fn delivered(&mut self, s: i64) {
        self.pass_to(s).await;
        let waiting = self.sequencer.engine().open_alerts().filter(|it| it.state == AlertState::Waiting);
        for alert in waiting.map(|alert| alert.id).collect::<Vec<_>>() {
            self.tell(s, Told::Delivery { alert, report: DeliveryReport::Delivered }).await;
        }
    }

    pub(super) fn violation(&self) -> IncidentId {
        let is_it = |it: &&Incident| it.kind == IncidentKind::Violation;
        self.incidents.values().find(is_it).expect("a violation").id
    }

    pub(super) fn bench(&self) -> Bench {
        let mut picture = board("", []);
        picture.rulebook = Arc::clone(self.sequencer.engine().rulebook());
        picture.wearers.clear();
        picture.incidents =
            self.sequencer.engine().open_incidents().map(|it| (it.id, Arc::clone(it))).collect();
        Bench::over(picture, Arc::<MemoryStore>::clone(&self.store))
    }
}

/// The wearer comes from the east, is in the zone, is not heard of for seven minutes, sends what the tag has kept, and goes
/// away. People are told, take it and close it. Half an hour later the zone is drawn anew.
pub(super) async fn lived() -> Life {
    let mut life = Life::begin().await;
    for (s, metres) in [(0, 2_200.0), (30, 1_700.0), (60, 1_200.0), (90, 800.0), (120, 420.0), (150, 80.0)] {
        // Long before she is near, her phone is heard.
        life.send(COMPANION, s + 1, &[(s + 1, east(5_000.0), 5.0)]).await;
        life.send(TAG, s + 2, &[(s, east(metres), 5.0)]).await;
    }
    life.delivered(155).await;
    life.tell(160, Told::Handle { incident: life.violation(), by: fixture::id("amy"), action: Action::Act })
        .await;
    life.tell(
        165,
        Told::Handle {
            incident: life.violation(),
            by: fixture::id("amy"),
            action: Action::Note(NOTE.into()),
        },
    )
    .await;
    life.tell(170, Told::Reply { from: "+447700900001".into(), text: NOTE.into() }).await;
    let kept =
        [(240, east(60.0), 5.0), (330, east(50.0), 5.0), (420, east(60.0), 5.0), (570, east(70.0), 8.0)];
    life.send(TAG, 572, &kept).await;
    life.send(TAG, 602, &[(600, east(300.0), 5.0)]).await;
    for (s, metres) in [(665, 450.0), (740, 1_400.0), (800, 2_200.0), (880, 2_400.0)] {
        life.send(TAG, s + 2, &[(s, east(metres), 5.0)]).await;
    }
    life.tell(
        900,
        Told::Handle {
            incident: life.violation(),
            by: fixture::id("amy"),
            action: Action::Close(Outcome::Confirmed),
        },
    )
    .await;
    life.publish(2_700, case(350.0)).await;
    life.send(TAG, 3_002, &[(3_000, east(280.0), 5.0)]).await;
    life.delivered(3_010).await;
    life
}
