//! Our own clock is wrong, is set, or differs from that of most tags: violations are told at once all the same.

use cordon::{
    domain::{Cause, IncidentKind, Subject},
    engine::{ServiceReport, Told},
    lab::Course,
};
use serde_json::json;

use crate::{
    clocks::{DAY_S, HOUR_S, PERSON, clock_incidents, come, ping, walked_zones},
    recorded::{self, Scenario},
    report,
    ward::{Ward, second},
};

/// Six tags of six wearers, each off by so many seconds, heard every 15 s for five minutes.
fn crowd(ahead_s: [i64; 6]) -> Vec<(IncidentKind, Subject)> {
    let zones: Vec<Scenario> = (0..6).map(|id| Scenario { id, ..walked_zones()[0].clone() }).collect();
    let books = recorded::rulebook(&zones, "http://127.0.0.1:1/");
    let mut line = Course::with(&books, second(-60)).unwrap();
    let mut ward = Ward::new();
    for n in 0..20 {
        for (id, ahead_s) in ahead_s.iter().enumerate() {
            let mut ping = ping(&mut ward, n * 15, 3_000.0, *ahead_s);
            ping.seq = u64::try_from(n).unwrap() + 1;
            line.ping(second(n * 15), &format!("sim/tag-{id}").parse().unwrap(), ping);
        }
    }
    let clock = line.incidents.values().filter(|incident| incident.cause == Cause::Clock);
    clock.map(|incident| (incident.kind, incident.subject.clone())).collect()
}

#[test]
fn when_most_tags_are_off_by_the_same_it_is_our_clock() {
    let ours = vec![(IncidentKind::ServerClock, Subject::Service)];
    let one = |n: usize| (IncidentKind::TagClock, Subject::Wearer(format!("w-{n}").parse().unwrap()));
    assert_eq!(crowd([0; 6]), []);
    for off_s in [HOUR_S, -HOUR_S, DAY_S] {
        assert_eq!(crowd([off_s; 6]), ours, "{off_s}");
        assert_eq!(crowd([off_s, off_s, off_s, off_s, 0, 0]), ours, "{off_s}");
        assert_eq!(crowd([off_s, 0, 0, 0, 0, 0]), [one(0)], "{off_s}");
        assert_eq!(crowd([off_s, off_s, off_s, 0, 0, 0]), [one(0), one(1), one(2)], "{off_s}");
        assert_eq!(crowd([off_s, 2 * off_s, 3 * off_s, 4 * off_s, 5 * off_s, 6 * off_s]).len(), 6, "{off_s}");
    }
    let figures = json!({"tags": 6, "server_clock_incidents": 1, "tag_clock_incidents": 0});
    report::shown(20, "tags that are all off by the same are one incident of our own clock", figures);
}

/// Started again: `at` goes on from `s`, by our clock.
fn restart(ward: &mut Ward, s: i64) {
    ward.line.tell(second(s), Told::Started { sources: vec!["lab".into()] });
    ward.line.tell(second(s), Told::Source { name: "lab".into(), up: true });
}

fn clock_set(ward: &mut Ward, s: i64, by_s: i64) {
    ward.line.tell(second(s), Told::Service(ServiceReport::ClockSet { by_ms: by_s * 1_000 }));
}

/// Goes in at `s` and is told at once, as danger and not as something late.
fn is_told_at_once(ward: &mut Ward, s: i64, ahead_s: i64, what: &str) {
    assert!(ward.told(PERSON).is_empty(), "{what}");
    come(ward, s, 0.0, ahead_s);
    assert_eq!(ward.told(PERSON), [(s, "sms")], "{what}");
    assert!(!ward.line.incident(IncidentKind::Violation).unwrap().late, "{what}");
    // For longer than a wrong clock is borne without a word.
    for n in 1..10 {
        come(ward, s + n * 15, 0.0, ahead_s);
    }
    assert!(ward.line.incident(IncidentKind::TagClock).is_none(), "{what}");
}

#[test]
fn whatever_our_own_clock_does_a_violation_is_told_at_once() {
    let walking = || {
        let mut ward = Ward::with(|case| case["case"]["risk"] = json!("medium"));
        ward.promise(4 * 3_600);
        for n in 0..4 {
            come(&mut ward, n * 15, 900.0, 0);
        }
        ward
    };
    for by_s in [HOUR_S, -HOUR_S] {
        let mut ward = walking();
        clock_set(&mut ward, 50, by_s);
        is_told_at_once(&mut ward, 60, 0, "set while running");
        assert_eq!(clock_incidents(&ward), [(IncidentKind::ServerClock, false)]);
    }
    // Set forward, and started again: our times go on from the new one.
    let mut ward = walking();
    clock_set(&mut ward, 50, HOUR_S);
    restart(&mut ward, 60 + HOUR_S);
    is_told_at_once(&mut ward, 75 + HOUR_S, -HOUR_S, "set forward and started again");
    // Set back, and started again ten minutes later: our times go on from the last one.
    let mut ward = walking();
    clock_set(&mut ward, 50, -HOUR_S);
    restart(&mut ward, 61);
    clock_set(&mut ward, 61, 600 - HOUR_S);
    is_told_at_once(&mut ward, 75, 600, "set back and started again");
    // Started an hour ahead; found out by the tags; then corrected, and started again.
    for started_again in [false, true] {
        let mut ward = walking();
        restart(&mut ward, 60 + HOUR_S);
        for n in 0..10 {
            come(&mut ward, 75 + n * 15 + HOUR_S, 900.0, -HOUR_S);
        }
        clock_set(&mut ward, 230 + HOUR_S, -HOUR_S);
        let outage_s = if started_again { 600 } else { 0 };
        if started_again {
            restart(&mut ward, 231 + HOUR_S);
            clock_set(&mut ward, 231 + HOUR_S, outage_s - HOUR_S);
        }
        assert!(ward.told(PERSON).is_empty());
        come(&mut ward, 240 + HOUR_S, 0.0, outage_s - HOUR_S);
        assert_eq!(ward.told(PERSON), [(240 + HOUR_S, "sms")], "started ahead, {started_again}");
    }
    // Started an hour behind: the journal's last time goes before the wall clock's.
    let mut ward = walking();
    restart(&mut ward, 61);
    clock_set(&mut ward, 61, -HOUR_S);
    clock_set(&mut ward, 70, HOUR_S);
    is_told_at_once(&mut ward, 75, 0, "started behind and corrected");
    let figures = json!({"cases": 7, "told_late": 0});
    report::shown(21, "whatever our clock does a violation is told at once", figures);
}

#[test]
fn a_start_with_a_wrong_clock_delays_no_danger_by_more_than_half_a_minute() {
    let mut ward = Ward::with(|_| {});
    ward.promise(4 * 3_600);
    for n in 0..4 {
        come(&mut ward, n * 15, 900.0, 0);
    }
    restart(&mut ward, 60 + HOUR_S);
    come(&mut ward, 65 + HOUR_S, 0.0, -HOUR_S);
    ward.line.pass_to(second(100 + HOUR_S));
    assert_eq!(ward.told(PERSON), [(95 + HOUR_S, "sms")]);
}
