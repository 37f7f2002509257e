//! Which visits ran together. Cordon has no map: a road shows as positions that lie beside each other.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{
    Visit, VisitKind,
    traces::{POINTS, Trace, middle},
    track::{Point, apart_m, from_middle_m},
};

/// Two ways are one if they are no farther apart than this share of the ring's radius on average ...
const BESIDE: f64 = 0.25;
/// ... but at least and at most so many metres, ...
const BESIDE_M: (f64, f64) = (30.0, 500.0);
/// ... and enter and leave the ring within so many degrees.
const TURN_DEG: f64 = 45.0;
/// Two stays this near to each other, metres, are at one place.
const PLACE_M: f64 = 120.0;

/// Visits that ran together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Way {
    /// How many of them were Violations.
    pub violations: usize,
    /// How many were Approaches.
    pub approaches: usize,
    /// The nearest position to the border, metres; negative inside.
    pub nearest_m: Option<f64>,
    /// How long they lasted, the middle one, seconds.
    pub lasts_s: i64,
    /// How they ran.
    pub how: How,
}

/// How visits ran, seen from the zone's middle.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// In on one side and out on another.
    Passing {
        /// The side on which most of them came in.
        from: Compass,
        /// The side on which these went out.
        to: Compass,
        /// So many ran this way ...
        there: usize,
        /// ... and so many the other way.
        back: usize,
        /// How fast, the middle one, km/h.
        kmh: f64,
    },
    /// At one place for a while.
    Staying {
        /// On which side of the zone's middle.
        side: Compass,
        /// How far from it, metres.
        from_middle_m: f64,
    },
    /// Too few positions to tell.
    Unclear,
}

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Compass(usize);

const DIRECTIONS: [&str; 8] =
    ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"];

impl Compass {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 0 to 8")]
    /// Where a place lies, in metres east and north.
    #[must_use]
    pub fn to(place: [f64; 2]) -> Self {
        Self((azimuth_deg(place) / 45.0).round() as usize % DIRECTIONS.len())
    }
}

impl fmt::Display for Compass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(DIRECTIONS.get(self.0).copied().unwrap_or_default())
    }
}

impl Serialize for Compass {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Clockwise from north, 0 to 360.
fn azimuth_deg(place: Point) -> f64 {
    place[0].atan2(place[1]).to_degrees().rem_euclid(360.0)
}

/// The ways of these visits, the most frequent first, and which of them each visit took. The order of the visits does not
/// matter.
pub(super) fn ways(visits: &[(Visit, Trace)], ring_m: f64) -> (Vec<Way>, Vec<usize>) {
    let mut order: Vec<usize> = (0..visits.len()).collect();
    order.sort_by_key(|nth| key(&visits[*nth]));
    let beside_m = (BESIDE * ring_m).clamp(BESIDE_M.0, BESIDE_M.1);
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for nth in order {
        // Whatever it runs together with becomes one.
        let is_same = |known: &Vec<usize>| {
            known.iter().any(|other| run_together(&visits[*other].1, &visits[nth].1, beside_m))
        };
        let (same, other): (Vec<_>, Vec<_>) = groups.into_iter().partition(is_same);
        groups = other;
        groups.push(same.into_iter().flatten().chain([nth]).collect());
    }
    for group in &mut groups {
        group.sort_by_key(|nth| key(&visits[*nth]));
    }
    groups.sort_by_key(|group| (std::cmp::Reverse(group.len()), key(&visits[group[0]])));
    let mut of_visit = vec![0; visits.len()];
    for (way, group) in groups.iter().enumerate() {
        group.iter().for_each(|nth| of_visit[*nth] = way);
    }
    let members = |group: &Vec<usize>| Vec::from_iter(group.iter().map(|nth| &visits[*nth]));
    (groups.iter().map(|group| Way::of(&members(group))).collect(), of_visit)
}

type Key = (crate::domain::Timestamp, VisitKind, i64, Vec<u64>);

fn key((visit, trace): &(Visit, Trace)) -> Key {
    let numbers = match trace {
        Trace::Passing { line, mps } => line.iter().flatten().chain([mps]).map(|n| n.to_bits()).collect(),
        Trace::Staying { place } => place.map(f64::to_bits).to_vec(),
        Trace::Unclear => Vec::new(),
    };
    (visit.begin, visit.kind, visit.duration_s, numbers)
}

fn run_together(a: &Trace, b: &Trace, beside_m: f64) -> bool {
    match (a, b) {
        (Trace::Passing { line: a, .. }, Trace::Passing { line: b, .. }) => {
            [*b, reversed(b)].iter().any(|b| {
                let ends = [0, POINTS - 1].map(|end| turn_deg(a[end], b[end]));
                mean_apart_m(a, b) <= beside_m && ends.into_iter().all(|turn| turn <= TURN_DEG)
            })
        }
        (Trace::Staying { place: a }, Trace::Staying { place: b }) => apart_m(*a, *b) <= PLACE_M,
        (Trace::Unclear, Trace::Unclear) => true,
        _ => false,
    }
}

fn reversed(line: &[Point; POINTS]) -> [Point; POINTS] {
    let mut line = *line;
    line.reverse();
    line
}

#[expect(clippy::cast_precision_loss, reason = "16")]
fn mean_apart_m(a: &[Point; POINTS], b: &[Point; POINTS]) -> f64 {
    a.iter().zip(b).map(|(a, b)| apart_m(*a, *b)).sum::<f64>() / POINTS as f64
}

fn turn_deg(a: Point, b: Point) -> f64 {
    let turn = (azimuth_deg(a) - azimuth_deg(b)).rem_euclid(360.0);
    turn.min(360.0 - turn)
}

impl Way {
    fn of(members: &[&(Visit, Trace)]) -> Self {
        let count = |kind| members.iter().filter(|(visit, _)| visit.kind == kind).count();
        let nearest_m = members.iter().filter_map(|(visit, _)| visit.nearest_m).min_by(f64::total_cmp);
        let lasts_s = median(members.iter().map(|(visit, _)| visit.duration_s).collect(), Ord::cmp);
        Self {
            violations: count(VisitKind::Violation),
            approaches: count(VisitKind::Approach),
            nearest_m,
            lasts_s: lasts_s.unwrap_or(0),
            how: How::of(members.iter().map(|(_, trace)| *trace)),
        }
    }

    /// How many visits took it.
    #[must_use]
    pub fn count(&self) -> usize {
        self.violations + self.approaches
    }
}

impl How {
    fn of(traces: impl Iterator<Item = Trace> + Clone) -> Self {
        let places = || {
            traces.clone().filter_map(|trace| match trace {
                Trace::Staying { place } => Some(place),
                _ => None,
            })
        };
        let lines: Vec<([Point; POINTS], f64)> = traces
            .clone()
            .filter_map(|trace| match trace {
                Trace::Passing { line, mps } => Some((line, mps)),
                _ => None,
            })
            .collect();
        if let Some((first, _)) = lines.first() {
            return Self::passing(first, &lines);
        }
        if places().next().is_none() {
            return Self::Unclear;
        }
        let place = middle(places());
        Self::Staying { side: Compass::to(place), from_middle_m: from_middle_m(place).round() }
    }

    fn passing(first: &[Point; POINTS], lines: &[([Point; POINTS], f64)]) -> Self {
        let is_there =
            |line: &[Point; POINTS]| mean_apart_m(first, line) <= mean_apart_m(first, &reversed(line));
        let there = lines.iter().filter(|(line, _)| is_there(line)).count();
        let (most, back) = (2 * there >= lines.len(), lines.len() - there);
        // By the way that most of them ran.
        let ends = lines.iter().map(|(line, _)| if is_there(line) == most { *line } else { reversed(line) });
        let side = |end: usize| Compass::to(middle(ends.clone().map(|line| line[end])));
        let mps = median(lines.iter().map(|(_, mps)| *mps).collect(), f64::total_cmp).unwrap_or(0.0);
        Self::Passing {
            from: side(0),
            to: side(POINTS - 1),
            there: there.max(back),
            back: there.min(back),
            kmh: (3.6 * mps).round(),
        }
    }
}

/// The middle one, the lower of two.
pub(super) fn median<T: Copy>(mut all: Vec<T>, order: impl Fn(&T, &T) -> std::cmp::Ordering) -> Option<T> {
    all.sort_by(order);
    all.get(all.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests;
