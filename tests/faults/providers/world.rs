//! The line between the engine and the phones, in virtual time: the real sequencer, SQLite, dispatch and phones over
//! HTTP. Time jumps to whatever is due next.

use std::sync::Arc;

use cordon::{
    clock::Clock,
    dispatch::{Dispatch, Parts},
    domain::{Alert, Incident, IncidentKind, Timestamp},
    engine::Told,
    notify::{self, Providers},
    sandbox::phones::FaultOrder,
    sequencer::{Arrival, Arrivals, Inbox, Message, MessageKind, Now, Sequencer, Sure, Ticket},
    store::{self, Attempt, Room, Store},
    vitals::Vitals,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::phones::{self, Channels, Phones};

pub(crate) const DESK: &str = "desk-1";
/// Where no receipts are taken.
const NOWHERE: &str = "http://127.0.0.1:9";
/// Virtual milliseconds between two looks at the outbox.
const TICK_MS: i64 = 250;
/// Degrees of latitude between two wearers' zones.
const APART_DEG: f64 = 0.01;

/// How the providers are reached.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    /// The providers at the phones' address, which report to another one; the plain one, if absent.
    pub(crate) channels: Option<Channels>,
    /// The plain SMS provider, if not the phones.
    pub(crate) sms_url: Option<String>,
    /// The desk's webhook, if not the phones.
    pub(crate) desk_url: Option<String>,
    /// How much faster than the wall a send's own time passes: a provider that hangs is given up after 12 s.
    pub(crate) speed: f64,
    /// Channels of the staff's steps in danger, in order; "sms" goes to the officer, then to the supervisor.
    pub(crate) danger: Vec<&'static str>,
    /// The policy's steps towards a protected person.
    pub(crate) protected: Value,
}

impl Default for Way {
    fn default() -> Self {
        let danger = vec!["sms", "webhook", "sms"];
        let protected = json!([{"channel": "sms", "wait_s": 60}]);
        Self { channels: None, sms_url: None, desk_url: None, speed: 1.0, danger, protected }
    }
}

/// An incident and what came of telling people.
pub(crate) struct Violation {
    pub(crate) incident: Incident,
    pub(crate) alerts: Vec<(Alert, Vec<Attempt>)>,
}

/// Everything, and the time.
pub(crate) struct World {
    pub(crate) phones: Phones,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) start: Timestamp,
    pub(crate) now: Timestamp,
    sequencer: Sequencer,
    dispatch: Dispatch,
    arrivals: Arrivals,
    _folder: tempfile::TempDir,
}

impl World {
    /// With so many wearers, each with a zone and a protected person.
    pub(crate) async fn new(wearers: usize, way: &Way) -> Self {
        let played =
            way.channels.map_or_else(|| phones::plain(String::new()), |channels| channels("", NOWHERE));
        let phones = Phones::serving(played, NOWHERE.into(), Clock::real()).await;
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("cordon.db").display());
        let store = store::open(&url).await.unwrap();
        let start = Clock::real().wall();
        let (inbox, arrivals) = Inbox::new();
        let dispatch = Dispatch::new(Parts {
            store: Arc::clone(&store),
            providers: providers(&phones, way),
            inbox,
            clock: Clock::scaled(start, way.speed),
            owner: "world".into(),
            sure: Sure::always(Clock::real()),
            on_accepted: None,
            vitals: Arc::new(Vitals::new(0)),
        });
        let sequencer = Sequencer::default();
        let now = start;
        let mut world = Self { phones, store, start, now, sequencer, dispatch, arrivals, _folder: folder };
        let desk = format!("{}/webhook/{DESK}", world.phones.url);
        let mut told = vec![
            Told::Started { sources: vec!["tags".into()] },
            Told::Source { name: "tags".into(), up: true },
        ];
        let desk = way.desk_url.as_ref().unwrap_or(&desk);
        let books = rulebook(wearers, desk, way).into_iter();
        told.extend(books.map(|book| Told::Publish(serde_json::from_value(book).unwrap())));
        world.step(told.into_iter().map(|told| Arrival::Told(told, None)).collect()).await;
        world
    }

    /// All wearers are in their zones.
    pub(crate) async fn violate(&mut self, wearers: usize) {
        self.start = self.now;
        let arrivals = (0..wearers).map(|n| in_the_zone(n, self.now)).collect();
        self.step(arrivals).await;
        self.send().await;
    }

    /// Lets time pass until so many seconds after the violations.
    pub(crate) async fn pass_to(&mut self, after_s: i64) {
        let until = self.start.plus_ms(after_s * 1_000);
        let mut look_at = self.now;
        loop {
            let deadline = self.sequencer.engine().next_deadline().unwrap_or(Timestamp::MAX);
            let next = deadline.min(look_at.max(self.now));
            if next > until {
                self.now = until;
                return;
            }
            self.now = self.now.max(next);
            if deadline <= self.now {
                self.step(Vec::new()).await;
            }
            look_at = self.send().await;
        }
    }

    /// Tells the phones how to behave.
    pub(crate) async fn order(&self, order: FaultOrder) {
        self.phones.order(&order).await;
    }

    /// Every violation with its alerts, each with its tries.
    pub(crate) async fn violations(&self) -> Vec<Violation> {
        let mut violations = Vec::new();
        for incident in self.incidents(IncidentKind::Violation) {
            let of_it = self.sequencer.engine().open_alerts().filter(|alert| alert.incident == incident.id);
            let mut alerts = Vec::new();
            for alert in of_it {
                alerts.push((alert.clone(), self.store.attempts_of(alert.id).await.unwrap()));
            }
            violations.push(Violation { incident, alerts });
        }
        violations
    }

    /// The incidents of a kind.
    pub(crate) fn incidents(&self, kind: IncidentKind) -> Vec<Incident> {
        let open = self.sequencer.engine().open_incidents().filter(|incident| incident.kind == kind);
        open.map(|incident| incident.as_ref().clone()).collect()
    }

    /// Whether there is a time at which the engine comes back to what is open.
    pub(crate) fn has_deadline(&self) -> bool {
        self.sequencer.engine().next_deadline().is_some()
    }

    /// Sends what is due; returns when to look again.
    async fn send(&mut self) -> Timestamp {
        loop {
            self.dispatch.round(self.now).await.unwrap();
            self.settle().await;
            let next = self.store.next_claimable(Room::ALL).await.unwrap().unwrap_or(Timestamp::MAX);
            if next > self.now {
                return next.max(self.now.plus_ms(TICK_MS));
            }
        }
    }

    /// Waits for every send; their outcomes are taken up meanwhile.
    async fn settle(&mut self) {
        loop {
            let arrival = tokio::select! {
                () = self.dispatch.settle() => None,
                arrival = self.arrivals.recv() => arrival,
            };
            match arrival {
                Some(arrival) => {
                    let mut arrivals = vec![arrival];
                    while let Some(arrival) = self.arrivals.try_recv(true) {
                        arrivals.push(arrival);
                    }
                    self.step(arrivals).await;
                }
                None => return,
            }
        }
    }

    async fn step(&mut self, arrivals: Vec<Arrival>) {
        let now = Now { steady: self.now, wall: self.now };
        let stepped = self.sequencer.step(now, arrivals, &mut || [0; 16]);
        self.store.commit(&stepped.batch).await.unwrap();
        stepped.acknowledge();
        // The stamps of one step rise by a microsecond each.
        self.now = self.now.max(self.sequencer.last_at().unwrap_or(self.now));
    }
}

fn providers(phones: &Phones, way: &Way) -> Providers {
    let url = way.sms_url.clone().unwrap_or_else(|| format!("{}/sms", phones.url));
    let settings = way.channels.map_or_else(|| phones::plain(url), |channels| channels(&phones.url, NOWHERE));
    notify::providers(&settings, &Clock::real()).unwrap()
}

fn in_the_zone(n: usize, now: Timestamp) -> Arrival {
    let fix = tag_wire::Fix {
        t_ms: now.as_ms(),
        lat: latitude(n),
        lon: 3.0,
        acc_m: Some(5.0),
        hdop: None,
        source: tag_wire::Source::Gnss,
        speed_mps: None,
        course_deg: None,
        sats: None,
    };
    let ping = tag_wire::Ping {
        boot: 1,
        seq: 1,
        oldest_kept: 1,
        // The tag's silence is another matter.
        next_within_s: 3_600,
        sent_ms: now.as_ms(),
        battery_pct: 80,
        charging: false,
        motion: tag_wire::Motion::Moving,
        fixes: vec![fix],
        events: vec![],
    };
    Arrival::Message(Message {
        tag: format!("sim/t-{n}").parse().unwrap(),
        source: "tags".into(),
        kind: MessageKind::Ping,
        payload: ping.encode(),
        received_real_us: 0,
        ticket: Ticket { id: 0, done: mpsc::unbounded_channel().0 },
    })
}

fn latitude(n: usize) -> f64 {
    // Exact for the few that there are.
    50.0 + APART_DEG * f64::from(u32::try_from(n).unwrap())
}

fn rulebook(wearers: usize, desk: &str, way: &Way) -> Vec<Value> {
    let sms = ["officer", "supervisor"];
    let mut texts = 0;
    let danger: Vec<Value> = way
        .danger
        .iter()
        .map(|channel| {
            let to = if *channel == "sms" { sms[texts.min(1)] } else { "desk" };
            texts += usize::from(*channel == "sms");
            json!({"to": to, "channel": channel, "wait_s": 60})
        })
        .collect();
    let staff = |id: &str, contact: Value| json!({"id": id, "name": id, "contact": [contact]});
    let text = |address: &str| json!({"channel": "sms", "address": address});
    let desks = json!([{"to": "desk", "channel": "webhook", "wait_s": 600}]);
    let mut books = vec![json!({"unit": {"id": "unit", "name": "Unit", "default_policy": "standard",
        "area": {"south": 49.0, "west": 2.0, "north": 70.0, "east": 4.0},
        "staff": [
            staff("officer", text("+447700910001")),
            staff("supervisor", text("+447700910002")),
            staff("desk", json!({"channel": "webhook", "address": desk}))],
        "policy": [{"id": "standard", "protected": way.protected,
            "danger": danger, "device": desks, "upkeep": desks}]}})];
    for n in 0..wearers {
        let tag = json!([{"id": format!("sim/t-{n}"), "from": "2026-01-01T00:00:00Z"}]);
        let circle = json!({"circle": {"lat": latitude(n), "lon": 3.0, "radius_m": 200.0}});
        books.push(json!({"wearer": {"id": format!("w-{n}"), "unit": "unit", "name": "Wearer", "tag": tag}}));
        books.push(json!({"person": {"id": format!("p-{n}"), "unit": "unit", "name": "Person",
            "contact": [text(&format!("+44770092{n:04}")),
                json!({"channel": "voice", "address": format!("+44770092{n:04}")})]}}));
        books.push(json!({"case": {"id": format!("c-{n}"), "unit": "unit", "wearer": format!("w-{n}"),
            "persons": [format!("p-{n}")], "risk": "high", "policy": "standard",
            "basis": {"kind": "order", "from": "2026-01-01T00:00:00Z"},
            "zone": [{"id": format!("z-{n}"), "code": format!("ROSE-{n}"), "shape": circle}]}}));
    }
    books
}
