//! The azimuthal equidistant plane about a position.

use super::position::{ECCENTRICITY_2, Ecef, LatLon, azimuth_deg, distance_m, prime_vertical_radius_m};

/// Up to this chord the series below is used, beyond it the exact geodesic.
const SERIES_LIMIT_M: f64 = 1_000_000.0;

/// The plane in which every point has its true distance and direction from one position.
///
/// Up to 100 km points are within 3 cm of the exact geodesic; to 1,000 km distances within 3 m and
/// directions within 4 seconds of arc; beyond that the exact geodesic is used. All latitudes, both
/// poles and the 180th meridian included.
#[derive(Clone, Copy, Debug)]
pub struct Plane {
    origin: LatLon,
    at: Ecef,
    sin_lat: f64,
    cos_lat: f64,
    sin_lon: f64,
    cos_lon: f64,
    /// 1/M and 1/N: the curvature of the ellipsoid north-south and east-west.
    curvature_north: f64,
    curvature_east: f64,
}

impl Plane {
    /// The plane about `origin`, which is its point (0, 0).
    pub fn about(origin: LatLon) -> Self {
        let (sin_lat, cos_lat) = origin.lat_deg().to_radians().sin_cos();
        let (sin_lon, cos_lon) = origin.lon_deg().to_radians().sin_cos();
        let n = prime_vertical_radius_m(sin_lat);
        let m = n * (1.0 - ECCENTRICITY_2) / (1.0 - ECCENTRICITY_2 * sin_lat * sin_lat);
        Self {
            origin,
            at: Ecef::from(origin),
            sin_lat,
            cos_lat,
            sin_lon,
            cos_lon,
            curvature_north: 1.0 / m,
            curvature_east: 1.0 / n,
        }
    }

    /// Metres east and north of the origin.
    pub fn project(&self, position: LatLon) -> [f64; 2] {
        self.project_known(position, &Ecef::from(position))
    }

    /// [`Plane::project`] of a position whose [`Ecef`] is at hand.
    pub(super) fn project_known(&self, position: LatLon, ecef: &Ecef) -> [f64; 2] {
        self.series(ecef).unwrap_or_else(|| self.exact(position))
    }

    /// The chord to the point, turned into east, north and up at the origin, gives the direction
    /// of the normal section. Its length follows from the chord c and the curvature k in that
    /// direction (Euler's theorem): 2/k asin(ck/2), here as a series.
    /// (Torge, Geodesy, chapter 4: normal sections; the geodesic differs from the normal section
    /// by about e'^2/12 (s/N)^2 in direction, 1.4 cm at 100 km.)
    fn series(&self, ecef: &Ecef) -> Option<[f64; 2]> {
        let [dx, dy, dz] = std::array::from_fn(|i| ecef.0[i] - self.at.0[i]);
        let chord_2 = dx * dx + dy * dy + dz * dz;
        if chord_2 > SERIES_LIMIT_M * SERIES_LIMIT_M {
            return None;
        }
        let outward = self.cos_lon * dx + self.sin_lon * dy;
        let east = self.cos_lon * dy - self.sin_lon * dx;
        let north = self.cos_lat * dz - self.sin_lat * outward;
        let (east_2, north_2) = (east * east, north * north);
        let flat_2 = east_2 + north_2;
        if flat_2 == 0.0 {
            return Some([0.0, 0.0]);
        }
        let curvature = (north_2 * self.curvature_north + east_2 * self.curvature_east) / flat_2;
        let x = 0.25 * chord_2 * curvature * curvature;
        let arc_per_chord = 1.0 + x * (1.0 / 6.0 + x * (3.0 / 40.0 + x * (5.0 / 112.0)));
        let scale = (chord_2 / flat_2).sqrt() * arc_per_chord;
        Some([east * scale, north * scale])
    }

    fn exact(&self, position: LatLon) -> [f64; 2] {
        let distance = distance_m(self.origin, position);
        let (sin, cos) = azimuth_deg(self.origin, position).to_radians().sin_cos();
        [distance * sin, distance * cos]
    }
}
