//! Anything may happen in any order, with restarts in between: what must hold after every step, and at the end the
//! journal decided again without a difference.

use std::collections::BTreeSet;

use cordon::{
    domain::{
        AlertId, AlertState, Audience, Book, Cause, EscalationState, Handling, Incident, IncidentKind,
        Outcome, Recipient, Stage, TagId, Timestamp,
    },
    engine::{Action, DeliveryReport, Told},
    geometry::{LatLon, offset},
    sequencer::{
        Arrival, Message, MessageKind, Now, Recovered, Sequencer, Stepped, Taken, Ticket, decide_again,
        recover,
    },
    store::{MemoryStore, Store},
};
use proptest::prelude::*;
use serde_json::json;
use tokio::sync::mpsc;

use crate::ward::{NOON, book, case, person, person_phone, responder_phone, tag, unit, wearer};

/// What happens; numbers choose among what is there.
#[derive(Debug, Clone)]
enum Event {
    Ping { fixes: Vec<(i64, f64, f64)>, battery_pct: u8, promise_s: u32, strap: Option<bool> },
    Pass(i64),
    Delivery(usize, u8),
    Handle(usize, u8),
    Reply(bool, &'static str),
    Publish(u8),
    Source(bool),
    Snapshot,
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    let east_m = prop_oneof![Just(0.0), Just(450.0), Just(900.0), -1_500.0..1_500.0_f64];
    let age_s = prop_oneof![3 => Just(0_i64), 2 => 0..200_i64, 1 => 0..4_000_i64, 1 => -100..0_i64];
    let acc_m = prop_oneof![3 => Just(5.0), 1 => Just(25.0), 1 => Just(150.0)];
    let ping = (
        prop::collection::vec((age_s, east_m, acc_m), 0..4),
        0..100_u8,
        prop_oneof![Just(15_u32), Just(60), Just(3_600)],
        prop::option::weighted(0.1, any::<bool>()),
    );
    let words = prop_oneof![Just("1"), Just("2"), Just("3"), Just("what?")];
    prop_oneof![
        8 => ping.prop_map(|(fixes, battery_pct, promise_s, strap)| {
            Event::Ping { fixes, battery_pct, promise_s, strap }
        }),
        5 => prop_oneof![1..30_i64, 30..400_i64, 400..8_000_i64].prop_map(Event::Pass),
        5 => (any::<usize>(), 0..4_u8).prop_map(|(which, how)| Event::Delivery(which, how)),
        3 => (any::<usize>(), 0..4_u8).prop_map(|(which, how)| Event::Handle(which, how)),
        1 => (any::<bool>(), words).prop_map(|(staff, text)| Event::Reply(staff, text)),
        2 => (0..9_u8).prop_map(Event::Publish),
        1 => any::<bool>().prop_map(Event::Source),
        1 => Just(Event::Snapshot),
        1 => Just(Event::Restart),
    ]
}

/// Revisions that may be published at any time.
fn revision(which: u8) -> Book {
    let (mut unit, mut case, mut person) = (unit(), case(), person());
    let webhook = json!({"channel": "webhook", "address": "https://example.org/p"});
    let mut other = unit["unit"]["policy"][0].clone();
    other["id"] = json!("other");
    book(match which {
        0 => unit,
        1 => {
            other["danger"].as_array_mut().unwrap().remove(0);
            unit["unit"]["policy"].as_array_mut().unwrap().push(other);
            unit
        }
        2 => {
            unit["unit"]["policy"] = json!([other]);
            unit["unit"]["default_policy"] = json!("other");
            unit["unit"]["staff"][0]["contact"][0]["address"] = json!("https://example.org/d");
            unit
        }
        3 => case,
        4 => {
            case["case"]["policy"] = json!("other");
            case["case"]["risk"] = json!("high");
            case
        }
        5 => {
            case["case"]["zone"][0]["shape"]["circle"]["radius_m"] = json!(350.0);
            case
        }
        6 => {
            case["case"]["zone"] = json!([]);
            case
        }
        7 => {
            person["person"]["contact"].as_array_mut().unwrap().push(webhook);
            person["person"]["contact"][0]["address"] = json!("+447700900009");
            person
        }
        _ => person,
    })
}

struct World {
    store: MemoryStore,
    sequencer: Sequencer,
    now: Timestamp,
    seq: u64,
    salt: u8,
    /// Zones whose present stay a person has closed the incident of.
    closed_stay: bool,
    was_inside: bool,
    done: mpsc::UnboundedSender<cordon::sequencer::Done>,
}

impl World {
    async fn new() -> Self {
        let (done, _) = mpsc::unbounded_channel();
        let mut world = Self {
            store: MemoryStore::new(),
            sequencer: Sequencer::default(),
            now: NOON,
            seq: 0,
            salt: 0,
            closed_stay: false,
            was_inside: false,
            done,
        };
        world.start().await;
        for value in [unit(), wearer("w-1", "sim/t1"), person(), case()] {
            world.tell(Told::Publish(book(value))).await;
        }
        world
    }

    async fn start(&mut self) {
        let sources = vec!["lab".into()];
        self.tell(Told::Started { sources }).await;
        let (name, up) = ("lab".into(), true);
        self.tell(Told::Source { name, up }).await;
    }

    async fn tell(&mut self, told: Told) {
        self.step(vec![Arrival::Told(told, None)]).await;
    }

    async fn step(&mut self, arrivals: Vec<Arrival>) {
        self.step_once(arrivals).await;
        // Whatever became due by it at this instant.
        let rows = self.step_once(Vec::new()).await;
        assert!(rows < 20, "deadlines at one instant come to an end: {rows}");
        assert_eq!(self.step_once(Vec::new()).await, 0, "and leave none behind");
        self.check();
    }

    async fn step_once(&mut self, arrivals: Vec<Arrival>) -> usize {
        let now = Now { steady: self.now, wall: self.now };
        self.salt = self.salt.wrapping_add(1);
        let salt = self.salt;
        let stepped: Stepped = self.sequencer.step(now, arrivals, &mut || [salt; 16]);
        self.store.commit(&stepped.batch).await.unwrap();
        stepped.batch.rows.len()
    }

    /// Deadline by deadline, as the driver wakes.
    async fn pass(&mut self, seconds: i64) {
        let until = self.now.plus_ms(seconds * 1_000);
        while let Some(due) = self.sequencer.engine().next_deadline().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.step(Vec::new()).await;
        }
        self.now = until;
    }

    async fn happen(&mut self, event: Event) {
        self.now = self.now.plus_ms(1_000);
        match event {
            Event::Ping { fixes, battery_pct, promise_s, strap } => {
                let message = self.message(&fixes, battery_pct, promise_s, strap);
                self.step(vec![message]).await;
            }
            Event::Pass(seconds) => self.pass(seconds).await,
            Event::Delivery(which, how) => {
                let alerts: Vec<AlertId> = self.sequencer.engine().open_alerts().map(|a| a.id).collect();
                if alerts.is_empty() {
                    return;
                }
                let alert = alerts[which % alerts.len()];
                let report = match how {
                    0 => DeliveryReport::Accepted,
                    1 => DeliveryReport::Delivered,
                    2 => DeliveryReport::NoSuccess,
                    _ => DeliveryReport::Refused("http_400".into()),
                };
                self.tell(Told::Delivery { alert, report }).await;
            }
            Event::Handle(which, how) => {
                let open: Vec<Incident> = self.incidents();
                if open.is_empty() {
                    return;
                }
                let incident = &open[which % open.len()];
                let action = match how {
                    0 => Action::Own,
                    1 => Action::Act,
                    2 => Action::Note("seen".into()),
                    _ => Action::Close(Outcome::Confirmed),
                };
                if how == 3 && incident.cause == Cause::Zone("z-1".parse().unwrap()) {
                    self.closed_stay = true;
                }
                let (incident, by) = (incident.id, "desk".parse().unwrap());
                self.tell(Told::Handle { incident, by, action }).await;
            }
            Event::Reply(staff, text) => {
                let from = if staff { responder_phone() } else { person_phone() };
                let (from, text) = (from.into(), text.into());
                self.tell(Told::Reply { from, text }).await;
            }
            Event::Publish(which) => self.tell(Told::Publish(revision(which))).await,
            Event::Source(up) => {
                let name = "lab".into();
                self.tell(Told::Source { name, up }).await;
            }
            Event::Snapshot => {
                let head = self.store.head().await.unwrap().unwrap();
                Taken::of(self.sequencer.engine(), &head).unwrap().write(&self.store).await.unwrap();
                let recalled = Recovered::from_snapshot(&self.store).await.unwrap().engine;
                assert!(recalled == *self.sequencer.engine());
            }
            Event::Restart => {
                let (sequencer, findings) = recover(&self.store).await.unwrap();
                assert_eq!(findings.passed_over, Vec::<String>::new());
                assert_eq!(findings.differences, Vec::<String>::new());
                let (before, after) = (self.sequencer.engine(), sequencer.engine());
                assert!(before.open_incidents().eq(after.open_incidents()));
                assert!(before.open_alerts().eq(after.open_alerts()));
                assert_eq!(before.next_deadline(), after.next_deadline());
                self.sequencer = sequencer;
                self.start().await;
            }
        }
    }

    fn message(
        &mut self,
        fixes: &[(i64, f64, f64)],
        battery_pct: u8,
        next_within_s: u32,
        strap: Option<bool>,
    ) -> Arrival {
        self.seq += 1;
        let middle = LatLon::new(53.48, -2.24).unwrap();
        let fixes = fixes.iter().map(|(age_s, east_m, acc_m)| {
            let there = offset(middle, 90.0, *east_m);
            tag_wire::Fix {
                t_ms: self.now.plus_ms(-age_s * 1_000).as_ms(),
                lat: there.lat_deg(),
                lon: there.lon_deg(),
                acc_m: Some(*acc_m),
                hdop: None,
                source: tag_wire::Source::Gnss,
                speed_mps: None,
                course_deg: None,
                sats: None,
            }
        });
        let events = strap.into_iter().map(|restored| tag_wire::Event {
            t_ms: self.now.as_ms(),
            kind: tag_wire::EventKind::StrapTamper,
            restored,
        });
        let ping = tag_wire::Ping {
            boot: 1,
            seq: self.seq,
            oldest_kept: 1,
            next_within_s,
            sent_ms: self.now.as_ms(),
            battery_pct,
            charging: false,
            motion: tag_wire::Motion::Moving,
            fixes: fixes.collect(),
            events: events.collect(),
        };
        message(tag(), ping.encode(), self.done.clone())
    }

    fn incidents(&self) -> Vec<Incident> {
        let open = self.sequencer.engine().open_incidents();
        open.map(|incident| Incident::clone(incident)).collect()
    }

    fn check(&mut self) {
        let engine = self.sequencer.engine();
        let mut causes = BTreeSet::new();
        let mut listed = BTreeSet::new();
        for incident in engine.open_incidents() {
            assert!(
                causes.insert((incident.subject.clone(), incident.cause.clone())),
                "one open incident for each cause"
            );
            for escalation in &incident.escalations {
                if let EscalationState::Running { next_at: at } | EscalationState::Paused { until: at } =
                    escalation.state
                {
                    assert!(self.now < at && at < Timestamp::MAX, "{at}");
                    assert!(engine.next_deadline().is_some_and(|next| next <= at));
                } else {
                    assert!(escalation.alerts.iter().all(|sent| !sent.state.is_open()));
                }
                for sent in &escalation.alerts {
                    let alert = engine.open_alert(sent.id).unwrap();
                    assert_eq!((&alert.state, alert.incident), (&sent.state, incident.id));
                    listed.insert(sent.id);
                }
            }
            let Some(staff) = incident.escalations.iter().find(|e| e.audience == Audience::Staff) else {
                assert!(incident.kind.notice().is_some(), "everything else concerns the staff");
                continue;
            };
            let acted = matches!(incident.handling, Handling::Acted { .. });
            assert_eq!(acted, staff.state == EscalationState::Ended, "{:?}", incident.handling);
            assert!(!staff.alerts.is_empty(), "somebody of the staff was told");
        }
        for alert in engine.open_alerts().filter(|alert| alert.state.is_open()) {
            assert!(listed.contains(&alert.id), "no alert is forgotten");
        }
        self.check_stay();
    }

    /// Whoever is believed to be in the zone has an open violation, and its people are told on every entry.
    fn check_stay(&mut self) {
        let zone = "z-1".parse().unwrap();
        let cause = Cause::Zone(zone);
        let engine = self.sequencer.engine();
        let inside = engine
            .sightings()
            .any(|(_, seen)| seen.stages.iter().any(|(_, stage)| *stage == Stage::Violation));
        let open = engine.open_incidents().find(|incident| incident.cause == cause);
        if !inside {
            self.closed_stay = false;
        }
        if inside && !self.closed_stay {
            let incident = open.expect("a violation is open");
            assert_eq!((incident.kind, incident.ongoing), (IncidentKind::Violation, true));
            if !self.was_inside {
                assert_eq!(incident.handling, Handling::Raised, "raised on entry");
                let told = incident.escalations.iter().flat_map(|e| &e.alerts);
                let person = told
                    .filter(|sent| matches!(sent.recipient, Recipient::Person(_)) && sent.state.is_open());
                assert!(incident.late || person.count() > 0, "the person is told on entry");
            }
        } else if let Some(incident) = open.filter(|_| !inside) {
            assert!(incident.kind != IncidentKind::Violation || !incident.ongoing);
        }
        self.was_inside = inside;
    }

    /// Everybody takes what they are sent and nobody acts: the alerts go on.
    async fn check_that_nobody_is_forgotten(&mut self) {
        for _ in 0..3 {
            let waiting: Vec<AlertId> = self.waiting();
            for alert in waiting {
                let report = DeliveryReport::Accepted;
                self.tell(Told::Delivery { alert, report }).await;
            }
            let before = self.now;
            self.pass(4_000).await;
            for incident in self.incidents() {
                let acted = matches!(incident.handling, Handling::Acted { .. });
                let alerts = self.sequencer.engine().open_alerts();
                let mut recent = alerts.filter(|alert| {
                    alert.incident == incident.id
                        && matches!(alert.recipient, Recipient::Staff(_))
                        && (alert.raised_at > before || alert.state == AlertState::Waiting)
                });
                let needs_them = incident.concerns_staff() && !acted;
                assert!(!needs_them || recent.next().is_some(), "{:?} goes on", incident.kind);
            }
        }
    }

    fn waiting(&self) -> Vec<AlertId> {
        let alerts = self.sequencer.engine().open_alerts();
        let waiting = alerts.filter(|alert| alert.state == AlertState::Waiting);
        waiting.map(|alert| alert.id).collect()
    }
}

fn message(tag: TagId, payload: Vec<u8>, done: mpsc::UnboundedSender<cordon::sequencer::Done>) -> Arrival {
    Arrival::Message(Message {
        tag,
        source: "lab".into(),
        kind: MessageKind::Ping,
        payload,
        received_real_us: 0,
        ticket: Ticket { id: 1, done },
    })
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_happens_nobody_is_forgotten_and_replay_agrees(
        events in prop::collection::vec(event(), 1..60),
    ) {
        run(async {
            let mut world = World::new().await;
            for event in events {
                world.happen(event).await;
            }
            world.check_that_nobody_is_forgotten().await;
            let recovered = decide_again(&world.store).await.unwrap();
            let findings = cordon::sequencer::compare(&world.store, recovered).await.unwrap();
            assert_eq!(findings.differences, Vec::<String>::new());
        });
    }
}

/// GNSS receivers whose week counter has wrapped are off by 1,024 weeks; some are set wrong by years.
#[test]
fn a_clock_years_ahead_does_not_put_a_ping_outside_the_basis() {
    run(async {
        let mut world = World::new().await;
        let mut limited = case();
        limited["case"]["basis"]["until"] = json!("2027-01-01T00:00:00Z");
        world.tell(Told::Publish(book(limited))).await;
        let now = world.now;
        world.now = now.plus_ms(1_024 * 7 * 86_400_000);
        let message = world.message(&[(0, 0.0, 5.0)], 80, 60, None);
        world.now = now;
        world.step(vec![message]).await;
        let kinds: Vec<IncidentKind> = world.incidents().iter().map(|i| i.kind).collect();
        assert_eq!(kinds, [IncidentKind::Violation]);
    });
}

/// Its pings seem to be from before the order; that they are not is seen by their coming one after the other.
#[test]
fn a_clock_a_day_behind_does_not_keep_a_wearer_outside_the_basis() {
    run(async {
        let mut world = World::new().await;
        let mut fresh = case();
        fresh["case"]["basis"]["from"] = json!(NOON.plus_ms(-3_600_000).to_string());
        world.tell(Told::Publish(book(fresh))).await;
        let mut outside = 0;
        for _ in 0..4 {
            world.pass(15).await;
            let now = world.now;
            world.now = now.plus_ms(-86_400_000);
            let message = world.message(&[(0, 0.0, 5.0)], 80, 60, None);
            world.now = now;
            world.step(vec![message]).await;
            outside += u32::from(world.incidents().is_empty());
        }
        let incidents = world.incidents();
        let kinds: Vec<(IncidentKind, bool)> = incidents.iter().map(|i| (i.kind, i.late)).collect();
        assert_eq!(kinds, [(IncidentKind::Violation, false)]);
        assert!(outside <= 3, "{outside} pings were taken for older than the order");
    });
}
