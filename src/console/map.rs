//! The map as a drawing: zones and wearers in true metres about the middle of what is shown. No ground is drawn, so no
//! outside server is asked for it.

use std::fmt::Write as _;

use super::{
    labels::{self, Label, Wanted},
    names::Names,
    wearers::{self, rank, stage_key, worst},
    words,
};
use crate::{
    domain::{Stage, Timestamp, Zone},
    geometry::{Circle, LatLon, Plane, Shape, offset},
    sequencer::Board,
};

/// The picture's size in its own units, which are pixels on a middling screen.
pub(super) const WIDTH: f64 = 800.0;
pub(super) const HEIGHT: f64 = 620.0;
/// Kept free at the edges.
const PAD: f64 = 26.0;
/// The picture never shows less than this, so that one fix alone is not a street wide.
const EXTENT_M_MIN: f64 = 600.0;
/// The most that is drawn; beyond it the picture says how much is missing.
const ZONES_MAX: usize = 300;
pub(super) const WEARERS_MAX: usize = 600;
/// Names of zones at rest are drawn up to this many zones.
const ZONE_NAMES_MAX: usize = 60;
/// The accuracy circle's radius in error scales.
pub(super) const CIRCLE_SIGMAS: f64 = 2.0;

/// The drawing.
pub(super) struct Map {
    pub(super) zones: Vec<ZoneMark>,
    pub(super) wearers: Vec<WearerMark>,
    pub(super) labels: Vec<Label>,
    pub(super) grid: Grid,
    pub(super) zones_folded: usize,
    pub(super) wearers_folded: usize,
}

/// Lines each `label` apart, which are the scale, too.
#[derive(Default)]
pub(super) struct Grid {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<String>,
    pub(super) label: String,
    /// Length of the scale bar.
    pub(super) bar: String,
}

pub(super) struct ZoneMark {
    /// The exclusion zone as path data.
    pub(super) path: String,
    /// What the warning zone is drawn by, and the widths of the strokes around it that make its border and its area.
    pub(super) margin_path: String,
    pub(super) margin_border: String,
    pub(super) margin_area: String,
    pub(super) applies: bool,
    /// Some wearer is not clear of it.
    pub(super) hot: bool,
    pub(super) code: String,
}

pub(super) struct WearerMark {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) circle: String,
    pub(super) key: &'static str,
    pub(super) dark: bool,
    pub(super) title: String,
}

pub(super) struct Legend {
    pub(super) key: &'static str,
    pub(super) word: &'static str,
}

/// From positions to the picture.
pub(super) struct View {
    plane: Plane,
    east: f64,
    north: f64,
    /// Units for a metre.
    pub(super) scale: f64,
}

impl Map {
    pub(super) fn new(board: &Board, now: Timestamp) -> Self {
        let zones = drawn_zones(board);
        let mut dots: Vec<_> = board.wearers.iter().collect();
        dots.sort_by_key(|(_, dot)| std::cmp::Reverse(rank(worst(dot).0)));
        let zones_folded = board.rulebook.zones().count().saturating_sub(zones.len());
        let wearers_folded = dots.len().saturating_sub(WEARERS_MAX);
        dots.truncate(WEARERS_MAX);

        let extents = zones
            .iter()
            .map(|(_, zone)| (zone.shape.0.centre(), zone.shape.0.reach_m() + zone.margin_m.metres()));
        let extents = extents.chain(dots.iter().map(|(_, dot)| (dot.position, dot.sigma_m)));
        let Some(view) = View::of(&extents.collect::<Vec<_>>()) else {
            return Self::empty();
        };
        let names = Names(&board.rulebook);
        let mut wanted = Vec::new();
        let mut wearers = Vec::new();
        for (id, dot) in dots {
            let (stage, name) = (worst(dot).0, names.wearer(id));
            let [x, y] = view.point(dot.position);
            let dark = wearers::is_dark(board, id);
            wearers.push(WearerMark {
                x: units(x),
                y: units(y),
                circle: units(dot.sigma_m * CIRCLE_SIGMAS * view.scale),
                key: stage_key(stage),
                dark,
                title: format!("{name}: {}", words::stage(stage)),
            });
            if stage != Stage::Clear || dark {
                let gap = if dark { 14.0 } else { 11.0 };
                wanted.push(Wanted { x, y, gap, text: name, class: stage_key(stage) });
            }
        }
        // The first drawn lie undermost: the most dangerous come last.
        wearers.reverse();
        let all_names = zones.len() <= ZONE_NAMES_MAX;
        for (hot, zone) in &zones {
            if *hot || all_names {
                let [x, y] = view.point(zone.shape.0.centre());
                wanted.push(Wanted { x, y, gap: 0.0, text: zone.code.clone(), class: "zone-name" });
            }
        }
        Self {
            // The last drawn lie uppermost: those that matter.
            zones: zones.iter().rev().map(|(hot, zone)| view.zone(zone, *hot, now)).collect(),
            wearers,
            labels: labels::place(wanted, WIDTH, HEIGHT - 30.0),
            grid: view.grid(),
            zones_folded,
            wearers_folded,
        }
    }

    fn empty() -> Self {
        Self {
            zones: Vec::new(),
            wearers: Vec::new(),
            labels: Vec::new(),
            grid: Grid::default(),
            zones_folded: 0,
            wearers_folded: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.zones.is_empty() && self.wearers.is_empty()
    }
}

/// Every stage's mark with its word, the most dangerous first.
pub(super) fn legend() -> [Legend; 5] {
    let stages = [Stage::Violation, Stage::Approach, Stage::Left, Stage::Watch, Stage::Clear];
    stages.map(|stage| Legend { key: stage_key(stage), word: words::stage(stage) })
}

/// The zones that are drawn, and whether each is hot; those come first.
pub(super) fn drawn_zones(board: &Board) -> Vec<(bool, &Zone)> {
    let mut zones: Vec<(bool, &Zone)> =
        board.rulebook.zones().map(|zone| (is_hot(board, zone), zone)).collect();
    zones.sort_by(|a, b| (!a.0, &a.1.id).cmp(&(!b.0, &b.1.id)));
    zones.truncate(ZONES_MAX);
    zones
}

/// Whether any wearer is not clear of the zone.
pub(super) fn is_hot(board: &Board, zone: &Zone) -> bool {
    board
        .wearers
        .values()
        .flat_map(|dot| &dot.stages)
        .any(|(id, stage)| *id == zone.id && *stage != Stage::Clear)
}

impl View {
    /// The view that shows circles about positions; `None` if there are none.
    pub(super) fn of(extents: &[(LatLon, f64)]) -> Option<Self> {
        let (first, _) = extents.first()?;
        // First about any of them to find the middle, then about the middle, where the plane is truest.
        let [west, south, east, north] = bounds(&Plane::about(*first), extents);
        let (dx, dy) = (f64::midpoint(west, east), f64::midpoint(south, north));
        let middle = offset(*first, dx.atan2(dy).to_degrees(), dx.hypot(dy));
        let plane = Plane::about(middle);
        let [west, south, east, north] = bounds(&plane, extents);
        let across = |size: f64, room: f64| (room - 2.0 * PAD) / size.max(EXTENT_M_MIN);
        Some(Self {
            plane,
            east: f64::midpoint(west, east),
            north: f64::midpoint(south, north),
            scale: across(east - west, WIDTH).min(across(north - south, HEIGHT)),
        })
    }

    pub(super) fn point(&self, position: LatLon) -> [f64; 2] {
        let [east, north] = self.plane.project(position);
        [WIDTH / 2.0 + (east - self.east) * self.scale, HEIGHT / 2.0 - (north - self.north) * self.scale]
    }

    pub(super) fn zone(&self, zone: &Zone, hot: bool, now: Timestamp) -> ZoneMark {
        let margin = 2.0 * zone.margin_m.metres() * self.scale;
        let path = self.path(&zone.shape.0);
        // A stroke that is wider than its circle leaves a hole in the middle.
        let (margin_path, margin) = match &zone.shape.0 {
            Shape::Circle(circle) => (self.circle(circle, margin / 2.0), 0.0),
            Shape::Polygon(_) => (path.clone(), margin),
        };
        ZoneMark {
            path,
            margin_path,
            margin_border: units(margin + 2.0),
            margin_area: units((margin - 1.0).max(0.0)),
            applies: zone.applies(now),
            hot,
            code: zone.code.clone(),
        }
    }

    /// A circle that is wider by so many units.
    fn circle(&self, circle: &Circle, wider: f64) -> String {
        let [x, y] = self.point(circle.centre());
        let r = circle.radius_m() * self.scale + wider;
        let (left, right) = (x - r, x + r);
        format!(
            "M{left:.1} {y:.1}A{r:.1} {r:.1} 0 1 0 {right:.1} {y:.1}A{r:.1} {r:.1} 0 1 0 {left:.1} {y:.1}Z"
        )
    }

    pub(super) fn path(&self, shape: &Shape) -> String {
        match shape {
            Shape::Circle(circle) => self.circle(circle, 0.0),
            Shape::Polygon(polygon) => self.rings(polygon.rings()),
        }
    }

    /// Closed rings as path data.
    pub(super) fn rings(&self, rings: &[Vec<LatLon>]) -> String {
        let mut path = String::new();
        for ring in rings {
            for (i, corner) in ring.iter().enumerate() {
                let [x, y] = self.point(*corner);
                // Writing to a String cannot fail.
                let _ = write!(path, "{}{x:.1} {y:.1}", if i == 0 { 'M' } else { 'L' });
            }
            path.push('Z');
        }
        path
    }

    pub(super) fn grid(&self) -> Grid {
        let step_m = round_step(130.0 / self.scale);
        let step = step_m * self.scale;
        let lines = |size: f64| {
            let middle = size / 2.0;
            let first = middle - (middle / step).floor() * step;
            std::iter::successors(Some(first), |x| Some(x + step))
                .take_while(|x| *x <= size)
                .map(units)
                .collect()
        };
        Grid { columns: lines(WIDTH), rows: lines(HEIGHT), label: words::metres(step_m), bar: units(step) }
    }
}

/// West, south, east and north, in metres.
fn bounds(plane: &Plane, extents: &[(LatLon, f64)]) -> [f64; 4] {
    let start = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    extents.iter().fold(start, |[west, south, east, north], (position, reach)| {
        let [x, y] = plane.project(*position);
        [west.min(x - reach), south.min(y - reach), east.max(x + reach), north.max(y + reach)]
    })
}

/// The greatest 1, 2 or 5 times a power of ten that is not above `m`.
fn round_step(m: f64) -> f64 {
    let ten = 10f64.powf(m.log10().floor());
    [5.0, 2.0, 1.0].into_iter().map(|n| n * ten).find(|step| *step <= m * (1.0 + 1e-9)).unwrap_or(ten)
}

pub(super) fn units(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lat: f64, lon: f64) -> LatLon {
        LatLon::new(lat, lon).expect("on earth")
    }

    #[test]
    fn the_view_is_true_to_scale_north_up_and_holds_everything() {
        for middle in [at(53.2, -2.9), at(-45.0, 179.999), at(80.0, 0.0)] {
            let around = [0.0, 90.0, 180.0, 270.0].map(|azimuth| (offset(middle, azimuth, 2_000.0), 100.0));
            let view = View::of(&around).expect("something to show");
            let [north, east, south, west] = around.map(|(position, _)| view.point(position));
            assert!(north[1] < south[1] && west[0] < east[0], "{middle:?}");
            let height_m = (south[1] - north[1]) / view.scale;
            assert!((height_m - 4_000.0).abs() < 1.0, "{height_m}");
            for [x, y] in [north, east, south, west] {
                assert!((PAD..=WIDTH - PAD).contains(&x) && (PAD..=HEIGHT - PAD).contains(&y), "{x} {y}");
            }
        }
    }

    #[test]
    fn one_position_alone_is_shown_with_its_surroundings() {
        let view = View::of(&[(at(53.0, -2.0), 0.0)]).expect("something to show");
        assert!(HEIGHT / view.scale >= EXTENT_M_MIN);
        assert!(View::of(&[]).is_none());
    }

    #[test]
    fn scale_bars_are_round() {
        for (m, step) in [(130.0, 100.0), (200.0, 200.0), (499.0, 200.0), (5_400.0, 5_000.0), (0.7, 0.5)] {
            assert!((round_step(m) - step).abs() < 1e-9, "{m}");
        }
    }
}
