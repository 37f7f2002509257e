//! Streets: a grid with irregular blocks, turned by some angle, some of its streets closed to through traffic.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::f64::consts::FRAC_PI_2;

use super::part;
use crate::random::Random;
use crate::route::{metres_between, offset_m, step_m};

/// Streets in each direction.
const STREETS: usize = 22;

/// Widths of blocks, metres: between these two in a city of small blocks, and in one of large ones.
const BLOCK_M: [(f64, f64); 2] = [(50.0, 110.0), (110.0, 260.0)];

/// How far a crossing lies from where a straight street would have it, in shares of a small block.
const CROOKED: f64 = 0.3;

/// A street closed to through traffic is taken as if it were so many times as long.
const CLOSED: f64 = 12.0;

/// Tastes differ: a street seems up to this many times as long as it is.
const TASTE: f64 = 1.8;

/// A street that must be kept out of is taken, where there is no other, as if it were so many times as long.
const FORBIDDEN: f64 = 10_000.0;

/// A city. Its crossings are numbered; points are (latitude, longitude), degrees.
#[derive(Clone)]
pub struct City {
    /// Metres east and north of the origin.
    crossings: Vec<(f64, f64)>,
    origin: (f64, f64),
    /// For each crossing the next ones, and how many times as long as it is the street there counts.
    streets: Vec<Vec<(usize, f64)>>,
}

/// A circle to keep out of.
#[derive(Clone, Copy)]
pub struct Keep {
    /// Its middle.
    pub centre: (f64, f64),
    /// Its radius, metres.
    pub out_m: f64,
}

impl City {
    /// A city whose easternmost crossing is at a point: all of it lies west of there. That crossing is
    /// [`Self::easternmost`].
    pub fn new(seed: u64, at: (f64, f64)) -> Self {
        let mut random = part(seed, 1);
        let share = random.unit();
        let blocks = |of: fn((f64, f64)) -> f64| of(BLOCK_M[0]) + share * (of(BLOCK_M[1]) - of(BLOCK_M[0]));
        let (low_m, high_m) = (blocks(|block| block.0), blocks(|block| block.1));
        let mut lines = || {
            let mut at_m = 0.0;
            Vec::from_iter((0..STREETS).map(|_| {
                at_m += random.between(low_m, high_m);
                at_m
            }))
        };
        let (columns, rows) = (lines(), lines());
        let (sin, cos) = random.between(0.0, FRAC_PI_2).sin_cos();
        let crooked_m = CROOKED * low_m;
        let mut crossings = Vec::new();
        for row_m in &rows {
            for column_m in &columns {
                let x = column_m + random.between(-crooked_m, crooked_m);
                let y = row_m + random.between(-crooked_m, crooked_m);
                crossings.push((x * cos - y * sin, x * sin + y * cos));
            }
        }
        let closed_share = random.between(0.05, 0.25);
        let mut streets = vec![Vec::new(); crossings.len()];
        for crossing in 0..crossings.len() {
            let east = (crossing % STREETS + 1 < STREETS).then_some(crossing + 1);
            let north = (crossing / STREETS + 1 < STREETS).then_some(crossing + STREETS);
            for next in [east, north].into_iter().flatten() {
                let length = if random.unit() < closed_share { CLOSED } else { 1.0 };
                streets[crossing].push((next, length));
                streets[next].push((crossing, length));
            }
        }
        let mut city = Self { crossings, origin: at, streets };
        let (east_m, north_m) = city.crossings[city.easternmost()];
        for crossing in &mut city.crossings {
            *crossing = (crossing.0 - east_m, crossing.1 - north_m);
        }
        city
    }

    /// The crossing that no other one is east of.
    pub fn easternmost(&self) -> usize {
        let all = self.crossings.iter().enumerate();
        all.max_by(|a, b| a.1.0.total_cmp(&b.1.0)).map_or(0, |(crossing, _)| crossing)
    }

    /// How many crossings there are.
    pub const fn count(&self) -> usize {
        self.crossings.len()
    }

    /// Where a crossing is.
    pub fn place(&self, crossing: usize) -> (f64, f64) {
        let (east_m, north_m) = self.crossings[crossing];
        step_m(self.origin.0, self.origin.1, east_m, north_m)
    }

    /// Some crossing.
    pub fn any(&self, random: &mut Random) -> usize {
        (random.bits() % self.crossings.len() as u64) as usize
    }

    /// Metres from a point to a crossing.
    pub fn metres_to(&self, point: (f64, f64), crossing: usize) -> f64 {
        metres_between(point, self.place(crossing))
    }

    /// Whether there is a crossing farther than this to the north-east of a point, to the south-east, and so on.
    pub(super) fn surrounds(&self, point: (f64, f64), metres: f64) -> bool {
        let (east_m, north_m) = self.metres(point);
        let is_beyond = |(east, north): (f64, f64)| {
            let mut offsets =
                self.crossings.iter().map(|at| (east * (at.0 - east_m), north * (at.1 - north_m)));
            offsets.any(|(x, y)| x > 0.0 && y > 0.0 && x.hypot(y) > metres)
        };
        [(1.0, 1.0), (1.0, -1.0), (-1.0, -1.0), (-1.0, 1.0)].into_iter().all(is_beyond)
    }

    /// A way along the streets, not always the same one. It leads through what is to be kept out of only where there
    /// is no other.
    pub fn route(
        &self,
        from: usize,
        to: usize,
        keep_out: Option<Keep>,
        random: &mut Random,
    ) -> Vec<(f64, f64)> {
        let taste_seed = random.bits();
        let middle = keep_out.map(|keep| (self.metres(keep.centre), keep.out_m));
        let cost = |a: usize, b: usize, length: f64| {
            let (from, to) = (self.crossings[a], self.crossings[b]);
            let street = (a.min(b) * self.crossings.len() + a.max(b)) as u64;
            let taste = part(taste_seed, street).between(1.0, TASTE);
            let forbidden = middle.is_some_and(|(middle, out_m)| nearest_m(middle, from, to) < out_m);
            let metres = (to.0 - from.0).hypot(to.1 - from.1);
            (metres * length * taste * if forbidden { FORBIDDEN } else { 1.0 } * 1e3) as u64
        };
        let mut reached = vec![(u64::MAX, from); self.crossings.len()];
        reached[from].0 = 0;
        let mut heap = BinaryHeap::from([Reverse((0, from))]);
        while let Some(Reverse((so_far, crossing))) = heap.pop() {
            if crossing == to {
                break;
            }
            for &(next, length) in &self.streets[crossing] {
                let total = so_far + cost(crossing, next, length);
                if total < reached[next].0 {
                    reached[next] = (total, crossing);
                    heap.push(Reverse((total, next)));
                }
            }
        }
        let mut way = vec![to];
        while way[way.len() - 1] != from {
            way.push(reached[way[way.len() - 1]].1);
        }
        way.reverse();
        way.into_iter().map(|crossing| self.place(crossing)).collect()
    }

    /// Metres east and north of the origin.
    fn metres(&self, point: (f64, f64)) -> (f64, f64) {
        offset_m(self.origin, point)
    }
}

/// The least distance of a point from a straight street.
fn nearest_m(point: (f64, f64), from: (f64, f64), to: (f64, f64)) -> f64 {
    let (along, away) = ((to.0 - from.0, to.1 - from.1), (point.0 - from.0, point.1 - from.1));
    let square = along.0 * along.0 + along.1 * along.1;
    let part = ((away.0 * along.0 + away.1 * along.1) / square.max(1e-9)).clamp(0.0, 1.0);
    (away.0 - part * along.0).hypot(away.1 - part * along.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: (f64, f64) = (53.48, -2.24);

    #[test]
    fn all_of_a_city_lies_west_of_its_easternmost_crossing() {
        for seed in 0..20 {
            let city = City::new(seed, HOME);
            let home = city.easternmost();
            assert!(metres_between(city.place(home), HOME) < 0.01);
            assert!((0..city.count()).all(|crossing| city.place(crossing).1 <= HOME.1 + 1e-9));
            let across_m = metres_between(city.place(0), city.place(city.count() - 1));
            assert!((1_500.0..8_500.0).contains(&across_m), "{across_m} m across");
        }
    }

    #[test]
    fn a_route_leads_there_along_streets_and_not_always_the_same_way() {
        let city = City::new(3, HOME);
        let mut random = Random::new(1);
        for _ in 0..50 {
            let (from, to) = (city.any(&mut random), city.any(&mut random));
            let way = city.route(from, to, None, &mut random);
            assert!(way[0] == city.place(from) && way[way.len() - 1] == city.place(to));
            assert!(way.windows(2).all(|street| metres_between(street[0], street[1]) < 350.0));
        }
        let ways = [0; 9].map(|_| city.route(0, city.count() - 1, None, &mut random));
        assert!(ways.iter().any(|way| *way != ways[0]));
    }

    #[test]
    fn a_route_goes_around_what_must_be_kept_out_of() {
        let city = City::new(5, HOME);
        let mut random = Random::new(1);
        let middle = city.place(city.count() / 2 + STREETS / 2);
        let keep = Keep { centre: middle, out_m: 300.0 };
        for _ in 0..20 {
            let way = city.route(0, city.count() - 1, Some(keep), &mut random);
            assert!(way.iter().all(|&at| metres_between(at, middle) >= 299.0));
        }
    }
}
