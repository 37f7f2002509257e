//! Circles and polygons on the ellipsoid.

use super::plane::Plane;
use super::position::{Ecef, LatLon, distance_m};
use super::rings::Rings;
use super::shape_error::ShapeError;
use super::validity;
use super::view::View;

/// All points within a distance of a centre.
#[derive(Clone, Debug, PartialEq)]
pub struct Circle {
    centre: LatLon,
    centre_ecef: Ecef,
    radius_m: f64,
}

/// The inside of an outer ring without its holes. Edges are geodesics; the border belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Polygon {
    /// The outer ring first; each ring with its first vertex repeated as its last.
    rings: Vec<Vec<LatLon>>,
    /// The vertices of all rings, one after the other, and where each ring ends.
    ecef: Vec<Ecef>,
    ends: Vec<usize>,
    centre: LatLon,
    centre_ecef: Ecef,
    reach_m: f64,
}

/// A circle or a polygon.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// See [`Circle`].
    Circle(Circle),
    /// See [`Polygon`].
    Polygon(Polygon),
}

impl Circle {
    /// A circle of 10 m to 50 km radius.
    ///
    /// # Errors
    /// [`ShapeError::Radius`] outside of that range, or not a number.
    pub fn new(centre: LatLon, radius_m: f64) -> Result<Self, ShapeError> {
        validity::check_radius(radius_m)?;
        Ok(Self { centre, centre_ecef: Ecef::from(centre), radius_m })
    }

    /// The centre.
    pub fn centre(&self) -> LatLon {
        self.centre
    }

    /// The radius in metres, 10 to 50,000.
    pub fn radius_m(&self) -> f64 {
        self.radius_m
    }
}

impl Polygon {
    /// A polygon from its outer ring and then its holes, each in either direction, closed (last
    /// vertex equal to the first) or not. The outer ring is kept counter-clockwise, the holes
    /// clockwise.
    ///
    /// # Errors
    /// See [`ShapeError`]. Rings and vertices are counted from 0 as given; the outer ring is 0.
    pub fn new(mut rings: Vec<Vec<LatLon>>) -> Result<Self, ShapeError> {
        let centre = validity::check_rings(&mut rings)?;
        let mut ends = Vec::new();
        for ring in &mut rings {
            ring.push(ring[0]);
            ends.push(ring.len() + ends.last().copied().unwrap_or(0));
        }
        let vertices = || rings.iter().flatten().copied();
        let ecef = vertices().map(Ecef::from).collect();
        let reach_m = vertices().map(|v| distance_m(centre, v)).fold(0.0, f64::max);
        Ok(Self { rings, ecef, ends, centre, centre_ecef: Ecef::from(centre), reach_m })
    }

    /// The outer ring, counter-clockwise, then the holes, clockwise; each closed: its last vertex
    /// is its first.
    pub fn rings(&self) -> &[Vec<LatLon>] {
        &self.rings
    }

    pub(super) fn rings_in(&self, plane: &Plane) -> Rings<'_> {
        let known = self.rings.iter().flatten().zip(&self.ecef);
        let points = known.map(|(vertex, ecef)| plane.project_known(*vertex, ecef)).collect();
        Rings::new(points, &self.ends)
    }
}

impl Shape {
    /// The shape as seen from `p`: ask the view for distance and probability, so that the shape
    /// is projected once.
    pub fn seen_from(&self, p: LatLon) -> View<'_> {
        View::new(self, p)
    }

    /// Metres from `p` to the nearest border (of a hole, too): negative inside, positive outside.
    ///
    /// Circles: within 1 cm up to 100 km, 3 m beyond. Polygons: within 1 cm where shape and
    /// distance are under 10 km, 2 m where they are under 50 km; farther than 1,000 km from the
    /// middle of the shape the distance to a circle around it, which is shorter.
    pub fn signed_distance_m(&self, p: LatLon) -> f64 {
        self.seen_from(p).signed_distance_m()
    }

    /// See [`View::probability_inside`].
    pub fn probability_inside(&self, p: LatLon, sigma_m: f64, dof: f64) -> f64 {
        self.seen_from(p).probability_inside(sigma_m, dof)
    }

    /// The middle of the shape.
    pub fn centre(&self) -> LatLon {
        match self {
            Self::Circle(circle) => circle.centre,
            Self::Polygon(polygon) => polygon.centre,
        }
    }

    pub(super) fn centre_in(&self, plane: &Plane) -> [f64; 2] {
        match self {
            Self::Circle(circle) => plane.project_known(circle.centre, &circle.centre_ecef),
            Self::Polygon(polygon) => plane.project_known(polygon.centre, &polygon.centre_ecef),
        }
    }

    /// The radius in metres of a circle about [`Shape::centre`] that holds the whole shape.
    pub fn reach_m(&self) -> f64 {
        match self {
            Self::Circle(circle) => circle.radius_m,
            Self::Polygon(polygon) => polygon.reach_m,
        }
    }
}

impl From<Circle> for Shape {
    fn from(circle: Circle) -> Self {
        Self::Circle(circle)
    }
}

impl From<Polygon> for Shape {
    fn from(polygon: Polygon) -> Self {
        Self::Polygon(polygon)
    }
}
