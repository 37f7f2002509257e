//! The mass of a bivariate Student-t about the origin of a plane that falls into a shape.
//!
//! In polar coordinates the density needs no integration along a ray: the mass within distance r
//! is F(r) in every direction. What is left is a mean over directions.

use std::f64::consts::{PI, TAU};

use super::rings::{Rings, cross, dot, length, minus};
use super::spans::{Line, Spans};

/// Less than this beyond the border counts as nothing.
pub(super) const NEGLIGIBLE: f64 = 1e-4;
/// Directions in a full turn.
const DIRECTIONS: u32 = 48;

/// How the distance from the origin is distributed.
pub(super) struct Radial {
    /// 1 / (dof sigma^2)
    inverse_scale_2: f64,
    half_dof: f64,
}

impl Radial {
    /// `None` unless both numbers are above zero and finite.
    pub(super) fn new(sigma_m: f64, dof: f64) -> Option<Self> {
        let usable = |x: f64| x > 0.0 && x.is_finite();
        (usable(sigma_m) && usable(dof))
            .then(|| Self { inverse_scale_2: 1.0 / (dof * sigma_m * sigma_m), half_dof: 0.5 * dof })
    }

    /// The mass beyond `r_m`: (1 + r^2 / (dof sigma^2))^(-dof/2), the bivariate Student-t
    /// integrated in polar coordinates.
    pub(super) fn beyond(&self, r_m: f64) -> f64 {
        (1.0 + r_m * r_m * self.inverse_scale_2).powf(-self.half_dof)
    }

    fn within(&self, r_m: f64) -> f64 {
        1.0 - self.beyond(r_m)
    }
}

/// The mass in a circle whose centre is `centre_distance_m` from the origin. Both halves are alike,
/// so only directions to one side are taken, and from outside only those that meet the circle.
pub(super) fn in_circle(centre_distance_m: f64, radius_m: f64, radial: &Radial) -> f64 {
    let outside = centre_distance_m > radius_m;
    let widest = if outside { (radius_m / centre_distance_m).asin() } else { PI };
    let step = widest / f64::from(DIRECTIONS);
    let mut mass = 0.0;
    for k in 0..DIRECTIONS {
        let (sin, cos) = (step * (f64::from(k) + 0.5)).sin_cos();
        let middle = centre_distance_m * cos;
        let across = centre_distance_m * sin;
        let half_chord = (radius_m * radius_m - across * across).max(0.0).sqrt();
        mass += radial.within(middle + half_chord);
        if outside {
            mass -= radial.within(middle - half_chord);
        }
    }
    (mass * step / PI).clamp(0.0, 1.0)
}

/// The mass in a polygon: the sum over edges of the mass in the triangle from the origin to the
/// edge, negative where the edge runs clockwise. Outer edges seen from inside add up to the full
/// turn; everything that lies before an outer border or in a hole cancels.
pub(super) fn in_rings(rings: &Rings<'_>, radial: &Radial) -> f64 {
    let mut mass = 0.0;
    for (a, b) in rings.edges() {
        let area = cross(a, b);
        if area == 0.0 {
            continue; // the edge points at the origin: no triangle
        }
        let angle = area.atan2(dot(a, b));
        let count = (angle.abs() * f64::from(DIRECTIONS) / TAU).ceil();
        let step = angle / count;
        let edge = minus(b, a);
        let (sin, cos) = step.sin_cos();
        let (half_sin, half_cos) = (0.5 * step).sin_cos();
        let start = length(a);
        let mut along = turned([a[0] / start, a[1] / start], half_sin, half_cos);
        let mut sum = 0.0;
        for _ in 0..count as u32 {
            sum += radial.within(area / cross(along, edge));
            along = turned(along, sin, cos);
        }
        mass += sum * step;
    }
    (mass / TAU).clamp(0.0, 1.0)
}

/// The mass in a polygon grown by `margin_m`: the mean over directions of the mass on the part of
/// the ray that is inside.
pub(super) fn in_grown_rings(rings: &Rings<'_>, margin_m: f64, radial: &Radial) -> f64 {
    let mut spans = Spans::default();
    let mut mass = 0.0;
    for k in 0..DIRECTIONS {
        let (sin, cos) = (TAU * (f64::from(k) + 0.5) / f64::from(DIRECTIONS)).sin_cos();
        let ray = Line { from: [0.0, 0.0], along: [cos, sin], length_m: f64::INFINITY };
        for (start, end) in spans.inside(rings, margin_m, &ray) {
            mass += radial.within(*end) - radial.within(*start);
        }
    }
    (mass / f64::from(DIRECTIONS)).clamp(0.0, 1.0)
}

fn turned(v: [f64; 2], sin: f64, cos: f64) -> [f64; 2] {
    [v[0] * cos - v[1] * sin, v[0] * sin + v[1] * cos]
}
