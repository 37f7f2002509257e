//! How a visit led past the zone, or where it stayed.

use std::array;

use super::track::{Point, Seen, Track, apart_m, from_middle_m, indices};
use crate::domain::Timestamp;

/// A way is compared at so many points.
pub(super) const POINTS: usize = 16;
/// Positions farther apart than this, milliseconds, do not belong to one way.
const GAP_MS: i64 = 5 * 60_000;
/// Whoever is within so many metres for so many milliseconds stays there.
const STAY_M: f64 = 100.0;
const STAY_MS: i64 = 10 * 60_000;

/// What the positions say of a visit.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most of them pass, and there are some hundred")]
pub(super) enum Trace {
    /// In and out again.
    Passing {
        /// From where the ring around the zone is entered to where it is left, evenly spaced.
        line: [Point; POINTS],
        /// On average.
        mps: f64,
    },
    /// Somewhere within the ring for a while.
    Staying {
        /// Where.
        place: Point,
    },
    /// Too few positions to tell.
    Unclear,
}

/// The trace of a visit from the time at which the wearer was near to the time at which they no longer were.
pub(super) fn trace(track: &Track, from: Timestamp, until: Timestamp) -> Trace {
    let (sure, ring_m) = (track.sure(), track.ring_m());
    let is_within = |seen: &Seen| from_middle_m(seen.place) <= ring_m;
    let is_gap = |a: &Seen, b: &Seen| b.at.ms_since(a.at) > GAP_MS;
    let (mut first, mut end) = indices(sure, from, until);
    if first == end {
        return Trace::Unclear;
    }
    // Back to where the ring was entered, and on to where it was left.
    while first > 0 && is_within(&sure[first]) && !is_gap(&sure[first - 1], &sure[first]) {
        first -= 1;
    }
    while end < sure.len() && is_within(&sure[end - 1]) && !is_gap(&sure[end - 1], &sure[end]) {
        end += 1;
    }
    let stretch = &sure[first..end];
    if let Some(place) = stay(stretch, ring_m) {
        return Trace::Staying { place };
    }
    let goes_through = !is_within(&stretch[0]) && !is_within(&stretch[stretch.len() - 1]);
    passing(stretch, ring_m).filter(|_| goes_through).unwrap_or(Trace::Unclear)
}

/// Where within the ring somebody stayed for longest, if they stayed anywhere.
fn stay(stretch: &[Seen], ring_m: f64) -> Option<Point> {
    let (mut best, mut first) = (None, 0);
    while let Some(start) = stretch.get(first) {
        let run = stretch[first..].iter().take_while(|seen| apart_m(seen.place, start.place) <= STAY_M);
        let end = first + run.count();
        let lasts_ms = stretch[end - 1].at.ms_since(start.at);
        let is_longest = best.is_none_or(|(longest_ms, _)| lasts_ms > longest_ms);
        if lasts_ms >= STAY_MS && is_longest && from_middle_m(start.place) <= ring_m {
            best = Some((lasts_ms, middle(stretch[first..end].iter().map(|seen| seen.place))));
        }
        first = end;
    }
    best.map(|(_, place)| place)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
pub(super) fn middle(places: impl Iterator<Item = Point>) -> Point {
    let (sum, count) = places.fold(([0.0, 0.0], 0_usize), |(sum, count), place| {
        ([sum[0] + place[0], sum[1] + place[1]], count + 1)
    });
    sum.map(|metres: f64| metres / count.max(1) as f64)
}

/// The part of a stretch from where it first enters the ring to where it last leaves it.
fn passing(stretch: &[Seen], ring_m: f64) -> Option<Trace> {
    let mut line: Vec<Point> = Vec::new();
    let (mut entered_s, mut left_s) = (None, 0.0);
    for pair in stretch.windows(2) {
        let [a, b] = [pair[0], pair[1]];
        let Some((enters, leaves)) = within(a.place, b.place, ring_m) else { continue };
        let second = |part: f64| a.at.s_since(stretch[0].at) + part * b.at.s_since(a.at);
        if entered_s.is_none() {
            line.push(part_way(a.place, b.place, enters));
            entered_s = Some(second(enters));
        }
        line.push(part_way(a.place, b.place, leaves));
        left_s = second(leaves);
    }
    let length_m: f64 = line.windows(2).map(|pair| apart_m(pair[0], pair[1])).sum();
    let lasts_s = left_s - entered_s?;
    (length_m > 0.0 && lasts_s > 0.0)
        .then(|| Trace::Passing { line: evenly(&line, length_m), mps: length_m / lasts_s })
}

fn part_way(a: Point, b: Point, part: f64) -> Point {
    array::from_fn(|i| a[i] + part * (b[i] - a[i]))
}

/// Which part of a straight line lies within a circle about the origin, in shares of its length.
fn within(a: Point, b: Point, ring_m: f64) -> Option<(f64, f64)> {
    let step = [b[0] - a[0], b[1] - a[1]];
    let length_2 = step[0] * step[0] + step[1] * step[1];
    if length_2 <= 0.0 {
        return (from_middle_m(a) <= ring_m).then_some((0.0, 1.0));
    }
    let nearest = -(a[0] * step[0] + a[1] * step[1]) / length_2;
    let half_2 = nearest * nearest - (a[0] * a[0] + a[1] * a[1] - ring_m * ring_m) / length_2;
    let half = (half_2 >= 0.0).then(|| half_2.sqrt())?;
    let (enters, leaves) = ((nearest - half).max(0.0), (nearest + half).min(1.0));
    (enters < leaves).then_some((enters, leaves))
}

/// Evenly spaced points of a line, both ends among them.
#[expect(clippy::cast_precision_loss, reason = "16 at the most")]
fn evenly(line: &[Point], length_m: f64) -> [Point; POINTS] {
    let mut steps = line.windows(2).map(|pair| (pair[0], pair[1], apart_m(pair[0], pair[1])));
    let (mut gone_m, mut step) = (0.0, steps.next());
    array::from_fn(|nth| {
        let wanted_m = length_m * nth as f64 / (POINTS - 1) as f64;
        while let Some((_, _, step_m)) = step
            && gone_m + step_m < wanted_m
            && let Some(next) = steps.next()
        {
            (gone_m, step) = (gone_m + step_m, Some(next));
        }
        let (a, b, step_m) = step.unwrap_or_default();
        let part = if step_m > 0.0 { (wanted_m - gone_m) / step_m } else { 0.0 };
        part_way(a, b, part.min(1.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_the_ring_and_spaced_evenly() {
        assert_eq!(within([-200.0, 0.0], [200.0, 0.0], 100.0), Some((0.25, 0.75)));
        assert_eq!(within([0.0, 0.0], [200.0, 0.0], 100.0), Some((0.0, 0.5)));
        assert_eq!(within([-200.0, 150.0], [200.0, 150.0], 100.0), None);
        assert_eq!(within([300.0, 0.0], [200.0, 0.0], 100.0), None);
        let line = evenly(&[[0.0, 0.0], [50.0, 0.0], [50.0, 100.0]], 150.0);
        assert_eq!(
            (line[0], line[5], line[10], line[15]),
            ([0.0, 0.0], [50.0, 0.0], [50.0, 50.0], [50.0, 100.0])
        );
    }
}
