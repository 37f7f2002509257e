use super::*;

/// A twentieth of the margin, and a metre.
fn tolerance_m(margin_m: f64) -> f64 {
    0.05 * margin_m + 1.0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_widened_border_is_as_far_from_the_shape_as_it_says(
        shape in shape(3_000.0),
        margin_m in metres(20.0, 1_000.0),
    ) {
        let outline = shape.outline(margin_m);
        prop_assert!(!outline.is_empty());
        for ring in outline.iter().flatten() {
            prop_assert_eq!(ring.first(), ring.last());
            for pair in ring.windows(2) {
                for place in [pair[0], part_way(pair[0], pair[1], 0.5)] {
                    let away_m = shape.signed_distance_m(place);
                    // Between two corners of a large circle the border is cut by a thousandth of its radius.
                    let cut_m = 1e-3 * (shape.reach_m() + margin_m);
                    prop_assert!((away_m - margin_m).abs() <= tolerance_m(margin_m) + cut_m, "{away_m} for {margin_m}");
                }
            }
        }
    }

    #[test]
    fn a_border_without_a_margin_is_the_shapes_own(shape in shape(3_000.0)) {
        for corner in shape.outline(0.0).iter().flatten().flatten() {
            prop_assert!(shape.signed_distance_m(*corner).abs() < 0.1);
        }
    }
}

#[test]
fn a_hole_that_the_margin_fills_is_gone() {
    let ring = |reach_m: f64| -> Vec<LatLon> {
        [45.0, 135.0, 225.0, 315.0].map(|azimuth| offset(at(53.2, -2.9), azimuth, reach_m)).into()
    };
    let shape = Shape::from(Polygon::new(vec![ring(1_000.0), ring(300.0)]).unwrap());
    let rings = |margin_m: f64| shape.outline(margin_m).iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!((rings(0.0), rings(100.0), rings(400.0)), (vec![2], vec![2], vec![1]));
}
