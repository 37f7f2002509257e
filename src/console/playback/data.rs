//! What the page's script moves by: the positions in the drawing's units, and what changed when.

use serde::Serialize;

use super::{
    drawing::{self, Drawing},
    look::Shown,
    story::{self, code},
    strip,
};
use crate::{
    console::{
        wearers::{rank, stage_key},
        words,
    },
    domain::Stage,
    engine::EVIDENCE_MS,
};

#[derive(Serialize)]
pub(super) struct Data {
    from_ms: i64,
    until_ms: i64,
    /// Where the time begins and ends in the drawing over time.
    axis: [f64; 2],
    stages: Vec<StageWord>,
    zones: Vec<ZoneThen>,
    /// In the order in which they came.
    fixes: Vec<Fix>,
    /// Zones by their codes, with their stages, when it begins.
    before: Vec<(String, &'static str)>,
    turns: Vec<(i64, String, &'static str)>,
    /// When what stands in the list happened, in its order.
    story: Vec<i64>,
    gaps: Vec<[i64; 2]>,
    /// Over so long without a position, nothing is known of the way.
    gap_ms: i64,
}

#[derive(Serialize)]
struct StageWord {
    key: &'static str,
    word: &'static str,
    rank: u8,
}

#[derive(Serialize)]
struct ZoneThen {
    applied: Vec<[i64; 2]>,
}

#[derive(Serialize)]
struct Fix {
    received: i64,
    taken: i64,
    at: [f64; 3],
    error: String,
}

pub(super) fn data(shown: &Shown) -> Data {
    let playback = &shown.playback;
    let drawing = Drawing::new(shown);
    let round = |value: f64| (value * 10.0).round() / 10.0;
    let fix = |fix: &crate::lab::playback::Played| Fix {
        received: fix.received.as_ms(),
        taken: fix.taken.as_ms(),
        at: drawing.as_ref().map_or([0.0; 3], |it| drawing::place(&it.view, fix).map(round)),
        error: words::metres(fix.accuracy.sigma_m()),
    };
    let stages = [Stage::Violation, Stage::Approach, Stage::Left, Stage::Watch, Stage::Clear];
    let stage = |stage| StageWord { key: stage_key(stage), word: words::stage(stage), rank: rank(stage) };
    let span = |[from, until]: &[crate::domain::Timestamp; 2]| [from.as_ms(), until.as_ms()];
    Data {
        from_ms: playback.span.from().as_ms(),
        until_ms: playback.until.as_ms(),
        axis: [strip::LEFT, strip::RIGHT],
        stages: stages.map(stage).into(),
        zones: playback
            .zones
            .iter()
            .map(|zone| ZoneThen { applied: zone.applied.iter().map(span).collect() })
            .collect(),
        fixes: playback.fixes.iter().map(fix).collect(),
        before: playback.before.iter().map(|(zone, it)| (code(playback, zone), stage_key(*it))).collect(),
        turns: playback
            .turns
            .iter()
            .map(|turn| (turn.at.as_ms(), code(playback, &turn.zone), stage_key(turn.to)))
            .collect(),
        story: story::story(shown).0.iter().map(|said| said.at.as_ms()).collect(),
        gaps: playback.gaps.iter().map(span).collect(),
        gap_ms: EVIDENCE_MS,
    }
}
