//! What a tag says of where it is: positions that cannot all be true, and what is to be expected next.

use cordon::{
    domain::{Accuracy, Cause, Fix, IncidentKind, Motion, Source},
    geometry::{LatLon, offset},
};
use proptest::prelude::*;

use crate::ward::{Ward, fix, second, tag};

const FAR_M: f64 = 3_000.0;

fn disputed(ward: &Ward) -> Vec<bool> {
    let of = ward.line.incidents.values().filter(|incident| incident.cause == Cause::Position);
    of.inspect(|incident| assert_eq!(incident.kind, IncidentKind::PositionDisputed))
        .map(|incident| incident.ongoing)
        .collect()
}

fn come(ward: &mut Ward, s: i64, fix: Fix, motion: Motion) {
    let mut ping = ward.ping(s, vec![fix]);
    ping.motion = motion;
    ward.line.ping(second(s), &tag(), ping);
}

fn of_source(s: i64, east_m: f64, accuracy_m: f64, source: Source) -> Fix {
    Fix { source, ..fix(s, east_m, accuracy_m) }
}

#[test]
fn a_wild_fix_is_nothing_and_a_receiver_that_jumps_is_disputed_once_until_it_has_been_good_for_ten_minutes() {
    let mut ward = Ward::new();
    for n in 0..40 {
        ward.at(n * 15, if n == 20 { 20_000.0 } else { FAR_M });
    }
    assert!(disputed(&ward).is_empty(), "one wild fix");
    for n in 40..60 {
        ward.at(n * 15, if n % 4 == 0 { 20_000.0 } else { FAR_M });
    }
    assert_eq!(disputed(&ward), [true]);
    for n in 60..90 {
        ward.at(n * 15, FAR_M);
    }
    assert_eq!(disputed(&ward), [true], "not at once");
    for n in 90..102 {
        ward.at(n * 15, FAR_M);
    }
    assert_eq!(disputed(&ward), [false]);
}

#[test]
fn sources_that_contradict_each_other_are_told_and_those_that_agree_are_not() {
    for (cell_m, expected) in [(FAR_M + 500.0, 0), (FAR_M + 9_000.0, 1)] {
        let mut ward = Ward::new();
        for n in 0..12 {
            come(&mut ward, n * 60, of_source(n * 60, FAR_M, 5.0, Source::Gnss), Motion::Still);
            come(&mut ward, n * 60 + 20, of_source(n * 60 + 20, cell_m, 300.0, Source::Cell), Motion::Still);
        }
        assert_eq!(disputed(&ward).len(), expected, "{cell_m}");
    }
}

#[test]
fn two_sources_of_one_moment_in_one_ping_are_compared_too() {
    for (cell_m, expected) in [(FAR_M + 500.0, 0), (FAR_M + 9_000.0, 1)] {
        let mut ward = Ward::new();
        for s in (0..12).map(|n| n * 60) {
            let sources = [(FAR_M, 5.0, Source::Gnss), (cell_m, 300.0, Source::Cell)];
            let fixes = sources.map(|(east_m, accuracy_m, source)| of_source(s, east_m, accuracy_m, source));
            let ping = ward.ping(s, fixes.into());
            ward.line.ping(second(s), &tag(), ping);
        }
        assert_eq!(disputed(&ward).len(), expected, "{cell_m}");
    }
}

#[test]
fn a_position_that_stands_still_while_the_tag_moves_is_disputed_and_one_that_lies_on_a_table_is_not() {
    for (motion, expected) in [(Motion::Moving, 1), (Motion::Still, 0), (Motion::Unknown, 0)] {
        let mut ward = Ward::new();
        for n in 0..30 {
            come(&mut ward, n * 60, fix(n * 60, FAR_M, 5.0), motion);
        }
        assert_eq!(disputed(&ward).len(), expected, "{motion:?}");
    }
    let mut ward = Ward::new();
    for n in 0..19 {
        come(&mut ward, n * 60, fix(n * 60, FAR_M, 5.0), Motion::Moving);
    }
    assert!(disputed(&ward).is_empty(), "not before 20 minutes");
}

proptest! {
    /// Whoever goes about with the errors of a good receiver is never disputed, at any interval.
    #[test]
    fn honest_positions_are_not_disputed(
        interval_s in prop::sample::select(vec![1_i64, 5, 15, 60, 300]),
        mps in 0.0_f64..40.0,
        errors_m in prop::collection::vec((0.0_f64..360.0, 0.0_f64..15.0), 40..80),
    ) {
        let mut ward = Ward::new();
        ward.promise(600);
        let start = LatLon::new(54.9, -2.2).unwrap();
        for (n, (azimuth_deg, error_m)) in errors_m.iter().enumerate() {
            let s = i64::try_from(n).unwrap() * interval_s;
            let truth = offset(start, 10.0, mps * s as f64);
            let position = offset(truth, *azimuth_deg, *error_m);
            let fix = Fix { at: second(s), position, accuracy: Accuracy::Stated(5.0), source: Source::Gnss, speed_mps: None };
            come(&mut ward, s, fix, Motion::Moving);
        }
        prop_assert_eq!(disputed(&ward), Vec::<bool>::new());
    }
}

#[test]
fn the_outlook_of_who_comes_nearer_says_when_they_will_be_there() {
    let mut ward = Ward::new();
    let wearer = "w-1".parse().unwrap();
    // 5 m/s towards the zone, whose border is 200 m east of its middle.
    for n in 0..13 {
        ward.at(n * 15, 1_200.0 - 75.0 * n as f64);
    }
    let zone = "z-1".parse().unwrap();
    let outlook = ward.line.engine.outlook(&wearer, &zone, second(180)).unwrap();
    assert!((outlook.border_m - 100.0).abs() < 10.0, "{outlook:?}");
    assert!((outlook.closing_mps - 5.0).abs() < 0.7, "{outlook:?}");
    assert!(outlook.reach_s.is_some_and(|s| (15.0..28.0).contains(&s)), "{outlook:?}");
    assert!(outlook.p_now < 0.05 && outlook.p_60s > 0.5 && outlook.p_120s >= outlook.p_60s, "{outlook:?}");
    // The same way back.
    for n in 13..30 {
        ward.at(n * 15, 300.0 + 75.0 * (n - 13) as f64);
    }
    let away = ward.line.engine.outlook(&wearer, &zone, second(435)).unwrap();
    assert!(away.closing_mps < 0.0 && away.p_120s < 0.15, "{away:?}");
}
