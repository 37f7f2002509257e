//! A shape as seen from one point: how far its border is, and how likely it holds the point.

use super::plane::Plane;
use super::position::LatLon;
use super::probability::{self, Radial};
use super::rings::{Rings, length};
use super::shape::Shape;

/// Beyond this distance from its middle a polygon counts as a circle around it.
const FAR_M: f64 = 1_000_000.0;

/// A shape seen from a point p, projected once. See [`Shape::seen_from`].
pub struct View<'a> {
    outline: Outline<'a>,
    signed_distance_m: f64,
}

enum Outline<'a> {
    Circle { centre_distance_m: f64, radius_m: f64 },
    Polygon(Rings<'a>),
}

impl<'a> View<'a> {
    pub(super) fn new(shape: &'a Shape, p: LatLon) -> Self {
        let plane = Plane::about(p);
        let centre_distance_m = length(shape.centre_in(&plane));
        match shape {
            Shape::Polygon(polygon) if centre_distance_m <= FAR_M => {
                let rings = polygon.rings_in(&plane);
                let signed_distance_m = rings.signed_distance_m([0.0, 0.0]);
                Self { outline: Outline::Polygon(rings), signed_distance_m }
            }
            _ => Self::of_circle(centre_distance_m, shape.reach_m()),
        }
    }

    /// A circle whose centre is so many metres away, wherever that is.
    pub fn of_circle(centre_distance_m: f64, radius_m: f64) -> Self {
        Self {
            outline: Outline::Circle { centre_distance_m, radius_m },
            signed_distance_m: centre_distance_m - radius_m,
        }
    }

    /// See [`Shape::signed_distance_m`].
    pub fn signed_distance_m(&self) -> f64 {
        self.signed_distance_m
    }

    /// The probability that the true position lies in the shape, if its error around p is a
    /// bivariate Student-t: the same in all directions, `sigma_m` metres per axis (scale, not
    /// standard deviation), `dof` degrees of freedom; both above zero.
    ///
    /// Within 0.01 of the true integral; 0 or 1 where less than 0.0001 lies beyond the border.
    /// A `sigma_m` or `dof` that is not above zero leaves the point alone to decide: 0 or 1.
    pub fn probability_inside(&self, sigma_m: f64, dof: f64) -> f64 {
        self.probability_within(0.0, sigma_m, dof)
    }

    /// The probability that the true position lies in the shape or within `margin_m` metres of
    /// it; otherwise as [`View::probability_inside`], and never less than that.
    pub fn probability_within(&self, margin_m: f64, sigma_m: f64, dof: f64) -> f64 {
        let margin_m = margin_m.max(0.0);
        let to_border_m = self.signed_distance_m - margin_m;
        let certain = if to_border_m > 0.0 { 0.0 } else { 1.0 };
        let Some(radial) = Radial::new(sigma_m, dof) else {
            return certain;
        };
        if radial.beyond(to_border_m.abs()) < probability::NEGLIGIBLE {
            return certain;
        }
        match &self.outline {
            Outline::Circle { centre_distance_m, radius_m } => {
                probability::in_circle(*centre_distance_m, radius_m + margin_m, &radial)
            }
            Outline::Polygon(rings) => {
                let inside = probability::in_rings(rings, &radial);
                if margin_m == 0.0 {
                    return inside;
                }
                probability::in_grown_rings(rings, margin_m, &radial).max(inside)
            }
        }
    }
}
