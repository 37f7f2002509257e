use proptest::prelude::*;

use super::super::position::part_way;
use super::super::{Circle, Index, LatLon, Polygon, Shape, distance_m, offset};
use super::at;

/// A few dozen shapes within 200 km of each other, each with a margin; some of them over the
/// 180th meridian or over a pole.
fn neighbourhood() -> impl Strategy<Value = (LatLon, Vec<(Shape, f64)>)> {
    let lat = prop_oneof![-60.0..60.0, 60.0..84.9, 84.0..90.0, -90.0..-84.0];
    let lon = prop_oneof![-180.0..180.0, 179.0..180.0, -180.0..-179.0, Just(180.0), Just(-180.0)];
    let shape = (0.0..360.0, 0.0..200_000.0, 1.0..5.0, 0.0..2_000.0, any::<bool>(), 0.0..1.0);
    let shapes = prop::collection::vec(shape, 1..40);
    (lat, lon, shapes).prop_map(|(lat, lon, shapes)| {
        let middle = at(lat, lon);
        let shapes = shapes
            .into_iter()
            .filter_map(|(azimuth, away_m, log_size, margin_m, round, stretch)| {
                let size_m = f64::powf(10.0, log_size).clamp(10.0, 40_000.0);
                let centre = offset(middle, azimuth, away_m);
                let shape = if round {
                    Circle::new(centre, size_m).unwrap().into()
                } else {
                    // Long, thin and often straight to the east: the worst case for a bulge.
                    let long = [85.0, 95.0, 265.0, 275.0].map(|az| az + 20.0 * stretch);
                    let corners = long.map(|az| offset(centre, az, size_m)).to_vec();
                    Polygon::new(vec![corners]).ok()?.into()
                };
                Some((shape, margin_m))
            })
            .collect();
        (middle, shapes)
    })
}

fn index_of(shapes: &[(Shape, f64)]) -> Index<usize> {
    Index::build(shapes.iter().enumerate().map(|(key, (shape, margin_m))| (key, shape, *margin_m)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn names_every_shape_that_is_near(
        (middle, shapes) in neighbourhood(),
        azimuth in 0.0..360.0,
        away_m in 0.0..200_000.0,
        within_m in prop_oneof![Just(0.0), 0.0..50_000.0],
    ) {
        let p = offset(middle, azimuth, away_m);
        let is_near = |key: &usize| {
            let (shape, margin_m) = &shapes[*key];
            shape.signed_distance_m(p) - margin_m <= within_m
        };
        let expected: Vec<usize> = (0..shapes.len()).filter(is_near).collect();
        let mut found = index_of(&shapes).near(p, within_m);
        prop_assert!(found.is_sorted());
        found.retain(is_near);
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn names_every_shape_that_a_path_passes(
        (middle, shapes) in neighbourhood(),
        (from, to) in (0.0..360.0, 0.0..360.0),
        (from_m, to_m) in (0.0..300_000.0, 0.0..300_000.0),
        within_m in 0.0..20_000.0,
    ) {
        let (a, b) = (offset(middle, from, from_m), offset(middle, to, to_m));
        let found = index_of(&shapes).near_segment(a, b, within_m);
        for (key, (shape, margin_m)) in shapes.iter().enumerate() {
            let path = (0..=60).map(|k| part_way(a, b, f64::from(k) / 60.0));
            let nearest = path.map(|p| shape.signed_distance_m(p) - margin_m);
            if nearest.fold(f64::INFINITY, f64::min) <= within_m {
                prop_assert!(found.contains(&key));
            }
        }
    }

    #[test]
    fn a_border_point_is_in_the_box((_, shapes) in neighbourhood(), part in 0.0..1.0) {
        let index = index_of(&shapes);
        for (key, (shape, margin_m)) in shapes.iter().enumerate() {
            let border: Vec<LatLon> = match shape {
                Shape::Circle(circle) => {
                    let end = |k| offset(circle.centre(), 30.0 * f64::from(k), circle.radius_m());
                    (0..12).map(end).collect()
                }
                Shape::Polygon(polygon) => polygon
                    .rings()
                    .iter()
                    .flat_map(|ring| ring.windows(2))
                    .map(|edge| part_way(edge[0], edge[1], part))
                    .collect(),
            };
            for p in border {
                prop_assert!(index.near(p, 0.0).contains(&key));
                let beside = offset(p, 360.0 * part, *margin_m);
                prop_assert!(index.near(beside, 0.0).contains(&key));
            }
        }
    }

    #[test]
    fn inserting_and_removing_is_like_building(
        (middle, shapes) in neighbourhood(),
        keep in 0..40_usize,
    ) {
        let mut index = index_of(&shapes[..0]);
        for (key, (shape, margin_m)) in shapes.iter().enumerate() {
            index.insert(key, &shapes[0].0, 0.0);
            index.insert(key, shape, *margin_m);
        }
        prop_assert_eq!(index.len(), shapes.len());
        for key in keep..shapes.len() {
            prop_assert!(index.remove(&key));
            prop_assert!(!index.remove(&key));
        }
        let built = index_of(&shapes[..keep.min(shapes.len())]);
        for (shape, _) in &shapes {
            let p = shape.centre();
            prop_assert_eq!(index.near(p, 100.0), built.near(p, 100.0));
            let path = (middle, p, 10.0);
            prop_assert_eq!(
                index.near_segment(path.0, path.1, path.2),
                built.near_segment(path.0, path.1, path.2)
            );
        }
    }
}

#[test]
fn leaves_out_what_is_far() {
    let town = at(53.2, -2.9);
    let shapes: Vec<(Shape, f64)> = (0..100)
        .map(|k| {
            let centre = offset(town, 90.0, 1_000.0 * f64::from(k));
            (Circle::new(centre, 200.0).unwrap().into(), 100.0)
        })
        .collect();
    let found = index_of(&shapes).near(town, 3_000.0);
    assert_eq!(found, vec![0, 1, 2, 3]);
    assert!(distance_m(town, shapes[4].0.centre()) > 3_300.0);
}

#[test]
fn a_distance_that_is_not_a_number_finds_everything() {
    let shapes = [(Circle::new(at(10.0, 10.0), 50.0).unwrap().into(), 0.0)];
    let index = index_of(&shapes);
    for within_m in [f64::NAN, f64::INFINITY] {
        assert_eq!(index.near(at(-80.0, -170.0), within_m), vec![0]);
    }
    assert_eq!(index.near(at(-80.0, -170.0), -5.0), Vec::<usize>::new());
}
