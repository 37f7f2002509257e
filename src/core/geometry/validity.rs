//! Which circles and polygons are accepted.

use super::plane::Plane;
use super::position::{LatLon, distance_m};
use super::rings::{Point, cross, dot, minus, ring_holds, segment_distance_2};
use super::shape_error::ShapeError;

const RADIUS_MIN_M: f64 = 10.0;
const RADIUS_MAX_M: f64 = 50_000.0;
const VERTICES_MAX: usize = 1_000;
const EXTENT_MAX_M: f64 = 100_000.0;
const AREA_MIN_M2: f64 = 100.0;
/// Poleward of this an edge of 100 km may come too near to the pole for the index's boxes.
const LATITUDE_MAX_DEG: f64 = 85.0;
/// Points this near to each other are one, and edges this near to each other touch.
const TOUCH_M: f64 = 0.01;

pub(super) fn check_radius(radius_m: f64) -> Result<(), ShapeError> {
    if (RADIUS_MIN_M..=RADIUS_MAX_M).contains(&radius_m) {
        Ok(())
    } else {
        Err(ShapeError::Radius { radius_m })
    }
}

/// Checks an outer ring and its holes and brings them into one form: open, outer ring
/// counter-clockwise, holes clockwise. Returns the middle of the outer ring.
pub(super) fn check_rings(rings: &mut [Vec<LatLon>]) -> Result<LatLon, ShapeError> {
    if rings.is_empty() {
        return Err(ShapeError::TooFewVertices { ring: 0, distinct: 0 });
    }
    let count = rings.iter().map(Vec::len).sum();
    if count > VERTICES_MAX {
        return Err(ShapeError::TooManyVertices { count });
    }
    for (ring, vertices) in rings.iter_mut().enumerate() {
        if vertices.len() > 1 && vertices.first() == vertices.last() {
            vertices.pop();
        }
        check_vertices(ring, vertices)?;
    }
    let first = rings[0][0];
    for (ring, vertices) in rings.iter().enumerate() {
        for (vertex, position) in vertices.iter().enumerate() {
            check_near((ring, vertex), 0, distance_m(first, *position))?;
        }
    }

    let centre = middle(&rings[0]);
    let plane = Plane::about(centre);
    let flat: Vec<Vec<Point>> =
        rings.iter().map(|ring| ring.iter().map(|v| plane.project(*v)).collect()).collect();
    check_extent(&flat[0])?;
    for (ring, (points, vertices)) in flat.iter().zip(rings).enumerate() {
        let area_m2 = check_ring(ring, points)?;
        if (area_m2 > 0.0) != (ring == 0) {
            vertices.reverse();
        }
    }
    check_apart(&flat)?;
    Ok(centre)
}

/// What can be said without a plane: enough vertices, in places that are accepted.
fn check_vertices(ring: usize, vertices: &[LatLon]) -> Result<(), ShapeError> {
    let mut different: Vec<(f64, f64)> = vertices.iter().map(|v| (v.lat_deg(), v.lon_deg())).collect();
    different.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    different.dedup();
    if different.len() < 3 {
        return Err(ShapeError::TooFewVertices { ring, distinct: different.len() });
    }
    for (vertex, position) in vertices.iter().enumerate() {
        if position.lat_deg().abs() > LATITUDE_MAX_DEG {
            return Err(ShapeError::TooNearPole { ring, vertex });
        }
        let next = vertices[(vertex + 1) % vertices.len()];
        if (position.lon_deg() - next.lon_deg()).abs() > 180.0 {
            return Err(ShapeError::CrossesAntimeridian { ring, edge: vertex });
        }
    }
    Ok(())
}

fn check_near((ring, vertex): (usize, usize), other: usize, distance_m: f64) -> Result<(), ShapeError> {
    if distance_m > EXTENT_MAX_M {
        return Err(ShapeError::TooLarge { ring, vertex, other, distance_m });
    }
    Ok(())
}

fn check_extent(outer: &[Point]) -> Result<(), ShapeError> {
    for (vertex, a) in outer.iter().enumerate() {
        for (other, b) in outer[..vertex].iter().enumerate() {
            let apart = minus(*a, *b);
            check_near((0, vertex), other, dot(apart, apart).sqrt())?;
        }
    }
    Ok(())
}

/// A ring by itself. Returns its area, positive if it runs counter-clockwise.
fn check_ring(ring: usize, points: &[Point]) -> Result<f64, ShapeError> {
    for (second, point) in points.iter().enumerate() {
        for (first, earlier) in points[..second].iter().enumerate() {
            let apart = minus(*point, *earlier);
            if dot(apart, apart) < TOUCH_M * TOUCH_M {
                return Err(ShapeError::RepeatedVertex { ring, first, second });
            }
        }
    }
    let edges: Vec<Edge> = edges(points).collect();
    for (second, edge) in edges.iter().enumerate() {
        for (first, earlier) in edges[..second].iter().enumerate() {
            if touch_in_ring(earlier, edge) {
                return Err(ShapeError::SelfCrossing { ring, first, second });
            }
        }
    }
    // The triangles are taken from the first vertex: no precision is lost far from the origin.
    let from_first = edges.iter().map(|(a, b)| cross(minus(*a, points[0]), minus(*b, points[0])));
    let area_m2 = 0.5 * from_first.sum::<f64>();
    if area_m2.abs() < AREA_MIN_M2 {
        return Err(ShapeError::TooSmall { ring, area_m2: area_m2.abs() });
    }
    Ok(area_m2)
}

/// Rings against each other.
fn check_apart(rings: &[Vec<Point>]) -> Result<(), ShapeError> {
    for (other_ring, points) in rings.iter().enumerate() {
        for (ring, earlier) in rings[..other_ring].iter().enumerate() {
            for (other_edge, b) in edges(points).enumerate() {
                for (edge, a) in edges(earlier).enumerate() {
                    if touch(&a, &b) {
                        return Err(ShapeError::RingsCross { ring, edge, other_ring, other_edge });
                    }
                }
            }
            let held = ring_holds(earlier, points[0]);
            if ring == 0 && !held {
                return Err(ShapeError::HoleOutside { ring: other_ring });
            }
            if ring > 0 && held {
                return Err(ShapeError::HoleInHole { ring: other_ring, other_ring: ring });
            }
            if ring > 0 && ring_holds(points, earlier[0]) {
                return Err(ShapeError::HoleInHole { ring, other_ring });
            }
        }
    }
    Ok(())
}

type Edge = (Point, Point);

fn edges(ring: &[Point]) -> impl Iterator<Item = Edge> {
    ring.iter().copied().zip(ring.iter().copied().cycle().skip(1))
}

/// Edges of one ring: neighbours share a point, and may not share more.
fn touch_in_ring(first: &Edge, second: &Edge) -> bool {
    let near = |at, edge: &Edge| segment_distance_2(at, edge.0, edge.1) < TOUCH_M * TOUCH_M;
    if first.1 == second.0 {
        near(second.1, first) || near(first.0, second)
    } else if second.1 == first.0 {
        near(first.1, second) || near(second.0, first)
    } else {
        touch(first, second)
    }
}

fn touch(first: &Edge, second: &Edge) -> bool {
    let apart = |axis: usize| {
        first.0[axis].max(first.1[axis]) + TOUCH_M < second.0[axis].min(second.1[axis])
            || second.0[axis].max(second.1[axis]) + TOUCH_M < first.0[axis].min(first.1[axis])
    };
    if apart(0) || apart(1) {
        return false;
    }
    let near = |at, edge: &Edge| segment_distance_2(at, edge.0, edge.1) < TOUCH_M * TOUCH_M;
    let left = |at, edge: &Edge| cross(minus(edge.1, edge.0), minus(at, edge.0)) > 0.0;
    let cross_over =
        left(first.0, second) != left(first.1, second) && left(second.0, first) != left(second.1, first);
    cross_over
        || near(first.0, second)
        || near(first.1, second)
        || near(second.0, first)
        || near(second.1, first)
}

fn middle(ring: &[LatLon]) -> LatLon {
    let range = |of: fn(LatLon) -> f64| {
        let values = ring.iter().map(|v| of(*v));
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
    };
    let (south, north) = range(LatLon::lat_deg);
    let (west, east) = range(LatLon::lon_deg);
    LatLon::new(0.5 * (south + north), 0.5 * (west + east))
        .expect("the middle of two degrees in range is in range")
}
