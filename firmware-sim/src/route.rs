//! True motion: where a wearer really is at every moment.
//!
//! Distances are metres on a sphere, flat over the few kilometres of a route: the truth of a simulation
//! may be any path, so it need not be the ellipsoid's.

use crate::random::Random;

/// Mean Earth radius, metres (IUGG).
const EARTH_M: f64 = 6_371_008.8;

/// Where a wearer is and how they move.
#[derive(Clone, Copy, PartialEq)]
pub struct Truth {
    /// WGS84 latitude, degrees.
    pub lat: f64,
    /// WGS84 longitude, degrees.
    pub lon: f64,
    /// Speed over ground, metres per second.
    pub speed_mps: f64,
    /// Course, degrees clockwise from true north, 0 up to but not 360; without meaning at speed 0.
    pub course_deg: f64,
    /// Under a roof.
    pub indoors: bool,
}

/// Leaves the position out, so that it cannot end up in a log line.
impl std::fmt::Debug for Truth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Truth").field("speed_mps", &self.speed_mps).finish_non_exhaustive()
    }
}

/// A polyline walked at one speed.
#[derive(Clone)]
pub struct Route {
    points: Vec<(f64, f64)>,
    /// Metres from the start to each point.
    reached_m: Vec<f64>,
    speed_mps: f64,
}

impl Route {
    /// A route through (latitude, longitude) points in degrees. `None` when there is no point, a point is
    /// not on Earth, or the speed is not a positive number of metres per second.
    pub fn new(points: Vec<(f64, f64)>, speed_mps: f64) -> Option<Self> {
        let on_earth = |&(lat, lon): &(f64, f64)| lat.abs() <= 90.0 && lon.abs() <= 180.0;
        if points.is_empty() || !points.iter().all(on_earth) || !speed_mps.is_normal() || speed_mps < 0.0 {
            return None;
        }
        let mut reached_m = vec![0.0];
        for pair in points.windows(2) {
            let so_far = reached_m[reached_m.len() - 1];
            reached_m.push(so_far + metres_between(pair[0], pair[1]));
        }
        Some(Self { points, reached_m, speed_mps })
    }

    /// Length, metres.
    pub fn length_m(&self) -> f64 {
        self.reached_m[self.reached_m.len() - 1]
    }

    /// Time from start to end, seconds.
    pub fn duration_s(&self) -> f64 {
        self.length_m() / self.speed_mps
    }

    /// The truth `t_s` seconds after the start. Before it and after the end: standing there.
    pub fn at(&self, t_s: f64) -> Truth {
        let gone_m = t_s * self.speed_mps;
        let standing = |(lat, lon)| Truth { lat, lon, speed_mps: 0.0, course_deg: 0.0, indoors: false };
        if gone_m < 0.0 {
            return standing(self.points[0]);
        }
        let next = self.reached_m.partition_point(|reached_m| *reached_m <= gone_m);
        let Some(&end_m) = self.reached_m.get(next) else {
            return standing(self.points[self.points.len() - 1]);
        };
        let (from, to, start_m) = (self.points[next - 1], self.points[next], self.reached_m[next - 1]);
        let part = (gone_m - start_m) / (end_m - start_m);
        let (east_m, north_m) = offset_m(from, to);
        Truth {
            lat: from.0 + part * (to.0 - from.0),
            lon: from.1 + part * (to.1 - from.1),
            speed_mps: self.speed_mps,
            course_deg: east_m.atan2(north_m).to_degrees().rem_euclid(360.0) % 360.0,
            indoors: false,
        }
    }
}

/// One part of a [`Walker`]'s day.
#[derive(Clone)]
pub enum Leg {
    /// Follow a route.
    Go(Route),
    /// Stay where the leg before ended (or, as the first leg, where the next one starts).
    Wait {
        /// How long, seconds.
        seconds: f64,
        /// Under a roof.
        indoors: bool,
    },
}

/// Somebody with a schedule: legs one after the other, then again from the first, or standing at the end.
#[derive(Clone)]
pub struct Walker {
    /// Each leg's start, in seconds after the first one's, and what is done.
    legs: Vec<(f64, Leg)>,
    duration_s: f64,
    repeats: bool,
    start: (f64, f64),
}

impl Walker {
    /// A walker. `None` when no leg is a route (there would be no place to be at). One that repeats
    /// should end where it starts: it jumps otherwise.
    pub fn new(legs: Vec<Leg>, repeats: bool) -> Option<Self> {
        let first = legs.iter().find_map(|leg| match leg {
            Leg::Go(route) => Some(route.points[0]),
            Leg::Wait { .. } => None,
        })?;
        let mut start_s = 0.0;
        let mut timed = Vec::with_capacity(legs.len());
        for leg in legs {
            let duration_s = match &leg {
                Leg::Go(route) => route.duration_s(),
                Leg::Wait { seconds, .. } => seconds.max(0.0),
            };
            timed.push((start_s, leg));
            start_s += duration_s;
        }
        Some(Self { legs: timed, duration_s: start_s, repeats, start: first })
    }

    /// Somebody who walks a round through 8 random places within `radius_m` of a point, over and over,
    /// and rests up to ten minutes at each, every other time under a roof. `None` when the centre is not
    /// on Earth.
    pub fn wander(seed: u64, centre: (f64, f64), radius_m: f64) -> Option<Self> {
        let mut random = Random::new(seed);
        let places = Vec::from_iter((0..8).map(|_| {
            let distance_m = radius_m * random.unit().sqrt();
            let (sin, cos) = random.between(0.0, std::f64::consts::TAU).sin_cos();
            step_m(centre.0, centre.1, distance_m * sin, distance_m * cos)
        }));
        let mut legs = Vec::new();
        for (index, &from) in places.iter().enumerate() {
            let to = places[(index + 1) % places.len()];
            legs.push(Leg::Go(Route::new(vec![from, to], random.between(1.0, 1.8))?));
            let seconds = random.between(0.0, 600.0);
            legs.push(Leg::Wait { seconds, indoors: index % 2 == 0 });
        }
        Self::new(legs, true)
    }

    /// Time from start to end of one round, seconds.
    pub const fn duration_s(&self) -> f64 {
        self.duration_s
    }

    /// The truth `t_s` seconds after the start.
    pub fn at(&self, t_s: f64) -> Truth {
        let t_s = if self.repeats && self.duration_s > 0.0 { t_s.rem_euclid(self.duration_s) } else { t_s };
        let current = self.legs.partition_point(|(start_s, _)| *start_s <= t_s).saturating_sub(1);
        let (start_s, leg) = &self.legs[current];
        match leg {
            Leg::Go(route) => route.at(t_s - start_s),
            Leg::Wait { indoors, .. } => {
                let before = self.legs[..current].iter().rev().find_map(|(_, leg)| match leg {
                    Leg::Go(route) => Some(route.points[route.points.len() - 1]),
                    Leg::Wait { .. } => None,
                });
                let (lat, lon) = before.unwrap_or(self.start);
                Truth { lat, lon, speed_mps: 0.0, course_deg: 0.0, indoors: *indoors }
            }
        }
    }
}

/// The point some metres east and north of another, degrees. It stays on Earth.
pub fn step_m(lat: f64, lon: f64, east_m: f64, north_m: f64) -> (f64, f64) {
    let new_lat = (lat + (north_m / EARTH_M).to_degrees()).clamp(-90.0, 90.0);
    let shrink = lat.to_radians().cos().max(1e-6);
    let new_lon = lon + (east_m / (EARTH_M * shrink)).to_degrees();
    (new_lat, (new_lon + 180.0).rem_euclid(360.0) - 180.0)
}

/// Metres between two (latitude, longitude) points a few kilometres apart.
pub fn metres_between(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (east_m, north_m) = offset_m(a, b);
    east_m.hypot(north_m)
}

/// A number with some decimals less, as a tag prints it.
pub(crate) fn round(value: f64, decimals: i32) -> f64 {
    let factor = 10_f64.powi(decimals);
    (value * factor).round() / factor
}

/// Metres east and north from one point to another, on a plane that touches halfway.
pub(crate) fn offset_m(from: (f64, f64), to: (f64, f64)) -> (f64, f64) {
    let shrink = f64::midpoint(from.0, to.0).to_radians().cos();
    let east_deg = (to.1 - from.1 + 180.0).rem_euclid(360.0) - 180.0;
    (east_deg.to_radians() * EARTH_M * shrink, (to.0 - from.0).to_radians() * EARTH_M)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: (f64, f64) = (48.0, -30.0);

    fn to(east_m: f64, north_m: f64) -> (f64, f64) {
        step_m(A.0, A.1, east_m, north_m)
    }

    fn place(truth: Truth) -> (f64, f64) {
        (truth.lat, truth.lon)
    }

    #[test]
    fn a_route_is_walked_at_its_speed() {
        let route = Route::new(vec![A, to(100.0, 0.0), to(100.0, 50.0)], 2.0).unwrap();
        assert!((route.length_m() - 150.0).abs() < 0.01);
        assert!((route.duration_s() - 75.0).abs() < 0.01);
        for (t_s, east_m, north_m, course_deg) in
            [(0.0, 0.0, 0.0, 90.0), (25.0, 50.0, 0.0, 90.0), (60.0, 100.0, 20.0, 0.0)]
        {
            let truth = route.at(t_s);
            assert!(metres_between(place(truth), to(east_m, north_m)) < 0.01, "at {t_s} s");
            assert!((truth.course_deg - course_deg).abs() < 0.01 && truth.speed_mps == 2.0);
        }
        assert!(route.at(-1.0).speed_mps == 0.0 && place(route.at(-1.0)) == A);
        assert!(route.at(99.0).speed_mps == 0.0 && place(route.at(99.0)) == to(100.0, 50.0));
    }

    #[test]
    fn a_route_that_cannot_be_walked_is_none() {
        assert!(Route::new(vec![], 1.0).is_none());
        assert!(Route::new(vec![(91.0, 0.0)], 1.0).is_none());
        assert!(Route::new(vec![(f64::NAN, 0.0)], 1.0).is_none());
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Route::new(vec![A], speed).is_none(), "{speed}");
        }
    }

    #[test]
    fn a_walker_goes_waits_and_begins_again() {
        let there = Route::new(vec![A, to(100.0, 0.0)], 1.0).unwrap();
        let back = Route::new(vec![to(100.0, 0.0), A], 1.0).unwrap();
        let wait = Leg::Wait { seconds: 60.0, indoors: true };
        let legs = vec![Leg::Go(there), wait.clone(), Leg::Go(back)];
        let walker = Walker::new(legs.clone(), true).unwrap();
        assert!((walker.duration_s() - 260.0).abs() < 0.01);
        let rest = walker.at(130.0);
        assert!(rest.indoors && rest.speed_mps == 0.0 && place(rest) == to(100.0, 0.0));
        let again = walker.at(10.0 + walker.duration_s());
        assert!(metres_between(place(again), to(10.0, 0.0)) < 0.01);
        let once = Walker::new(legs, false).unwrap();
        assert!(place(once.at(1e6)) == A && once.at(1e6).speed_mps == 0.0);
        assert!(Walker::new(vec![wait], true).is_none());
    }

    #[test]
    fn a_wanderer_stays_within_reach_and_never_jumps() {
        let walker = Walker::wander(7, A, 3_000.0).unwrap();
        let mut before = place(walker.at(0.0));
        for second in 1..20_000 {
            let now = place(walker.at(f64::from(second)));
            assert!(metres_between(now, A) < 3_005.0 && metres_between(now, before) < 2.0);
            before = now;
        }
    }
}
