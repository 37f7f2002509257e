//! How often a tag is asked to report: often near a zone, so that a Violation is seen within seconds; as it likes far
//! away, or while it lies still, so that its battery lasts.

use serde::{Deserialize, Serialize};

use super::{
    contact_watch::{LOOK_M, REACH_MPS},
    draft::Draft,
    nearness::nearest_border_m,
    outlook::Outlook,
    proximity_watch::Meeting,
};
use crate::domain::{Motion, Stage, TagId, Timestamp, WearerId};

/// A zone this near, metres, is reached by car in less than two minutes; by a wearer who has not been seen for a while,
/// from as much farther away as they may have come.
const NEAR_M: f64 = 1_500.0;
/// A border that will be reached this soon, seconds, asks for all that the tag can give.
const SOON_S: f64 = 60.0;
/// How long an ask is good for, and how long before its end it is renewed, milliseconds.
const GOOD_MS: i64 = 10 * 60_000;
const RENEW_MS: i64 = 4 * 60_000;
/// A tag that does not do what it was asked for is asked again after this long, milliseconds.
const AGAIN_MS: i64 = 30_000;
/// A tag asked for a pace promises its next ping within so many seconds.
const PROMISED_S: [(Pace, u32); 2] = [(Pace::Near, 45), (Pace::Pursuit, 25)];
/// Less is asked for only when less has been enough for this long, milliseconds.
const CALM_MS: i64 = 120_000;

/// How often a tag is wanted to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Pace {
    /// As often as the tag does by itself.
    Normal,
    /// About every 15 s.
    Near,
    /// About every 5 s.
    Pursuit,
}

/// What a tag is to be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// Rises from one to the next of a tag.
    pub id: u64,
    /// How often.
    pub pace: Pace,
    /// Until when, by the tag's own clock.
    pub until: Timestamp,
}

/// What a tag was last asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    id: u64,
    pace: Pace,
    until: Timestamp,
    /// Since when less would do.
    calm_since: Option<Timestamp>,
}

/// Asks the tag of a ping that has just come straight here, if what it was asked for is not what is wanted now.
pub(super) fn ask(draft: &mut Draft<'_>, tag: &TagId, wearer: &WearerId, motion: Motion, promised_s: u32) {
    let at = draft.at;
    let wanted = wanted(draft, wearer, motion);
    let state = draft.tag_mut(tag);
    let in_force = state.asked.filter(|asked| asked.until > at);
    let pace = in_force.map_or(Pace::Normal, |asked| asked.pace);
    let calm_since = (wanted < pace).then(|| in_force.and_then(|asked| asked.calm_since).unwrap_or(at));
    if let Some(asked) = &mut state.asked {
        asked.calm_since = calm_since;
    }
    let ends_soon = in_force.is_some_and(|asked| {
        let is_slow = PROMISED_S.iter().any(|(pace, most_s)| *pace == asked.pace && promised_s > *most_s);
        let left_ms = asked.until.ms_since(at);
        left_ms < RENEW_MS || is_slow && GOOD_MS - left_ms >= AGAIN_MS
    });
    let is_due = match wanted.cmp(&pace) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => wanted > Pace::Normal && ends_soon,
        std::cmp::Ordering::Less => calm_since.is_some_and(|since| at.ms_since(since) >= CALM_MS),
    };
    if !is_due {
        return;
    }
    // By the time, so that it rises even where the last one is forgotten.
    let id = u64::try_from(at.as_ms()).unwrap_or(0).max(state.asked.map_or(0, |asked| asked.id) + 1);
    let until = at.plus_ms(GOOD_MS);
    state.asked = Some(Asked { id, pace: wanted, until, calm_since: None });
    let ask = Ask { id, pace: wanted, until: state.clock.by_tag(until) };
    draft.lines.push(format!("tag {tag} asked for {wanted:?} until {until}"));
    draft.ask = Some(ask);
}

fn wanted(draft: &mut Draft<'_>, wearer: &WearerId, motion: Motion) -> Pace {
    let at = draft.at;
    let rulebook = std::sync::Arc::clone(&draft.rulebook);
    let Some(state) = draft.wearer(wearer) else {
        return Pace::Normal;
    };
    let track = &state.track;
    let Some(last) = track.last() else {
        return Pace::Normal;
    };
    let is_still = motion == Motion::Still;
    let drawn = track.zones.values().map(|zone| zone.stage);
    let all: Vec<Stage> = drawn.chain(state.meetings.values().map(Meeting::stage)).collect();
    let worst = |stages: &[Stage]| all.iter().any(|stage| stages.contains(stage));
    let soon = || {
        let Some(heading) = (!track.zones.is_empty()).then(|| track.heading()).flatten() else {
            return false;
        };
        let zones = track.zones.keys().filter_map(|id| rulebook.bound_zone(id));
        let mut outlooks = zones.map(|bound| Outlook::of(bound, &heading, at));
        outlooks.any(|outlook| outlook.reach_s.is_some_and(|reach_s| reach_s <= SOON_S))
    };
    if worst(&[Stage::Violation]) || !is_still && (worst(&[Stage::Approach]) || soon()) {
        return Pace::Pursuit;
    }
    if worst(&[Stage::Approach]) {
        return Pace::Near;
    }
    let near_m = (NEAR_M + REACH_MPS * state.contact.unseen_s(at)).min(LOOK_M);
    let is_near = || nearest_border_m(&rulebook, wearer, last.position, near_m, [at, at]).is_some();
    if !is_still && is_near() { Pace::Near } else { Pace::Normal }
}
