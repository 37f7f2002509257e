//! Which parts of a straight line lie in a polygon, or within a margin of it.

use super::rings::{Point, Rings, cross, dot, minus};

/// Parts of a line that are this near to each other are one: rounding must not cut them.
const JOIN_M: f64 = 1e-6;

/// A straight line in the plane: from a point, in a direction of length 1, so many metres.
pub(super) struct Line {
    pub(super) from: Point,
    pub(super) along: Point,
    pub(super) length_m: f64,
}

/// Finds the parts of a line inside of a polygon; keeps its buffers for the next line.
#[derive(Default)]
pub(super) struct Spans {
    borders_m: Vec<f64>,
    spans_m: Vec<(f64, f64)>,
}

impl Spans {
    /// The parts of `line`, as metres from its start, that lie in the polygon or within `margin_m`
    /// of an edge: in order, not touching each other.
    ///
    /// Exact: the grown polygon is the polygon and, for each edge, a rectangle to both sides and
    /// a disc at its end.
    pub(super) fn inside(&mut self, rings: &Rings<'_>, margin_m: f64, line: &Line) -> &[(f64, f64)] {
        self.borders_m.clear();
        self.spans_m.clear();
        for (a, b) in rings.edges() {
            // Both ends as metres along the line and to the left of it.
            let (a, b) = (seen_along(line, a), seen_along(line, b));
            if (a[1] > 0.0) != (b[1] > 0.0) {
                self.borders_m.push((a[0] * b[1] - b[0] * a[1]) / (b[1] - a[1]));
            }
            if margin_m > 0.0 {
                self.spans_m.extend(through_border(a, b, margin_m));
            }
        }
        self.add_polygon();
        self.clip_and_join(line.length_m);
        &self.spans_m
    }

    /// The whole line ends outside, so borders pair up from the far end; one that is left over
    /// pairs with the start, which is then inside.
    fn add_polygon(&mut self) {
        self.borders_m.retain(|border| *border > 0.0);
        self.borders_m.sort_unstable_by(f64::total_cmp);
        for pair in self.borders_m.rchunks(2) {
            match pair {
                [start, end] => self.spans_m.push((*start, *end)),
                [end] => self.spans_m.push((0.0, *end)),
                _ => {}
            }
        }
    }

    fn clip_and_join(&mut self, length_m: f64) {
        for span in &mut self.spans_m {
            *span = (span.0.max(0.0), span.1.min(length_m));
        }
        self.spans_m.retain(|(start, end)| start < end);
        self.spans_m.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        self.spans_m.dedup_by(|next, kept| {
            let joined = next.0 <= kept.1 + JOIN_M;
            if joined {
                kept.1 = kept.1.max(next.1);
            }
            joined
        });
    }
}

fn seen_along(line: &Line, point: Point) -> Point {
    let from_start = minus(point, line.from);
    [dot(line.along, from_start), cross(line.along, from_start)]
}

/// The part of the line (the axis of a and b) within `margin_m` of a or beside the edge to b.
/// Disc and rectangle together are convex, so there is one part at most.
fn through_border(a: Point, b: Point, margin_m: f64) -> Option<(f64, f64)> {
    let aside = a[1].min(b[1]) > margin_m || a[1].max(b[1]) < -margin_m;
    if aside || a[0].max(b[0]) < -margin_m {
        return None;
    }
    match (through_disc(a, margin_m), through_rectangle(a, b, margin_m)) {
        (Some(disc), Some(beside)) => Some((disc.0.min(beside.0), disc.1.max(beside.1))),
        (disc, beside) => disc.or(beside),
    }
}

fn through_disc(centre: Point, radius_m: f64) -> Option<(f64, f64)> {
    let half_2 = radius_m * radius_m - centre[1] * centre[1];
    (half_2 > 0.0).then(|| (centre[0] - half_2.sqrt(), centre[0] + half_2.sqrt()))
}

fn through_rectangle(a: Point, b: Point, margin_m: f64) -> Option<(f64, f64)> {
    let edge = minus(b, a);
    let length = edge[0].hypot(edge[1]);
    let [cos, sin] = [edge[0] / length, edge[1] / length];
    // At t metres along the line: (t - a0) cos - a1 sin along the edge, and
    // -(t - a0) sin - a1 cos to its left.
    let over = where_between(cos, -a[1] * sin, 0.0, length)?;
    let beside = where_between(-sin, -a[1] * cos, -margin_m, margin_m)?;
    let (start, end) = (over.0.max(beside.0), over.1.min(beside.1));
    (start < end).then_some((a[0] + start, a[0] + end))
}

/// Where `slope * t + at_zero` lies between `low` and `high`.
fn where_between(slope: f64, at_zero: f64, low: f64, high: f64) -> Option<(f64, f64)> {
    if slope == 0.0 {
        let always = (low..=high).contains(&at_zero);
        return always.then_some((f64::NEG_INFINITY, f64::INFINITY));
    }
    let (t1, t2) = ((low - at_zero) / slope, (high - at_zero) / slope);
    Some((t1.min(t2), t1.max(t2)))
}
