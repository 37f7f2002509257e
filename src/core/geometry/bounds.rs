//! Boxes in degrees that hold a shape or a path for certain.

use rstar::primitives::Rectangle;

use super::position::{EQUATORIAL_RADIUS_M, Ecef, LatLon};
use super::shape::Shape;

/// A degree of latitude is nowhere shorter than at the equator, 110,574 m.
const DEGREE_MIN_M: f64 = 110_574.0;
/// Poleward of this a box has all longitudes.
const POLAR_DEG: f64 = 89.9;
/// Up to this length and latitude the bulge of a geodesic follows from its chord.
const BULGE_CHORD_MAX_M: f64 = 200_000.0;
const BULGE_LATITUDE_MAX_DEG: f64 = 85.0;
/// Added to every box against rounding.
const SLACK_M: f64 = 1.0;

/// A range of latitudes and longitudes in degrees. West of -180 or east of 180 it continues on the
/// other side.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    south: f64,
    north: f64,
    west: f64,
    east: f64,
}

impl Bounds {
    /// Holds every point of the shape and within `margin_m` of it.
    pub(super) fn of_shape(shape: &Shape, margin_m: f64) -> Self {
        match shape {
            Shape::Circle(circle) => Self::of_point(circle.centre()).grown(circle.radius_m() + margin_m),
            Shape::Polygon(polygon) => {
                let edges = polygon.rings()[0].windows(2);
                let outer = edges.map(|edge| Self::of_path(edge[0], edge[1]));
                let whole = outer.reduce(Self::with).unwrap_or_else(|| Self::of_point(shape.centre()));
                whole.grown(margin_m)
            }
        }
    }

    pub(super) fn of_point(p: LatLon) -> Self {
        Self { south: p.lat_deg(), north: p.lat_deg(), west: p.lon_deg(), east: p.lon_deg() }
    }

    /// Holds the geodesic from `a` to `b`. Its longitude runs the short way from one end to the
    /// other; its latitude may pass that of both ends, because a geodesic bulges towards the pole.
    pub(super) fn of_path(a: LatLon, b: LatLon) -> Self {
        let eastward = (b.lon_deg() - a.lon_deg() + 540.0).rem_euclid(360.0) - 180.0;
        let (south, north) = (a.lat_deg().min(b.lat_deg()), a.lat_deg().max(b.lat_deg()));
        let bulge = bulge_deg(Ecef::from(a).chord_m(&Ecef::from(b)), south.abs().max(north.abs()));
        Self {
            south: if south < 0.0 { south - bulge } else { south },
            north: if north > 0.0 { north + bulge } else { north },
            west: a.lon_deg().min(a.lon_deg() + eastward),
            east: a.lon_deg().max(a.lon_deg() + eastward),
        }
        .checked_for_poles()
    }

    /// Holds everything within `by_m` metres. On any way of s metres latitude changes by at most
    /// s / M at the equator, and longitude by at most s / (a cos latitude) at the poleward edge.
    pub(super) fn grown(self, by_m: f64) -> Self {
        let by_m = if by_m.is_nan() { f64::INFINITY } else { by_m.max(0.0) + SLACK_M };
        let lat = by_m / DEGREE_MIN_M;
        let tall = Self { south: self.south - lat, north: self.north + lat, ..self };
        let parallel_m = EQUATORIAL_RADIUS_M * tall.steepest().to_radians().cos();
        let lon = (by_m / parallel_m).to_degrees();
        Self { west: self.west - lon, east: self.east + lon, ..tall }.checked_for_poles()
    }

    /// One rectangle (longitude, latitude), or two that meet at the 180th meridian.
    pub(super) fn rectangles(self) -> impl Iterator<Item = Rectangle<[f64; 2]>> {
        let (own, beyond) = if self.west < -180.0 {
            ((-180.0, self.east), Some((self.west + 360.0, 180.0)))
        } else if self.east > 180.0 {
            ((self.west, 180.0), Some((-180.0, self.east - 360.0)))
        } else {
            ((self.west, self.east), None)
        };
        std::iter::once(own)
            .chain(beyond)
            .map(move |(west, east)| Rectangle::from_corners([west, self.south], [east, self.north]))
    }

    fn with(self, other: Self) -> Self {
        Self {
            south: self.south.min(other.south),
            north: self.north.max(other.north),
            west: self.west.min(other.west),
            east: self.east.max(other.east),
        }
    }

    fn steepest(&self) -> f64 {
        self.south.abs().max(self.north.abs())
    }

    /// All longitudes if a pole is near or the box goes round; latitudes no farther than the poles.
    fn checked_for_poles(self) -> Self {
        let round = self.steepest() >= POLAR_DEG || self.east - self.west >= 358.0;
        let (west, east) = if round { (-180.0, 180.0) } else { (self.west, self.east) };
        Self { south: self.south.max(-90.0), north: self.north.min(90.0), west, east }
    }
}

/// How far a geodesic of this chord may go poleward of its ends: on the sphere
/// tan(latitude) L^2 / 8 (radians) between ends of equal latitude, less between others, here with
/// a tenth more; if that does not hold, half of its length.
fn bulge_deg(chord_m: f64, latitude_deg: f64) -> f64 {
    if chord_m < BULGE_CHORD_MAX_M && latitude_deg <= BULGE_LATITUDE_MAX_DEG {
        let arc = chord_m / EQUATORIAL_RADIUS_M;
        1.1 * (latitude_deg.to_radians().tan() * arc * arc / 8.0).to_degrees()
    } else {
        // An arc is at most pi/2 of its chord.
        0.5 * 1.6 * chord_m / DEGREE_MIN_M
    }
}
