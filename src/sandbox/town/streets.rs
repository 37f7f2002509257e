//! A street net in metres east and north of the market square: rings and spokes that a river and chance have broken.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashSet},
    f64::consts::TAU,
};

use firmware_sim::random::Random;

/// Metres east and north of the market square.
pub(crate) type Spot = [f64; 2];

/// Rings of streets: radius in metres and crossings on it, each a divisor of the next one's.
const RINGS: [(f64, usize); 11] = [
    (150.0, 8),
    (360.0, 16),
    (570.0, 16),
    (780.0, 32),
    (990.0, 32),
    (1_200.0, 32),
    (1_410.0, 64),
    (1_620.0, 64),
    (1_830.0, 64),
    (2_040.0, 64),
    (2_250.0, 64),
];
/// Which of them surrounds the market, and which is the ring road. Both are whole and have bridges.
const MARKET_RING: usize = 0;
const RING_ROAD: usize = 7;
/// Angles at which there may be a crossing.
const ANGLES: usize = 64;
/// Every eighth of a turn a main road leaves town, over a bridge if need be, and ends this far out.
const MAIN_EVERY: usize = 8;
const MAIN_END_M: f64 = 2_900.0;
/// Share of the minor streets between two crossings that were never built.
const MISSING: f64 = 0.2;
/// A street takes another name after this many crossings.
const NAMED_CROSSINGS: usize = 14;

/// Crossings, what connects them, and the lines to draw.
#[derive(Debug, Clone)]
pub(crate) struct Net {
    crossings: Vec<Spot>,
    neighbours: Vec<Vec<usize>>,
    pub(super) streets: Vec<Vec<Spot>>,
    pub(super) river: Vec<Spot>,
}

/// Shortest ways from one crossing to all that can be reached.
pub(crate) struct Ways {
    /// Metres, and the crossing before; `None` where no way leads.
    reached: Vec<Option<(f64, usize)>>,
}

impl Net {
    pub(super) fn new(random: &mut Random) -> Self {
        let (crossings, places) = crossings(random);
        let mut net = Self {
            neighbours: vec![Vec::new(); crossings.len()],
            crossings,
            streets: Vec::new(),
            river: river(random),
        };
        for (ring, places) in places.iter().enumerate() {
            let mut around: Vec<usize> = places.iter().copied().flatten().collect();
            // The last "ring" is only the ends of the main roads.
            if ring < RINGS.len() {
                around.push(around[0]);
                let is_main = ring == MARKET_RING || ring == RING_ROAD;
                net.build(&around, is_main, random);
            }
        }
        for angle in 0..ANGLES {
            let outwards: Vec<usize> = places.iter().filter_map(|ring| ring[angle]).collect();
            net.build(&outwards, angle % MAIN_EVERY == 0, random);
        }
        net.streets.extend(small_squares(random));
        net
    }

    /// Builds a street along crossings, with gaps where there is no bridge or chance left one.
    fn build(&mut self, along: &[usize], is_main: bool, random: &mut Random) {
        let mut street: Vec<Spot> = Vec::new();
        for pair in along.windows(2) {
            let (from, to) = (self.crossings[pair[0]], self.crossings[pair[1]]);
            let wet = self.river.windows(2).any(|w| cross(w[0], w[1], from, to));
            let missing = random.unit() < MISSING;
            if !is_main && (wet || missing) {
                self.finish(&mut street);
                continue;
            }
            self.neighbours[pair[0]].push(pair[1]);
            self.neighbours[pair[1]].push(pair[0]);
            if street.is_empty() {
                street.push(from);
            }
            street.push(to);
            if street.len() > NAMED_CROSSINGS {
                self.finish(&mut street);
            }
        }
        self.finish(&mut street);
    }

    fn finish(&mut self, street: &mut Vec<Spot>) {
        if !street.is_empty() {
            self.streets.push(std::mem::take(street));
        }
    }

    /// How many crossings there are; they are numbered from 0.
    pub(crate) fn len(&self) -> usize {
        self.crossings.len()
    }

    /// Where a crossing is.
    pub(crate) fn spot(&self, crossing: usize) -> Spot {
        self.crossings[crossing]
    }

    /// The crossings one street away.
    pub(crate) fn neighbours(&self, crossing: usize) -> &[usize] {
        &self.neighbours[crossing]
    }

    /// Shortest ways from a crossing over the pieces of street that are `open` (Dijkstra 1959).
    pub(crate) fn ways(&self, from: usize, open: impl Fn(usize, usize) -> bool) -> Ways {
        let mut reached = vec![None; self.len()];
        let mut done = HashSet::new();
        // Whole millimetres, because they have an order.
        let mut next = BinaryHeap::from([Reverse((0_u64, from, from))]);
        while let Some(Reverse((mm, at, before))) = next.pop() {
            if !done.insert(at) {
                continue;
            }
            #[expect(clippy::cast_precision_loss, reason = "a town is small")]
            let metres = mm as f64 / 1e3;
            reached[at] = Some((metres, before));
            for &to in self.neighbours(at).iter().filter(|to| open(at, **to)) {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a town is small, and a length is positive"
                )]
                let step_mm = (apart_m(self.spot(at), self.spot(to)) * 1e3) as u64;
                next.push(Reverse((mm + step_mm, to, at)));
            }
        }
        Ways { reached }
    }
}

impl Ways {
    /// The crossings that can be reached, the start included, nearest first.
    pub(crate) fn reached(&self) -> Vec<usize> {
        let mut found: Vec<(f64, usize)> = self
            .reached
            .iter()
            .enumerate()
            .filter_map(|(crossing, reached)| Some(((*reached)?.0, crossing)))
            .collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        found.into_iter().map(|(_, crossing)| crossing).collect()
    }

    /// The way from a crossing back to where the ways start; empty if there is none.
    pub(crate) fn back_from(&self, crossing: usize) -> Vec<usize> {
        let mut way = Vec::new();
        let mut at = crossing;
        while let Some((_, before)) = self.reached[at] {
            way.push(at);
            if before == at {
                break;
            }
            at = before;
        }
        way
    }
}

/// Metres between two spots.
pub(crate) fn apart_m(a: Spot, b: Spot) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// A spot seen from another: `metres` away, `angle` radians counter-clockwise from east.
pub(super) fn step(from: Spot, angle: f64, metres: f64) -> Spot {
    [from[0] + metres * angle.cos(), from[1] + metres * angle.sin()]
}

/// The crossings, and which of them each ring has at each angle; after the rings, the ends of the main roads.
#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn crossings(random: &mut Random) -> (Vec<Spot>, Vec<[Option<usize>; ANGLES]>) {
    let mut crossings = Vec::new();
    let mut places = Vec::new();
    let ends = (MAIN_END_M, ANGLES / MAIN_EVERY);
    for (radius_m, count) in RINGS.into_iter().chain([ends]) {
        let mut ring = [None; ANGLES];
        for place in ring.iter_mut().step_by(ANGLES / count).enumerate() {
            let (n, place) = place;
            let turn = TAU / count as f64;
            let angle = turn * (n as f64 + random.between(-0.13, 0.13));
            let spot = step([0.0, 0.0], angle, radius_m + random.between(-35.0, 35.0));
            *place = Some(crossings.len());
            crossings.push(spot);
        }
        places.push(ring);
    }
    (crossings, places)
}

/// From west to east, south of the market.
fn river(random: &mut Random) -> Vec<Spot> {
    let (south_m, phase) = (random.between(430.0, 560.0), random.between(0.0, TAU));
    let bend = |east_m: f64| 120.0 * (east_m / 620.0 + phase).sin() - south_m;
    (-32..=32).map(|n| f64::from(n) * 100.0).map(|east_m| [east_m, bend(east_m)]).collect()
}

/// Little greens between the streets.
fn small_squares(random: &mut Random) -> Vec<Vec<Spot>> {
    let square = |random: &mut Random| {
        let angle = random.between(0.0, TAU);
        let middle = step([0.0, 0.0], angle, random.between(650.0, 1_500.0));
        (0..=4).map(|corner| step(middle, angle + TAU / 4.0 * f64::from(corner), 40.0)).collect()
    };
    (0..4).map(|_| square(random)).collect()
}

/// Whether two straight lines cross.
fn cross(a: Spot, b: Spot, c: Spot, d: Spot) -> bool {
    let left = |from: Spot, to: Spot, p: Spot| {
        (to[0] - from[0]) * (p[1] - from[1]) > (to[1] - from[1]) * (p[0] - from[0])
    };
    left(a, b, c) != left(a, b, d) && left(c, d, a) != left(c, d, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_banks_are_connected_by_few_bridges() {
        for seed in 0..20 {
            let net = Net::new(&mut Random::new(seed));
            let ways = net.ways(0, |_, _| true);
            assert!(ways.reached().len() * 10 > net.len() * 9, "seed {seed}");
            let wet = |a: usize, b: usize| {
                let (a, b) = (net.spot(a), net.spot(b));
                net.river.windows(2).any(|w| cross(w[0], w[1], a, b))
            };
            let dry = net.ways(0, |a, b| !wet(a, b)).reached().len();
            assert!(dry * 10 < net.len() * 9, "seed {seed}: the river divides");
            let ends = 0..net.len();
            let bridges = ends
                .flat_map(|a| net.neighbours(a).iter().map(move |b| (a, *b)))
                .filter(|(a, b)| a < b && wet(*a, *b))
                .count();
            assert!((4..=12).contains(&bridges), "seed {seed}: {bridges}");
        }
    }

    #[test]
    fn a_way_is_made_of_streets_and_is_as_long_as_it_says() {
        let net = Net::new(&mut Random::new(1));
        let ways = net.ways(0, |_, _| true);
        let farthest = *ways.reached().last().unwrap();
        let way = ways.back_from(farthest);
        assert_eq!((way[0], way[way.len() - 1]), (farthest, 0));
        assert!(way.windows(2).all(|w| net.neighbours(w[0]).contains(&w[1])));
        let length_m: f64 = way.windows(2).map(|w| apart_m(net.spot(w[0]), net.spot(w[1]))).sum();
        let (said_m, _) = ways.reached[farthest].unwrap();
        assert!((length_m - said_m).abs() < 0.1);
        assert!(net.ways(0, |_, _| false).back_from(farthest).is_empty());
    }
}
