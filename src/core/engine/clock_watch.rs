//! What it means when a clock is wrong: a tag's, or the service's own. One incident for the cause: when many tags seem
//! to be off by the same, it is our clock.

use serde::{Deserialize, Serialize};

use super::{
    decision::quantised,
    draft::Draft,
    incidents::Situation,
    receive::TagState,
    source_watch::BACKLOG_MS,
    tag_clock::{Heard, Reading, WRONG_MS},
};
use crate::domain::{Cause, IncidentKind, Ping, Priority, Reason, Subject, TagId, Timestamp, WearerId};

/// A clock must be wrong for this long: one ping with a wrong time is no news, and others may show the same.
const LASTS_MS: i64 = 60_000;
/// It is right again after this many pings.
const RIGHT_PINGS: u8 = 3;
/// Off by the same, give or take what networks need.
const SAME_MS: u64 = 60_000;
/// Tags heard within this time are asked whether they seem to be off by the same.
const CROWD_MS: i64 = 10 * 60_000;
/// Fewer are no crowd.
const CROWD_TAGS: usize = 4;
/// Changes of our own clock that are remembered.
const STEPS_KEPT: usize = 4;

/// What is known of the service's own clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OurClock {
    /// When it last changed, or was found to be off.
    changed_at: Timestamp,
    /// By what, milliseconds, the last ones.
    steps_ms: Vec<i64>,
}

impl Default for OurClock {
    fn default() -> Self {
        Self { changed_at: Timestamp::MIN, steps_ms: Vec::new() }
    }
}

impl OurClock {
    fn note(&mut self, at: Timestamp, step_ms: i64) {
        self.changed_at = at;
        let is_same =
            |known_ms: &i64| known_ms.saturating_abs().abs_diff(step_ms.saturating_abs()) <= SAME_MS;
        if step_ms.saturating_abs() <= WRONG_MS || self.steps_ms.iter().any(is_same) {
            return;
        }
        if self.steps_ms.len() == STEPS_KEPT {
            self.steps_ms.remove(0);
        }
        self.steps_ms.push(step_ms);
    }

    /// A tag that is off by so much, either way, is not: we are, or were, by one change or between two.
    fn explains(&self, off_ms: i64) -> bool {
        let befores = || self.steps_ms.iter().chain([&0]);
        let between = self.steps_ms.iter().flat_map(|step_ms| befores().map(move |before| step_ms - before));
        between
            .into_iter()
            .any(|step_ms| step_ms.saturating_abs().abs_diff(off_ms.saturating_abs()) <= SAME_MS)
    }
}

/// How the service's own clock and the source bear on a ping.
pub(super) struct Setting<'a> {
    pub(super) started: Timestamp,
    /// Since when its source has been heard; `None` where that is not known.
    pub(super) heard_since: Option<Timestamp>,
    pub(super) ours: &'a OurClock,
}

impl Setting<'_> {
    /// A tag's ping that was sent at `sent`, by its clock, and has come at `at`.
    pub(super) fn heard(&self, at: Timestamp, sent: Timestamp, newest: bool) -> Heard<'_> {
        let backlog_from = self.heard_since.map_or(self.started, |since| since.max(self.started));
        Heard {
            at,
            sent,
            newest,
            settled: at >= backlog_from.plus_ms(BACKLOG_MS),
            ours_changed_at: self.started.max(self.ours.changed_at),
            our_steps_ms: &self.ours.steps_ms,
        }
    }
}

/// How a ping's times are read by what is known of its tag.
pub(super) fn reading(
    state: Option<&TagState>,
    setting: &Setting<'_>,
    at: Timestamp,
    ping: &Ping,
) -> Reading {
    let newest = state.is_none_or(|state| state.is_newest(at, ping.boot, ping.seq, ping.sent));
    let clock = state.map(|state| state.clock).unwrap_or_default();
    clock.read(setting.heard(at, ping.sent, newest))
}

/// Learns from a ping, and says how its times are read.
pub(super) fn hear(
    draft: &mut Draft<'_>,
    tag: &TagId,
    source: Option<&str>,
    sent: Timestamp,
    newest: bool,
) -> Reading {
    let at = draft.at;
    let heard_since = source.and_then(|name| draft.source(name)).map(|state| state.since);
    let ours = draft.our_clock().clone();
    let setting = Setting { started: draft.started_at(), heard_since, ours: &ours };
    draft.tag_mut(tag).clock.hear(setting.heard(at, sent, newest))
}

/// The service's clock was set.
pub(super) fn set(draft: &mut Draft<'_>, by_ms: i64) {
    ours(draft, by_ms, by_ms);
}

fn ours(draft: &mut Draft<'_>, step_ms: i64, ahead_ms: i64) {
    let at = draft.at;
    draft.our_clock_mut().note(at, step_ms);
    draft.raise(Situation {
        subject: Subject::Service,
        cause: Cause::Clock,
        kind: IncidentKind::ServerClock,
        priority: Priority::P2,
        true_time: at,
        reason: off_by(ahead_ms),
        late: false,
        ongoing: false,
    });
}

/// Flags a tag whose clock is wrong, once, until it has been right for some pings.
pub(super) fn judge(draft: &mut Draft<'_>, tag: &TagId, wearer: Option<&WearerId>) {
    let at = draft.at;
    let state = draft.tag_mut(tag);
    let clock = state.clock;
    let flag = &mut state.clock_flag;
    if !clock.is_wrong() {
        flag.right_pings = flag.right_pings.saturating_add(1);
        if flag.right_pings >= RIGHT_PINGS {
            flag.wrong_since = None;
            if let Some(flagged) = flag.raised_for.take() {
                draft.over(&Subject::Wearer(flagged), &Cause::Clock, Reason::Works);
            }
        }
        return;
    }
    flag.right_pings = 0;
    let since = *flag.wrong_since.get_or_insert(at);
    if at.ms_since(since) < LASTS_MS || flag.raised_for.as_ref() == wearer {
        return;
    }
    let ahead_ms = clock.ahead_ms();
    let reason = if clock.is_stuck() { Reason::ClockStuck } else { off_by(ahead_ms) };
    if !clock.is_stuck() {
        if draft.our_clock().explains(ahead_ms) {
            return;
        }
        if is_crowd(draft.known_tags(), at, ahead_ms) {
            // They are right: we are off, the other way.
            return ours(draft, ahead_ms, -ahead_ms);
        }
    }
    let before = std::mem::replace(&mut draft.tag_mut(tag).clock_flag.raised_for, wearer.cloned());
    if let Some(before) = before {
        draft.over(&Subject::Wearer(before), &Cause::Clock, Reason::Works);
    }
    if let Some(wearer) = wearer {
        draft.raise(Situation {
            subject: Subject::Wearer(wearer.clone()),
            cause: Cause::Clock,
            kind: IncidentKind::TagClock,
            priority: Priority::P3,
            true_time: at,
            reason,
            late: false,
            ongoing: true,
        });
    }
}

/// More than half of the tags heard lately seem to be off by the same.
fn is_crowd<'a>(tags: impl Iterator<Item = &'a TagState>, at: Timestamp, ahead_ms: i64) -> bool {
    let lately = tags.filter_map(|state| state.clock.seemed_ahead());
    let (mut heard, mut same) = (0, 0);
    for (_, seemed_ms) in lately.filter(|(heard_at, _)| at.ms_since(*heard_at) <= CROWD_MS) {
        heard += 1;
        same += usize::from(seemed_ms.abs_diff(ahead_ms) <= SAME_MS);
    }
    same >= CROWD_TAGS && same * 2 > heard
}

/// What has been said of a tag's clock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ClockFlag {
    wrong_since: Option<Timestamp>,
    right_pings: u8,
    /// The wearer whose incident says so.
    raised_for: Option<WearerId>,
}

fn off_by(ahead_ms: i64) -> Reason {
    #[expect(clippy::cast_precision_loss, reason = "rounded to seconds, over less than 285,000 years")]
    let ahead_s = ahead_ms as f64 / 1e3;
    Reason::ClockOff { by_s: quantised(ahead_s, 0) }
}
