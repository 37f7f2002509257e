//! How large a shape is, and how far one reaches beyond another: for people who compare two.

use std::f64::consts::PI;

use geo::{Area, Coord, LineString, Polygon as Flat};

use super::{
    plane::Plane,
    position::{LatLon, offset},
    shape::Shape,
};

/// So many points of a border are looked at, at least.
const POINTS: usize = 720;

impl Shape {
    /// Square metres, without the holes; within a thousandth.
    pub fn area_m2(&self) -> f64 {
        match self {
            Self::Circle(circle) => PI * circle.radius_m() * circle.radius_m(),
            Self::Polygon(polygon) => {
                let plane = Plane::about(self.centre());
                let flat = |ring: &Vec<LatLon>| -> LineString {
                    ring.iter().map(|corner| Coord::from(plane.project(*corner))).collect()
                };
                let mut rings = polygon.rings().iter().map(flat);
                // A polygon has an outer ring.
                let outer = rings.next().unwrap_or_else(|| LineString::new(Vec::new()));
                Flat::new(outer, rings.collect()).unsigned_area()
            }
        }
    }

    /// How far this shape reaches beyond another at most, metres, and where; `None` if the other holds all of it. Edges are
    /// looked at point by point, so that it may be a hundredth of the shape's width short.
    pub fn beyond(&self, other: &Self) -> Option<(f64, LatLon)> {
        let middle = self.centre();
        let plane = Plane::about(middle);
        let rings: Vec<Vec<LatLon>> = self.outline(0.0).into_iter().flatten().collect();
        let corners: usize = rings.iter().map(Vec::len).sum();
        let parts = u32::try_from(POINTS / corners.max(1)).unwrap_or(1).max(1);
        let edges = rings.iter().flat_map(|ring| ring.windows(2));
        let points = edges.flat_map(|edge| {
            let [from, to] = [plane.project(edge[0]), plane.project(edge[1])];
            (0..parts).map(move |nth| {
                let share = f64::from(nth) / f64::from(parts);
                let [x, y] = [0, 1].map(|axis| from[axis] + (to[axis] - from[axis]) * share);
                offset(middle, x.atan2(y).to_degrees(), x.hypot(y))
            })
        });
        let farthest = points
            .map(|point| (other.signed_distance_m(point), point))
            .max_by(|(one, _), (other, _)| one.total_cmp(other))?;
        (farthest.0 > 0.0).then_some(farthest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Circle, Polygon, distance_m};

    fn at(lat: f64, lon: f64) -> LatLon {
        LatLon::new(lat, lon).expect("on earth")
    }

    fn circle(middle: LatLon, radius_m: f64) -> Shape {
        Circle::new(middle, radius_m).expect("a sound circle").into()
    }

    /// A square of so many metres from its middle to each side, with a hole of half the width.
    fn frame(middle: LatLon, half_m: f64) -> Shape {
        let ring = |half_m: f64| {
            let corner = |azimuth| offset(middle, azimuth, half_m * 2f64.sqrt());
            [45.0, 135.0, 225.0, 315.0].map(corner).to_vec()
        };
        Polygon::new(vec![ring(half_m), ring(half_m / 2.0)]).expect("a sound polygon").into()
    }

    #[test]
    fn areas_are_those_of_the_plane_and_holes_do_not_count() {
        for middle in [at(53.2, -2.9), at(-45.0, 170.0), at(70.0, 0.0)] {
            for size_m in [100.0, 2_000.0] {
                let expected = 3.0 * size_m * size_m;
                let area = frame(middle, size_m).area_m2();
                assert!((area - expected).abs() < expected / 1_000.0, "{area} {expected}");
                let area = circle(middle, size_m).area_m2();
                assert!((area - PI * size_m * size_m).abs() < 1.0, "{area}");
            }
        }
    }

    #[test]
    fn how_far_one_reaches_beyond_another_and_where() {
        for middle in [at(53.2, -2.9), at(-45.0, 170.0)] {
            let (old, wider) = (circle(middle, 300.0), circle(offset(middle, 45.0, 100.0), 320.0));
            let (metres, place) = wider.beyond(&old).expect("it reaches further");
            assert!((metres - 120.0).abs() < 1.0, "{metres}");
            assert!(distance_m(place, offset(middle, 45.0, 420.0)) < 25.0);
            let (metres, place) = old.beyond(&wider).expect("it draws back");
            assert!((metres - 80.0).abs() < 1.0, "{metres}");
            assert!(distance_m(place, offset(middle, 225.0, 300.0)) < 25.0);
            assert_eq!(circle(middle, 200.0).beyond(&old), None);
            // A hole is no part of the other.
            let (metres, _) =
                circle(middle, 100.0).beyond(&frame(middle, 400.0)).expect("it lies in the hole");
            assert!((metres - (200.0 - 100.0 / 2f64.sqrt())).abs() < 1.0, "{metres}");
            let (metres, _) = frame(middle, 400.0).beyond(&circle(middle, 500.0)).expect("its corners");
            assert!((metres - (400.0 * 2f64.sqrt() - 500.0)).abs() < 1.0, "{metres}");
        }
    }
}
