//! Pings that tags say they sent and that have not come: one incident for each source, never one for each tag.
//!
//! A tag numbers its pings and says which it still holds, so a hole in its numbers is a ping that is known to be
//! missing. A hole that has lasted is told; once every ping has come, or was given up by its tag, it is over.

use serde::{Deserialize, Serialize};

use super::{draft::Draft, incidents::Situation, input::DeadlineKey};
use crate::domain::{Cause, IncidentKind, Priority, Reason, Subject, TagId, Timestamp};

/// Holes that have lasted this long, none of them closing meanwhile, are more than disorder.
const GRACE_MS: i64 = 30_000;
/// A tag that is still closing its holes is waited for this long.
const CLOSING_MS: i64 = 600_000;
/// However many tags have holes, they are looked through this often at most.
const LOOK_EVERY_MS: i64 = 5_000;

/// What did not come through a source that was ever heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceGaps {
    /// Pings that worn tags have sent and still hold, and that have not come.
    pub missing: u64,
    /// Pings that worn tags have sent and no longer hold, and that never came: lost, since the beginning.
    pub given_up: u64,
    /// How often the broker had forgotten Cordon's session, since the beginning.
    pub sessions_lost: u64,
    /// Of those given up, so many were told.
    given_up_told: u64,
}

impl SourceGaps {
    fn untold(&self) -> u64 {
        self.given_up.saturating_sub(self.given_up_told)
    }
}

/// The holes of one tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TagGap {
    /// Through which it was heard when the first one was found.
    pub(super) source: String,
    missing: u64,
    since: Timestamp,
    /// When there last became fewer.
    closing_at: Timestamp,
    told: bool,
}

impl TagGap {
    fn new(source: String, missing: u64, at: Timestamp) -> Self {
        Self { source, missing, since: at, closing_at: at, told: false }
    }

    /// What becomes of it when now so many pings are missing.
    fn with(self, missing: u64, at: Timestamp) -> Self {
        if self.told && missing > self.missing {
            // Whoever was told of the others does not know of these.
            return Self::new(self.source, missing, at);
        }
        let closing_at = if missing < self.missing { at } else { self.closing_at };
        Self { missing, closing_at, ..self }
    }

    fn due_at(&self) -> Timestamp {
        self.closing_at.plus_ms(GRACE_MS).min(self.since.plus_ms(CLOSING_MS))
    }
}

/// A tag's numbers have moved on. Without a `source` only holes that are known already are looked at.
pub(super) fn received(draft: &mut Draft<'_>, tag: &TagId, source: Option<&str>) {
    let (at, before) = (draft.at, draft.tag_gap(tag).cloned());
    let missing = draft.tag_mut(tag).missing();
    let Some(source) = before.as_ref().map(|gap| gap.source.clone()).or_else(|| source.map(Into::into))
    else {
        return;
    };
    let given_up = draft.tag_mut(tag).take_given_up();
    if before.is_none() && missing == 0 && given_up == 0 {
        return;
    }
    // Of a tag that nobody wears nobody need know; it may say of its numbers what it likes.
    let is_worn = draft.rulebook.wearer_of(tag, at).is_some();
    let (missing, given_up) = if is_worn { (missing, given_up) } else { (0, 0) };
    let missing_before = before.as_ref().map_or(0, |gap| gap.missing);
    let is_closed = before.is_some() && missing == 0;
    let gap = before.unwrap_or_else(|| TagGap::new(source.clone(), missing, at)).with(missing, at);
    let untold = missing > 0 && !gap.told || given_up > 0;
    draft.put_tag_gap(tag, (missing > 0).then_some(gap));
    let gaps = draft.source_gaps_mut(&source);
    gaps.missing = gaps.missing.saturating_sub(missing_before).saturating_add(missing);
    gaps.given_up = gaps.given_up.saturating_add(given_up);
    if untold {
        draft.wake_by(DeadlineKey::Gaps(source.clone()), at.plus_ms(GRACE_MS));
    }
    if is_closed {
        over_if_none(draft, &source);
    }
}

fn over_if_none(draft: &mut Draft<'_>, source: &str) {
    let gaps = *draft.source_gaps_mut(source);
    let (subject, cause) = (Subject::Service, Cause::Gaps(source.into()));
    if gaps.missing == 0 && draft.open_incident(&subject, &cause).is_some() {
        draft.over(&subject, &cause, Reason::Missing { pings: 0, given_up: gaps.untold() });
        draft.source_gaps_mut(source).given_up_told = gaps.given_up;
    }
}

/// Tells of the holes behind a source that have lasted, and says when to look again.
pub(super) fn look(draft: &mut Draft<'_>, source: &str) {
    let now = draft.at;
    let mut untold = draft.tag_gaps_behind(source);
    untold.retain(|(_, gap)| !gap.told);
    let lasts = untold.iter().any(|(_, gap)| gap.due_at() <= now);
    let mut gaps = *draft.source_gaps_mut(source);
    let given_up = gaps.untold();
    if lasts || given_up > 0 {
        draft.raise(Situation {
            subject: Subject::Service,
            cause: Cause::Gaps(source.into()),
            kind: IncidentKind::MissingPings,
            priority: Priority::P2,
            true_time: now,
            reason: Reason::Missing { pings: gaps.missing, given_up },
            late: false,
            ongoing: lasts,
        });
        gaps.given_up_told = gaps.given_up;
        *draft.source_gaps_mut(source) = gaps;
    }
    if lasts {
        // Their number was told with the others.
        for (tag, gap) in untold {
            draft.put_tag_gap(&tag, Some(TagGap { told: true, ..gap }));
        }
    } else if let Some(due_at) = untold.iter().map(|(_, gap)| gap.due_at()).min() {
        draft.wake(DeadlineKey::Gaps(source.into()), due_at.max(now.plus_ms(LOOK_EVERY_MS)));
    }
}
