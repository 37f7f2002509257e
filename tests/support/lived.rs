//! Generated lives, as a journal holds them: sent by the real firmware, judged by the real step.
#![allow(dead_code, reason = "no suite uses all of it")]

use std::collections::BTreeMap;

use cordon::{
    domain::{Book, Incident, IncidentId, Timestamp},
    engine::{Engine, Told},
    sequencer::{Arrival, Message, MessageKind, Now, Sequencer, Ticket},
    store::{Batch, Store},
};
use firmware_sim::{
    Tag, TagConfig,
    gnss::Roof,
    route::{Leg, Route, Truth, Walker, step_m},
};
use serde_json::{Value, json};
use tag_wire::{Ack, Ping, decode_ping};
use tokio::sync::mpsc;

use crate::ward;

/// A Monday, midnight in London.
pub(crate) const START: Timestamp = Timestamp::from_ms(1_772_409_600_000);
/// Where every life is at home.
pub(crate) const HOME: (f64, f64) = (53.48, -2.24);
/// From home to work, due west, metres, and how fast, metres a second.
const WORK_M: f64 = 6_000.0;
const COMMUTE_MPS: f64 = 8.0;
const HOUR_S: f64 = 3_600.0;
const DAY_S: f64 = 24.0 * HOUR_S;
const PAGE_ROWS: usize = 500;

/// A ping and when it comes.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) at_ms: i64,
    pub(crate) ping: Ping,
}

impl Sent {
    pub(crate) fn at(&self) -> Timestamp {
        Timestamp::from_ms(self.at_ms)
    }
}

/// A tag that reports this often on the way, of somebody who is by a window at home and at work.
pub(crate) fn tag(interval_s: u32) -> TagConfig {
    let (interval_moving_s, roof) = (interval_s, Roof::Window);
    TagConfig { interval_moving_s, roof, ..TagConfig::new(1, 7, START.as_ms()) }
}

/// What a tag sends in so many days of a life, told by the second since the first midnight; it is on its charger at night.
pub(crate) fn sends(config: TagConfig, days: u32, truth: impl Fn(f64) -> Truth) -> Vec<Sent> {
    let mut tag = Tag::new(config);
    let (mut now_ms, until_ms) = (START.as_ms(), START.as_ms() + i64::from(days) * 86_400_000);
    let mut sent = Vec::new();
    while now_ms < until_ms {
        let s = (now_ms - START.as_ms()) as f64 / 1e3;
        tag.charge(now_ms, s % DAY_S < 5.0 * HOUR_S);
        tag.wake(now_ms, &truth(s));
        while let Some(bytes) = tag.kept().poll_publish(now_ms) {
            let ping = decode_ping(&bytes).unwrap();
            tag.kept().on_ack(&Ack { boot: ping.boot, upto: ping.seq, ranges: Vec::new() });
            sent.push(Sent { at_ms: now_ms + 700, ping });
        }
        now_ms = tag.next_wake_ms().map_or(until_ms, |next_ms| next_ms.max(now_ms + 1));
    }
    sent
}

/// Home, on weekdays at half past seven to work, six kilometres due west, and at five back the same way.
pub(crate) fn commuter(days: u32) -> Walker {
    let work = step_m(HOME.0, HOME.1, -WORK_M, 0.0);
    let (mut legs, mut now_s) = (Vec::new(), 0.0);
    let mut stay_until = |until_s: f64, legs: &mut Vec<Leg>| {
        legs.push(Leg::Wait { seconds: until_s - now_s, indoors: true });
        now_s = until_s + WORK_M / COMMUTE_MPS;
    };
    let go = |from, to| Leg::Go(Route::new(vec![from, to], COMMUTE_MPS).unwrap());
    // A life begins at the place of its first way.
    legs.push(go(HOME, HOME));
    for day in (0..days).filter(|day| day % 7 < 5) {
        let midnight_s = f64::from(day) * DAY_S;
        stay_until(midnight_s + 7.5 * HOUR_S, &mut legs);
        legs.push(go(HOME, work));
        stay_until(midnight_s + 17.0 * HOUR_S, &mut legs);
        legs.push(go(work, HOME));
    }
    legs.push(Leg::Wait { seconds: 7.0 * DAY_S, indoors: true });
    Walker::new(legs, false).unwrap()
}

/// A zone, as a rulebook file has it, whose middle is so many metres east and north of home.
pub(crate) fn zone(id: &str, [east_m, north_m]: [f64; 2], radius_m: f64) -> Value {
    let (lat, lon) = step_m(HOME.0, HOME.1, east_m, north_m);
    json!({"id": id, "code": "ROSE", "margin_m": 300.0,
        "shape": {"circle": {"lat": lat, "lon": lon, "radius_m": radius_m}}})
}

/// One wearer with a zone in force.
pub(crate) fn books(zone: Value) -> Vec<Book> {
    let mut case = ward::case();
    case["case"]["zone"] = json!([zone]);
    let books = [ward::unit(), ward::wearer("w-1", "sim/t1"), ward::person(), case];
    books.into_iter().map(ward::book).collect()
}

/// A line and the store it writes to.
pub(crate) struct Line<'s> {
    sequencer: Sequencer,
    store: &'s dyn Store,
    batch: Batch,
    incidents: BTreeMap<IncidentId, Incident>,
    salt: u8,
}

/// Has all of it judged when it comes, and written down. Every incident, as it is at the end.
pub(crate) async fn record(
    store: &dyn Store,
    books: Vec<Book>,
    sent: &[Sent],
) -> BTreeMap<IncidentId, Incident> {
    let mut line = Line::new(store);
    let before = START.plus_ms(-60_000);
    let told = |told| Arrival::Told(told, None);
    line.step(before, vec![told(Told::Started { sources: vec!["lab".into()] })]).await;
    line.step(before, vec![told(Told::Source { name: "lab".into(), up: true })]).await;
    for book in books {
        line.step(before, vec![told(Told::Publish(book))]).await;
    }
    for Sent { at_ms, ping } in sent {
        line.hear(Timestamp::from_ms(*at_ms), "sim/t1", ping).await;
    }
    line.write(0).await;
    line.incidents
}

impl<'s> Line<'s> {
    pub(crate) fn new(store: &'s dyn Store) -> Self {
        let (sequencer, batch) = (Sequencer::default(), Batch::default());
        Self { sequencer, store, batch, incidents: BTreeMap::new(), salt: 0 }
    }

    /// One that goes on from what a sequencer remembers.
    pub(crate) fn after(store: &'s dyn Store, sequencer: Sequencer) -> Self {
        Self { sequencer, ..Self::new(store) }
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.sequencer.engine()
    }

    /// Every incident so far, as it is now.
    pub(crate) fn incidents(&self) -> &BTreeMap<IncidentId, Incident> {
        &self.incidents
    }

    /// What is due until then happens.
    pub(crate) async fn pass_to(&mut self, at: Timestamp) {
        while let Some(due) = self.sequencer.engine().next_deadline().filter(|due| *due <= at) {
            self.step(due, Vec::new()).await;
        }
    }

    pub(crate) async fn tell(&mut self, at: Timestamp, told: Told) {
        self.pass_to(at).await;
        self.step(at, vec![Arrival::Told(told, None)]).await;
    }

    pub(crate) async fn hear(&mut self, at: Timestamp, tag: &str, ping: &Ping) {
        self.pass_to(at).await;
        let (done, _) = mpsc::unbounded_channel();
        let message = Message {
            tag: tag.parse().unwrap(),
            source: "lab".into(),
            kind: MessageKind::Ping,
            payload: ping.encode(),
            received_real_us: 0,
            ticket: Ticket { id: 1, done },
        };
        self.step(at, vec![Arrival::Message(message)]).await;
    }

    /// What another process has handed in is decided and written down.
    pub(crate) async fn take_up(&mut self, at: Timestamp) {
        self.pass_to(at).await;
        let handed_in = self.store.handed_in(100).await.unwrap().into_iter();
        let told = |payload: String| serde_json::from_str::<Told>(&payload).unwrap();
        self.step(at, handed_in.map(|it| Arrival::HandIn(it.id, Some(told(it.payload)))).collect()).await;
        self.written().await;
    }

    /// Writes down what waits.
    pub(crate) async fn written(&mut self) {
        self.write(0).await;
    }

    async fn step(&mut self, now: Timestamp, arrivals: Vec<Arrival>) {
        self.salt = self.salt.wrapping_add(37);
        let salt = self.salt;
        let stepped = self.sequencer.step(Now { steady: now, wall: now }, arrivals, &mut || [salt; 16]);
        self.incidents.extend(stepped.batch.incidents.iter().map(|one| (one.id, one.clone())));
        self.batch = std::mem::take(&mut self.batch).followed_by(stepped.batch);
        self.write(PAGE_ROWS).await;
    }

    async fn write(&mut self, rows_min: usize) {
        if self.batch.rows.len() >= rows_min {
            self.store.commit(&std::mem::take(&mut self.batch)).await.unwrap();
        }
    }
}
