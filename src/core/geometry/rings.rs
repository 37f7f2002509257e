//! The rings of a polygon in a plane, in metres.

/// A point or a vector of the plane: metres east and north.
pub(super) type Point = [f64; 2];

/// Closed rings in a plane: each ring's last point is its first. The outer ring runs
/// counter-clockwise, holes clockwise.
pub(super) struct Rings<'a> {
    points: Vec<Point>,
    ends: &'a [usize],
}

impl<'a> Rings<'a> {
    /// `ends` tells where in `points` each ring ends.
    pub(super) fn new(points: Vec<Point>, ends: &'a [usize]) -> Self {
        Self { points, ends }
    }

    /// Every edge of every ring.
    pub(super) fn edges(&self) -> impl Iterator<Item = (Point, Point)> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(self.ends)
            .flat_map(|(start, end)| self.points[start..*end].windows(2))
            .map(|pair| (pair[0], pair[1]))
    }

    /// Metres from `at` to the nearest edge, negative inside (even-odd rule).
    pub(super) fn signed_distance_m(&self, at: Point) -> f64 {
        let mut inside = false;
        let mut nearest_2 = f64::INFINITY;
        for (a, b) in self.edges() {
            inside ^= crosses_eastward(at, a, b);
            nearest_2 = nearest_2.min(segment_distance_2(at, a, b));
        }
        if inside { -nearest_2.sqrt() } else { nearest_2.sqrt() }
    }
}

/// Whether the ring with these points (closed or not) holds `at`.
pub(super) fn ring_holds(ring: &[Point], at: Point) -> bool {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).filter(|(a, b)| crosses_eastward(at, **a, **b)).count() % 2 == 1
}

/// Twice the area of the triangle (0, a, b), positive when b lies to the left of a.
pub(super) fn cross(a: Point, b: Point) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

pub(super) fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

pub(super) fn minus(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}

pub(super) fn length(a: Point) -> f64 {
    a[0].hypot(a[1])
}

/// Where along a to b (0 to 1) the point nearest to `at` lies.
pub(super) fn nearest_fraction(at: Point, a: Point, b: Point) -> f64 {
    let edge = minus(b, a);
    let length_2 = dot(edge, edge);
    if length_2 == 0.0 {
        return 0.0;
    }
    (dot(minus(at, a), edge) / length_2).clamp(0.0, 1.0)
}

/// The square of the distance from `at` to the segment from a to b.
pub(super) fn segment_distance_2(at: Point, a: Point, b: Point) -> f64 {
    let fraction = nearest_fraction(at, a, b);
    let edge = minus(b, a);
    let gap = minus(at, [a[0] + fraction * edge[0], a[1] + fraction * edge[1]]);
    dot(gap, gap)
}

/// Whether the ray from `at` to the east crosses the edge. An edge holds its lower end only, so
/// that a ray through a vertex counts the ring once.
fn crosses_eastward(at: Point, a: Point, b: Point) -> bool {
    if (a[1] > at[1]) == (b[1] > at[1]) {
        return false;
    }
    let left = cross(minus(b, a), minus(at, a)) > 0.0;
    left == (b[1] > a[1])
}
