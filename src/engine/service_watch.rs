//! What it means when Cordon's own parts fail, or a tag is too much for them: one incident for each cause, never one
//! for each tag behind it.

use super::{draft::Draft, gap_watch, incidents::Situation, input::ServiceReport};
use crate::domain::{Cause, IncidentKind, Priority, Reason, Subject, TagId};

/// A disk this full, percent, is upkeep; then trouble; then danger, since nothing can be written on a full one.
const DISK_PCT: [(u8, Priority); 3] = [(95, Priority::P1), (85, Priority::P2), (70, Priority::P3)];
/// It has room again below this.
const DISK_ROOM_PCT: u8 = 65;

/// One of Cordon's parts reports.
pub(super) fn reported(draft: &mut Draft<'_>, report: &ServiceReport) {
    match report {
        ServiceReport::Store { up } => {
            let wrong = (!up).then_some((Priority::P1, Reason::StoreFails));
            level(draft, Cause::Store, IncidentKind::StoreFails, wrong);
        }
        ServiceReport::Disk { pct } => disk(draft, *pct),
        ServiceReport::ClockSet { by_ms } => {
            #[expect(clippy::cast_precision_loss, reason = "a clock is set by less than 285,000 years")]
            let reason = Reason::ClockOff { by_s: *by_ms as f64 / 1e3 };
            event(draft, Cause::Clock, IncidentKind::ServerClock, Priority::P2, reason);
        }
        ServiceReport::Provider { channel, up, reason } => {
            let wrong = (!up).then(|| (Priority::P2, Reason::ProviderFails { reason: reason.clone() }));
            level(draft, Cause::Provider(*channel), IncidentKind::ProviderFails, wrong);
        }
        ServiceReport::Misuse { source, messages } => {
            let (cause, reason) = (Cause::Misuse(source.clone()), Reason::Misused { messages: *messages });
            event(draft, cause, IncidentKind::Misuse, Priority::P3, reason);
        }
        // Which pings are missing for it is seen in the tags' own numbers.
        ServiceReport::SessionLost { source } => {
            draft.source_gaps_mut(source).sessions_lost += 1;
            draft.lines.push(format!("source {source} lost its session"));
        }
        ServiceReport::VendorFlood { vendor, messages } => {
            let (cause, reason) = (Cause::Vendor(vendor.clone()), Reason::TooMany { messages: *messages });
            event(draft, cause, IncidentKind::Flood, Priority::P2, reason);
        }
    }
}

fn disk(draft: &mut Draft<'_>, pct: u8) {
    let reason = Reason::Disk { pct };
    if let Some((_, priority)) = DISK_PCT.into_iter().find(|(from_pct, _)| pct >= *from_pct) {
        level(draft, Cause::Disk, IncidentKind::DiskFull, Some((priority, reason)));
    } else if pct < DISK_ROOM_PCT {
        draft.over(&Subject::Service, &Cause::Disk, reason);
    }
}

/// Raises while something is wrong, and says that it is over when it no longer is.
fn level(draft: &mut Draft<'_>, cause: Cause, kind: IncidentKind, wrong: Option<(Priority, Reason)>) {
    match wrong {
        Some((priority, reason)) => raise(draft, cause, kind, priority, reason, true),
        None => draft.over(&Subject::Service, &cause, Reason::Works),
    }
}

/// Raises what has happened and does not last.
fn event(draft: &mut Draft<'_>, cause: Cause, kind: IncidentKind, priority: Priority, reason: Reason) {
    raise(draft, cause, kind, priority, reason, false);
}

fn raise(
    draft: &mut Draft<'_>,
    cause: Cause,
    kind: IncidentKind,
    priority: Priority,
    reason: Reason,
    ongoing: bool,
) {
    let (subject, true_time) = (Subject::Service, draft.at);
    draft.raise(Situation { subject, cause, kind, priority, true_time, reason, late: false, ongoing });
}

/// An input crashed the engine: nothing came of it, and somebody must know.
pub(super) fn set_aside(draft: &mut Draft<'_>, tag: Option<&TagId>) {
    let worn_by = tag.and_then(|tag| draft.rulebook.wearer_of(tag, draft.at).cloned());
    let subject = worn_by.map_or(Subject::Service, Subject::Wearer);
    let (cause, kind, priority) = (Cause::Evaluation, IncidentKind::NotEvaluable, Priority::P2);
    let (true_time, reason) = (draft.at, Reason::Crashed);
    draft.raise(Situation { subject, cause, kind, priority, true_time, reason, late: false, ongoing: false });
}

/// Pings that were looked at and not judged for themselves: received all the same.
pub(super) fn coalesced(draft: &mut Draft<'_>, tag: &TagId, boot: u32, seqs: &[[u64; 2]]) {
    let at = draft.at;
    let state = draft.tag_mut(tag);
    state.heard_at = Some(at);
    let mut messages = 0;
    for &[low, high] in seqs {
        for seq in low..=high {
            state.receive(boot, seq, 1);
            messages += 1;
        }
    }
    draft.receipt = draft.tag_mut(tag).ack(boot);
    gap_watch::received(draft, tag, None);
    let Some(wearer) = draft.rulebook.wearer_of(tag, at).cloned() else {
        return;
    };
    draft.raise(Situation {
        subject: Subject::Wearer(wearer),
        cause: Cause::Flood,
        kind: IncidentKind::Flood,
        priority: Priority::P2,
        true_time: at,
        reason: Reason::TooMany { messages },
        late: false,
        ongoing: false,
    });
}
