use proptest::prelude::*;

use super::super::{Circle, LatLon, Polygon, Shape, offset};
use super::{at, metres, position, shape};

/// A shape and a point about its border, and an error of a size that matters there.
fn uncertain() -> impl Strategy<Value = (Shape, LatLon, f64, f64)> {
    (shape(2_000.0), 0.0..360.0, 0.0..1.6, 0.03..1.0, 1.0..8.0).prop_map(
        |(shape, azimuth, part, size, dof)| {
            let p = offset(shape.centre(), azimuth, part * shape.reach_m());
            let sigma_m = size * shape.reach_m();
            (shape, p, sigma_m, dof)
        },
    )
}

/// The share of 4,000 points, spread as the error is, that lie within `margin_m` of the shape.
fn sampled(shape: &Shape, p: LatLon, margin_m: f64, sigma_m: f64, dof: f64) -> f64 {
    let count = 4_000;
    let inside = (0..count).filter(|k| {
        // A Kronecker sequence (R2, after Roberts 2018) fills the square evenly.
        let u = (0.5 + 0.754_877_666_246_692_8 * f64::from(*k)).fract();
        let turn = (0.5 + 0.569_840_290_998_053_2 * f64::from(*k)).fract();
        let r_m = sigma_m * (dof * ((1.0 - u).powf(-2.0 / dof) - 1.0)).sqrt();
        // Nothing of interest lies beyond, and the tail of one degree of freedom goes round the
        // Earth.
        r_m < 200_000.0 && shape.signed_distance_m(offset(p, 360.0 * turn, r_m)) <= margin_m
    });
    inside.count() as f64 / f64::from(count)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn inside_agrees_with_sampling((shape, p, sigma_m, dof) in uncertain()) {
        let probability = shape.probability_inside(p, sigma_m, dof);
        prop_assert!((probability - sampled(&shape, p, 0.0, sigma_m, dof)).abs() < 0.02);
    }

    #[test]
    fn within_agrees_with_sampling((shape, p, sigma_m, dof) in uncertain(), part in 0.0..1.0) {
        let margin_m = part * shape.reach_m();
        let probability = shape.seen_from(p).probability_within(margin_m, sigma_m, dof);
        prop_assert!((probability - sampled(&shape, p, margin_m, sigma_m, dof)).abs() < 0.02);
        prop_assert!(probability >= shape.probability_inside(p, sigma_m, dof));
    }

    #[test]
    fn deeper_is_likelier(centre in position(), sigma_m in 2.0..300.0, dof in 1.0..8.0) {
        let diagonal = 500.0 * std::f64::consts::SQRT_2;
        let corners = [45.0, 135.0, 225.0, 315.0].map(|az| offset(centre, az, diagonal));
        let square = Polygon::new(vec![corners.to_vec()]);
        prop_assume!(square.is_ok());
        for shape in [square.unwrap().into(), Shape::from(Circle::new(centre, 500.0).unwrap())] {
            let at_m = |m: f64| shape.probability_inside(offset(centre, 90.0, m), sigma_m, dof);
            let steps: Vec<f64> = (0..=50).map(|k| at_m(f64::from(1_000 - 20 * k))).collect();
            for pair in steps.windows(2) {
                prop_assert!(pair[1] > pair[0] - 0.003, "{steps:?}");
            }
            prop_assert!(steps[50] > steps[0]);
        }
    }

    #[test]
    fn the_centre_of_a_circle_has_a_closed_form(
        centre in position(),
        radius_m in metres(10.0, 5_000.0),
        size in 0.1..2.0_f64,
        dof in 0.5..20.0_f64,
    ) {
        let sigma_m = size * radius_m;
        let shape: Shape = Circle::new(centre, radius_m).unwrap().into();
        let expected = 1.0 - (1.0 + 1.0 / (dof * size * size)).powf(-0.5 * dof);
        let probability = shape.probability_inside(centre, sigma_m, dof);
        prop_assert!((probability - expected).abs() < 2e-4);
    }

    #[test]
    fn a_straight_border_halves(
        centre in position(),
        sigma_m in 2.0..100.0,
        dof in 3.0..8.0,
        turn in 0.0..360.0,
    ) {
        let half_m = 20_000.0;
        let diagonal = half_m * std::f64::consts::SQRT_2;
        let corners = [45.0, 135.0, 225.0, 315.0].map(|az| offset(centre, az + turn, diagonal));
        let square = Polygon::new(vec![corners.to_vec()]);
        prop_assume!(square.is_ok());
        let shape: Shape = square.unwrap().into();
        let near = offset(centre, 90.0 + turn, half_m - 100.0);
        // The middle of an edge is not where a plane square has it: go there in two steps.
        let border = offset(near, 90.0 + turn, -shape.signed_distance_m(near));
        let beside_m = shape.signed_distance_m(border);
        prop_assert!(beside_m.abs() < 1.0);
        let probability = shape.probability_inside(border, sigma_m, dof);
        prop_assert!((probability - 0.5).abs() < 0.01 + beside_m.abs() / sigma_m);
    }
}

#[test]
fn an_unusable_error_leaves_the_point_to_decide() {
    let shape: Shape = Circle::new(at(51.0, 0.0), 100.0).unwrap().into();
    for (sigma_m, dof) in [(0.0, 3.0), (f64::NAN, 3.0), (-1.0, 3.0), (5.0, 0.0), (5.0, f64::NAN)] {
        assert_eq!(shape.probability_inside(at(51.0, 0.0), sigma_m, dof), 1.0);
        assert_eq!(shape.probability_inside(at(51.1, 0.0), sigma_m, dof), 0.0);
    }
}

#[test]
fn a_distant_shape_gets_the_mass_of_the_tail() {
    // Far from a small shape the density is all but constant: mass = density x area.
    let centre = at(60.0, 10.0);
    let corners = [45.0, 135.0, 225.0, 315.0].map(|az| offset(centre, az, 100.0));
    let square: Shape = Polygon::new(vec![corners.to_vec()]).unwrap().into();
    let circle: Shape = Circle::new(centre, 80.0).unwrap().into();
    let (sigma_m, dof, away_m) = (500.0_f64, 3.0_f64, 900.0_f64);
    let p = offset(centre, 17.0, away_m);
    let density = (1.0 + away_m.powi(2) / (dof * sigma_m.powi(2))).powf(-0.5 * dof - 1.0)
        / (std::f64::consts::TAU * sigma_m.powi(2));
    for (shape, area_m2) in [(square, 20_000.0), (circle, std::f64::consts::PI * 6_400.0)] {
        let probability = shape.probability_inside(p, sigma_m, dof);
        assert!((probability / (density * area_m2) - 1.0).abs() < 0.05, "{probability}");
    }
}
