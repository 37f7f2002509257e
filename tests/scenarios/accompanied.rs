//! A small world with a zone around a person: their Companion and a wearer's tag speak to the line itself, so that what
//! is written down can be looked at.
#![allow(dead_code, reason = "no test uses all of it")]

use std::collections::BTreeMap;

use cordon::{
    domain::{Alert, AlertId, Cause, Incident, IncidentId, IncidentKind, Recipient, Stage, TagId, Timestamp},
    engine::{Companionship, Engine, Told},
    geometry::{LatLon, offset},
    sequencer::{
        Arrival, Done, Findings, Message, MessageKind, Now, Sequencer, Stepped, Ticket, decide_again, recover,
    },
    store::{JournalRow, MemoryStore, Store},
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::ward::{NOON, book, case, person, second, unit, wearer};

pub(crate) const TAG: &str = "sim/t1";
pub(crate) const COMPANION: &str = "sim/c1";
pub(crate) const ZONE: &str = "q-1";

/// The world and everything it has written down.
pub(crate) struct World {
    pub(crate) sequencer: Sequencer,
    pub(crate) store: MemoryStore,
    pub(crate) incidents: BTreeMap<IncidentId, Incident>,
    pub(crate) alerts: BTreeMap<AlertId, Alert>,
    pub(crate) promise_s: u32,
    now: Timestamp,
    seqs: BTreeMap<String, u64>,
    tickets: u64,
    done: mpsc::UnboundedSender<Done>,
    replies: mpsc::UnboundedReceiver<Done>,
}

/// A case with a zone of 200 m around the person, with 300 m of warning zone, and no other.
pub(crate) fn near_case() -> Value {
    let mut case = case();
    case["case"]["zone"] = json!([]);
    case["case"]["proximity_zone"] =
        json!([{"id": ZONE, "code": "ELM", "person": "p-1", "radius_m": 200.0, "margin_m": 300.0}]);
    case
}

/// The person with a Companion that they agreed to.
pub(crate) fn companioned() -> Value {
    let mut person = person();
    person["person"]["companion"] = json!([{"id": COMPANION, "from": "2026-01-01T00:00:00Z"}]);
    person
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(companioned(), near_case())
    }

    pub(crate) fn of(person: Value, case: Value) -> Self {
        let (done, replies) = mpsc::unbounded_channel();
        let mut world = Self {
            sequencer: Sequencer::default(),
            store: MemoryStore::new(),
            incidents: BTreeMap::new(),
            alerts: BTreeMap::new(),
            promise_s: 60,
            now: NOON.plus_ms(-60_000),
            seqs: BTreeMap::new(),
            tickets: 0,
            done,
            replies,
        };
        world.start();
        for value in [unit(), wearer("w-1", TAG), person, case] {
            world.publish(value);
        }
        world
    }

    fn start(&mut self) {
        self.step(vec![Arrival::Told(Told::Started { sources: vec!["lab".into()] }, None)]);
        self.step(vec![Arrival::Told(Told::Source { name: "lab".into(), up: true }, None)]);
    }

    pub(crate) fn publish(&mut self, value: Value) {
        self.step(vec![Arrival::Told(Told::Publish(book(value)), None)]);
    }

    /// The process ends and another takes over from the journal.
    pub(crate) fn restart(&mut self) {
        let (sequencer, findings) = run(recover(&self.store)).unwrap();
        assert_eq!(findings.differences, Vec::<String>::new());
        assert!(sequencer.engine() == self.sequencer.engine(), "the engine remembers the same");
        let recalled = Engine::recalled(sequencer.engine().parts());
        assert!(recalled.as_ref() == Some(sequencer.engine()), "and so it does in parts");
        self.sequencer = sequencer;
        self.start();
    }

    /// Lets time pass to a second after noon, deadline by deadline.
    pub(crate) fn pass_to(&mut self, s: i64) {
        let until = second(s);
        while let Some(due) = self.sequencer.engine().next_deadline().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.step(Vec::new());
        }
        self.now = self.now.max(until);
    }

    /// The wearer's tag sends a fix of this moment.
    pub(crate) fn wearer_at(&mut self, s: i64, place: LatLon) -> Vec<Done> {
        self.sends(TAG, s, s, place, 5.0)
    }

    /// The person's Companion sends a fix of this moment.
    pub(crate) fn person_at(&mut self, s: i64, place: LatLon) -> Vec<Done> {
        self.sends(COMPANION, s, s, place, 5.0)
    }

    pub(crate) fn sends(&mut self, tag: &str, s: i64, taken_s: i64, place: LatLon, acc_m: f64) -> Vec<Done> {
        let payload = self.ping(tag, s, &[(taken_s, place, acc_m)]);
        self.message(tag, s, payload)
    }

    /// The Companion's next ping, with its button for help pressed or let go.
    pub(crate) fn call(&mut self, s: i64, pressed: bool) -> Vec<u8> {
        let (t_ms, kind) = (second(s).as_ms(), tag_wire::EventKind::Sos);
        self.ping_with(COMPANION, s, &[], vec![tag_wire::Event { t_ms, kind, restored: !pressed }])
    }

    /// The next ping of a device, sent at `s`.
    pub(crate) fn ping(&mut self, tag: &str, s: i64, fixes: &[(i64, LatLon, f64)]) -> Vec<u8> {
        self.ping_with(tag, s, fixes, Vec::new())
    }

    fn ping_with(
        &mut self,
        tag: &str,
        s: i64,
        fixes: &[(i64, LatLon, f64)],
        events: Vec<tag_wire::Event>,
    ) -> Vec<u8> {
        let seq = self.seqs.entry(tag.into()).or_default();
        *seq += 1;
        let fix = |(taken_s, place, acc_m): &(i64, LatLon, f64)| tag_wire::Fix {
            t_ms: second(*taken_s).as_ms(),
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
            next_within_s: self.promise_s,
            sent_ms: second(s).as_ms(),
            battery_pct: 80,
            charging: false,
            motion: tag_wire::Motion::Moving,
            fixes: fixes.iter().map(fix).collect(),
            events,
        };
        ping.encode()
    }

    /// Bytes come from a device. What it is answered.
    pub(crate) fn message(&mut self, tag: &str, s: i64, payload: Vec<u8>) -> Vec<Done> {
        self.pass_to(s);
        self.tickets += 1;
        self.step(vec![Arrival::Message(Message {
            tag: tag.parse().unwrap(),
            source: "lab".into(),
            kind: MessageKind::Ping,
            payload,
            received_real_us: 0,
            ticket: Ticket { id: self.tickets, done: self.done.clone() },
        })]);
        std::iter::from_fn(|| self.replies.try_recv().ok()).collect()
    }

    /// Cordon is told something.
    pub(crate) fn tell(&mut self, s: i64, told: Told) {
        self.pass_to(s);
        self.step(vec![Arrival::Told(told, None)]);
    }

    /// A step in which nothing happens.
    pub(crate) fn step_idle(&mut self) {
        self.step(Vec::new());
    }

    fn step(&mut self, arrivals: Vec<Arrival>) {
        let now = Now { steady: self.now, wall: self.now };
        let stepped: Stepped = self.sequencer.step(now, arrivals, &mut || [7; 16]);
        run(self.store.commit(&stepped.batch)).unwrap();
        self.incidents.extend(stepped.batch.incidents.iter().map(|one| (one.id, one.clone())));
        self.alerts.extend(stepped.batch.alerts.iter().map(|one| (one.id, one.clone())));
        stepped.acknowledge();
    }

    /// The only incident of the zone.
    pub(crate) fn incident(&self) -> Option<&Incident> {
        let zone = Cause::Zone(ZONE.parse().unwrap());
        let mut all = self.incidents.values().filter(|incident| incident.cause == zone);
        let first = all.next();
        assert!(all.next().is_none(), "one incident for the cause");
        first
    }

    pub(crate) fn kinds(&self) -> Vec<IncidentKind> {
        self.incidents.values().map(|incident| incident.kind).collect()
    }

    pub(crate) fn stage(&self) -> Stage {
        let met = self.sequencer.engine().meeting(&"w-1".parse().unwrap(), &ZONE.parse().unwrap());
        met.map_or(Stage::Clear, |(stage, _)| stage)
    }

    /// What is known of the Companion at the present moment.
    pub(crate) fn companionship(&self) -> Companionship {
        self.sequencer.engine().companionship(&"p-1".parse().unwrap(), self.now)
    }

    /// Until when what the Companion said last is good; `None` if it is not.
    pub(crate) fn companionship_until(&self) -> Option<Timestamp> {
        match self.companionship() {
            Companionship::Fresh { until, .. } => Some(until),
            _ => None,
        }
    }

    /// Seconds after noon at which the person was sent something.
    pub(crate) fn person_told(&self) -> Vec<i64> {
        let hers = Recipient::Person("p-1".parse().unwrap());
        let alerts = self.alerts.values().filter(|alert| alert.recipient == hers);
        alerts.map(|alert| alert.raised_at.ms_since(NOON) / 1_000).collect()
    }

    pub(crate) fn rows(&self) -> Vec<JournalRow> {
        run(self.store.journal(0, 100_000)).unwrap()
    }

    pub(crate) fn kinds_written(&self, kind: &str) -> usize {
        self.rows().iter().filter(|row| row.kind == kind).count()
    }

    /// Everything that is stored, as text.
    pub(crate) fn written(&self) -> String {
        let rows = self.rows();
        let rows = rows.iter().map(|row| {
            let payload = String::from_utf8_lossy(&row.payload);
            format!("{} {} {payload} {}\n", row.kind, row.subject, row.decision)
        });
        let incidents = run(self.store.incidents(IncidentId(0), 1_000)).unwrap();
        let alerts = self.alerts.values().map(|alert| format!("{alert:?}\n"));
        let incidents = incidents.iter().map(|one| serde_json::to_string(one).unwrap());
        rows.chain(incidents).chain(alerts).collect()
    }

    /// What replay finds.
    pub(crate) fn replayed(&self) -> Findings {
        let recovered = run(decide_again(&self.store)).unwrap();
        run(cordon::sequencer::compare(&self.store, recovered)).unwrap()
    }
}

/// So many metres east of where the person stands.
pub(crate) fn east(metres: f64) -> LatLon {
    offset(LatLon::new(53.431_97, -2.287_61).unwrap(), 90.0, metres)
}

/// A tag's acknowledgement: up to which of its pings everything was received.
pub(crate) fn acknowledged(answers: &[Done], tag: &str) -> Option<u64> {
    let tag: TagId = tag.parse().unwrap();
    let acks = answers.iter().flat_map(|done| &done.replies).filter(|reply| reply.tag == tag);
    let acks = acks.filter(|reply| reply.topic == tag_wire::TopicKind::Ack);
    acks.filter_map(|reply| serde_json::from_slice::<Value>(&reply.payload).unwrap()["upto"].as_u64())
        .next_back()
}

pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
