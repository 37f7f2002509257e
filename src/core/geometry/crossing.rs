//! Whether the way between two fixes led through a shape.

use super::plane::Plane;
use super::position::{LatLon, part_way};
use super::rings::{Point, Rings, length, minus, nearest_fraction};
use super::shape::Shape;
use super::spans::{Line, Spans};

/// Paths longer than this are seen from the point where they pass the shape.
const SHORT_PATH_M: f64 = 20_000.0;
/// How near to that point is near enough.
const PASSING_M: f64 = 1_000.0;
const SAMPLES: u32 = 48;

/// The longest part of a path that lies inside a shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    /// Where it begins: 0 at the start of the path, 1 at its end.
    pub enter_fraction: f64,
    /// Where it ends; not less than `enter_fraction`.
    pub exit_fraction: f64,
    /// Metres from the border (of the grown shape) at its deepest point, 0 or more.
    pub depth_m: f64,
}

/// The longest part of the geodesic from `a` to `b` that lies within `margin_m` metres of `shape`,
/// or `None` if all of it is outside.
///
/// Fractions are exact to about 1 m along the path where path and shape are under 50 km; the path
/// itself may be 1,000 km long. The depth is exact for circles. For polygons it is taken from 48
/// samples and refined about the deepest, so a spike of the border between two samples may hide a
/// deeper point: the error is at most half the distance of the samples, and usually under 1 %.
pub fn crossing(shape: &Shape, margin_m: f64, a: LatLon, b: LatLon) -> Option<Crossing> {
    let margin_m = margin_m.max(0.0);
    let mut plane = Plane::about(a);
    let mut end = plane.project(b);
    let length_m = length(end);
    if length(shape.centre_in(&plane)) > length_m + shape.reach_m() + margin_m + 1.0 {
        return None;
    }
    let mut start = [0.0, 0.0];
    if length_m > SHORT_PATH_M {
        plane = plane_of_passing(shape, a, b, plane);
        (start, end) = (plane.project(a), plane.project(b));
    }
    match shape {
        Shape::Circle(circle) => {
            through_circle(shape.centre_in(&plane), circle.radius_m() + margin_m, start, end)
        }
        Shape::Polygon(polygon) => through_rings(&polygon.rings_in(&plane), margin_m, start, end),
    }
}

/// The plane about the point of the path next to the middle of `shape`: the path is a straight
/// line in every plane about one of its own points, and the shape is least distorted in this one.
fn plane_of_passing(shape: &Shape, a: LatLon, b: LatLon, about_a: Plane) -> Plane {
    let mut plane = about_a;
    let mut passing = 0.0;
    // One round is enough on a plain; more are needed where the path is long enough to be curved.
    for _ in 0..4 {
        let (start, end) = (plane.project(a), plane.project(b));
        let next = nearest_fraction(shape.centre_in(&plane), start, end);
        let moved_m = (next - passing).abs() * length(minus(end, start));
        if moved_m < PASSING_M {
            break;
        }
        passing = next;
        plane = Plane::about(part_way(a, b, passing));
    }
    plane
}

fn through_circle(centre: Point, radius_m: f64, start: Point, end: Point) -> Option<Crossing> {
    let path = minus(end, start);
    let length_m = length(path);
    let nearest = nearest_fraction(centre, start, end);
    let at = |fraction: f64| [start[0] + fraction * path[0], start[1] + fraction * path[1]];
    let depth_m = radius_m - length(minus(centre, at(nearest)));
    if depth_m < 0.0 {
        return None;
    }
    if length_m == 0.0 {
        return Some(Crossing { enter_fraction: 0.0, exit_fraction: 1.0, depth_m });
    }
    let from_start = minus(centre, start);
    let along_m = (from_start[0] * path[0] + from_start[1] * path[1]) / length_m;
    let across_m = (from_start[0] * path[1] - from_start[1] * path[0]) / length_m;
    let half_m = (radius_m * radius_m - across_m * across_m).max(0.0).sqrt();
    Some(Crossing {
        enter_fraction: ((along_m - half_m) / length_m).clamp(0.0, 1.0),
        exit_fraction: ((along_m + half_m) / length_m).clamp(0.0, 1.0),
        depth_m,
    })
}

fn through_rings(rings: &Rings<'_>, margin_m: f64, start: Point, end: Point) -> Option<Crossing> {
    let path = minus(end, start);
    let length_m = length(path);
    if length_m == 0.0 {
        let depth_m = margin_m - rings.signed_distance_m(start);
        let here = Crossing { enter_fraction: 0.0, exit_fraction: 1.0, depth_m };
        return (depth_m >= 0.0).then_some(here);
    }
    let along = [path[0] / length_m, path[1] / length_m];
    let line = Line { from: start, along, length_m };
    let mut spans = Spans::default();
    let (mut enter_m, mut exit_m) = (0.0, 0.0);
    for (from, to) in spans.inside(rings, margin_m, &line) {
        if to - from > exit_m - enter_m {
            (enter_m, exit_m) = (*from, *to);
        }
    }
    if exit_m <= enter_m {
        return None;
    }
    let depth_at =
        |t: f64| margin_m - rings.signed_distance_m([start[0] + t * along[0], start[1] + t * along[1]]);
    Some(Crossing {
        enter_fraction: enter_m / length_m,
        exit_fraction: exit_m / length_m,
        depth_m: greatest(depth_at, enter_m, exit_m).max(0.0),
    })
}

/// The greatest value of `f` between `low` and `high`: the best of some samples, then a search by
/// thirds between its neighbours.
fn greatest(f: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    let step = (high - low) / f64::from(SAMPLES);
    let samples = (0..=SAMPLES).map(|k| low + f64::from(k) * step);
    let (best, mut value) = samples
        .map(|t| (t, f(t)))
        .fold((low, f64::NEG_INFINITY), |best, next| if next.1 > best.1 { next } else { best });
    let (mut low, mut high) = ((best - step).max(low), (best + step).min(high));
    while high - low > 0.1 {
        let third = (high - low) / 3.0;
        let (left, right) = (f(low + third), f(high - third));
        value = value.max(left).max(right);
        if left < right {
            low += third;
        } else {
            high -= third;
        }
    }
    value
}
