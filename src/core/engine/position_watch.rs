//! Positions that cannot all be true: "position disputed".
//!
//! Evidence, not a filter: each of these fixes is judged like any other. But where a receiver says what cannot be, whether
//! it is deceived, broken or deaf, somebody must know that it is no witness at present.

use serde::{Deserialize, Serialize};

use super::{
    decision::quantised,
    draft::Draft,
    incidents::Situation,
    trail::{Point, implausible},
};
use crate::{
    domain::{Cause, IncidentKind, Motion, Priority, Reason, Source, Subject, Timestamp, WearerId},
    geometry::{LatLon, distance_m},
};

/// What counts together, and how long there must be nothing of the kind before it is over, milliseconds.
const EPISODE_MS: i64 = 10 * 60_000;
/// A wild fix among good ones makes two impossible steps, there and back: three are more than one such fix.
const STEPS: usize = 3;
/// Fixes of two kinds of source that contradict each other this often are no chance.
const CONTRADICTIONS: usize = 2;
/// Fixes of two sources belong together up to this long apart, milliseconds ...
const TOGETHER_MS: i64 = 120_000;
/// ... in which nobody goes faster, m/s ...
const TOGETHER_MPS: f64 = 40.0;
/// ... and contradict each other when they are farther apart than this many of their scales.
const CONTRADICTING_SIGMAS: f64 = 3.0;
/// The same place to so many metres, while the tag says that it moves, for so long and so many fixes, is frozen.
const FROZEN_M: f64 = 0.5;
const FROZEN_MS: i64 = 20 * 60_000;
const FROZEN_FIXES: u32 = 10;

/// What is held against a wearer's latest positions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Doubts {
    steps: Vec<Timestamp>,
    contradictions: Vec<Timestamp>,
    same: Option<Same>,
    disputed: bool,
}

/// The same place again and again, though in motion.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Same {
    since: Timestamp,
    place: LatLon,
    fixes: u32,
}

/// Judges the newest fix of a wearer against those before it, the newest of them first.
pub(super) fn judge(draft: &mut Draft<'_>, wearer: &WearerId, motion: Motion) {
    let Some(state) = draft.wearer_mut(wearer) else {
        return;
    };
    let Some((newest, before)) =
        state.track.recent().split_first().map(|(newest, before)| (*newest, before.to_vec()))
    else {
        return;
    };
    let found = state.doubts.take(&newest, &before, motion);
    let was_disputed = state.doubts.disputed;
    let is_disputed = found.is_some() || was_disputed && state.doubts.remain(newest.at);
    state.doubts.disputed = is_disputed;
    let (subject, cause) = (Subject::Wearer(wearer.clone()), Cause::Position);
    match found {
        Some(reason) => draft.raise(Situation {
            subject,
            cause,
            kind: IncidentKind::PositionDisputed,
            priority: Priority::P2,
            true_time: newest.at,
            reason,
            late: false,
            ongoing: true,
        }),
        None if was_disputed && !is_disputed => draft.over(&subject, &cause, Reason::PositionsAgree),
        _ => {}
    }
}

impl Doubts {
    fn take(&mut self, newest: &Point, before: &[Point], motion: Motion) -> Option<Reason> {
        let at = newest.at;
        for times in [&mut self.steps, &mut self.contradictions] {
            times.retain(|time| at.ms_since(*time) <= EPISODE_MS);
        }
        let same_source = before.iter().find(|fix| fix.source == newest.source);
        let step = same_source.filter(|fix| implausible(fix, newest));
        if step.is_some() {
            note(&mut self.steps, at, STEPS);
        }
        let other = before.iter().take_while(|fix| at.ms_since(fix.at) <= TOGETHER_MS);
        let contradicting =
            other.filter(|fix| fix.source != newest.source).find(|fix| contradicts(fix, newest));
        if contradicting.is_some() {
            note(&mut self.contradictions, at, CONTRADICTIONS);
        }
        self.note_same(newest, motion);
        let apart_m = |fix: &Point| distance_m(fix.position, newest.position);
        if let Some(fix) = step.filter(|_| self.steps.len() >= STEPS) {
            let mps = apart_m(fix) / at.s_since(fix.at).max(1.0);
            return Some(Reason::ImpossibleSpeed { mps: quantised(mps, 0) });
        }
        if let Some(fix) = contradicting.filter(|_| self.contradictions.len() >= CONTRADICTIONS) {
            return Some(Reason::SourcesDisagree { apart_m: quantised(apart_m(fix), 0) });
        }
        let frozen = self.same.filter(|same| same.is_frozen(at))?;
        Some(Reason::Frozen { for_s: quantised(at.s_since(frozen.since), 0) })
    }

    fn note_same(&mut self, newest: &Point, motion: Motion) {
        // A home unit or a mast stays where it is: only a satellite receiver that does is frozen.
        let may_freeze = newest.source == Source::Gnss && motion == Motion::Moving;
        let goes_on =
            self.same.filter(|same| may_freeze && distance_m(same.place, newest.position) <= FROZEN_M);
        let first = || Same { since: newest.at, place: newest.position, fixes: 0 };
        let same = goes_on.unwrap_or_else(first);
        self.same = Some(Same { fixes: same.fixes.saturating_add(1), ..same });
    }

    /// Whether anything has been held against them lately.
    fn remain(&self, at: Timestamp) -> bool {
        let lately = |times: &[Timestamp]| times.last().is_some_and(|time| at.ms_since(*time) <= EPISODE_MS);
        lately(&self.steps)
            || lately(&self.contradictions)
            || self.same.is_some_and(|same| same.is_frozen(at))
    }
}

/// Keeps the last `max`, however many come.
fn note(times: &mut Vec<Timestamp>, at: Timestamp, max: usize) {
    if times.len() == max {
        times.remove(0);
    }
    times.push(at);
}

impl Same {
    fn is_frozen(&self, at: Timestamp) -> bool {
        self.fixes >= FROZEN_FIXES && at.ms_since(self.since) >= FROZEN_MS
    }
}

/// Farther apart than both sources' errors and the time between them explain.
fn contradicts(before: &Point, newest: &Point) -> bool {
    let doubt_m = CONTRADICTING_SIGMAS * (before.sigma_m() + newest.sigma_m());
    let way_m = TOGETHER_MPS * newest.at.s_since(before.at).abs();
    distance_m(before.position, newest.position) > doubt_m + way_m
}
