//! Ways through the town: strolls that stay away from zones, and approaches that do not.

use firmware_sim::{
    random::Random,
    route::{Leg, Route, Walker},
};

use crate::{
    domain::Zone,
    sandbox::town::{Net, Spot, apart_m, place},
};

/// A stroll stays this far from every warning zone. A receiver's error exceeds 50 m once in 10,000 fixes.
const CLEAR_M: f64 = 150.0;
/// Crossings of a stroll before it turns back, and the fewest that make a neighbourhood to stroll in.
const STROLL_CROSSINGS: usize = 40;
const NEIGHBOURHOOD_MIN: usize = 12;
/// An approach begins at a crossing this far outside of the warning zone ...
const OUTSIDE_M: f64 = 250.0;
/// ... reaches the warning zone after `LEAD_S` on the road, and the exclusion zone after `MARGIN_S` more, whatever
/// speed that takes.
const LEAD_S: f64 = 4.0;
const MARGIN_S: f64 = 13.0;
const LEAD_M: f64 = 80.0;
/// A way that would take more than this goes around the zone rather than into it.
const SPEED_MAX_MPS: f64 = 14.0;
/// How deep inside an approach ends at least, and how long it stays.
const DEEP_M: f64 = 50.0;
const STAY_S: f64 = 25.0;
/// How many starts of an approach are looked at.
const STARTS: usize = 60;
const SAMPLE_M: f64 = 4.0;
const WALK_MPS: f64 = 1.3;

/// The streets, and how far each crossing is from the warning zones that must be avoided.
pub(super) struct Ground<'t> {
    net: &'t Net,
    clear_m: Vec<f64>,
}

/// A way along streets into a zone.
pub(super) struct Approach {
    line: Vec<Spot>,
    /// Every few metres: metres along the line, and metres outside of the warning zone.
    samples: Vec<(f64, f64)>,
    /// Metres along the line to the exclusion zone.
    border_m: f64,
}

impl<'t> Ground<'t> {
    pub(super) fn new(net: &'t Net, avoid: &[&Zone]) -> Self {
        let clear_m = |crossing| {
            let outside = avoid.iter().map(|zone| outside_m(zone, net.spot(crossing)));
            outside.fold(f64::INFINITY, f64::min)
        };
        Self { net, clear_m: (0..net.len()).map(clear_m).collect() }
    }

    /// Somebody who walks through a neighbourhood and back again, over and over, resting under the sky on the way.
    pub(super) fn stroll(&self, random: &mut Random) -> Option<Walker> {
        let neighbourhood = self.largest_neighbourhood();
        if neighbourhood.len() < NEIGHBOURHOOD_MIN {
            return None;
        }
        let mut way = vec![*pick(&neighbourhood, random)?];
        while way.len() < STROLL_CROSSINGS {
            let (at, before) = (way[way.len() - 1], way.iter().rev().nth(1));
            let open = self.net.neighbours(at).iter().copied();
            let open: Vec<usize> = open.filter(|to| self.is_open(at, *to)).collect();
            let onwards: Vec<usize> = open.iter().copied().filter(|to| Some(to) != before).collect();
            way.push(*pick(if onwards.is_empty() { &open } else { &onwards }, random)?);
        }
        way.extend(way.clone().iter().rev().skip(1));
        let cycles = random.unit() < 0.2;
        let speed_mps = if cycles { random.between(3.5, 5.0) } else { random.between(1.0, 1.8) };
        let mut legs = Vec::new();
        let mut from = 0;
        while from + 1 < way.len() {
            let to = (from + 1 + whole(random.between(0.0, 4.0))).min(way.len() - 1);
            let line: Vec<Spot> = way[from..=to].iter().map(|c| self.net.spot(*c)).collect();
            legs.push(go(&line, speed_mps)?);
            let seconds = random.between(0.0, 40.0);
            legs.push(Leg::Wait { seconds, indoors: false });
            from = to;
        }
        Walker::new(legs, true)
    }

    /// A way into a zone from well outside its warning zone.
    pub(super) fn approach(&self, zone: &Zone) -> Option<Approach> {
        let depth_m = |crossing| -zone.shape.0.signed_distance_m(place(self.net.spot(crossing)));
        let mut inside: Vec<(f64, usize)> = (0..self.net.len())
            .map(|crossing| (depth_m(crossing), crossing))
            .filter(|(depth_m, _)| *depth_m >= DEEP_M)
            .collect();
        inside.sort_by(|a, b| b.0.total_cmp(&a.0));
        inside.iter().find_map(|(_, end)| self.approach_to(*end, zone))
    }

    fn approach_to(&self, end: usize, zone: &Zone) -> Option<Approach> {
        let ways = self.net.ways(end, |a, b| self.is_open(a, b));
        let starts = ways.reached().into_iter();
        starts.filter(|start| outside_m(zone, self.net.spot(*start)) >= OUTSIDE_M).take(STARTS).find_map(
            |start| {
                let way = ways.back_from(start);
                let line = way.iter().map(|c| self.net.spot(*c)).collect();
                Approach::new(line, zone)
            },
        )
    }

    fn largest_neighbourhood(&self) -> Vec<usize> {
        let mut known = vec![false; self.net.len()];
        let mut largest = Vec::new();
        for crossing in 0..self.net.len() {
            if known[crossing] {
                continue;
            }
            let reached = self.net.ways(crossing, |a, b| self.is_open(a, b)).reached();
            for crossing in &reached {
                known[*crossing] = true;
            }
            if reached.len() > largest.len() {
                largest = reached;
            }
        }
        largest
    }

    /// Whether the whole street between two crossings is away from every zone: a place on it is no nearer to a zone
    /// than either crossing less the way from there.
    fn is_open(&self, a: usize, b: usize) -> bool {
        let length_m = apart_m(self.net.spot(a), self.net.spot(b));
        (self.clear_m[a] + self.clear_m[b] - length_m) / 2.0 >= CLEAR_M
    }
}

impl Approach {
    /// `None` if the way is not one that a watcher would see as an approach and then a violation.
    fn new(line: Vec<Spot>, zone: &Zone) -> Option<Self> {
        let margin_m = zone.margin_m.metres();
        let length_m: f64 = line.windows(2).map(|w| apart_m(w[0], w[1])).sum();
        let count = whole(length_m / SAMPLE_M);
        let along = (0..=count).map(|n| n as f64 * SAMPLE_M);
        let samples: Vec<(f64, f64)> = along.map(|m| (m, outside_m(zone, point_at(&line, m)))).collect();
        let (border_m, _) = *samples.iter().find(|(_, outside_m)| *outside_m <= -margin_m)?;
        let approach = Self { line, samples, border_m };
        let warned_m = approach.last_outside(0.0)?;
        let direct = border_m - warned_m <= SPEED_MAX_MPS * MARGIN_S && warned_m >= LEAD_M;
        // It comes near once, and once it is well inside it stays there.
        let early_m = warned_m - LEAD_M / 2.0;
        let once = approach.samples.iter().all(|(m, outside_m)| *m > early_m || *outside_m > 0.0);
        let mut deep = approach.samples.iter().filter(|(m, _)| *m > border_m + 20.0);
        let stays = deep.all(|(_, outside_m)| *outside_m <= -margin_m);
        (direct && once && stays).then_some(approach)
    }

    /// Metres along the line to where it is last at least `metres` outside of the warning zone.
    fn last_outside(&self, metres: f64) -> Option<f64> {
        let before = self.samples.iter().filter(|(m, _)| *m < self.border_m);
        before.rev().find(|(_, outside_m)| *outside_m >= metres).map(|(m, _)| *m)
    }

    /// Waits, goes in, stays, and goes back out to where the way begins.
    pub(super) fn visit(&self, wait_s: f64) -> Option<Walker> {
        let warned_m = self.last_outside(0.0)?;
        let speed_mps = (self.border_m - warned_m) / MARGIN_S;
        let from_m = warned_m - LEAD_S * speed_mps;
        let wait = |seconds| Leg::Wait { seconds, indoors: false };
        let out: Vec<Spot> = self.line.iter().rev().copied().collect();
        let legs = vec![
            wait(wait_s),
            go(&part(&self.line, from_m, f64::INFINITY), speed_mps)?,
            wait(STAY_S),
            go(&out, speed_mps)?,
        ];
        Walker::new(legs, false)
    }

    /// Walks a few steps towards the zone, at least `metres` less those steps outside of its warning zone.
    pub(super) fn stand_off(&self, metres: f64) -> Option<Walker> {
        let from_m = self.last_outside(metres)?;
        let legs = vec![go(&part(&self.line, from_m, from_m + 30.0), WALK_MPS)?];
        Walker::new(legs, false)
    }
}

/// Metres from a spot to a zone's warning zone, negative inside.
fn outside_m(zone: &Zone, spot: Spot) -> f64 {
    zone.shape.0.signed_distance_m(place(spot)) - zone.margin_m.metres()
}

fn go(line: &[Spot], speed_mps: f64) -> Option<Leg> {
    let points = line.iter().map(|spot| {
        let place = place(*spot);
        (place.lat_deg(), place.lon_deg())
    });
    Route::new(points.collect(), speed_mps).map(Leg::Go)
}

/// The part of a line between two distances along it.
fn part(line: &[Spot], from_m: f64, to_m: f64) -> Vec<Spot> {
    let mut inner = vec![point_at(line, from_m)];
    let mut gone_m = 0.0;
    for pair in line.windows(2) {
        gone_m += apart_m(pair[0], pair[1]);
        if gone_m > from_m && gone_m < to_m {
            inner.push(pair[1]);
        }
    }
    if to_m < gone_m {
        inner.push(point_at(line, to_m));
    }
    inner
}

/// The point at a distance along a line, or its end.
fn point_at(line: &[Spot], metres: f64) -> Spot {
    let mut left_m = metres.max(0.0);
    for pair in line.windows(2) {
        let length_m = apart_m(pair[0], pair[1]);
        if left_m < length_m {
            let part = left_m / length_m;
            return [0, 1].map(|axis| pair[0][axis] + part * (pair[1][axis] - pair[0][axis]));
        }
        left_m -= length_m;
    }
    line[line.len() - 1]
}

fn pick<'a>(all: &'a [usize], random: &mut Random) -> Option<&'a usize> {
    all.get(whole(random.between(0.0, all.len() as f64)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number, not negative")]
fn whole(number: f64) -> usize {
    number as usize
}
