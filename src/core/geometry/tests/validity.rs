use super::super::{Circle, LatLon, Polygon, ShapeError, offset};
use super::at;

/// Vertices at metres east and north of a point in London.
fn ring(points: &[[f64; 2]]) -> Vec<LatLon> {
    let origin = at(51.5, -0.1);
    let place =
        |[east, north]: &[f64; 2]| offset(origin, east.atan2(*north).to_degrees(), east.hypot(*north));
    points.iter().map(place).collect()
}

fn square(east: f64, north: f64, side: f64) -> Vec<LatLon> {
    ring(&[[east, north], [east + side, north], [east + side, north + side], [east, north + side]])
}

fn refusal(outer: Vec<LatLon>, holes: Vec<Vec<LatLon>>) -> ShapeError {
    Polygon::new([vec![outer], holes].concat()).expect_err("a shape that must be refused")
}

#[test]
fn radius() {
    for radius_m in [10.0, 300.0, 50_000.0] {
        assert!(Circle::new(at(0.0, 0.0), radius_m).is_ok());
    }
    for radius_m in [-5.0, 0.0, 9.9, 50_001.0, f64::INFINITY, f64::NAN] {
        assert!(matches!(Circle::new(at(0.0, 0.0), radius_m), Err(ShapeError::Radius { .. })));
    }
}

#[test]
fn rings_are_closed_and_turned() {
    let open = square(0.0, 0.0, 1_000.0);
    let mut closed = open.clone();
    closed.push(open[0]);
    let mut clockwise = open.clone();
    clockwise.reverse();
    let hole = square(300.0, 300.0, 100.0);
    let from = |outer: &[LatLon]| Polygon::new(vec![outer.to_vec(), hole.clone()]).unwrap();
    assert_eq!(from(&open), from(&closed));
    let written = from(&clockwise).rings().to_vec();
    assert_eq!(Polygon::new(written), Ok(from(&clockwise)));
    let signed_area = |ring: &[LatLon]| -> f64 {
        let term = |v: &[LatLon]| v[0].lon_deg() * v[1].lat_deg() - v[1].lon_deg() * v[0].lat_deg();
        ring.windows(2).map(term).sum()
    };
    for polygon in [from(&open), from(&clockwise)] {
        let rings = polygon.rings();
        assert_eq!(rings.len(), 2);
        assert!(rings.iter().all(|ring| ring.len() == 5 && ring[0] == ring[4]));
        assert!(signed_area(&rings[0]) > 0.0 && signed_area(&rings[1]) < 0.0);
    }
}

#[test]
fn too_few_vertices() {
    let nothing = Polygon::new(vec![]);
    assert_eq!(nothing, Err(ShapeError::TooFewVertices { ring: 0, distinct: 0 }));
    let two = ring(&[[0.0, 0.0], [100.0, 0.0]]);
    for outer in [vec![], two[..1].to_vec(), two.clone(), [&two[..], &two[..1]].concat()] {
        assert!(matches!(refusal(outer, vec![]), ShapeError::TooFewVertices { ring: 0, .. }));
    }
    let error = refusal(square(0.0, 0.0, 500.0), vec![two]);
    assert_eq!(error, ShapeError::TooFewVertices { ring: 1, distinct: 2 });
}

#[test]
fn too_many_vertices() {
    let circle = |count: u32| -> Vec<LatLon> {
        let azimuth = |k| 360.0 * f64::from(k) / f64::from(count);
        (0..count).map(|k| offset(at(51.5, 0.0), azimuth(k), 5_000.0)).collect()
    };
    assert!(Polygon::new(vec![circle(1_000)]).is_ok());
    assert_eq!(refusal(circle(1_001), vec![]), ShapeError::TooManyVertices { count: 1_001 });
}

#[test]
fn repeated_vertices() {
    let mut outer = square(0.0, 0.0, 500.0);
    outer.insert(2, outer[1]);
    let expected = ShapeError::RepeatedVertex { ring: 0, first: 1, second: 2 };
    assert_eq!(refusal(outer, vec![]), expected);
}

#[test]
fn self_crossing_names_both_edges() {
    let bow_tie = ring(&[[0.0, 0.0], [500.0, 500.0], [500.0, 0.0], [0.0, 500.0]]);
    let expected = ShapeError::SelfCrossing { ring: 0, first: 0, second: 2 };
    assert_eq!(refusal(bow_tie, vec![]), expected);
    let spike = ring(&[[0.0, 0.0], [500.0, 0.0], [250.0, 0.0], [250.0, 400.0]]);
    assert!(matches!(refusal(spike, vec![]), ShapeError::SelfCrossing { ring: 0, .. }));
    let touching = ring(&[[0.0, 0.0], [500.0, 0.0], [500.0, 400.0], [250.0, 0.0], [0.0, 400.0]]);
    assert!(matches!(refusal(touching, vec![]), ShapeError::SelfCrossing { ring: 0, .. }));
    let message = expected.to_string();
    assert!(message.contains("edge 0") && message.contains("edge 2"), "{message}");
}

#[test]
fn too_small() {
    let sliver = ring(&[[0.0, 0.0], [100.0, 0.0], [50.0, 1.0]]);
    assert!(matches!(refusal(sliver, vec![]), ShapeError::TooSmall { ring: 0, .. }));
    assert!(Polygon::new(vec![square(0.0, 0.0, 10.1)]).is_ok());
    assert!(matches!(
        refusal(square(0.0, 0.0, 9.9), vec![]),
        ShapeError::TooSmall { ring: 0, area_m2 } if (area_m2 - 98.0).abs() < 0.1
    ));
}

#[test]
fn holes() {
    let outer = || square(0.0, 0.0, 1_000.0);
    let expected = ShapeError::HoleOutside { ring: 1 };
    assert_eq!(refusal(outer(), vec![square(2_000.0, 0.0, 100.0)]), expected);
    assert_eq!(refusal(outer(), vec![square(-500.0, -500.0, 3_000.0)]), expected);
    let across = refusal(outer(), vec![square(900.0, 300.0, 200.0)]);
    assert!(matches!(across, ShapeError::RingsCross { ring: 0, other_ring: 1, .. }));
    let hole = |east, side| square(east, east, side);
    let overlap = refusal(outer(), vec![hole(100.0, 200.0), hole(200.0, 200.0)]);
    assert!(matches!(overlap, ShapeError::RingsCross { ring: 1, other_ring: 2, .. }));
    let nested = refusal(outer(), vec![hole(100.0, 500.0), hole(200.0, 100.0)]);
    assert_eq!(nested, ShapeError::HoleInHole { ring: 2, other_ring: 1 });
    let nesting = refusal(outer(), vec![hole(200.0, 100.0), hole(100.0, 500.0)]);
    assert_eq!(nesting, ShapeError::HoleInHole { ring: 1, other_ring: 2 });
    assert!(Polygon::new(vec![outer(), hole(100.0, 200.0), hole(400.0, 200.0)]).is_ok());
}

#[test]
fn places_that_are_not_accepted() {
    let box_of =
        |south, north, west, east| vec![at(south, west), at(south, east), at(north, east), at(north, west)];
    let meridian = refusal(box_of(10.0, 10.1, 179.9, -179.9), vec![]);
    assert_eq!(meridian, ShapeError::CrossesAntimeridian { ring: 0, edge: 0 });
    assert!(Polygon::new(vec![box_of(10.0, 10.1, 179.9, 180.0)]).is_ok());
    let polar = refusal(box_of(84.9, 85.1, 0.0, 1.0), vec![]);
    assert_eq!(polar, ShapeError::TooNearPole { ring: 0, vertex: 2 });
    let large = refusal(box_of(50.0, 51.0, 0.0, 0.1), vec![]);
    assert!(matches!(large, ShapeError::TooLarge { ring: 0, vertex: 2, other: 0, .. }));
    // Each vertex is within 100 km of the first, but two of them are not of each other.
    let wide = vec![at(0.0, 0.0), at(0.0, 0.8), at(0.1, 0.0), at(0.0, -0.8)];
    assert!(matches!(refusal(wide, vec![]), ShapeError::TooLarge { vertex: 3, other: 1, .. }));
}

#[test]
fn messages_hold_no_coordinate() {
    let error = refusal(vec![at(51.123_456, -0.123_456); 5], vec![]);
    assert!(!format!("{error} {error:?}").contains("123"));
}
