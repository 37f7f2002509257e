//! A position on WGS84, and the exact geodesic between two of them.

use std::fmt;

use geo::{Bearing as _, Destination as _, Distance as _, Geodesic, InterpolatePoint as _, Point};
use serde::{Deserialize, Serialize};

/// Equatorial radius of WGS84 in metres.
pub(super) const EQUATORIAL_RADIUS_M: f64 = 6_378_137.0;
const FLATTENING: f64 = 1.0 / 298.257_223_563;
/// First eccentricity of WGS84, squared.
pub(super) const ECCENTRICITY_2: f64 = FLATTENING * (2.0 - FLATTENING);

/// A latitude and a longitude in degrees, both finite and in range.
///
/// `Debug` shows no number, so that no position can slip into a log line.
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f64; 2]", into = "[f64; 2]")]
pub struct LatLon {
    lat_deg: f64,
    lon_deg: f64,
}

/// Why two numbers are not a position. The numbers are not repeated: they may be an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PositionError {
    /// The latitude is not a finite number from -90 to 90.
    #[error("latitude must be a number from -90 to 90 degrees; are latitude and longitude swapped?")]
    Latitude,
    /// The longitude is not a finite number from -180 to 180.
    #[error("longitude must be a number from -180 to 180 degrees")]
    Longitude,
}

impl LatLon {
    /// A position from degrees north (-90 to 90) and degrees east (-180 to 180).
    ///
    /// # Errors
    /// Either number is not finite or out of its range.
    pub fn new(lat_deg: f64, lon_deg: f64) -> Result<Self, PositionError> {
        if !(-90.0..=90.0).contains(&lat_deg) {
            return Err(PositionError::Latitude);
        }
        if !(-180.0..=180.0).contains(&lon_deg) {
            return Err(PositionError::Longitude);
        }
        // Adding zero turns -0.0 into 0.0, so that equal positions have equal bits.
        Ok(Self { lat_deg: lat_deg + 0.0, lon_deg: lon_deg + 0.0 })
    }

    /// Degrees north, -90 to 90.
    pub fn lat_deg(self) -> f64 {
        self.lat_deg
    }

    /// Degrees east, -180 to 180.
    pub fn lon_deg(self) -> f64 {
        self.lon_deg
    }

    fn point(self) -> Point<f64> {
        Point::new(self.lon_deg, self.lat_deg)
    }
}

impl TryFrom<[f64; 2]> for LatLon {
    type Error = PositionError;
    fn try_from([lat_deg, lon_deg]: [f64; 2]) -> Result<Self, PositionError> {
        Self::new(lat_deg, lon_deg)
    }
}

impl From<LatLon> for [f64; 2] {
    fn from(position: LatLon) -> Self {
        [position.lat_deg, position.lon_deg]
    }
}

impl fmt::Debug for LatLon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LatLon(withheld)")
    }
}

/// The length in metres of the geodesic between two positions, exact to well under a millimetre
/// (Karney 2013).
pub fn distance_m(a: LatLon, b: LatLon) -> f64 {
    Geodesic.distance(a.point(), b.point())
}

/// No less than [`distance_m`], by at most one per cent, and cheap: along a great circle of a sphere that is flatter
/// than the ellipsoid anywhere, whose largest radius of curvature is 6,399,593.7 m, at the poles.
pub fn farthest_m(a: LatLon, b: LatLon) -> f64 {
    const RADIUS_M: f64 = 6_399_594.0;
    let [lat_a, lat_b] = [a, b].map(|p| p.lat_deg().to_radians());
    let east = (b.lon_deg() - a.lon_deg()).to_radians();
    // Haversine, which is exact for near points.
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    let share = half(lat_b - lat_a) + lat_a.cos() * lat_b.cos() * half(east);
    // A millimetre for what is lost by rounding.
    2.0 * RADIUS_M * share.min(1.0).sqrt().asin() + 1e-3
}

/// The position `distance_m` metres along the geodesic that leaves `origin` at `azimuth_deg`
/// degrees clockwise from north. A number that is not finite gives `origin` back.
pub fn offset(origin: LatLon, azimuth_deg: f64, distance_m: f64) -> LatLon {
    let end = Geodesic.destination(origin.point(), azimuth_deg, distance_m);
    LatLon::new(end.y(), end.x()).unwrap_or(origin)
}

/// The direction of `b` from `a` in degrees clockwise from north.
pub(super) fn azimuth_deg(a: LatLon, b: LatLon) -> f64 {
    Geodesic.bearing(a.point(), b.point())
}

/// The position at `fraction` (0 to 1) of the geodesic from `a` to `b`.
pub(super) fn part_way(a: LatLon, b: LatLon, fraction: f64) -> LatLon {
    let between = Geodesic.point_at_ratio_between(a.point(), b.point(), fraction);
    LatLon::new(between.y(), between.x()).unwrap_or(a)
}

/// A position as metres from the centre of the Earth: X to (0, 0), Y to (0, 90 E), Z to the north
/// pole. It is kept beside each vertex, because it makes a projection free of trigonometry.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Ecef(pub(super) [f64; 3]);

impl From<LatLon> for Ecef {
    fn from(position: LatLon) -> Self {
        let (sin_lat, cos_lat) = position.lat_deg.to_radians().sin_cos();
        let (sin_lon, cos_lon) = position.lon_deg.to_radians().sin_cos();
        let n = prime_vertical_radius_m(sin_lat);
        Self([n * cos_lat * cos_lon, n * cos_lat * sin_lon, n * (1.0 - ECCENTRICITY_2) * sin_lat])
    }
}

impl Ecef {
    /// The straight line through the Earth to `other`, in metres.
    pub(super) fn chord_m(&self, other: &Self) -> f64 {
        let squares = self.0.iter().zip(other.0).map(|(a, b)| (a - b) * (a - b));
        squares.sum::<f64>().sqrt()
    }
}

impl fmt::Debug for Ecef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ecef(withheld)")
    }
}

/// The radius of curvature east-west, N, at a latitude with this sine.
pub(super) fn prime_vertical_radius_m(sin_lat: f64) -> f64 {
    EQUATORIAL_RADIUS_M / (1.0 - ECCENTRICITY_2 * sin_lat * sin_lat).sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_what_is_not_a_position() {
        for lat in [f64::NAN, f64::INFINITY, -90.000_001, 91.0] {
            assert_eq!(LatLon::new(lat, 0.0), Err(PositionError::Latitude));
        }
        for lon in [f64::NAN, f64::NEG_INFINITY, 180.000_001, -181.0] {
            assert_eq!(LatLon::new(0.0, lon), Err(PositionError::Longitude));
        }
        assert!(LatLon::new(90.0, -180.0).is_ok());
    }

    #[test]
    fn a_negative_zero_is_a_zero() {
        let position = LatLon::new(-0.0, -0.0).unwrap();
        assert_eq!(position.lat_deg().to_bits(), 0);
        assert_eq!(position.lon_deg().to_bits(), 0);
    }

    #[test]
    fn debug_shows_no_number() {
        let shown = format!("{:?}", LatLon::new(51.5, -0.1).unwrap());
        assert!(!shown.contains(|c: char| c.is_ascii_digit()), "{shown}");
    }

    #[test]
    fn distance_matches_published_values() {
        // GeographicLib's own example, JFK to LHR; a degree of latitude at the equator; a step over
        // the 180th meridian.
        let at = |lat, lon| LatLon::new(lat, lon).unwrap();
        assert!((distance_m(at(40.6, -73.8), at(51.6, -0.5)) - 5_551_759.4).abs() < 0.1);
        assert!((distance_m(at(-0.5, 0.0), at(0.5, 0.0)) - 110_574.4).abs() < 0.1);
        assert!((distance_m(at(10.0, 179.999), at(10.0, -179.999)) - 219.3).abs() < 0.1);
    }

    proptest! {
        #[test]
        fn the_farthest_is_never_nearer_and_hardly_farther(
            lat in -89.9_f64..89.9, lon in -180.0_f64..180.0, azimuth_deg in 0.0_f64..360.0, metres in 0.0_f64..300_000.0,
        ) {
            let from = LatLon::new(lat, lon).unwrap();
            let to = offset(from, azimuth_deg, metres);
            let (exact_m, most_m) = (distance_m(from, to), farthest_m(from, to));
            prop_assert!(most_m >= exact_m && most_m <= 1.011 * exact_m + 0.01, "{} {}", exact_m, most_m);
        }
    }

    #[test]
    fn offset_goes_where_distance_says() {
        let origin = LatLon::new(64.1, 179.99).unwrap();
        let end = offset(origin, 75.0, 4_000.0);
        assert!(end.lon_deg() < 0.0);
        assert!((distance_m(origin, end) - 4_000.0).abs() < 1e-6);
        assert!((azimuth_deg(origin, end) - 75.0).abs() < 1e-9);
        assert_eq!(offset(origin, f64::NAN, 1.0), origin);
    }
}
