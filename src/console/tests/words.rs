use std::collections::BTreeSet;

use super::*;
use crate::{
    console::tests::fixture,
    domain::{AlertId, AlertState, Hop, IncidentKind, Outcome, Stage, Timestamp},
    engine::Rulebook,
};

/// Said to people: starts like a sentence, shows no Rust, and no two say the same.
fn check(said: &[String]) {
    let unique: BTreeSet<_> = said.iter().collect();
    assert_eq!(unique.len(), said.len(), "{said:?}");
    for one in said {
        assert!(one.chars().any(char::is_alphabetic), "{one}");
        for debris in ["::", "{", "Some(", "NaN", "inf"] {
            assert!(!one.contains(debris), "{one}");
        }
    }
}

// The functions match without a wildcard, so the compiler sees to it that every variant has words.

#[test]
fn kinds_outcomes_stages_and_states() {
    check(&fixture::KINDS.map(|k| kind(k).to_owned()));
    check(&fixture::KINDS.map(|k| meaning(k).to_owned()));
    check(&Outcome::ALL.map(|o| outcome(o).0.to_owned()));
    check(&Outcome::ALL.map(|o| outcome(o).1.to_owned()));
    check(&[Priority::P1, Priority::P2, Priority::P3].map(|p| priority(p).to_owned()));
    check(
        &[Stage::Clear, Stage::Watch, Stage::Approach, Stage::Violation, Stage::Left]
            .map(|s| stage(s).to_owned()),
    );
    check(&[Risk::Standard, Risk::Medium, Risk::High].map(|r| risk(r).to_owned()));
    check(&[Channel::Sms, Channel::Webhook].map(|c| channel(c).to_owned()));
    let states = [
        AlertState::Waiting,
        AlertState::Accepted,
        AlertState::Delivered,
        AlertState::PickedUp,
        AlertState::Acknowledged,
        AlertState::Withdrawn,
        AlertState::Expired("no_answer".into()),
    ];
    for by in [Channel::Sms, Channel::Voice] {
        check(&states.clone().map(|state| alert_state(by, &state)));
    }
    let rulebook = Rulebook::default();
    check(&fixture::handlings().map(|h| handling(&h, None, Names(&rulebook))));
}

fn reasons() -> Vec<Reason> {
    vec![
        Reason::TrustedFix { p: 0.97, border_m: -84.0, sigma_m: 12.0 },
        Reason::Agreeing { p: 0.9, weight: 1.64, border_m: -12.0 },
        Reason::Crossed { depth_m: 140.0, gap_s: 45.0 },
        Reason::ScheduleBegan { p: 0.995 },
        Reason::ZonePublished { p: 0.88 },
        Reason::NearZone { p: 0.7, border_m: 1_234.0 },
        Reason::TwoFixesOutside { p: 0.002, apart_s: 75.0 },
        Reason::ZoneEnded,
        Reason::TagReported { event: "strap_tamper".into() },
        Reason::Battery { pct: 14 },
        Reason::Silent { for_s: 900.0, promised_s: 300 },
        Reason::OutOfSight { for_s: 7_300.0, border_m: 12_345.0 },
        Reason::Back,
        Reason::SourceSilent,
        Reason::Crashed,
        Reason::TooMany { messages: 4_000 },
        Reason::ClockOff { by_s: -86_400.0 },
        Reason::ClockOff { by_s: 300.0 },
        Reason::ClockStuck,
        Reason::Missing { pings: 990, given_up: 0 },
        Reason::Missing { pings: 0, given_up: 12 },
        Reason::Missing { pings: 0, given_up: 0 },
        Reason::Misused { messages: 12 },
        Reason::ProviderFails { reason: "http_503".into() },
        Reason::BrowserGone,
        Reason::OtherAddress,
        Reason::StoreFails,
        Reason::Disk { pct: 91 },
        Reason::CanaryMissed { hop: Hop::Broker },
        Reason::CanaryMissed { hop: Hop::Line },
        Reason::CanaryMissed { hop: Hop::Dispatch },
        Reason::NoConsoleArmed,
        Reason::Works,
        Reason::NeverHeard { for_s: 1_000.0 },
        Reason::ImpossibleSpeed { mps: 140.0 },
        Reason::SourcesDisagree { apart_m: 2_400.0 },
        Reason::Frozen { for_s: 1_300.0 },
        Reason::PositionsAgree,
        Reason::WasInside { p: 0.86, border_m: -31.0, sigma_m: 21.4 },
        Reason::CompanionStale { for_s: 200.0 },
        Reason::LateFixes,
    ]
}

#[test]
fn reasons_tell_their_numbers() {
    let said: Vec<String> = reasons().iter().map(reason).collect();
    check(&said);
    for (i, words) in [
        (0, "One trusted fix, 84 m inside the zone's border; 97 % likely to be inside (error scale 12 m)."),
        (1, "worth 1.6 independent ones"),
        (2, "two fixes 45 s apart went through the zone, up to 140 m inside"),
        (3, "over 99 % likely"),
        (5, "1.2 km outside the zone's border"),
        (6, "under 1 % likely"),
        (8, "\"strap tamper\""),
        (10, "Nothing heard for 15 min, though a message was promised within 5 min."),
        (11, "No trustworthy fix for 2 h 1 min; the last one was 12 km outside"),
    ] {
        assert!(said[i].contains(words), "{}", said[i]);
    }
}

#[test]
fn every_happening_has_words() {
    let rulebook = fixture::rulebook("Barry Stone");
    let amy = fixture::id("amy");
    let all = [
        Happening::Raised {
            kind: IncidentKind::Blind,
            true_time: Timestamp::MIN,
            reason: Reason::SourceSilent,
        },
        Happening::Over { reason: Reason::Back },
        Happening::Disproved { from: Timestamp::MIN },
        Happening::Alert {
            alert: AlertId(1),
            recipient: Recipient::Person(fixture::id("p-1")),
            channel: Channel::Sms,
            state: AlertState::Delivered,
        },
        Happening::Answered { person: fixture::id("p-1"), answer: "help".into() },
        Happening::Unreached { person: fixture::id("p-1") },
        Happening::Owned { by: fixture::id("amy") },
        Happening::BackToQueue,
        Happening::Acted { by: fixture::id("amy") },
        Happening::Noted { by: fixture::id("amy"), text: "Rang him.".into() },
        Happening::Closed { by: amy, outcome: Outcome::Test },
    ];
    let said = all.map(|what| happening(&what, Names(&rulebook)));
    check(&said.clone().map(|(what, _)| what));
    assert_eq!(said[3].0, "Text to Ms A. Berry: delivered");
    assert_eq!(said[4], ("Ms A. Berry answered".into(), "2: needs help".into()));
    assert_eq!(said[5].0, "No channel reached Ms A. Berry: call them");
    assert_eq!(said[10], ("Sgt Amy Okafor closed it".into(), "Test. A drill.".into()));
}

#[test]
fn what_is_known_of_a_companion_says_whether_the_zone_is_on() {
    let at = |s: i64| Timestamp::from_ms(s * 1_000);
    let all = [
        Companionship::Missing,
        Companionship::NeverHeard,
        Companionship::Fresh { heard_at: at(980), until: at(1_100) },
        Companionship::Stale { heard_at: at(280), fix_at: Some(at(275)) },
        Companionship::Stale { heard_at: at(990), fix_at: Some(at(275)) },
        Companionship::Stale { heard_at: at(990), fix_at: None },
    ];
    let said = all.map(|known| companionship(&known, at(1_000)));
    check(&said);
    assert_eq!(said[2], "Companion heard 20 s ago: the zone around the person is on");
    assert_eq!(said[3], "Companion not heard for 12 min: the zone around the person is off");
    assert!(said.iter().enumerate().all(|(i, one)| one.ends_with("is off") == (i != 2)), "{said:?}");
    // A picture that is drawn no more does not say for ever that all is well.
    assert!(companionship(&all[2], at(1_200)).ends_with("is off"));
}

#[test]
fn spans_and_distances_are_short() {
    for (s, said) in
        [(0.4, "0 s"), (99.9, "99 s"), (100.0, "1 min"), (5_999.0, "99 min"), (12_000.0, "3 h 20 min")]
    {
        assert_eq!(span(s), said);
    }
    for (s, said) in [(172_800.0, "2 days"), (-5.0, "0 s"), (f64::NAN, "0 s"), (1e30, "106751991167300 days")]
    {
        assert_eq!(span(s), said);
    }
    for (m, said) in [(-84.2, "84 m"), (999.4, "999 m"), (1_234.0, "1.2 km"), (84_321.0, "84 km")] {
        assert_eq!(metres(m), said);
    }
}

#[test]
fn trouble_is_named_by_its_cause() {
    let incidents = fixture::KINDS.map(|kind| fixture::incident(1, kind, Priority::P2, Handling::Raised));
    let mut said: Vec<String> = incidents.iter().map(trouble).collect();
    // A tag's clock is a cause of the same name.
    said.dedup();
    check(&said);
    let mut disk = fixture::incident(1, IncidentKind::DiskFull, Priority::P2, Handling::Raised);
    for pct in [70, 86] {
        let (at, reason) = (Timestamp::from_ms(0), Reason::Disk { pct });
        let what = Happening::Raised { kind: IncidentKind::DiskFull, true_time: at, reason };
        disk.timeline.push(crate::domain::Entry { at, what });
    }
    assert_eq!(trouble(&disk), "disk 86 % full");
}
