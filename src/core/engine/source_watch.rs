//! Whether Cordon itself can hear: a source that is away, or comes and goes.
//!
//! While a source is away the silence of the tags behind it says nothing, and after it is back their backlog comes
//! first. Neither may last: a source that comes and goes without 30 s of calm is told as deaf once it has been away for
//! 20 s in all, and the time that is given to backlogs is limited.

use serde::{Deserialize, Serialize};

use super::{draft::Draft, incidents::Situation, input::DeadlineKey};
use crate::domain::{Cause, IncidentKind, Priority, Reason, Subject, Timestamp};

/// After a source is heard again its backlog comes first: silence is judged this much later. A source that is heard
/// for so long on end is calm.
pub(super) const BACKLOG_MS: i64 = 30_000;
/// Between two calms so much time is given to backlogs in all. Then only half of what the source was away: nobody
/// catches up with less, and a source that is mostly away is deaf.
const BACKLOGS_MS: i64 = 2 * BACKLOG_MS;
/// Cordon itself is deaf when a source is away this long, in all since its last calm.
const DEAF_MS: i64 = 20_000;
/// The least time that a start of the service is given to hear something.
const CONNECT_MS: i64 = 5_000;

/// Whether a source of pings can be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceState {
    /// Heard or not.
    pub up: bool,
    /// Since when.
    pub since: Timestamp,
    /// While it is heard: silence is judged from here on.
    judged_from: Timestamp,
    /// How long it was away between its last calm and `since`.
    away_ms: i64,
    /// How long it was heard, without a calm, between its last calm and `since`.
    heard_ms: i64,
    /// It went away again before it was calm.
    flaps: bool,
}

impl SourceState {
    /// It goes away at `now`, or the service starts.
    fn away(before: Option<Self>, now: Timestamp) -> Self {
        let after_calm =
            Self { up: false, since: now, judged_from: now, away_ms: 0, heard_ms: 0, flaps: false };
        match before {
            Some(before) if !before.up => {
                Self { since: now, away_ms: before.away_ms + now.ms_since(before.since), ..before }
            }
            Some(before) if now < before.calm_at() => {
                let heard_ms = before.heard_ms + now.ms_since(before.since);
                Self { away_ms: before.away_ms, heard_ms, flaps: true, ..after_calm }
            }
            _ => after_calm,
        }
    }

    /// It is heard from `now` on.
    fn back(before: Option<Self>, now: Timestamp) -> Self {
        let before = before.unwrap_or_else(|| Self::away(None, now));
        let away_ms = now.ms_since(before.since);
        let backlog_ms = (BACKLOGS_MS - before.heard_ms).max(away_ms / 2).min(BACKLOG_MS);
        let judged_from = now.plus_ms(backlog_ms);
        Self { up: true, since: now, judged_from, away_ms: before.away_ms + away_ms, ..before }
    }

    /// From when on the silence of tags behind it may be judged; `None` while it is away.
    pub(super) fn judged_from(&self) -> Option<Timestamp> {
        self.up.then_some(self.judged_from)
    }

    fn calm_at(&self) -> Timestamp {
        self.since.plus_ms(BACKLOG_MS)
    }

    fn deaf_at(&self) -> Timestamp {
        self.since.plus_ms((DEAF_MS - self.away_ms).max(0))
    }
}

/// From when on silence may be judged behind a source that the configuration no longer has.
pub(super) fn judged_from_start(started: Timestamp) -> Timestamp {
    started.plus_ms(BACKLOG_MS)
}

/// The service has started: it hears nothing yet.
pub(super) fn started(draft: &mut Draft<'_>, sources: &[String]) {
    let now = draft.at;
    let away: Vec<SourceState> =
        sources.iter().map(|name| SourceState::away(draft.source(name), now)).collect();
    draft.forgotten_sources = true;
    draft.started = Some(now);
    for (name, state) in sources.iter().zip(away) {
        draft.put_source(name, state);
        let deaf_at = state.deaf_at().max(now.plus_ms(CONNECT_MS));
        draft.wake(DeadlineKey::Source(name.clone()), deaf_at);
    }
    // Tags heard through a source that the configuration no longer has are judged all the same.
    let judged_at = judged_from_start(now);
    for wearer in draft.known_wearers() {
        let through = draft.wearer(&wearer).map(|state| state.contact.source.clone());
        if through.is_some_and(|source| !sources.contains(&source)) {
            draft.wake_by(DeadlineKey::Wearer(wearer), judged_at);
        }
    }
}

/// A source can be heard, or no longer.
pub(super) fn changed(draft: &mut Draft<'_>, name: &str, up: bool) {
    let (now, before) = (draft.at, draft.source(name));
    if before.is_some_and(|known| known.up == up) {
        return;
    }
    let key = DeadlineKey::Source(name.into());
    if !up {
        let state = SourceState::away(before, now);
        draft.put_source(name, state);
        return draft.wake(key, state.deaf_at());
    }
    let state = SourceState::back(before, now);
    draft.put_source(name, state);
    // From here on it is known that there was a session.
    draft.source_gaps_mut(name);
    if state.flaps {
        draft.wake(key, state.calm_at());
    } else {
        draft.wake(key, Timestamp::MAX);
        draft.over(&Subject::Service, &Cause::Source(name.into()), Reason::Back);
    }
    // Silence was not judged meanwhile; the backlog comes first.
    for wearer in draft.heard_through(name) {
        draft.wake_by(DeadlineKey::Wearer(wearer), state.judged_from);
    }
}

/// A source has been away for too long, or has been heard for long enough.
pub(super) fn deadline(draft: &mut Draft<'_>, name: &str) {
    let Some(state) = draft.source(name) else {
        return;
    };
    if state.up {
        return draft.over(&Subject::Service, &Cause::Source(name.into()), Reason::Back);
    }
    draft.raise(Situation {
        subject: Subject::Service,
        cause: Cause::Source(name.into()),
        kind: IncidentKind::Deaf,
        priority: Priority::P2,
        true_time: draft.at,
        reason: Reason::SourceSilent,
        late: false,
        ongoing: true,
    });
}

/// There is somebody to tell now.
pub(super) fn tell_again(draft: &mut Draft<'_>) {
    for (name, state) in draft.silent_sources() {
        draft.wake(DeadlineKey::Source(name), state.deaf_at());
    }
}
