//! What it means when Cordon's own parts fail, or a tag is too much for them: one incident for each cause, never one
//! for each tag behind it.

use super::{
    clock_watch,
    draft::Draft,
    escalation, gap_watch,
    incidents::Situation,
    input::{DeadlineKey, PingNo, Refused, ServiceReport, SetAside},
    reach,
};
use crate::domain::{Cause, IncidentKind, MINUTE_MS, Priority, Reason, Subject, TagId};

/// A disk this full, percent, is upkeep; then trouble; then danger, since nothing can be written on a full one.
const DISK_PCT: [(u8, Priority); 3] = [(95, Priority::P1), (85, Priority::P2), (70, Priority::P3)];
/// It has room again below this.
const DISK_ROOM_PCT: u8 = 65;
/// A deadline that crashed the engine passes again after this long.
const AGAIN_MS: i64 = MINUTE_MS;

/// One of Cordon's parts reports.
pub(super) fn reported(draft: &mut Draft<'_>, report: &ServiceReport) {
    match report {
        ServiceReport::Store { up } => {
            let wrong = (!up).then_some((Priority::P1, Reason::StoreFails));
            level(draft, Cause::Store, IncidentKind::StoreFails, wrong);
        }
        ServiceReport::Disk { pct } => disk(draft, *pct),
        ServiceReport::ClockSet { by_ms } => clock_watch::set(draft, *by_ms),
        ServiceReport::Provider { channel, up, reason } => {
            let wrong = (!up).then(|| (Priority::P2, Reason::ProviderFails { reason: reason.clone() }));
            level(draft, Cause::Provider(*channel), IncidentKind::ProviderFails, wrong);
            if !up {
                reach::provider_fails(draft, *channel);
            }
        }
        ServiceReport::Canary { stuck_at } => {
            let wrong = stuck_at.map(|hop| (Priority::P2, Reason::CanaryMissed { hop }));
            level(draft, Cause::Canary, IncidentKind::CanaryMissed, wrong);
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
        ServiceReport::Consoles { armed } => {
            let wrong = (!armed).then_some((Priority::P1, Reason::NoConsoleArmed));
            level(draft, Cause::Consoles, IncidentKind::NoConsoleArmed, wrong);
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
pub(super) fn set_aside(draft: &mut Draft<'_>, what: &SetAside) {
    put_away(draft, what);
    let at = draft.at;
    let wearer = match what {
        SetAside::Message { tag, .. } => draft.rulebook.wearer_of(tag, at).cloned(),
        SetAside::Deadline(DeadlineKey::Wearer(wearer)) => Some(wearer.clone()),
        SetAside::Deadline(_) | SetAside::Other => None,
    };
    let subject = wearer.map_or(Subject::Service, Subject::Wearer);
    let (cause, kind, priority) = (Cause::Evaluation, IncidentKind::NotEvaluable, Priority::P2);
    let reason = Reason::Crashed;
    draft.raise(Situation {
        subject,
        cause,
        kind,
        priority,
        true_time: at,
        reason,
        late: false,
        ongoing: false,
    });
}

/// Keeps what crashed from coming again at once: a ping counts as received, a deadline passes a minute later.
pub(super) fn put_away(draft: &mut Draft<'_>, what: &SetAside) {
    let (at, again_at) = (draft.at, draft.at.plus_ms(AGAIN_MS));
    match what {
        SetAside::Message { tag, ping } => {
            let state = draft.tag_mut(tag);
            state.heard_at = Some(at);
            if let Some(PingNo { boot, seq, oldest_kept }) = *ping {
                state.receive(boot, seq, oldest_kept);
                draft.receipt = draft.tag_mut(tag).ack(boot);
            }
        }
        SetAside::Deadline(key) => {
            draft.wake(key.clone(), again_at);
            if let DeadlineKey::Incident(id) = key {
                escalation::put_off(draft, *id, again_at);
            }
        }
        SetAside::Other => draft.refused = Some(Refused::Crashed),
    }
}

/// Pings that were looked at and not judged for themselves: received all the same.
pub(super) fn coalesced(draft: &mut Draft<'_>, tag: &TagId, runs: &[[u64; 3]], others: u64) {
    let at = draft.at;
    draft.tag_mut(tag).heard_at = Some(at);
    let mut messages = others;
    for &[boot, first, last] in runs {
        let boot = u32::try_from(boot).unwrap_or(u32::MAX);
        draft.tag_mut(tag).receive_run(boot, first, last);
        messages = messages.saturating_add(last.saturating_sub(first).saturating_add(1));
        draft.receipt = draft.tag_mut(tag).ack(boot);
    }
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
