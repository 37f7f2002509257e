//! What Cordon itself does not hear: a source that is away or comes and goes, and pings that did not come.

use cordon::{
    domain::{Happening, Incident, IncidentKind, Outcome, Ping, Priority, Reason},
    engine::{Action, SourceGaps, Told},
};
use proptest::prelude::*;

use crate::ward::{Ward, fix, second, tag};

/// The ward's tag promises every 60 s: its silence is judged after three of them.
const LIMIT_S: i64 = 180;
/// However its source comes and goes, silence is judged this much later at most, or Cordon is deaf.
const LATER_S: i64 = 150;

fn source(ward: &mut Ward, s: i64, up: bool) {
    ward.line.tell(second(s), Told::Source { name: "lab".into(), up });
}

fn is_deaf(ward: &Ward) -> bool {
    ward.line.incident(IncidentKind::Deaf).is_some_and(|incident| incident.ongoing)
}

fn is_silence_told(ward: &Ward) -> bool {
    [IncidentKind::Blind, IncidentKind::LostContact].iter().any(|kind| ward.line.incident(*kind).is_some())
}

/// The source goes away and comes back, so many seconds each, from noon to `until_s`.
fn flap(ward: &mut Ward, pattern: &[(i64, i64)], until_s: i64) {
    let mut s = 0;
    for (away_s, heard_s) in pattern.iter().cycle() {
        if s + away_s >= until_s {
            return ward.line.pass_to(second(until_s));
        }
        source(ward, s + 1, false);
        source(ward, s + 1 + away_s, true);
        s += away_s + heard_s;
    }
}

#[test]
fn a_source_that_was_away_once_is_deaf_after_20_s_and_well_when_it_is_back() {
    let mut ward = Ward::new();
    ward.at(0, 5_000.0);
    source(&mut ward, 60, false);
    ward.line.pass_to(second(79));
    assert!(ward.line.incidents.is_empty());
    ward.line.pass_to(second(80));
    assert!(is_deaf(&ward));
    ward.delivered(130);
    source(&mut ward, 300, true);
    assert!(!is_deaf(&ward));
    assert_eq!(ward.told("staff desk"), [(80, "webhook")]);
}

#[test]
fn a_source_that_comes_and_goes_is_deaf_once_and_silence_is_judged_all_the_same() {
    let mut ward = Ward::new();
    ward.at(0, 5_000.0);
    flap(&mut ward, &[(5, 24)], 3_000);
    let deaf = ward.line.incident(IncidentKind::Deaf).unwrap();
    // Away for 20 s in all when it has been away for the fourth time.
    assert_eq!(deaf.raised_at, second(3 * 29 + 1 + 5));
    assert!(deaf.ongoing);
    assert_eq!(raised(deaf).len(), 1, "nobody is told again at each return");
    let silence = ward.line.incident(IncidentKind::Blind).unwrap();
    assert!(silence.raised_at <= second(LIMIT_S + LATER_S), "{}", silence.raised_at);
    // Half a minute of calm ends it.
    ward.line.pass_to(second(3_100));
    assert!(!is_deaf(&ward));
}

#[test]
fn a_backlog_comes_first_after_a_long_absence_however_often_the_source_came_and_went_before() {
    let mut ward = Ward::new();
    ward.at(0, 5_000.0);
    flap(&mut ward, &[(2, 20)], 130);
    source(&mut ward, 135, false);
    source(&mut ward, 600, true);
    ward.line.pass_to(second(629));
    assert!(!is_silence_told(&ward));
    ward.line.pass_to(second(631));
    assert!(is_silence_told(&ward));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nobody_s_silence_hides_behind_a_source_that_comes_and_goes(
        pattern in prop::collection::vec((1_i64..60, 1_i64..60), 1..8),
    ) {
        let mut ward = Ward::new();
        ward.at(0, 5_000.0);
        flap(&mut ward, &pattern, LIMIT_S + LATER_S);
        prop_assert!(is_silence_told(&ward) || is_deaf(&ward));
        let deaf = ward.line.incidents.values().filter(|incident| incident.kind == IncidentKind::Deaf);
        prop_assert!(deaf.count() <= 1);
    }
}

fn raised(incident: &Incident) -> Vec<&Reason> {
    let reasons = incident.timeline.iter().map(|entry| match &entry.what {
        Happening::Raised { reason, .. } => Some(reason),
        _ => None,
    });
    reasons.flatten().collect()
}

fn missing(ward: &Ward) -> Option<&Incident> {
    ward.line.incident(IncidentKind::MissingPings)
}

fn gaps(ward: &Ward) -> SourceGaps {
    ward.line.engine.source_gaps().find(|(name, _)| *name == "lab").unwrap().1
}

/// Pings with one far fix each that are made at these seconds, and do not arrive yet.
fn made(ward: &mut Ward, seconds: impl IntoIterator<Item = i64>) -> Vec<Ping> {
    seconds.into_iter().map(|s| ward.ping(s, vec![fix(s, 5_000.0, 5.0)])).collect()
}

fn arrive(ward: &mut Ward, s: i64, pings: impl IntoIterator<Item = Ping>) {
    for ping in pings {
        ward.line.ping(second(s), &tag(), ping);
    }
}

#[test]
fn pings_that_do_not_come_are_one_incident_with_their_number_until_they_have_come() {
    let mut ward = Ward::new();
    ward.at(0, 5_000.0);
    let held_up = made(&mut ward, 1..=10);
    ward.at(20, 5_000.0);
    assert_eq!(gaps(&ward).missing, 10);
    ward.line.pass_to(second(49));
    assert!(missing(&ward).is_none(), "it may be mere disorder");
    ward.line.pass_to(second(50));
    let incident = missing(&ward).unwrap();
    assert_eq!((incident.priority, incident.ongoing), (Priority::P2, true));
    assert_eq!(raised(incident), [&Reason::Missing { pings: 10, given_up: 0 }]);
    arrive(&mut ward, 60, held_up[1..].to_vec());
    assert_eq!((gaps(&ward).missing, missing(&ward).unwrap().ongoing), (1, true));
    arrive(&mut ward, 61, held_up[..1].to_vec());
    assert_eq!((gaps(&ward).missing, missing(&ward).unwrap().ongoing), (0, false));
    let last = &missing(&ward).unwrap().timeline.last().unwrap().what;
    assert_eq!(*last, Happening::Over { reason: Reason::Missing { pings: 0, given_up: 0 } });
    assert_eq!(ward.told("staff desk").len(), 1);
}

#[test]
fn a_buffer_that_is_sent_newest_first_raises_nothing() {
    let mut ward = Ward::new();
    ward.promise(600);
    let buffer = made(&mut ward, 1..=200);
    for (n, ping) in buffer.into_iter().rev().enumerate() {
        arrive(&mut ward, 300 + n as i64, [ping]);
    }
    ward.line.pass_to(second(900));
    assert!(missing(&ward).is_none());
    assert_eq!(gaps(&ward).missing, 0);
}

#[test]
fn pings_that_their_tag_no_longer_holds_are_lost_and_counted() {
    let mut ward = Ward::new();
    ward.at(0, 5_000.0);
    drop(made(&mut ward, 1..=7));
    let mut next = made(&mut ward, [20]).remove(0);
    next.oldest_kept = 6;
    arrive(&mut ward, 20, [next]);
    // 2 to 5 are lost; 6 to 8 may still come.
    assert_eq!((gaps(&ward).given_up, gaps(&ward).missing), (4, 3));
    ward.line.pass_to(second(50));
    assert_eq!(raised(missing(&ward).unwrap()), [&Reason::Missing { pings: 3, given_up: 4 }]);
    let mut last = made(&mut ward, [60]).remove(0);
    last.oldest_kept = last.seq;
    arrive(&mut ward, 60, [last]);
    assert_eq!((gaps(&ward).given_up, gaps(&ward).missing), (7, 0));
    let incident = missing(&ward).unwrap();
    let told = &incident.timeline.last().unwrap().what;
    assert_eq!(*told, Happening::Over { reason: Reason::Missing { pings: 0, given_up: 3 } });
}

#[test]
fn what_a_person_has_closed_is_not_raised_again_until_more_is_missing() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.at(0, 5_000.0);
    drop(made(&mut ward, [1, 2]));
    ward.at(10, 5_000.0);
    ward.line.pass_to(second(60));
    ward.officer(60, Action::Close(Outcome::Technical));
    for s in 100..120 {
        ward.at(s, 5_000.0);
    }
    ward.line.pass_to(second(1_000));
    assert_eq!(ward.line.incidents.len(), 1);
    drop(made(&mut ward, [1_001]));
    ward.at(1_002, 5_000.0);
    ward.line.pass_to(second(1_100));
    assert_eq!(ward.line.incidents.len(), 2);
    let again = ward.line.incidents.values().last().unwrap();
    assert_eq!(raised(again), [&Reason::Missing { pings: 3, given_up: 0 }]);
}

#[test]
fn a_tag_that_nobody_wears_may_say_of_its_numbers_what_it_likes() {
    let mut ward = Ward::new();
    ward.at(0, 5_000.0);
    let mut wild = made(&mut ward, [1]).remove(0);
    wild.seq = (1 << 53) - 1;
    ward.line.ping(second(2), &"sim/stray".parse().unwrap(), wild);
    ward.line.pass_to(second(100));
    assert!(missing(&ward).is_none());
    assert_eq!(gaps(&ward).missing, 0);
}
