//! Wrong clocks, of tags and our own: the same violations are found, at their true times, and told at once.

use cordon::{
    domain::{Cause, Incident, IncidentKind, Ping, Reason, Subject, Timestamp},
    engine::Told,
    geometry::{LatLon, offset},
    lab::Course,
};
use firmware_sim::track::{PingPlan, TimedPing, pings};
use proptest::prelude::*;
use serde_json::json;

use crate::{
    recorded::{self, Scenario},
    report,
    ward::{Ward, book, fix, second, tag, wearer},
};

pub(crate) const PERSON: &str = "person p-1";
pub(crate) const HOUR_S: i64 = 3_600;
pub(crate) const DAY_S: i64 = 86_400;
const ROLLOVER_S: i64 = 1_024 * 7 * DAY_S;
/// How late a ping arrives, milliseconds.
const NETWORK_MS: i64 = 300;
const START_MS: i64 = 1_700_000_000_000;

/// What is wrong with a tag's clock.
#[derive(Debug, Clone, Copy)]
enum Wrong {
    /// Ahead by so many seconds, negative for behind.
    By(i64),
    /// It stands still from its so many-th ping on.
    StuckFrom(usize),
}

impl Wrong {
    fn all() -> Vec<Self> {
        let by = [120, -120, 300, -300, DAY_S, -DAY_S, ROLLOVER_S, -ROLLOVER_S, -2 * ROLLOVER_S];
        by.map(Self::By).into_iter().chain([Self::StuckFrom(0), Self::StuckFrom(5)]).collect()
    }

    /// The pings as such a clock would have stamped them.
    fn stamp(self, pings: &[TimedPing]) -> Vec<(Timestamp, Ping)> {
        let came = |ping: &TimedPing| Timestamp::from_ms(ping.at_ms + NETWORK_MS);
        let stamped = pings.iter().enumerate().map(|(i, timed)| {
            let mut ping = Ping::from(timed.ping.clone());
            let shift_ms = match self {
                Self::By(ahead_s) => ahead_s * 1_000,
                Self::StuckFrom(from) => pings[i.min(from)].at_ms - timed.at_ms,
            };
            ping.sent = ping.sent.plus_ms(shift_ms);
            ping.fixes.iter_mut().for_each(|fix| fix.at = fix.at.plus_ms(shift_ms));
            (came(timed), ping)
        });
        stamped.collect()
    }

    /// Off by enough to be corrected and told.
    fn is_told(self) -> bool {
        !matches!(self, Self::By(120))
    }

    /// How far a true time may be from what it is found to be, seconds.
    fn tolerance_s(self) -> i64 {
        if self.is_told() { 5 } else { 121 }
    }
}

/// What a scenario came to: the proven episodes, when its person was told, and what was said of the tag's clock.
struct Outcome {
    episodes: Vec<Timestamp>,
    person: Vec<Timestamp>,
    clock: Vec<Incident>,
}

fn run(scenario: &Scenario, pings: &[(Timestamp, Ping)]) -> Outcome {
    let books = recorded::rulebook(std::slice::from_ref(scenario), "http://127.0.0.1:1/");
    let mut line = Course::with(&books, Timestamp::from_ms(START_MS - 60_000)).unwrap();
    let tag = format!("sim/tag-{}", scenario.id).parse().unwrap();
    for (at, ping) in pings {
        line.ping(*at, &tag, ping.clone());
    }
    let told = line.alerts.values().filter(|alert| alert.recipient.to_string().starts_with("person "));
    Outcome {
        episodes: line.episodes().into_iter().map(|(_, from)| from).collect(),
        person: told.map(|alert| alert.raised_at).collect(),
        clock: line.incidents.values().filter(|i| i.cause == Cause::Clock).cloned().collect(),
    }
}

#[derive(Default)]
struct Sum {
    runs: usize,
    violations: usize,
    worst_ms: i64,
    worst_told_ms: i64,
}

/// The same is found with a wrong clock as with a right one.
fn compare(scenario: &Scenario, pings: &[TimedPing], sum: &mut Sum) {
    let right = run(scenario, &Wrong::By(0).stamp(pings));
    assert_eq!(right.clock, []);
    for wrong in Wrong::all() {
        let what = format!("{} {} {wrong:?}", scenario.track, scenario.id);
        let found = run(scenario, &wrong.stamp(pings));
        assert_eq!(found.episodes.len(), right.episodes.len(), "{what}");
        for (found, right) in found.episodes.iter().zip(&right.episodes) {
            let off_ms = found.ms_since(*right).abs();
            assert!(off_ms <= wrong.tolerance_s() * 1_000, "{what}: {found} for {right}");
            sum.worst_ms = sum.worst_ms.max(if wrong.is_told() { off_ms } else { 0 });
        }
        assert_eq!(found.person.len(), right.person.len(), "{what}");
        for (found, right) in found.person.iter().zip(&right.person) {
            let later_ms = found.ms_since(*right);
            assert_eq!(later_ms, 0, "{what}: told at {found}, not at {right}");
            sum.worst_told_ms = sum.worst_told_ms.max(later_ms);
        }
        let flagged: Vec<IncidentKind> = found.clock.iter().map(|incident| incident.kind).collect();
        let expected = if wrong.is_told() { &[IncidentKind::TagClock][..] } else { &[] };
        assert_eq!(flagged, expected, "{what}");
        sum.runs += 1;
        sum.violations += found.episodes.len();
    }
}

#[test]
fn recorded_tracks_with_wrong_clocks_find_the_same_violations() {
    let mut sum = Sum::default();
    let mut tracks = 0;
    if let Some(folder) = recorded::folder("recorded tracks with wrong clocks") {
        for track in ["nagoya_2023-07-11", "mountain_view_2020-02-07"] {
            let fixes = recorded::fixes(&folder, &format!("{track}_fixes"));
            let pings = pings(&fixes, &PingPlan { interval_s: 15, start_ms: START_MS, boot: 1 });
            let scenarios = recorded::scenarios(&folder).into_iter().filter(|s| s.track == track);
            for scenario in scenarios.step_by(if report::is_long() { 1 } else { 8 }) {
                compare(&scenario, &pings, &mut sum);
            }
            tracks += 1;
        }
    }
    for scenario in walked_zones() {
        compare(&scenario, &walk(), &mut sum);
    }
    assert!(sum.violations >= 4 * Wrong::all().len(), "the walk alone has some: {}", sum.violations);
    let (runs, violations) = (sum.runs, sum.violations);
    let figures = json!({"recorded_tracks": tracks, "runs": runs, "violations_found": violations,
        "missed": 0, "worst_time_error_ms": sum.worst_ms, "told_later_ms": sum.worst_told_ms});
    report::shown(20, "wrong tag clocks find the same violations at their true times", figures);
}

/// East and back at walking pace for half an hour, a ping every 15 s.
fn walk() -> Vec<TimedPing> {
    let walk = (0..120_i64).map(|n| {
        let seconds = n * 15;
        #[expect(clippy::cast_precision_loss, reason = "an hour of seconds")]
        let east_m = if n < 60 { seconds } else { 1_800 - seconds } as f64 * 1.4;
        let here = offset(LatLon::new(35.0, 137.0).unwrap(), 90.0, east_m);
        format!("{seconds},{},{},5\n", here.lat_deg(), here.lon_deg())
    });
    let csv = format!("t_s,lat,lon,accuracy_m\n{}", walk.collect::<String>());
    let fixes = firmware_sim::track::read(&csv).unwrap();
    pings(&fixes, &PingPlan { interval_s: 15, start_ms: START_MS, boot: 1 })
}

/// Zones that the walk goes through twice, turns around in, and goes by.
pub(crate) fn walked_zones() -> Vec<Scenario> {
    let zones = [(400.0, 0.0), (700.0, 20.0), (1_250.0, 0.0), (600.0, 400.0)].into_iter().enumerate();
    let zones = zones.map(|(id, (east_m, north_m))| {
        let along = offset(LatLon::new(35.0, 137.0).unwrap(), 90.0, east_m);
        let there = offset(along, 0.0, north_m);
        Scenario {
            id,
            track: "walk".into(),
            is_breach: north_m < 100.0,
            lat: there.lat_deg(),
            lon: there.lon_deg(),
            radius_m: 80.0,
            first_entry_s: None,
            first_stay_s: None,
            nearest_m: north_m - 80.0,
        }
    });
    zones.collect()
}

/// A ping with one fix of its moment that arrives at `s`, from a tag whose clock is ahead by `ahead_s`.
pub(crate) fn ping(ward: &mut Ward, s: i64, east_m: f64, ahead_s: i64) -> Ping {
    ward.ping(s + ahead_s, vec![fix(s + ahead_s, east_m, 5.0)])
}

pub(crate) fn come(ward: &mut Ward, s: i64, east_m: f64, ahead_s: i64) {
    let ping = ping(ward, s, east_m, ahead_s);
    ward.line.ping(second(s), &tag(), ping);
}

pub(crate) fn clock_incidents(ward: &Ward) -> Vec<(IncidentKind, bool)> {
    let clock = ward.line.incidents.values().filter(|incident| incident.cause == Cause::Clock);
    clock.map(|incident| (incident.kind, incident.ongoing)).collect()
}

#[test]
fn what_was_late_is_danger_with_the_ping_that_shows_the_clock_to_be_behind() {
    for behind_s in [300, HOUR_S, DAY_S] {
        let mut ward = Ward::new();
        // Long after the zone was published.
        for s in [0, 12, 24].map(|s| 3 * DAY_S + s) {
            come(&mut ward, s, 0.0, -behind_s);
            let late = ward.line.incident(IncidentKind::Violation).unwrap().late;
            let is_known = s == 3 * DAY_S + 24 || behind_s < 900;
            assert_eq!(late, !is_known, "{behind_s} s behind, at {s}");
            assert_eq!(ward.told(PERSON).is_empty(), !is_known, "{behind_s}");
        }
    }
    let figures = json!({"behind_s": [300, HOUR_S, DAY_S], "told_with_ping": [1, 3, 3]});
    report::shown(20, "what was judged late is judged again once the clock is known", figures);
}

#[test]
fn a_new_tag_a_day_behind_is_believed_to_be_there_now() {
    let mut ward = Ward::new();
    let start_s = 3 * DAY_S;
    ward.promise(4 * 3_600);
    for s in [0, 60, 120] {
        come(&mut ward, start_s + s, 3_000.0, 0);
    }
    let swapped = wearer("w-1", "sim/t2");
    ward.line.publish(second(start_s + 150), book(swapped)).unwrap();
    for s in [200, 212, 224].map(|s| start_s + s) {
        assert!(ward.told(PERSON).is_empty());
        let ping = ping(&mut ward, s, 0.0, -DAY_S);
        ward.line.ping(second(s), &"sim/t2".parse().unwrap(), ping);
    }
    assert_eq!(ward.told(PERSON), [(start_s + 224, "sms")]);
}

#[test]
fn an_upload_of_what_was_kept_for_hours_is_no_wrong_clock() {
    for link_s in [0, 1, 9] {
        let mut ward = Ward::new();
        ward.promise(4 * 3_600);
        come(&mut ward, 0, 3_000.0, 0);
        // Every minute for two hours, by the zone in the middle of it; sent when the network is back.
        let kept: Vec<Ping> = (1..=120)
            .map(|minute| {
                let east_m = if (59..61).contains(&minute) { 0.0 } else { 3_000.0 };
                ward.ping(minute * 60, vec![fix(minute * 60, east_m, 5.0)])
            })
            .collect();
        for (i, ping) in kept.into_iter().enumerate() {
            let s = 7_260 + i64::try_from(i).unwrap() * link_s;
            ward.line.ping(second(s), &tag(), ping);
        }
        let s = 7_260 + 121 * link_s;
        come(&mut ward, s, 3_000.0, 0);
        let violation = ward.line.incident(IncidentKind::Violation).unwrap();
        assert!(violation.late, "{link_s}");
        assert_eq!(violation.episodes[0].from, second(59 * 60));
        assert!(ward.told(PERSON).is_empty(), "it was an hour ago and is over: {link_s}");
        assert_eq!(clock_incidents(&ward), [], "{link_s}");
    }
}

#[test]
fn a_backlog_behind_our_own_outage_is_no_wrong_clock() {
    let mut ward = Ward::new();
    ward.promise(4 * 3_600);
    come(&mut ward, 0, 3_000.0, 0);
    let source = |up| Told::Source { name: "lab".into(), up };
    ward.line.tell(second(10), source(false));
    let kept: Vec<Ping> = (1..=60).map(|n| ping(&mut ward, n * 60, 3_000.0, 0)).collect();
    ward.line.tell(second(3_600), source(true));
    for (i, ping) in kept.into_iter().enumerate() {
        // The first ones trickle in: the broker has the others' backlog to send, too.
        let s = 3_601 + [0, 10, 20, 25, 26].get(i).copied().unwrap_or(28);
        ward.line.ping(second(s), &tag(), ping);
    }
    for s in [3_660, 3_720, 3_780] {
        come(&mut ward, s, 3_000.0, 0);
    }
    assert_eq!(clock_incidents(&ward), []);
}

#[test]
fn one_ping_that_lies_moves_no_clock() {
    for lie_s in [-ROLLOVER_S, -DAY_S, -HOUR_S, 60, HOUR_S, 5 * DAY_S, ROLLOVER_S] {
        let mut ward = Ward::new();
        for s in [0, 15, 30] {
            come(&mut ward, s, 900.0, 0);
        }
        come(&mut ward, 45, 900.0, lie_s);
        come(&mut ward, 60, 0.0, 0);
        assert_eq!(ward.told(PERSON), [(60, "sms")], "{lie_s}");
        for s in [75, 90, 105, 120, 135] {
            come(&mut ward, s, 0.0, 0);
        }
        let violation = ward.line.incident(IncidentKind::Violation).unwrap();
        assert_eq!((violation.late, violation.episodes[0].from), (false, second(60)), "{lie_s}");
        assert_eq!(clock_incidents(&ward), [], "{lie_s}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// However the wearer plays with the tag's clock, being in the zone is told with the second ping from there, or
    /// half a minute after the first.
    #[test]
    fn no_play_with_the_clock_hides_a_violation(
        lies_s in prop::collection::vec(
            prop_oneof![
                3 => Just(0_i64),
                1 => -200..200_i64,
                1 => -7_200..7_200_i64,
                1 => -6 * DAY_S..6 * DAY_S,
                1 => Just(ROLLOVER_S),
                1 => Just(-ROLLOVER_S),
            ],
            5..30,
        ),
        adds_up in any::<bool>(),
        right in 0..4_i64,
        interval_s in 5..61_i64,
    ) {
        let mut ward = Ward::new();
        ward.promise(3_600);
        // Long after the zone was published.
        let start_s = 8 * DAY_S;
        for n in 0..right {
            come(&mut ward, start_s + n * interval_s, 900.0, 0);
        }
        // The wearer goes in while the clock jumps about, or goes too fast and too slow, and stays.
        let first_s = start_s + right * interval_s;
        let enters = lies_s.len() / 2;
        let mut ahead_s = 0;
        for (i, lie_s) in lies_s.iter().enumerate() {
            ahead_s = if adds_up { ahead_s + lie_s } else { *lie_s };
            let east_m = if i < enters { 900.0 } else { 0.0 };
            come(&mut ward, first_s + i64::try_from(i).unwrap() * interval_s, east_m, ahead_s);
        }
        let entered_s = first_s + i64::try_from(enters).unwrap() * interval_s;
        ward.line.pass_to(second(entered_s + 31 + 2 * interval_s));
        let told = ward.told(PERSON);
        prop_assert!(!told.is_empty(), "never told");
        prop_assert!(told[0].0 <= entered_s + 31 + 2 * interval_s, "told at {} of {entered_s}", told[0].0);
    }
}

#[test]
fn a_wrong_clock_is_told_once_until_it_is_right_again() {
    let mut ward = Ward::new();
    for n in 0..20 {
        come(&mut ward, n * 15, 3_000.0, 600);
    }
    assert_eq!(clock_incidents(&ward), [(IncidentKind::TagClock, true)]);
    let incident = ward.line.incident(IncidentKind::TagClock).unwrap();
    assert_eq!(incident.subject, Subject::Wearer("w-1".parse().unwrap()));
    let says = |reason: &Reason| *reason == Reason::ClockOff { by_s: 600.0 };
    let raised = incident
        .timeline
        .iter()
        .any(|entry| matches!(&entry.what, cordon::domain::Happening::Raised { reason, .. } if says(reason)));
    assert!(raised, "{:?}", incident.timeline);
    // A person closes it although the clock is still wrong: that was told.
    let (incident, by) = (incident.id, "desk".parse().unwrap());
    let action = cordon::engine::Action::Close(cordon::domain::Outcome::Technical);
    ward.line.tell(second(301), Told::Handle { incident, by, action });
    for n in 21..30 {
        come(&mut ward, n * 15, 3_000.0, 600);
    }
    assert_eq!(clock_incidents(&ward).len(), 1);
    for n in 30..33 {
        come(&mut ward, n * 15, 3_000.0, 0);
    }
    for n in 33..50 {
        come(&mut ward, n * 15, 3_000.0, -600);
    }
    assert_eq!(clock_incidents(&ward).len(), 2, "another episode");
    for n in 50..53 {
        come(&mut ward, n * 15, 3_000.0, 0);
    }
    assert_eq!(clock_incidents(&ward)[1], (IncidentKind::TagClock, false));
}
