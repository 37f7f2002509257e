//! On virtual time, with the limits of service.

use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits { poll_ms: 10_000 };
/// Whatever lasts is paged within this time, milliseconds.
const BOUND_MS: i64 = 120_000;
const QUARTER_MS: i64 = 900_000;
/// The canary's interval, milliseconds.
const CANARY_MS: i64 = 60_000;

/// A service that is well.
fn well() -> Ages {
    Ages {
        wall_ms: 0,
        up_s: 1e6,
        turn_s: 0.4,
        commit_s: 40.0,
        unwritten_s: 0.0,
        dispatch_s: 5.0,
        oldest_alert_s: 0.0,
        canary_s: Some(60.2),
        brokers_up: true,
    }
}

fn answered(ages: Ages) -> Observation {
    Observation::Answered { ages, our_wall_ms: 0 }
}

fn showing(cause: Cause) -> Observation {
    let well = well();
    match cause {
        Cause::Unreachable => Observation::Unanswered,
        Cause::StuckLine => answered(Ages { turn_s: 31.0, ..well }),
        Cause::StuckDispatch => answered(Ages { dispatch_s: 31.0, ..well }),
        Cause::BrokerLost => answered(Ages { brokers_up: false, ..well }),
        Cause::CanaryStopped => answered(Ages { canary_s: Some(66.0), ..well }),
        Cause::ClockDiffers => answered(Ages { wall_ms: -30_001, ..well }),
    }
}

/// A watch that has seen nothing wrong for a long time, and what it does about what it sees next, ten seconds apart.
struct Bench {
    watch: Watch,
    now: Timestamp,
    acts: Vec<(i64, Act)>,
    began: Timestamp,
}

impl Bench {
    fn new() -> Self {
        let began = Timestamp::from_ms(0);
        let mut bench = Self { watch: Watch::new(LIMITS), now: began, acts: Vec::new(), began };
        bench.see(&answered(well()), 30);
        assert_eq!(bench.acts, []);
        bench.began = bench.now;
        bench
    }

    fn see(&mut self, seen: &Observation, times: usize) {
        for _ in 0..times {
            for act in self.watch.step(self.now, seen) {
                self.acts.push((self.now.ms_since(self.began) / 1_000, act));
            }
            self.now = self.now.plus_ms(LIMITS.poll_ms);
        }
    }
}

#[test]
fn each_cause_is_paged_when_it_has_shown_itself_for_half_a_minute_and_over_by_the_same_measure() {
    for cause in Cause::ALL {
        let mut bench = Bench::new();
        bench.see(&showing(cause), 3);
        assert_eq!(bench.acts, [], "{cause:?}");
        bench.see(&showing(cause), 3);
        assert_eq!(bench.acts, [(30, Act::Page { cause, nth: 1 })]);
        bench.see(&answered(well()), 10);
        assert_eq!(bench.acts[1..], [(90, Act::Recovered { cause, pages: 1 })]);
    }
}

#[test]
fn what_does_not_last_is_not_paged() {
    for cause in Cause::ALL {
        let mut bench = Bench::new();
        for _ in 0..50 {
            bench.see(&showing(cause), 3);
            bench.see(&answered(well()), 1);
        }
        assert_eq!(bench.acts, [], "{cause:?}");
    }
}

#[test]
fn three_lost_polls_after_a_pause_are_not_three_over_half_a_minute() {
    let mut bench = Bench::new();
    bench.see(&Observation::Unanswered, 1);
    // The watchdog itself stood still for an hour, and polls at once.
    bench.now = bench.now.plus_ms(3_600_000);
    assert_eq!(bench.watch.step(bench.now, &Observation::Unanswered), []);
    bench.now = bench.now.plus_ms(LIMITS.poll_ms);
    bench.see(&answered(well()), 1);
    bench.see(&Observation::Unanswered, 3);
    assert_eq!(bench.acts, []);
}

#[test]
fn it_is_paged_again_each_quarter_of_an_hour_up_to_a_bound_and_said_once_that_it_is_over() {
    let mut bench = Bench::new();
    bench.see(&Observation::Unanswered, 6 * 60 * 4);
    let pages: Vec<(i64, Act)> = (1..=8)
        .map(|nth| (30 + i64::from(nth - 1) * 900, Act::Page { cause: Cause::Unreachable, nth }))
        .collect();
    assert_eq!(bench.acts, pages);
    bench.see(&answered(well()), 100);
    assert_eq!(bench.acts.len(), 9);
    assert!(matches!(bench.acts[8].1, Act::Recovered { cause: Cause::Unreachable, pages: 8 }));
    // The next trouble begins to count anew.
    bench.see(&Observation::Unanswered, 5);
    assert!(matches!(bench.acts[9].1, Act::Page { nth: 1, .. }));
}

#[test]
fn trouble_that_comes_and_goes_is_paged_once_in_a_quarter_of_an_hour() {
    let mut bench = Bench::new();
    for _ in 0..18 {
        bench.see(&Observation::Unanswered, 5);
        bench.see(&answered(well()), 5);
    }
    let paged_s: Vec<i64> =
        bench.acts.iter().filter(|(_, act)| matches!(act, Act::Page { .. })).map(|(s, _)| *s).collect();
    // Half an hour of it.
    assert_eq!(paged_s, [30, 930]);
}

#[test]
fn what_follows_from_another_cause_is_not_paged_beside_it() {
    let mut bench = Bench::new();
    let dead_broker = answered(Ages { brokers_up: false, canary_s: Some(500.0), ..well() });
    bench.see(&dead_broker, 30);
    assert_eq!(bench.acts, [(30, Act::Page { cause: Cause::BrokerLost, nth: 1 })]);
    // The broker is back, and the next canary comes within a minute.
    bench.see(&answered(Ages { canary_s: Some(560.0), ..well() }), 6);
    bench.see(&answered(well()), 10);
    assert_eq!(bench.acts.len(), 2, "{:?}", bench.acts);

    let mut bench = Bench::new();
    bench.see(&showing(Cause::StuckLine), 10);
    bench.see(&Observation::Unanswered, 200);
    let after: Vec<Act> = bench.acts.iter().skip(1).map(|(_, act)| *act).collect();
    assert!(after.iter().all(|act| matches!(act, Act::Page { cause: Cause::Unreachable, .. })), "{after:?}");
}

#[test]
fn a_service_without_a_canary_is_watched_all_the_same() {
    let mut bench = Bench::new();
    bench.see(&answered(Ages { canary_s: None, ..well() }), 100);
    assert_eq!(bench.acts, []);
}

/// A service whose parts stop working at some time, or never, as its `/watch` tells it.
#[derive(Debug, Clone, Copy)]
struct Service {
    stops_ms: i64,
    what: Cause,
    /// How late canaries come.
    latency_ms: i64,
    phase_ms: i64,
}

impl Service {
    fn seen(&self, now_ms: i64) -> Observation {
        let stopped_ms = (now_ms - self.stops_ms).max(0);
        let is = |cause| self.what == cause && stopped_ms > 0;
        if is(Cause::Unreachable) {
            return Observation::Unanswered;
        }
        let age_s = |ms: i64| ms as f64 / 1e3;
        // Nothing comes through after a part has stopped.
        let until_ms =
            if stopped_ms > 0 && self.what != Cause::ClockDiffers { self.stops_ms } else { now_ms };
        let booked_ms = (until_ms - self.latency_ms - self.phase_ms).div_euclid(CANARY_MS) * CANARY_MS;
        let came_ms = booked_ms + self.phase_ms + self.latency_ms;
        answered(Ages {
            turn_s: if is(Cause::StuckLine) { age_s(stopped_ms) } else { 0.5 },
            dispatch_s: if is(Cause::StuckDispatch) { age_s(stopped_ms) } else { 5.0 },
            brokers_up: !is(Cause::BrokerLost),
            wall_ms: if is(Cause::ClockDiffers) { 3_600_000 } else { 29_000 },
            canary_s: Some(age_s(now_ms - came_ms)),
            ..well()
        })
    }
}

fn service() -> impl Strategy<Value = Service> {
    let what = prop::sample::select(Cause::ALL.to_vec());
    (600_000_i64..1_200_000, what, 0_i64..3_000, 0_i64..CANARY_MS)
        .prop_map(|(stops_ms, what, latency_ms, phase_ms)| Service { stops_ms, what, latency_ms, phase_ms })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn all_is_well_until_a_part_stops_and_that_is_paged_within_two_minutes_by_its_name(
        service in service(),
        offset_ms in 0_i64..10_000,
        lost in prop::collection::btree_set(0_i64..180, 0..40),
    ) {
        let mut watch = Watch::new(LIMITS);
        let (mut first, mut before) = (None, false);
        for n in 0..180 {
            let now_ms = n * LIMITS.poll_ms + offset_ms;
            // A poll is lost here and there, never two in a row.
            let is_lost = lost.contains(&n) && !before && now_ms < service.stops_ms;
            before = is_lost;
            let seen = if is_lost { Observation::Unanswered } else { service.seen(now_ms) };
            for act in watch.step(Timestamp::from_ms(now_ms), &seen) {
                prop_assert!(now_ms > service.stops_ms, "{act:?} at {now_ms} while all is well");
                first.get_or_insert((now_ms, act));
            }
        }
        let (at_ms, act) = first.expect("a cause that lasts is paged");
        prop_assert_eq!(act, Act::Page { cause: service.what, nth: 1 });
        prop_assert!(at_ms - service.stops_ms <= BOUND_MS, "{} ms", at_ms - service.stops_ms);
    }

    #[test]
    fn whatever_is_seen_no_cause_is_paged_twice_in_a_quarter_of_an_hour_or_said_to_be_over_twice(
        seen in prop::collection::vec((0_usize..8, 1_usize..30, 0_i64..40_000), 1..120),
    ) {
        let mut watch = Watch::new(LIMITS);
        let mut now = Timestamp::from_ms(0);
        let mut paged: BTreeMap<Cause, Timestamp> = BTreeMap::new();
        let mut open: BTreeMap<Cause, u32> = BTreeMap::new();
        for (what, times, pause_ms) in seen {
            now = now.plus_ms(pause_ms);
            let seen = Cause::ALL.get(what).map_or(answered(well()), |cause| showing(*cause));
            for _ in 0..times {
                for act in watch.step(now, &seen) {
                    match act {
                        Act::Page { cause, nth } => {
                            let before = paged.insert(cause, now);
                            prop_assert!(before.is_none_or(|before| now.ms_since(before) >= QUARTER_MS));
                            prop_assert_eq!(open.insert(cause, nth).unwrap_or(0) + 1, nth);
                            prop_assert!(nth <= PAGES_MAX);
                        }
                        Act::Recovered { cause, pages } => prop_assert_eq!(open.remove(&cause), Some(pages)),
                    }
                }
                now = now.plus_ms(LIMITS.poll_ms);
            }
        }
    }
}
