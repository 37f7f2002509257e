//! True motion along streets, second by second: walkers, drivers, buses.

use crate::random::Random;
use crate::route::{Route, Truth, metres_between};

/// Change of speed, metres per second in a second: faster, slower.
const FASTER_MPS2: f64 = 1.4;
const SLOWER_MPS2: f64 = 2.0;

/// Nobody on the way is slower than this, metres per second.
const CRAWL_MPS: f64 = 0.4;

/// A bus stops about this often, metres, and waits so long, seconds.
const STOP_EVERY_M: (f64, f64) = (250.0, 450.0);
const STOP_S: (f64, f64) = (8.0, 35.0);

/// At a crossing one waits with this probability, so long: seconds.
const LIGHTS: f64 = 0.3;
const LIGHTS_S: (f64, f64) = (4.0, 45.0);

/// Where one is at a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Seconds.
    pub t_s: i64,
    /// Where, and how one moves.
    pub truth: Truth,
}

/// How somebody travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traveller {
    /// On foot.
    Walker,
    /// In a car.
    Driver,
    /// On a bus.
    Bus,
}

impl Traveller {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Walker, Self::Driver, Self::Bus];

    /// Its name in a file's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Walker => "walker",
            Self::Driver => "driver",
            Self::Bus => "bus",
        }
    }

    /// Between which two the speed on a free street is, metres per second.
    const fn free_mps(self) -> (f64, f64) {
        match self {
            Self::Walker => (1.0, 1.7),
            Self::Driver => (8.0, 15.0),
            Self::Bus => (7.0, 12.0),
        }
    }

    /// The speed around a corner, metres per second.
    const fn corner_mps(self) -> f64 {
        match self {
            Self::Walker => 1.7,
            Self::Driver => 5.0,
            Self::Bus => 4.0,
        }
    }
}

/// A place on the way where one must be slow, and perhaps wait.
struct Slow {
    at_m: f64,
    mps: f64,
    wait_s: i64,
}

/// The way along a path of (latitude, longitude) points from `start_s` on, a row for each second. At the end one
/// stands for a second. Nothing if the path has no length.
pub fn trip(by: Traveller, path: &[(f64, f64)], start_s: i64, random: &mut Random) -> Vec<Row> {
    // A metre is walked in a second: the second is the way gone.
    let Some(route) = Route::new(path.to_vec(), 1.0).filter(|route| route.length_m() > 1.0) else {
        return Vec::new();
    };
    let (low_mps, high_mps) = by.free_mps();
    let free_mps = random.between(low_mps, high_mps);
    let slows = slows(by, path, random);
    let mut slows = slows.iter().peekable();
    let (mut gone_m, mut mps, mut t_s) = (0.0, 0.0_f64, start_s);
    let mut rows = Vec::new();
    while gone_m < route.length_m() {
        rows.push(Row { t_s, truth: Truth { speed_mps: mps, ..route.at(gone_m) } });
        t_s += 1;
        let ahead = slows.peek();
        let braking_mps = ahead.map_or(f64::INFINITY, |slow| {
            (slow.mps * slow.mps + 2.0 * SLOWER_MPS2 * (slow.at_m - gone_m).max(0.0)).sqrt()
        });
        mps = (mps + FASTER_MPS2).min(free_mps).min(braking_mps).max(CRAWL_MPS);
        gone_m += mps;
        if let Some(slow) = slows.next_if(|slow| slow.at_m <= gone_m)
            && slow.wait_s > 0
        {
            (gone_m, mps) = (slow.at_m, 0.0);
            let standing = Truth { speed_mps: 0.0, ..route.at(gone_m) };
            rows.extend((0..slow.wait_s).map(|second| Row { t_s: t_s + second, truth: standing }));
            t_s += slow.wait_s;
        }
    }
    rows.push(Row { t_s, truth: route.at(route.length_m()) });
    rows
}

/// Corners, lights and bus stops, in their order on the way.
fn slows(by: Traveller, path: &[(f64, f64)], random: &mut Random) -> Vec<Slow> {
    let mut slows = Vec::new();
    let mut at_m = 0.0;
    for corner in path.windows(3) {
        at_m += metres_between(corner[0], corner[1]);
        let straight_m = metres_between(corner[0], corner[2]);
        let around_m = metres_between(corner[0], corner[1]) + metres_between(corner[1], corner[2]);
        if random.unit() < LIGHTS {
            let wait_s = random.between(LIGHTS_S.0, LIGHTS_S.1) as i64;
            slows.push(Slow { at_m, mps: CRAWL_MPS, wait_s });
        } else if straight_m < 0.95 * around_m {
            slows.push(Slow { at_m, mps: by.corner_mps(), wait_s: 0 });
        }
    }
    let length_m: f64 = path.windows(2).map(|street| metres_between(street[0], street[1])).sum();
    let mut stop_m = random.between(0.0, STOP_EVERY_M.1);
    while by == Traveller::Bus && stop_m < length_m - 1.0 {
        slows.push(Slow { at_m: stop_m, mps: CRAWL_MPS, wait_s: random.between(STOP_S.0, STOP_S.1) as i64 });
        stop_m += random.between(STOP_EVERY_M.0, STOP_EVERY_M.1);
    }
    slows.sort_by(|a, b| a.at_m.total_cmp(&b.at_m));
    slows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::City;

    #[test]
    fn everybody_arrives_at_a_speed_of_their_kind_and_never_jumps() {
        let city = City::new(2, (48.0, -30.0));
        let mut random = Random::new(1);
        for (by, fastest_mps, mean_mps) in [
            (Traveller::Walker, 1.8, 0.5..1.7),
            (Traveller::Driver, 15.0, 3.0..12.0),
            (Traveller::Bus, 12.0, 2.0..9.0),
        ] {
            for _ in 0..20 {
                let (from, to) = (city.any(&mut random), city.easternmost());
                let path = city.route(from, to, None, &mut random);
                let rows = trip(by, &path, 100, &mut random);
                let Some((first, last)) = rows.first().zip(rows.last()) else {
                    assert!(from == to);
                    continue;
                };
                assert!((first.truth.lat, first.truth.lon) == path[0] && first.t_s == 100);
                assert!((last.truth.lat, last.truth.lon) == path[path.len() - 1]);
                let mut gone_m = 0.0;
                for pair in rows.windows(2) {
                    let [a, b] = [pair[0], pair[1]];
                    let step_m = metres_between((a.truth.lat, a.truth.lon), (b.truth.lat, b.truth.lon));
                    assert!(
                        b.t_s == a.t_s + 1 && step_m <= fastest_mps + 0.1,
                        "{by:?}: {step_m} m in a second"
                    );
                    gone_m += step_m;
                }
                let mean = gone_m / (last.t_s - first.t_s) as f64;
                assert!(gone_m < 300.0 || mean_mps.contains(&mean), "{by:?}: {mean} m/s");
            }
        }
    }
}
