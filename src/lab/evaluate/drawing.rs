//! One case as a drawing: the true path, the fixes with their stated error, the zone, and the stages over time.

use std::fmt::Write as _;

use super::{
    folder::{Kind, Scenario, Track},
    run::Run,
};
use crate::{
    domain::Stage,
    geometry::{LatLon, Plane},
};

/// The picture's size.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 360.0;
/// The strip of stages below it.
const STRIP: f64 = 440.0;
const STRIP_X: f64 = 20.0;
/// What is drawn before and after, milliseconds.
const AROUND_MS: i64 = 60_000;
/// A near pass is drawn this long to both sides of its nearest point, milliseconds.
const PASS_MS: i64 = 120_000;

pub(super) struct Drawing {
    pub(super) zone: Mark,
    /// Points of the true path.
    pub(super) truth: String,
    pub(super) fixes: Vec<Mark>,
    pub(super) strip: Vec<Piece>,
    /// Where on the strip the true stay begins and ends, and where a Violation was raised.
    pub(super) stay: Option<(String, String)>,
    pub(super) raised: Vec<String>,
    pub(super) caption: String,
}

/// A circle.
pub(super) struct Mark {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) r: String,
}

/// A stretch of time in one stage.
pub(super) struct Piece {
    pub(super) x: String,
    pub(super) width: String,
    pub(super) stage: &'static str,
}

pub(super) fn of(scenario: &Scenario, track: &Track, run: &Run) -> anyhow::Result<Drawing> {
    let centre = LatLon::new(scenario.lat, scenario.lon)?;
    let plane = Plane::about(centre);
    let place = |fix: &tag_wire::Fix| LatLon::new(fix.lat, fix.lon).ok().map(|at| plane.project(at));
    let (from_ms, until_ms) = span(scenario, track, run, &place);
    let is_shown = |ms: i64| (from_ms..=until_ms).contains(&ms);
    let truth: Vec<[f64; 2]> =
        track.truth.iter().filter(|point| is_shown(point.t_ms)).filter_map(&place).collect();
    let fixes: Vec<([f64; 2], f64)> = run
        .sent
        .iter()
        .filter(|ping| is_shown(ping.at_ms))
        .flat_map(|ping| &ping.ping.fixes)
        .filter_map(|fix| Some((place(fix)?, fix.acc_m.or(fix.hdop.map(|hdop| 5.0 * hdop)).unwrap_or(100.0))))
        .collect();
    let far = |[x, y]: &[f64; 2]| x.abs().max(y.abs() * WIDTH / HEIGHT);
    let extent_m = truth.iter().map(far).fold(scenario.radius_m * 1.4, f64::max).min(scenario.radius_m * 3.0);
    let scale = WIDTH / 2.0 / extent_m;
    let mark = |[x, y]: [f64; 2], r_m: f64| Mark {
        x: format!("{:.1}", WIDTH / 2.0 + x * scale),
        y: format!("{:.1}", HEIGHT / 2.0 - y * scale),
        r: format!("{:.1}", r_m * scale),
    };
    let mut path = String::new();
    for point in &truth {
        let Mark { x, y, .. } = mark(*point, 0.0);
        // Writing to a string cannot fail.
        let _ = write!(path, "{x},{y} ");
    }
    let at = |ms: i64| {
        format!("{:.1}", STRIP_X + STRIP * share(ms.clamp(from_ms, until_ms) - from_ms, until_ms - from_ms))
    };
    let stay = match scenario.kind {
        Kind::Breach { entry_ms, exit_ms, .. } => Some((at(entry_ms), at(exit_ms.unwrap_or(until_ms)))),
        Kind::NearMiss { .. } => None,
    };
    Ok(Drawing {
        zone: mark([0.0, 0.0], scenario.radius_m),
        truth: path,
        fixes: fixes.into_iter().map(|(point, accuracy_m)| mark(point, accuracy_m)).collect(),
        strip: strip(run, from_ms, until_ms),
        stay,
        raised: run.raised_ms.iter().filter(|ms| is_shown(**ms)).map(|ms| at(*ms)).collect(),
        caption: caption(scenario, until_ms - from_ms),
    })
}

/// From before it begins to after it was raised.
fn span(
    scenario: &Scenario,
    track: &Track,
    run: &Run,
    place: &dyn Fn(&tag_wire::Fix) -> Option<[f64; 2]>,
) -> (i64, i64) {
    match scenario.kind {
        Kind::Breach { entry_ms, exit_ms, stay_ms } => {
            let end_ms = exit_ms.unwrap_or(entry_ms + stay_ms).min(entry_ms + 5 * AROUND_MS);
            let raised_ms = run.raised_ms.iter().copied().find(|ms| *ms >= entry_ms - AROUND_MS);
            (entry_ms - AROUND_MS, end_ms.max(raised_ms.unwrap_or(end_ms)) + AROUND_MS)
        }
        Kind::NearMiss { .. } => {
            let away = |fix: &&tag_wire::Fix| place(fix).map_or(f64::MAX, |[x, y]| x.hypot(y));
            let nearest = track.truth.iter().min_by(|a, b| away(a).total_cmp(&away(b)));
            let middle_ms = run.raised_ms.first().copied().or(nearest.map(|fix| fix.t_ms)).unwrap_or(0);
            (middle_ms - PASS_MS, middle_ms + PASS_MS)
        }
    }
}

fn strip(run: &Run, from_ms: i64, until_ms: i64) -> Vec<Piece> {
    let ends = run.stages.iter().skip(1).map(|(ms, _)| *ms).chain([i64::MAX]);
    let pieces = run.stages.iter().zip(ends).filter_map(|((begin_ms, stage), end_ms)| {
        let (begin_ms, end_ms) = ((*begin_ms).max(from_ms), end_ms.min(until_ms));
        (begin_ms < end_ms).then(|| Piece {
            x: format!("{:.1}", STRIP_X + STRIP * share(begin_ms - from_ms, until_ms - from_ms)),
            width: format!("{:.1}", STRIP * share(end_ms - begin_ms, until_ms - from_ms)),
            stage: match stage {
                Stage::Clear => "clear",
                Stage::Watch => "watch",
                Stage::Approach => "approach",
                Stage::Violation => "violation",
                Stage::Left => "left",
            },
        })
    });
    pieces.collect()
}

fn caption(scenario: &Scenario, lasts_ms: i64) -> String {
    let what = match scenario.kind {
        Kind::Breach { stay_ms, .. } => format!("first stay {} s", stay_ms / 1_000),
        Kind::NearMiss { nearest_m } => format!("nearest {nearest_m:.0} m outside"),
    };
    format!("Radius {:.0} m; {what}; {} s are shown.", scenario.radius_m, lasts_ms / 1_000)
}

#[expect(clippy::cast_precision_loss, reason = "minutes in milliseconds")]
fn share(part_ms: i64, all_ms: i64) -> f64 {
    if all_ms <= 0 { 0.0 } else { part_ms as f64 / all_ms as f64 }
}
