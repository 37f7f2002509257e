//! The zone from above with the positions around it, in metres; no place on earth can be read from it alone.

use std::fmt::Write as _;

use super::gather::{Area, Sighting};
use crate::{
    domain::Stage,
    geometry::{LatLon, Plane, Shape},
};

/// The picture's size.
const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 400.0;
/// No farther out than so many times the reach of zone and warning zone.
const EXTENT_MAX: f64 = 1.7;
/// A bar that says how long so many metres are is at most this long in the picture.
const BAR_MAX: f64 = 120.0;
const BARS_M: [f64; 13] = [10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5];

/// See the module's documentation.
pub(super) struct Drawing {
    /// The zone's outline, as an SVG path.
    pub(super) zone: String,
    /// How far the warning zone reaches around it, as the width of a stroke.
    pub(super) margin: String,
    /// The same with its border.
    pub(super) ring: String,
    pub(super) marks: Vec<Mark>,
    /// The way from position to position, in the order in which they were taken.
    pub(super) track: String,
    pub(super) bar: String,
    pub(super) bar_says: String,
    /// Positions that are farther away than the picture reaches.
    pub(super) outside: usize,
}

/// A position.
pub(super) struct Mark {
    pub(super) x: String,
    pub(super) y: String,
    /// The scale that it was judged with.
    pub(super) r: String,
    pub(super) key: &'static str,
    /// Its number in the list, where something changed.
    pub(super) label: Option<usize>,
}

/// Numbers beside positions: one that would stand on another is left out.
#[derive(Default)]
pub(super) struct Labels(Vec<[f64; 2]>);

impl Labels {
    pub(super) fn fit(&mut self, x: f64, y: f64, label: Option<usize>) -> Option<usize> {
        let is_free =
            |[other_x, other_y]: &[f64; 2]| (x - other_x).abs() > 20.0 || (y - other_y).abs() > 13.0;
        let label = label.filter(|_| self.0.iter().all(is_free))?;
        self.0.push([x, y]);
        Some(label)
    }
}

/// A drawn zone and these positions; `label` gives a position's number if it is to be seen.
pub(super) fn of(
    area: &Area,
    sightings: &[&Sighting],
    label: &dyn Fn(&Sighting) -> Option<usize>,
) -> Option<Drawing> {
    let Area::Drawn(zone) = area else { return None };
    let (shape, margin_m) = (&zone.shape.0, zone.margin_m.metres());
    let plane = Plane::about(shape.centre());
    let mut placed: Vec<(&Sighting, [f64; 2])> = sightings
        .iter()
        .filter_map(|sighting| Some((*sighting, plane.project(sighting.fix?.place))))
        .collect();
    placed.sort_by_key(|(sighting, _)| sighting.taken);
    let reach_m = shape.reach_m() + margin_m;
    let far = |[x, y]: [f64; 2]| x.abs().max(y.abs() * WIDTH / HEIGHT);
    let farthest_m = placed.iter().map(|(_, point)| far(*point)).fold(reach_m * WIDTH / HEIGHT, f64::max);
    let extent_m = (farthest_m * 1.08).min(reach_m * EXTENT_MAX);
    let scale = WIDTH / 2.0 / extent_m;
    let place = |[x, y]: [f64; 2]| [WIDTH / 2.0 + x * scale, HEIGHT / 2.0 - y * scale];
    let mut labels = Labels::default();
    let marks = placed.iter().map(|(sighting, point)| {
        let [x, y] = place(*point);
        Mark {
            x: format!("{x:.1}"),
            y: format!("{y:.1}"),
            r: format!("{:.1}", sighting.sight.sigma_m * scale),
            key: key(sighting.after),
            label: labels.fit(x, y, label(sighting)),
        }
    });
    let bar_m = BARS_M.into_iter().rev().find(|metres| metres * scale <= BAR_MAX).unwrap_or(BARS_M[0]);
    Some(Drawing {
        zone: outline(shape, &plane, &place, scale),
        margin: format!("{:.1}", 2.0 * margin_m * scale),
        ring: format!("{:.1}", 2.0 * margin_m * scale + 2.0),
        marks: marks.collect(),
        track: path(placed.iter().map(|(_, point)| place(*point)), false),
        bar: format!("{:.1}", bar_m * scale),
        bar_says: crate::domain::words::metres(bar_m),
        outside: placed.iter().filter(|(_, point)| far(*point) > extent_m).count(),
    })
}

/// A stage as drawings name it.
pub(super) fn key(stage: Stage) -> &'static str {
    match stage {
        Stage::Clear => "clear",
        Stage::Watch => "watch",
        Stage::Approach => "approach",
        Stage::Violation => "violation",
        Stage::Left => "left",
    }
}

fn outline(shape: &Shape, plane: &Plane, place: &impl Fn([f64; 2]) -> [f64; 2], scale: f64) -> String {
    match shape {
        Shape::Circle(circle) => {
            let ([x, y], r) = (place([0.0, 0.0]), circle.radius_m() * scale);
            format!(
                "M{:.1} {y:.1}a{r:.1} {r:.1} 0 1 0 {:.1} 0a{r:.1} {r:.1} 0 1 0 {:.1} 0Z",
                x - r,
                2.0 * r,
                -2.0 * r
            )
        }
        Shape::Polygon(polygon) => {
            let ring =
                |ring: &Vec<LatLon>| path(ring.iter().map(|corner| place(plane.project(*corner))), true);
            polygon.rings().iter().map(ring).collect()
        }
    }
}

fn path(points: impl Iterator<Item = [f64; 2]>, is_closed: bool) -> String {
    let mut path = String::new();
    for (nth, [x, y]) in points.enumerate() {
        let step = if nth == 0 { 'M' } else { 'L' };
        // Writing to a string cannot fail.
        let _ = write!(path, "{step}{x:.1} {y:.1}");
    }
    if is_closed {
        path.push('Z');
    }
    path
}
