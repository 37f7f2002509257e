//! A small world: one unit, one wearer with one tag, one protected person, one zone.
#![allow(dead_code, reason = "no test uses all of it")]

use cordon::{
    domain::{
        Accuracy, Alert, AlertState, Book, Fix, MessageClass, Motion, Ping, Source, TagEvent, TagEventKind,
        TagId, Timestamp,
    },
    engine::{Action, Decision, DeliveryReport, Told},
    geometry::{LatLon, offset},
    lab::Course,
};
use serde_json::{Value, json};

/// When every story begins: a Saturday, 12:00 in London.
pub(crate) const NOON: Timestamp = Timestamp::from_ms(1_772_884_800_000);
const PERSON: &str = "+447700900001";
const RESPONDER: &str = "+447700900002";

/// The world and what has been sent so far.
pub(crate) struct Ward {
    pub(crate) line: Course,
    seq: u64,
    promise_s: u32,
}

impl Ward {
    /// With a zone of 200 m that always applies.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// With the case's JSON changed by `change`.
    pub(crate) fn with(change: impl FnOnce(&mut Value)) -> Self {
        let mut books = vec![unit(), wearer("w-1", "sim/t1"), person()];
        let mut case = case();
        change(&mut case);
        books.push(case);
        let books: Vec<Book> = books.into_iter().map(book).collect();
        Self { line: Course::with(&books, NOON.plus_ms(-60_000)).unwrap(), seq: 0, promise_s: 60 }
    }

    /// The tag promises the next ping within this many seconds.
    pub(crate) fn promise(&mut self, promise_s: u32) {
        self.promise_s = promise_s;
    }

    /// A ping that arrives `s` seconds after noon with one good fix of that moment, `east_m` metres east of the
    /// zone's middle.
    pub(crate) fn at(&mut self, s: i64, east_m: f64) -> Decision {
        self.fix(s, s, east_m, 5.0)
    }

    /// The same with the fix taken at another second, and an accuracy.
    pub(crate) fn fix(&mut self, s: i64, taken_s: i64, east_m: f64, accuracy_m: f64) -> Decision {
        let ping = self.ping(s, vec![fix(taken_s, east_m, accuracy_m)]);
        self.line.ping(second(s), &tag(), ping)
    }

    /// A ping with an event and no fix.
    pub(crate) fn event(&mut self, s: i64, kind: TagEventKind, restored: bool) -> Decision {
        let mut ping = self.ping(s, Vec::new());
        ping.events.push(TagEvent { at: second(s), kind, restored });
        self.line.ping(second(s), &tag(), ping)
    }

    /// The next ping of the tag.
    pub(crate) fn ping(&mut self, sent_s: i64, fixes: Vec<Fix>) -> Ping {
        self.seq += 1;
        Ping {
            boot: 1,
            seq: self.seq,
            oldest_kept: 1,
            next_within_s: self.promise_s,
            sent: second(sent_s),
            battery_pct: 80,
            charging: false,
            motion: Motion::Moving,
            fixes,
            events: Vec::new(),
        }
    }

    /// An officer does something about the only incident.
    pub(crate) fn officer(&mut self, s: i64, action: Action) -> Decision {
        let incident = *self.line.incidents.keys().next().expect("there is an incident");
        self.line.tell(second(s), Told::Handle { incident, by: "desk".parse().unwrap(), action })
    }

    /// A text comes back.
    pub(crate) fn reply(&mut self, s: i64, from: &str, text: &str) -> Decision {
        self.line.tell(second(s), Told::Reply { from: from.into(), text: text.into() })
    }

    /// Whatever waits to be sent reaches its phone or desk.
    pub(crate) fn delivered(&mut self, s: i64) {
        self.line.pass_to(second(s));
        let waiting = self.line.engine.open_alerts().filter(|alert| alert.state == AlertState::Waiting);
        for alert in waiting.map(|alert| alert.id).collect::<Vec<_>>() {
            self.line.tell(second(s), Told::Delivery { alert, report: DeliveryReport::Delivered });
        }
    }

    /// Seconds after noon at which a recipient was told of danger, or of an incident, with the channels.
    pub(crate) fn told(&self, recipient: &str) -> Vec<(i64, &'static str)> {
        let told = |class: MessageClass| matches!(class, MessageClass::Danger | MessageClass::Card);
        let alerts = self.alerts_to(recipient).filter(|alert| told(alert.class));
        alerts.map(|alert| (since_noon(alert), alert.channel.as_str())).collect()
    }

    /// Everything that a recipient was told, and when.
    pub(crate) fn heard(&self, recipient: &str) -> Vec<(i64, MessageClass)> {
        self.alerts_to(recipient).map(|alert| (since_noon(alert), alert.class)).collect()
    }

    fn alerts_to(&self, recipient: &str) -> impl Iterator<Item = &Alert> {
        self.line.alerts.values().filter(move |alert| alert.recipient.to_string() == recipient)
    }
}

/// Seconds.
fn since_noon(alert: &Alert) -> i64 {
    alert.raised_at.ms_since(NOON) / 1_000
}

/// Where the protected person's texts come from.
pub(crate) fn person_phone() -> &'static str {
    PERSON
}

/// Where the responder's texts come from.
pub(crate) fn responder_phone() -> &'static str {
    RESPONDER
}

pub(crate) fn second(s: i64) -> Timestamp {
    NOON.plus_ms(s * 1_000)
}

pub(crate) fn tag() -> TagId {
    "sim/t1".parse().unwrap()
}

pub(crate) fn fix(taken_s: i64, east_m: f64, accuracy_m: f64) -> Fix {
    Fix {
        at: second(taken_s),
        position: offset(middle(), 90.0, east_m),
        accuracy: Accuracy::Stated(accuracy_m),
        source: Source::Gnss,
        speed_mps: None,
    }
}

fn middle() -> LatLon {
    LatLon::new(53.48, -2.24).unwrap()
}

pub(crate) fn book(value: Value) -> Book {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn unit() -> Value {
    json!({"unit": {
        "id": "north", "name": "North", "default_policy": "standard",
        "area": {"south": 50, "west": -6, "north": 56, "east": 2},
        "staff": [
            {"id": "desk", "name": "Desk", "contact": [{"channel": "webhook", "address": "http://127.0.0.1:1/"}]},
            {"id": "responder", "name": "Responder", "contact": [{"channel": "sms", "address": RESPONDER}]}],
        "policy": [{"id": "standard",
            "protected": [{"channel": "sms", "wait_s": 60}],
            "danger": [{"to": "desk", "channel": "webhook", "wait_s": 30},
                       {"to": "responder", "channel": "sms", "wait_s": 60}],
            "device": [{"to": "desk", "channel": "webhook", "wait_s": 600}],
            "upkeep": [{"to": "desk", "channel": "webhook", "wait_s": 3600}]}]}})
}

pub(crate) fn wearer(id: &str, tag: &str) -> Value {
    json!({"wearer": {"id": id, "unit": "north", "name": "A wearer",
        "tag": [{"id": tag, "from": "2026-01-01T00:00:00Z"}]}})
}

pub(crate) fn person() -> Value {
    json!({"person": {"id": "p-1", "unit": "north", "name": "A person",
        "contact": [{"channel": "sms", "address": PERSON}]}})
}

pub(crate) fn case() -> Value {
    json!({"case": {"id": "c-1", "unit": "north", "wearer": "w-1", "persons": ["p-1"], "risk": "medium",
        "policy": "standard", "basis": {"kind": "order", "from": "2026-01-01T00:00:00Z"},
        "zone": [{"id": "z-1", "code": "ROSE", "margin_m": 300.0,
            "shape": {"circle": {"lat": 53.48, "lon": -2.24, "radius_m": 200.0}}}]}})
}
