use proptest::prelude::*;

use super::super::{LatLon, Plane, Polygon, Shape, distance_m, offset};
use super::{at, circle, metres, oracle_m, polygon, position, seen_shape};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn circles_to_10_km((shape, p) in seen_shape(circle(10_000.0), 10_000.0)) {
        prop_assert!((shape.signed_distance_m(p) - oracle_m(&shape, p)).abs() < 0.01);
    }

    #[test]
    fn circles_to_50_km((shape, p) in seen_shape(circle(50_000.0), 50_000.0)) {
        prop_assert!((shape.signed_distance_m(p) - oracle_m(&shape, p)).abs() < 0.01);
    }

    #[test]
    fn circles_far_away((shape, p) in seen_shape(circle(50_000.0), 20_000_000.0)) {
        prop_assert!((shape.signed_distance_m(p) - oracle_m(&shape, p)).abs() < 3.0);
    }

    #[test]
    fn planes_keep_places_to_100_km(
        p in position(),
        azimuth in 0.0..360.0,
        m in metres(0.01, 1e5),
    ) {
        let q = offset(p, azimuth, m);
        let [east, north] = Plane::about(p).project(q);
        let (sin, cos) = f64::to_radians(azimuth).sin_cos();
        prop_assert!((east - m * sin).hypot(north - m * cos) < 0.03);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn polygons_to_10_km((shape, p) in seen_shape(polygon(5_000.0), 10_000.0)) {
        prop_assert!((shape.signed_distance_m(p) - oracle_m(&shape, p)).abs() < 0.01);
    }

    #[test]
    fn polygons_to_50_km((shape, p) in seen_shape(polygon(50_000.0), 50_000.0)) {
        prop_assert!((shape.signed_distance_m(p) - oracle_m(&shape, p)).abs() < 2.0);
    }
}

#[test]
fn circles_at_the_poles() {
    for (lat, lon) in [(90.0, 0.0), (-90.0, 77.0), (89.99, -180.0)] {
        let shape: Shape = super::Circle::new(at(lat, lon), 2_000.0).unwrap().into();
        for azimuth in [0.0, 90.0, 200.0] {
            for away in [0.0, 500.0, 1_999.0, 30_000.0] {
                let p = offset(shape.centre(), azimuth, away);
                assert!((shape.signed_distance_m(p) - (away - 2_000.0)).abs() < 0.01);
            }
        }
    }
}

#[test]
fn the_other_side_of_the_earth_is_far_outside() {
    let corners = [at(0.0, 0.0), at(0.0, 0.5), at(0.5, 0.5), at(0.5, 0.0)];
    let shape: Shape = Polygon::new(vec![corners.to_vec()]).unwrap().into();
    let p = at(-0.25, -179.75);
    assert!(shape.signed_distance_m(p) > 19_000_000.0);
    assert!(shape.signed_distance_m(p) < distance_m(p, corners[0]));
    assert!(shape.probability_inside(p, 100.0, 3.0) == 0.0);
}

#[test]
fn a_hole_is_outside_and_its_border_counts() {
    let square = |half_m: f64| -> Vec<LatLon> {
        let diagonal = half_m * std::f64::consts::SQRT_2;
        [45.0, 135.0, 225.0, 315.0].map(|az| offset(at(52.0, 4.0), az, diagonal)).to_vec()
    };
    let shape: Shape = Polygon::new(vec![square(500.0), square(100.0)]).unwrap().into();
    let distance_at = |east_m: f64| shape.signed_distance_m(offset(at(52.0, 4.0), 90.0, east_m));
    assert!((distance_at(0.0) - 100.0).abs() < 0.01);
    assert!((distance_at(130.0) + 30.0).abs() < 0.01);
    assert!((distance_at(450.0) + 50.0).abs() < 0.01);
    assert!((distance_at(520.0) - 20.0).abs() < 0.01);
}
