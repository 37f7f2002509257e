//! The walk with the real engine at the other end, on virtual time.

use proptest::prelude::*;

use super::*;
use crate::{
    canary::books::books,
    domain::{AlertId, AlertState, Book, CANARY, Cause, IncidentKind, TagId},
    engine::{Action, DeliveryReport, Engine, Input, Rulebook, Told},
    notify::wording,
};

const START: Timestamp = Timestamp::from_ms(1_772_409_612_345);

/// An engine with the canary's rulebook, and who carries its alerts.
struct World {
    engine: Engine,
    course: Course,
    now: Timestamp,
    tag: TagId,
}

impl World {
    fn new(interval_s: u32) -> Self {
        let tag = TagId::canary(None);
        let (mut world, books) = (
            Self { engine: Engine::default(), course: Course::new(interval_s, START), now: START, tag },
            books(&Rulebook::default(), &TagId::canary(None), interval_s),
        );
        assert_eq!(books.len(), 4);
        for book in books {
            world.told(Told::Publish(book));
        }
        world
    }

    fn told(&mut self, told: Told) {
        self.input(&Input::Told(told));
    }

    fn input(&mut self, input: &Input) {
        self.now = self.now.plus_ms(1);
        let decision = self.engine.decide(self.now, input);
        assert_eq!(decision.refused, None, "{input:?}");
        self.engine.apply(&decision);
    }

    fn is_busy(&self, zone: u32) -> bool {
        let id = crate::canary::books::zone_id(zone);
        let mut open = self.engine.open_incidents();
        open.any(|i| i.ongoing && matches!(&i.cause, Cause::Zone(known) if known.as_str() == id))
    }

    /// Goes on to the next booking; publishes it and has its alerts delivered, unless the broker is away.
    fn book(&mut self, delivered: bool) -> Booking {
        self.now = self.course.next_at();
        let busy: Vec<bool> = (0..64).map(|zone| self.is_busy(zone)).collect();
        let us = self.now.as_us();
        let booking = self.course.book(self.now, us, |zone| busy[zone as usize]).expect("its time has come");
        if delivered {
            let (tag, source) = (self.tag.clone(), "main".into());
            self.input(&Input::Ping { tag, source, ping: booking.ping.clone().into() });
            self.deliver();
        }
        booking
    }

    fn deliver(&mut self) {
        let waiting = self.engine.open_alerts().filter(|alert| alert.state == AlertState::Waiting);
        let waiting: Vec<(AlertId, String)> = waiting.map(|alert| (alert.id, wording::body(alert))).collect();
        for (alert, body) in waiting {
            self.told(Told::Delivery { alert, report: DeliveryReport::Accepted });
            self.course.heard(&body, self.now.as_us());
        }
    }
}

#[test]
fn every_ping_comes_through_and_what_is_left_behind_can_be_closed() {
    for interval_s in [6, 7, 13, 30, 59, 60] {
        let mut world = World::new(interval_s);
        for n in 0..200 {
            let booking = world.book(true);
            assert_eq!(booking.missed, None, "{interval_s} s, {n}");
            assert_eq!(world.course.did().came, n + 1, "{interval_s} s, {n}");
            let over: Vec<_> = world.engine.open_incidents().filter(|i| !i.ongoing).map(|i| i.id).collect();
            for incident in over.into_iter().filter(|_| n % 3 == 0) {
                let action = Action::Close(crate::domain::Outcome::Test);
                world.told(Told::Handle { incident, by: CANARY.parse().unwrap(), action });
            }
        }
        assert!(
            world.engine.open_incidents().all(|i| i.kind == IncidentKind::Violation),
            "nothing else is raised"
        );
        assert!(world.engine.open_incidents().count() <= zones(interval_s) as usize);
    }
}

#[test]
fn nobody_outside_is_concerned() {
    let mut world = World::new(60);
    // The installation's own incidents have nobody to go to yet: the canary's unit is not for them.
    world.told(Told::Service(crate::engine::ServiceReport::Canary { stuck_at: Some(Hop::Line) }));
    assert_eq!(world.engine.open_incidents().count(), 0);
    (0..10).for_each(|_| drop(world.book(true)));
    let alerts: Vec<_> = world.engine.open_alerts().collect();
    assert!(!alerts.is_empty());
    assert!(alerts.iter().all(|alert| alert.unit.is_canary() && alert.channel.as_str() == "loopback"));
    let shown = world.engine.rulebook().without_canary();
    assert_eq!(shown.units().count() + shown.wearers().count() + shown.cases().count(), 0);
    assert_eq!(shown.zones().count(), 0);
    assert!(
        shown.staff(&CANARY.parse().unwrap()).is_none() && shown.person(&CANARY.parse().unwrap()).is_none()
    );
}

#[test]
fn its_rulebook_is_published_once_and_again_only_when_it_changes() {
    let tag = TagId::canary(None);
    let all = books(&Rulebook::default(), &tag, 60);
    let in_force = all.iter().fold(Rulebook::default(), |rulebook, book| {
        assert_eq!(rulebook.check(book), Vec::<String>::new());
        // What is read back from the journal is the same.
        let text = serde_json::to_string(book).unwrap();
        let back: Book = serde_json::from_str(&text).unwrap();
        assert_eq!(back, *book);
        rulebook.published(back, START)
    });
    assert_eq!(books(&in_force, &tag, 60), []);
    assert!(matches!(books(&in_force, &tag, 30)[..], [Book::Case(_)]));
    let vendor = "acme".parse().unwrap();
    assert!(matches!(books(&in_force, &TagId::canary(Some(&vendor)), 60)[..], [Book::Wearer(_)]));

    let ended = crate::canary::books::ended(&in_force, START.plus_ms(1)).unwrap();
    assert_eq!(in_force.check(&ended), Vec::<String>::new());
    let ended = in_force.published(ended, START.plus_ms(1));
    assert_eq!(crate::canary::books::ended(&ended, START.plus_ms(2)), None);
    assert_eq!(crate::canary::books::ended(&Rulebook::default(), START), None);
    assert!(matches!(books(&ended, &tag, 60)[..], [Book::Case(_)]), "and can begin again");
}

#[test]
fn a_missed_one_is_named_by_its_hop_and_the_next_that_comes_is_news() {
    let mut world = World::new(60);
    let heard_first = |world: &mut World, body: &str| world.course.heard(body, 0);
    assert!(!heard_first(&mut world, "nothing is under way"));
    drop(world.book(false));
    assert_eq!(world.book(false).missed, Some(Hop::Broker));
    world.course.taken(1);
    assert_eq!(world.book(false).missed, Some(Hop::Line));
    let ping = world.book(false).ping;
    world.course.taken(1);
    world.course.written(ping.boot.wrapping_add(1), 2);
    assert_eq!(world.book(false).missed, Some(Hop::Line), "another one was written down");
    let ping = world.book(false).ping;
    world.course.written(ping.boot, 2);
    assert_eq!(world.book(true).missed, Some(Hop::Dispatch));
    let did = world.course.did();
    assert_eq!((did.booked, did.came, did.missed, did.stuck_at), (7, 1, 6, None));
    assert_eq!(world.book(true).missed, None);
}

#[test]
fn it_is_told_once_that_canaries_come_through() {
    let mut course = Course::new(60, START);
    let zone = |course: &mut Course| {
        let at = course.next_at();
        drop(course.book(at, 0, |_| false));
        let flight = course.flight.as_ref().unwrap();
        [
            format!("{{\"reference\":4321,\"summary\":\"violation at {}\"}}", flight.code),
            "Plan A. Ref 4321".into(),
        ]
    };
    for (told, n) in [(true, 1), (false, 2), (false, 3)] {
        let [card, text] = zone(&mut course);
        assert!(!course.heard(&card.replace("CANARY", "ROSE"), 1), "a card of something else");
        // In either order.
        let [first, second] = if n == 2 { [&card, &text] } else { [&text, &card] };
        assert!(!course.heard(first, 2));
        assert_eq!(course.heard(second, 1_500_000), told);
        assert!(!course.heard(second, 3), "once");
        assert_eq!(course.did().came, n);
    }
    course.not_told();
    let [card, text] = zone(&mut course);
    course.taken(250_000);
    course.heard(&card, 0);
    assert!(course.heard(&text, 1_000_000), "it was not taken the last time");
    let took = course.did().took.unwrap();
    assert_eq!((took.broker_ms, took.line_ms, took.dispatch_ms), (250.0, 750.0, 0.0));
}

#[test]
fn after_a_pause_nothing_is_made_up_for() {
    let mut world = World::new(60);
    drop(world.book(true));
    world.now = world.now.plus_ms(3_600_000);
    let before = world.course.did().booked;
    let booking = world.course.book(world.now, 0, |_| false).unwrap();
    assert_eq!((booking.missed, world.course.did().booked), (None, before + 1));
    let age_ms = world.now.as_ms() - booking.ping.sent_ms;
    assert!((0..60_000).contains(&age_ms), "{age_ms}");
    assert!(world.course.next_at() > world.now);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn whatever_is_lost_on_the_way_the_first_that_arrives_comes_through(
        interval_s in prop::sample::select(vec![6_u32, 20, 60]),
        lost in prop::collection::vec(prop::bool::weighted(0.3), 1..60),
    ) {
        let mut world = World::new(interval_s);
        for is_lost in lost {
            let came = world.course.did().came;
            drop(world.book(!is_lost));
            prop_assert_eq!(world.course.did().came, came + u64::from(!is_lost));
        }
    }
}
