//! What a tag has kept and sends later: over a restart of its own, and of a stay that has just ended.

use cordon::{
    domain::{IncidentKind, Motion, Ping},
    engine::Action,
};

use crate::ward::{Ward, fix, second, tag};

const PERSON: &str = "person p-1";

/// A ping of a boot with one fix of the moment it was sent.
fn ping(boot: u32, seq: u64, sent_s: i64, east_m: f64) -> Ping {
    Ping {
        boot,
        seq,
        oldest_kept: 1,
        next_within_s: 4 * 3_600,
        sent: second(sent_s),
        battery_pct: if boot == 7 { 90 } else { 50 },
        charging: false,
        motion: Motion::Still,
        fixes: vec![fix(sent_s, east_m, 5.0)],
        events: vec![],
    }
}

fn come(ward: &mut Ward, s: i64, ping: Ping) {
    ward.line.ping(second(s), &tag(), ping);
}

#[test]
fn what_was_kept_over_a_restart_of_the_tag_is_as_old_as_it_is() {
    let mut ward = Ward::new();
    come(&mut ward, 0, ping(7, 1, 0, 3_000.0));
    // Cut off; it goes through the zone; it starts again, is heard, and then sends what it had kept.
    come(&mut ward, 3_600, ping(8, 1, 3_600, 3_000.0));
    for seq in 2..8 {
        let sent_s = 300 + i64::try_from(seq).unwrap() * 15;
        come(&mut ward, 3_601, ping(7, seq, sent_s, 0.0));
    }
    let violation = ward.line.incident(IncidentKind::Violation).unwrap();
    assert!(violation.late, "{violation:?}");
    assert_eq!(violation.episodes[0].from, second(330));
    assert!(ward.told(PERSON).is_empty());
    // The clock is believed as ever, and the wearer is where they were seen last.
    assert!(ward.line.incident(IncidentKind::TagClock).is_none());
    let (_, seen) = ward.line.engine.sightings().next().unwrap();
    assert_eq!((seen.fix_at, seen.battery_pct), (second(3_600), 50));
    come(&mut ward, 3_615, ping(8, 2, 3_615, 0.0));
    assert_eq!(ward.told(PERSON), [(3_615, "sms")]);
}

#[test]
fn a_boot_that_was_first_heard_after_the_present_one_does_not_take_its_place() {
    let mut ward = Ward::new();
    come(&mut ward, 700, ping(8, 1, 700, 3_000.0));
    // Never heard before: it may as well be a new start with a wrong clock.
    come(&mut ward, 701, ping(7, 1, 100, 3_000.0));
    for seq in 2..30 {
        come(
            &mut ward,
            700 + i64::try_from(seq).unwrap() * 15,
            ping(8, seq, 700 + i64::try_from(seq).unwrap() * 15, 3_000.0),
        );
        come(
            &mut ward,
            701 + i64::try_from(seq).unwrap() * 15,
            ping(7, seq, 100 + i64::try_from(seq).unwrap(), 3_000.0),
        );
    }
    assert!(ward.line.incidents.is_empty(), "{:?}", ward.line.incidents);
    come(&mut ward, 1_200, ping(8, 30, 1_200, 0.0));
    assert_eq!(ward.told(PERSON), [(1_200, "sms")]);
}

#[test]
fn many_restarts_later_what_was_kept_is_still_as_old_as_it_is() {
    let mut ward = Ward::new();
    for boot in 1..=12 {
        come(&mut ward, i64::from(boot) * 60, ping(boot, 1, i64::from(boot) * 60, 900.0));
    }
    come(&mut ward, 1_200, ping(1, 2, 75, 0.0));
    let violation = ward.line.incident(IncidentKind::Violation).unwrap();
    assert!(violation.late && violation.episodes[0].from == second(75), "{violation:?}");
    assert!(ward.told(PERSON).is_empty() && ward.line.incident(IncidentKind::TagClock).is_none());
}

/// In the zone at `s` and out again; the officer has taken note.
fn once_inside(s: i64) -> Ward {
    let mut ward = Ward::new();
    ward.promise(4 * 3_600);
    for (after_s, east_m) in [(0, 900.0), (15, 0.0), (30, 0.0)] {
        ward.at(s + after_s, east_m);
    }
    for after_s in (45..300).step_by(15) {
        ward.at(s + after_s, 900.0);
    }
    ward.officer(s + 300, Action::Act);
    assert_eq!(ward.told(PERSON).len(), 1);
    ward
}

#[test]
fn a_stay_that_has_just_ended_is_told_although_an_older_one_is_still_open() {
    let mut ward = once_inside(0);
    ward.at(7_200, 900.0);
    let fixes = vec![fix(7_230, 0.0, 5.0), fix(7_245, 0.0, 5.0), fix(7_275, 900.0, 5.0)];
    let ping = ward.ping(7_276, fixes);
    ward.line.ping(second(7_276), &tag(), ping);
    let told = ward.told(PERSON);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[1].0, 7_276);
}

#[test]
fn a_stay_long_ago_or_before_one_that_was_told_disturbs_nobody() {
    for (now_s, inside_s) in [(7_200, 600), (600, 480)] {
        let mut ward = once_inside(now_s);
        let long_ago = ward.ping(now_s + 310, vec![fix(inside_s, 0.0, 5.0), fix(inside_s + 15, 0.0, 5.0)]);
        ward.line.ping(second(now_s + 310), &tag(), long_ago);
        assert_eq!(ward.told(PERSON).len(), 1);
        let violation = ward.line.incident(IncidentKind::Violation).unwrap();
        assert_eq!(violation.episodes.len(), 2, "but it is on record");
    }
}
