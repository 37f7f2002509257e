//! The span from above: the zones as they were drawn then, the way from position to position, and the positions.

use std::fmt::Write as _;

use super::look::Shown;
use crate::{
    console::{
        map::{CIRCLE_SIGMAS, Grid, View, ZoneMark, units},
        wearers::{rank, stage_key, worst_of},
    },
    domain::Stage,
    engine::EVIDENCE_MS,
    geometry::LatLon,
    lab::playback::{Played, Stood},
};

/// Positions drawn one by one: those at which something changed, and others spread evenly between.
const MARKS_MAX: usize = 600;
/// A zone farther from every position is drawn, but the picture does not reach for it, metres.
const NEAR_M: f64 = 1_500.0;
/// A poor position does not widen the picture by more, metres.
const BLUR_M_MAX: f64 = 300.0;

pub(super) struct Drawing {
    pub(super) view: View,
    pub(super) zones: Vec<Drawn>,
    pub(super) grid: Grid,
    /// The way, and the parts of it that are not known.
    pub(super) way: String,
    pub(super) gaps: String,
    pub(super) marks: Vec<Mark>,
    pub(super) marks_folded: usize,
}

/// A zone; by its place among the zones that were played.
pub(super) struct Drawn {
    pub(super) nth: usize,
    pub(super) mark: ZoneMark,
    pub(super) label: [String; 2],
}

pub(super) struct Mark {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) circle: String,
    pub(super) key: &'static str,
    pub(super) nth: usize,
}

impl Drawing {
    /// The drawing; `None` where there is no position to draw.
    pub(super) fn new(shown: &Shown) -> Option<Self> {
        let playback = &shown.playback;
        let fixes = &playback.fixes;
        let view = view(shown)?;
        let drawn = |(nth, stood): (usize, &Stood)| {
            let zone = stood.drawn.as_ref()?;
            let [x, y] = view.point(zone.shape.0.centre());
            let mut mark = view.zone(zone, was_hot(shown, stood), shown.now);
            // What it is now does not matter here.
            mark.applies = true;
            Some(Drawn { nth, mark, label: [units(x), units(y)] })
        };
        let zones: Vec<Drawn> = playback.zones.iter().enumerate().filter_map(drawn).collect();
        let (way, gaps) = ways(&view, fixes);
        let step = fixes.len().div_ceil(MARKS_MAX).max(1);
        let is_drawn = |nth: usize, fix: &Played| nth.is_multiple_of(step) || !fix.turns.is_empty();
        let chosen = fixes.iter().enumerate().filter(|(nth, fix)| is_drawn(*nth, fix));
        let marks: Vec<Mark> = chosen.map(|(nth, fix)| mark(&view, nth, fix)).collect();
        Some(Self {
            grid: view.grid(),
            zones,
            way,
            gaps,
            marks_folded: fixes.len() - marks.len(),
            marks,
            view,
        })
    }
}

/// Where a position stands in the picture, and how wide its circle is.
pub(super) fn place(view: &View, fix: &Played) -> [f64; 3] {
    let [x, y] = view.point(fix.position);
    [x, y, fix.accuracy.sigma_m() * CIRCLE_SIGMAS * view.scale]
}

/// The most dangerous stage that was believed after a position.
pub(super) fn worst(fix: &Played) -> Stage {
    worst_of(&fix.believed).0
}

/// In the order in which they were taken, by their places among those that were played.
pub(super) fn in_order(fixes: &[Played]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..fixes.len()).collect();
    order.sort_by_key(|nth| (fixes[*nth].taken, *nth));
    order
}

/// Nothing is known of the way from one position to a later one.
pub(super) fn is_gap(before: &Played, fix: &Played) -> bool {
    fix.taken.ms_since(before.taken) > EVIDENCE_MS
}

fn mark(view: &View, nth: usize, fix: &Played) -> Mark {
    let [x, y, r] = place(view, fix);
    Mark { x: units(x), y: units(y), circle: units(r), key: stage_key(worst(fix)), nth }
}

fn view(shown: &Shown) -> Option<View> {
    let fixes = &shown.playback.fixes;
    let near = |stood: &&Stood| {
        let border =
            |fix: &Played| fix.sights.iter().find(|(id, _)| *id == stood.id).map(|(_, it)| it.border_m);
        was_hot(shown, stood) || fixes.iter().filter_map(border).any(|border_m| border_m < NEAR_M)
    };
    let zones = shown.playback.zones.iter().filter(near).filter_map(|stood| stood.drawn.as_ref());
    let zones = zones.map(|zone| (zone.shape.0.centre(), zone.shape.0.reach_m() + zone.margin_m.metres()));
    let places = fixes.iter().map(|fix| (fix.position, fix.accuracy.sigma_m().min(BLUR_M_MAX)));
    View::of(&zones.chain(places).collect::<Vec<(LatLon, f64)>>())
}

/// Whether the wearer was not clear of it at some time.
fn was_hot(shown: &Shown, stood: &Stood) -> bool {
    let playback = &shown.playback;
    let hot = |stage: Stage| rank(stage) >= rank(Stage::Left);
    playback.before.iter().any(|(zone, stage)| *zone == stood.id && hot(*stage))
        || playback.turns.iter().any(|turn| turn.zone == stood.id && hot(turn.to))
}

fn ways(view: &View, fixes: &[Played]) -> (String, String) {
    let (mut way, mut gaps, mut before) = (String::new(), String::new(), None::<&Played>);
    for nth in in_order(fixes) {
        let fix = &fixes[nth];
        let [x, y] = view.point(fix.position);
        // Writing to a String cannot fail.
        let _ = match before {
            None => write!(way, "M{x:.1} {y:.1}"),
            Some(before) if is_gap(before, fix) => {
                let [from_x, from_y] = view.point(before.position);
                let _ = write!(gaps, "M{from_x:.1} {from_y:.1}L{x:.1} {y:.1}");
                write!(way, "M{x:.1} {y:.1}")
            }
            Some(_) => write!(way, "L{x:.1} {y:.1}"),
        };
        before = Some(fix);
    }
    (way, gaps)
}
