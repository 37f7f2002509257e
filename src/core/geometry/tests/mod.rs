//! The module against an oracle: exact geodesics, sampled and searched, and nothing of the plane.

mod crossing;
mod distance;
mod index;
mod outline;
mod probability;
mod validity;

use proptest::prelude::*;

use super::position::{azimuth_deg, part_way};
use super::{Circle, LatLon, Polygon, Shape, distance_m, offset};

fn at(lat_deg: f64, lon_deg: f64) -> LatLon {
    LatLon::new(lat_deg, lon_deg).unwrap()
}

/// Anywhere to 84 degrees, half of the time next to the 180th meridian.
fn position() -> impl Strategy<Value = LatLon> {
    let lon = prop_oneof![-180.0..180.0, 179.8..180.0, -180.0..-179.8];
    (-84.0..84.0, lon).prop_map(|(lat, lon)| at(lat, lon))
}

/// Metres from `low` to `high`, each order of magnitude as likely as the next.
fn metres(low: f64, high: f64) -> impl Strategy<Value = f64> {
    (low.ln()..high.ln()).prop_map(f64::exp)
}

/// A circle of up to `radius_max_m`.
fn circle(radius_max_m: f64) -> impl Strategy<Value = Shape> {
    (position(), metres(10.0, radius_max_m))
        .prop_map(|(centre, radius_m)| Circle::new(centre, radius_m).unwrap().into())
}

/// A polygon of 3 to 36 vertices, up to `reach_max_m` from a point inside, often with a hole,
/// drawn in either direction.
fn polygon(reach_max_m: f64) -> impl Strategy<Value = Shape> {
    let corners = prop::collection::vec((0.0..0.8, 0.4..1.0), 3..=36);
    let reach = metres(40.0, reach_max_m);
    (position(), reach, corners, any::<bool>(), any::<bool>()).prop_filter_map(
        "crosses the 180th meridian or is too near to a pole",
        |(centre, reach_m, corners, hole, clockwise)| {
            let mut outer: Vec<LatLon> = corners
                .iter()
                .enumerate()
                .map(|(k, (turn, part))| {
                    let azimuth = 360.0 * (k as f64 + turn) / corners.len() as f64;
                    offset(centre, azimuth, part * reach_m)
                })
                .collect();
            if !clockwise {
                outer.reverse();
            }
            // The inner radius of a star of 8 or more corners at 0.4 of its reach holds the hole.
            let holes = if hole && corners.len() >= 8 && reach_m > 150.0 {
                vec![(0..5).map(|k| offset(centre, 72.0 * f64::from(k), 0.1 * reach_m)).collect()]
            } else {
                vec![]
            };
            Polygon::new([vec![outer], holes].concat()).ok().map(Shape::from)
        },
    )
}

fn shape(reach_max_m: f64) -> impl Strategy<Value = Shape> {
    prop_oneof![circle(reach_max_m), polygon(reach_max_m)]
}

/// A shape and a point within about its own size, or `away_max_m`, of its middle.
fn seen_shape(
    shapes: impl Strategy<Value = Shape>,
    away_max_m: f64,
) -> impl Strategy<Value = (Shape, LatLon)> {
    (shapes, 0.0..360.0, 0.0..2.0_f64, 0.0..1.0_f64, any::<bool>()).prop_map(
        move |(shape, azimuth, part, away, close)| {
            let away_m = if close { part * shape.reach_m() } else { away * away_max_m };
            let p = offset(shape.centre(), azimuth, away_m.min(away_max_m));
            (shape, p)
        },
    )
}

/// Metres to the border, negative inside, by geodesics alone.
fn oracle_m(shape: &Shape, p: LatLon) -> f64 {
    let polygon = match shape {
        Shape::Circle(circle) => return distance_m(p, circle.centre()) - circle.radius_m(),
        Shape::Polygon(polygon) => polygon,
    };
    let edges = || polygon.rings().iter().flat_map(|ring| ring.windows(2));
    let nearest = edges().map(|edge| distance_to_edge_m(p, edge[0], edge[1]));
    let nearest = nearest.fold(f64::INFINITY, f64::min);
    let turned: f64 = edges().map(|edge| turn_deg(p, edge[0], edge[1])).sum();
    if turned.abs() > 180.0 { -nearest } else { nearest }
}

/// The nearest of nine points of the edge, then a search by thirds about it.
fn distance_to_edge_m(p: LatLon, a: LatLon, b: LatLon) -> f64 {
    let (length, azimuth) = (distance_m(a, b), azimuth_deg(a, b));
    let to = |t: f64| distance_m(p, offset(a, azimuth, t * length));
    let nine = (0..=8).map(|k| f64::from(k) / 8.0);
    let best = nine.min_by(|s, t| to(*s).total_cmp(&to(*t))).unwrap();
    let (mut low, mut high) = ((best - 0.125f64).max(0.0), (best + 0.125f64).min(1.0));
    while (high - low) * length > 0.01 {
        let third = (high - low) / 3.0;
        if to(low + third) < to(high - third) {
            high -= third;
        } else {
            low += third;
        }
    }
    to(0.5 * (low + high))
}

/// By how many degrees one turns who stands at p and looks along the edge from a to b.
fn turn_deg(p: LatLon, a: LatLon, b: LatLon) -> f64 {
    let looks = (0..=16).map(|k| azimuth_deg(p, part_way(a, b, f64::from(k) / 16.0)));
    let looks: Vec<f64> = looks.collect();
    looks.windows(2).map(|pair| (pair[1] - pair[0] + 540.0).rem_euclid(360.0) - 180.0).sum()
}
