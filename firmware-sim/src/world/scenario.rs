//! Circles over a trip, and what the true path does to them.

use super::trip::Row;
use crate::random::Random;
use crate::route::{metres_between, step_m};

/// Radii, metres.
const RADII_M: [f64; 4] = [100.0, 150.0, 250.0, 500.0];

/// A breach is at least this deep, metres.
const DEPTH_MIN_M: f64 = 5.0;

/// Near misses come between these two to the border, metres: half of them in each band.
const NEAR_M: [(f64, f64); 2] = [(2.0, 25.0), (25.0, 100.0)];

/// A trip starts at least this far outside, metres.
const START_M: f64 = 60.0;

/// Tries for each circle.
const TRIES: usize = 300;

/// A circle over a trip.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// Its middle, degrees.
    pub centre: (f64, f64),
    /// Its radius, metres.
    pub radius_m: f64,
    /// Metres from its border to the nearest point of the true path; negative inside.
    pub nearest_m: f64,
    /// What happens.
    pub kind: Kind,
}

/// What the true path does to a circle. Seconds by the trip's clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// It enters.
    Breach {
        /// The first second inside.
        entry_s: i64,
        /// The first second outside again; `None`: it ends inside.
        exit_s: Option<i64>,
        /// How long the first stay lasts, as far as is known.
        stay_s: i64,
    },
    /// It passes outside.
    NearMiss,
}

/// So many breaches of a trip, and so many near misses in each of the two bands (2 to 25 m, 25 to 100 m), as far as
/// the trip has room for them. Their shape is as random as the trip; only the quotas are chosen.
pub fn scenarios(rows: &[Row], breaches: usize, near_misses: usize, random: &mut Random) -> Vec<Scenario> {
    let mut found = Vec::new();
    for _ in 0..breaches {
        found.extend((0..TRIES).find_map(|_| {
            let radius_m = radius_m(random);
            let away_m = radius_m * random.unit().sqrt();
            circle(rows, radius_m, away_m, random).filter(|circle| circle.nearest_m <= -DEPTH_MIN_M)
        }));
    }
    for (low_m, high_m) in NEAR_M {
        for _ in 0..near_misses {
            found.extend((0..TRIES).find_map(|_| {
                let radius_m = radius_m(random);
                let away_m = radius_m + random.between(low_m, high_m);
                circle(rows, radius_m, away_m, random)
                    .filter(|circle| (low_m..high_m).contains(&circle.nearest_m))
            }));
        }
    }
    found
}

fn radius_m(random: &mut Random) -> f64 {
    RADII_M[(random.bits() % RADII_M.len() as u64) as usize]
}

/// A circle whose middle is so far from some point of the trip, unless the trip starts in it or near it.
fn circle(rows: &[Row], radius_m: f64, away_m: f64, random: &mut Random) -> Option<Scenario> {
    let row = rows.get((random.bits() % rows.len().max(1) as u64) as usize)?;
    let (sin, cos) = random.between(0.0, std::f64::consts::TAU).sin_cos();
    let centre = step_m(row.truth.lat, row.truth.lon, away_m * sin, away_m * cos);
    let border_m = Vec::from_iter(
        rows.iter().map(|row| (row.t_s, metres_between(centre, (row.truth.lat, row.truth.lon)) - radius_m)),
    );
    if border_m.first()?.1 < START_M {
        return None;
    }
    let nearest_m = border_m.iter().map(|(_, border_m)| *border_m).fold(f64::INFINITY, f64::min);
    let entry = border_m.iter().position(|(_, border_m)| *border_m <= 0.0);
    let kind = entry.map_or(Kind::NearMiss, |entry| {
        let inside = &border_m[entry..];
        let exit_s = inside.iter().find(|(_, border_m)| *border_m > 0.0).map(|(t_s, _)| *t_s);
        let (entry_s, last_s) = (inside[0].0, inside[inside.len() - 1].0);
        Kind::Breach { entry_s, exit_s, stay_s: exit_s.unwrap_or(last_s) - entry_s }
    });
    Some(Scenario { centre, radius_m, nearest_m, kind })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::Truth;

    const A: (f64, f64) = (48.0, -30.0);

    /// East at a metre a second, from 700 m west of a point to 700 m east of it.
    fn rows() -> Vec<Row> {
        let row = |t_s: i64| {
            let (lat, lon) = step_m(A.0, A.1, (t_s - 700) as f64, 0.0);
            let truth = Truth { lat, lon, speed_mps: 1.0, course_deg: 90.0, indoors: false };
            Row { t_s: 5_000 + t_s, truth }
        };
        Vec::from_iter((0..=1_400).map(row))
    }

    #[test]
    fn the_truth_about_a_circle_is_that_of_the_path() {
        let mut random = Random::new(1);
        let found = scenarios(&rows(), 40, 20, &mut random);
        let count = |is: fn(&Scenario) -> bool| found.iter().filter(|circle| is(circle)).count();
        assert_eq!(count(|circle| circle.nearest_m < 0.0), 40);
        assert_eq!(count(|circle| (2.0..25.0).contains(&circle.nearest_m)), 20);
        assert_eq!(count(|circle| (25.0..100.0).contains(&circle.nearest_m)), 20);
        for circle in &found {
            let east_m = crate::route::offset_m(A, circle.centre).0;
            let north_m = crate::route::offset_m(A, circle.centre).1.abs();
            let Kind::Breach { entry_s, exit_s, stay_s } = circle.kind else {
                // The nearest point of a straight path, unless the path ends before it.
                let nearest_m = north_m.hypot((east_m.abs() - 700.0).max(0.0)) - circle.radius_m;
                assert!((circle.nearest_m - nearest_m).abs() < 0.5, "{} {nearest_m}", circle.nearest_m);
                continue;
            };
            let half_m = (circle.radius_m * circle.radius_m - north_m * north_m).sqrt();
            let (enters_s, leaves_s) = (5_700.0 + east_m - half_m, 5_700.0 + east_m + half_m);
            assert!((entry_s as f64 - enters_s).abs() <= 1.1, "{entry_s} {enters_s}");
            let last_s = exit_s.unwrap_or(6_400);
            assert!((last_s as f64 - leaves_s.min(6_400.0)).abs() <= 1.1, "{last_s} {leaves_s}");
            assert_eq!(stay_s, last_s - entry_s);
        }
    }

    #[test]
    fn a_trip_without_room_has_fewer() {
        assert!(scenarios(&[], 5, 5, &mut Random::new(1)).is_empty());
        let standing = Vec::from_iter((0..100).map(|t_s| Row { t_s, ..rows()[0] }));
        assert!(scenarios(&standing, 5, 0, &mut Random::new(1)).is_empty());
    }
}
