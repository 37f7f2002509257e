//! The order of visits does not matter, and roads are told apart.

use proptest::prelude::*;

use super::*;
use crate::domain::Timestamp;

const RING_M: f64 = 600.0;

/// A straight way through the ring, beside its middle, give or take what receivers and lanes do.
fn passing(toward_deg: f64, beside_m: f64, wobble_m: f64) -> Trace {
    let (sin, cos) = toward_deg.to_radians().sin_cos();
    let half_m = (RING_M * RING_M - beside_m * beside_m).sqrt();
    let line = std::array::from_fn(|nth| {
        let along_m = half_m * (2.0 * nth as f64 / (POINTS - 1) as f64 - 1.0);
        let across_m = beside_m + if nth % 2 == 0 { wobble_m } else { -wobble_m };
        [along_m * sin + across_m * cos, along_m * cos - across_m * sin]
    });
    Trace::Passing { line, mps: 10.0 }
}

fn visit(minute: i64, trace: Trace) -> (Visit, Trace) {
    let (kind, begin) = (VisitKind::Approach, Timestamp::from_ms(minute * 60_000));
    (Visit { kind, begin, duration_s: 60, lasts: false, nearest_m: Some(30.0), way: None }, trace)
}

fn any_visit() -> impl Strategy<Value = (Visit, Trace)> {
    let roads = prop_oneof![Just(0.0), Just(90.0), Just(180.0), 0.0..360.0_f64];
    let trace = prop_oneof![
        6 => (roads, -300.0..300.0_f64, 0.0..20.0_f64).prop_map(|(deg, m, wobble)| passing(deg, m, wobble)),
        2 => (-400.0..400.0_f64, -400.0..400.0_f64).prop_map(|(e, n)| Trace::Staying { place: [e, n] }),
        1 => Just(Trace::Unclear),
    ];
    let kind = prop_oneof![Just(VisitKind::Approach), Just(VisitKind::Violation)];
    (0..40_000_i64, trace, kind).prop_map(|(minute, trace, kind)| {
        let (of_minute, trace) = visit(minute, trace);
        (Visit { kind, ..of_minute }, trace)
    })
}

proptest! {
    #[test]
    fn the_order_of_visits_does_not_matter(
        (visits, order) in prop::collection::vec(any_visit(), 0..30).prop_flat_map(|visits| {
            let order = Just((0..visits.len()).collect::<Vec<_>>()).prop_shuffle();
            (Just(visits), order)
        })
    ) {
        let (expected, of_visit) = ways(&visits, RING_M);
        let shuffled: Vec<_> = order.iter().map(|nth| visits[*nth].clone()).collect();
        let (found, of_shuffled) = ways(&shuffled, RING_M);
        prop_assert_eq!(&found, &expected);
        for (place, nth) in order.iter().enumerate() {
            let same = visits[*nth].0.begin;
            // Visits that are alike in all but their place in the list may change places.
            if visits.iter().filter(|(visit, _)| visit.begin == same).count() == 1 {
                prop_assert_eq!(of_shuffled[place], of_visit[*nth]);
            }
        }
        prop_assert_eq!(found.iter().map(Way::count).sum::<usize>(), visits.len());
        prop_assert!(found.windows(2).all(|pair| pair[0].count() >= pair[1].count()));
    }
}

#[test]
fn a_road_used_both_ways_is_one_and_a_crossing_one_is_another() {
    let there = (0..5).map(|n| visit(n * 1_440, passing(135.0, 40.0, 15.0)));
    // Whoever comes back has the middle on the other hand.
    let back = (0..3).map(|n| visit(n * 1_440 + 600, passing(315.0, -50.0, 10.0)));
    let other = [visit(99, passing(45.0, 0.0, 5.0))];
    let visits: Vec<_> = there.chain(back).chain(other).collect();
    let (found, of_visit) = ways(&visits, RING_M);
    assert_eq!(of_visit, [0, 0, 0, 0, 0, 0, 0, 0, 1]);
    let How::Passing { from, to, there, back, kmh } = &found[0].how else { panic!("{found:?}") };
    assert_eq!((from.to_string(), to.to_string()), ("north-west".into(), "south-east".into()));
    assert_eq!((*there, *back, *kmh), (5, 3, 36.0));
    let How::Passing { from, to, .. } = &found[1].how else { panic!("{found:?}") };
    assert_eq!((from.to_string(), to.to_string()), ("south-west".into(), "north-east".into()));
}

#[test]
fn roads_on_two_sides_of_the_zone_are_two() {
    let visits = [visit(1, passing(90.0, 300.0, 0.0)), visit(2, passing(90.0, -300.0, 0.0))];
    assert_eq!(ways(&visits, RING_M).0.len(), 2);
}

#[test]
fn the_way_is_told_by_what_most_did() {
    let visits = [
        visit(1, passing(180.0, 0.0, 0.0)),
        visit(2, passing(0.0, 0.0, 0.0)),
        visit(3, passing(0.0, 10.0, 0.0)),
    ];
    let (found, _) = ways(&visits, RING_M);
    let How::Passing { from, to, there, back, .. } = &found[0].how else { panic!("{found:?}") };
    assert_eq!((from.to_string(), to.to_string(), *there, *back), ("south".into(), "north".into(), 2, 1));
}

#[test]
fn stays_at_one_place_are_one() {
    let stay = |east_m| visit(1, Trace::Staying { place: [east_m, 0.0] });
    let (found, of_visit) = ways(&[stay(-200.0), stay(300.0), stay(-230.0)], RING_M);
    assert_eq!(of_visit, [0, 1, 0]);
    assert_eq!(found[0].how, How::Staying { side: Compass::to([-1.0, 0.0]), from_middle_m: 215.0 });
}
