use proptest::prelude::*;

use super::super::position::{azimuth_deg, part_way};
use super::super::{Circle, Crossing, LatLon, Shape, crossing, distance_m, offset};
use super::{at, seen_shape, shape};

/// A shape, and a path from a point near it to another, of any length to 300 km.
fn passed() -> impl Strategy<Value = (Shape, LatLon, LatLon, f64)> {
    let shapes = seen_shape(shape(20_000.0), 40_000.0);
    let beyond = prop_oneof![Just(1.0_f64), Just(30.0)];
    (shapes, 0.0..360.0, 0.0..3.0_f64, beyond, 0.0..0.5).prop_map(
        |((shape, a), turn, part, beyond, grown)| {
            let reach_m = shape.reach_m();
            let length_m = (beyond * part * reach_m).min(300_000.0);
            let b = offset(a, turn, length_m);
            (shape, a, b, grown * reach_m)
        },
    )
}

const SAMPLES: usize = 400;

/// The length of the longest run of samples that certainly has no gap: the depth changes by at
/// most a metre per metre, so two neighbours that together are deeper than their distance leave
/// no room for one.
fn certain_run_m(depths: &[f64], spacing_m: f64) -> f64 {
    let gapless =
        depths.windows(2).map(|pair| pair[0] > 0.0 && pair[1] > 0.0 && pair[0] + pair[1] > spacing_m + 2.0);
    let mut longest = 0.0_f64;
    let mut run = 0.0;
    for is_gapless in gapless {
        run = if is_gapless { run + spacing_m } else { 0.0 };
        longest = longest.max(run);
    }
    longest
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn agrees_with_sampling((shape, a, b, margin_m) in passed()) {
        let length_m = distance_m(a, b);
        let spacing_m = length_m / SAMPLES as f64;
        let depth_at =
            |fraction: f64| margin_m - shape.signed_distance_m(part_way(a, b, fraction));
        let depths: Vec<f64> =
            (0..=SAMPLES).map(|k| depth_at(k as f64 / SAMPLES as f64)).collect();
        let Some(found) = crossing(&shape, margin_m, a, b) else {
            let deepest = depths.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert!(deepest < 1.0, "missed a crossing {deepest} m deep");
            return Ok(());
        };
        let Crossing { enter_fraction, exit_fraction, depth_m } = found;
        prop_assert!(0.0 <= enter_fraction && enter_fraction <= exit_fraction);
        prop_assert!(exit_fraction <= 1.0);
        for (fraction, open) in [(enter_fraction, 0.0), (exit_fraction, 1.0)] {
            let depth = depth_at(fraction);
            prop_assert!(depth.abs() < 2.0 || (fraction == open && depth > -2.0), "{depth}");
        }
        let inside_m = (exit_fraction - enter_fraction) * length_m;
        prop_assert!(inside_m > certain_run_m(&depths, spacing_m) - 4.0);
        for k in 0..=10 {
            let within = enter_fraction + (exit_fraction - enter_fraction) * f64::from(k) / 10.0;
            prop_assert!(depth_at(within) > -2.0);
            prop_assert!(depth_at(within) < depth_m + inside_m / 96.0 + 2.0);
        }
        let deepest = depths.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        prop_assert!(depth_m < deepest + spacing_m + 2.0);
    }
}

#[test]
fn a_path_through_the_middle() {
    let shape: Shape = Circle::new(at(51.5, 179.999), 500.0).unwrap().into();
    let a = offset(shape.centre(), 270.0, 1_000.0);
    let b = offset(shape.centre(), 90.0, 1_000.0);
    let found = crossing(&shape, 100.0, a, b).unwrap();
    assert!((found.enter_fraction - 0.2).abs() < 1e-4, "{found:?}");
    assert!((found.exit_fraction - 0.8).abs() < 1e-4, "{found:?}");
    assert!((found.depth_m - 600.0).abs() < 0.1, "{found:?}");
}

#[test]
fn a_path_that_ends_short_of_it_or_stays_in_one_place() {
    let shape: Shape = Circle::new(at(51.5, 0.0), 500.0).unwrap().into();
    let a = offset(shape.centre(), 30.0, 2_000.0);
    let b = offset(shape.centre(), 30.0, 501.0);
    assert_eq!(crossing(&shape, 0.0, a, b), None);
    assert_eq!(crossing(&shape, 0.0, b, b), None);
    let found = crossing(&shape, 2.0, b, b).unwrap();
    assert_eq!((found.enter_fraction, found.exit_fraction), (0.0, 1.0));
    assert!((found.depth_m - 1.0).abs() < 0.01);
}

#[test]
fn a_flight_of_900_km_over_a_small_circle() {
    let (a, b) = (at(60.0, 5.0), at(62.0, 21.0));
    let shape: Shape = Circle::new(part_way(a, b, 0.4), 500.0).unwrap().into();
    let found = crossing(&shape, 0.0, a, b).unwrap();
    assert!((found.depth_m - 500.0).abs() < 5.0, "{found:?}");
    assert!((0.5 * (found.enter_fraction + found.exit_fraction) - 0.4).abs() < 1e-4, "{found:?}");
}

#[test]
fn a_long_path_past_the_edge_of_a_large_circle() {
    // In the plane about the start, 600 km off, the circle would be 30 m out of place.
    let (a, b) = (at(60.0, 5.0), at(62.0, 21.0));
    let passing = part_way(a, b, 0.7);
    let centre = offset(passing, azimuth_deg(passing, b) + 90.0, 19_000.0);
    let shape: Shape = Circle::new(centre, 20_000.0).unwrap().into();
    let found = crossing(&shape, 0.0, a, b).unwrap();
    assert!((found.depth_m - 1_000.0).abs() < 1.0, "{found:?}");
    assert!((0.5 * (found.enter_fraction + found.exit_fraction) - 0.7).abs() < 1e-4, "{found:?}");
}
