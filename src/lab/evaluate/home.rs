//! Somebody at home beside a zone that they never enter: whatever is raised is false.

use anyhow::Context;
use serde::Serialize;
use serde_json::{Value, json};

use super::{folder::Home, run, score::rounded};
use crate::{
    engine::Rule,
    geometry::{LatLon, distance_m, offset},
};

/// The home that simulated lives are written for.
const HOME: (f64, f64) = (53.48, -2.24);
/// A life whose middle is farther from there than this is lived elsewhere, metres.
const SAME_HOME_M: f64 = 200.0;
/// The zone reaches this far east of its border, and north and south of home, metres.
const ZONE_M: f64 = 3_000.0;
const DAY_MS: f64 = 86_400_000.0;

/// False Violations at a home.
#[derive(Debug, Clone, Serialize)]
pub(super) struct HomeFigures {
    pub(super) file: String,
    pub(super) border_m: f64,
    pub(super) days: f64,
    #[serde(rename = "false")]
    pub(super) false_count: usize,
    pub(super) false_per_30_days: f64,
}

/// Sends a life's fixes as they were recorded.
pub(super) fn figures(life: &Home, rule: Rule) -> anyhow::Result<HomeFigures> {
    // Every fix of the file in a ping of its own.
    let run = run::run(&life.fixes, 1, rule, &zone(life)?)?;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let (days, false_count) = (run.lasts_ms() as f64 / DAY_MS, run.raised_ms.len() as f64);
    Ok(HomeFigures {
        file: life.file.clone(),
        border_m: life.border_m,
        days: rounded(days, 1),
        false_count: run.raised_ms.len(),
        false_per_30_days: if days > 0.0 { rounded(false_count * 30.0 / days, 2) } else { 0.0 },
    })
}

/// Everything east of the border, as far as matters.
fn zone(life: &Home) -> anyhow::Result<Value> {
    let home = home_of(life)?;
    let west = offset(home, 90.0, life.border_m);
    let corners =
        [(0.0, west), (0.0, offset(west, 90.0, ZONE_M)), (180.0, offset(west, 90.0, ZONE_M)), (180.0, west)];
    let ring: Vec<[f64; 2]> = corners
        .into_iter()
        .map(|(azimuth_deg, at)| offset(at, azimuth_deg, ZONE_M))
        .map(|corner| [corner.lat_deg(), corner.lon_deg()])
        .collect();
    Ok(json!({"polygon": [ring.iter().chain(ring.first()).collect::<Vec<_>>()]}))
}

/// The usual home, or the middle of all fixes if that is elsewhere.
fn home_of(life: &Home) -> anyhow::Result<LatLon> {
    let median = |of: fn(&tag_wire::Fix) -> f64| {
        let mut values: Vec<f64> = life.fixes.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    let middle = median(|fix| fix.lat).zip(median(|fix| fix.lon)).context("a life has at least one fix")?;
    let (usual, middle) = (LatLon::new(HOME.0, HOME.1)?, LatLon::new(middle.0, middle.1)?);
    Ok(if distance_m(usual, middle) <= SAME_HOME_M { usual } else { middle })
}
