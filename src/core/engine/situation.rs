//! What a wearer's track, and the moment, mean for the incidents about them.

use std::sync::Arc;

use super::{
    decision::{StageChange, quantised},
    draft::Draft,
    incidents::Situation,
    input::DeadlineKey,
    proximity_watch, source_watch,
    stages::Transition,
    track::Judged,
    trail::Ground,
    unheard,
};
use crate::domain::{Cause, IncidentKind, Priority, Reason, Stage, Subject, Timestamp, WearerId, ZoneId};

/// A violation this old is no reason to wake somebody before it is known whether the wearer is still there.
const LATE_MS: i64 = 15 * 60_000;
/// How long newer fixes are waited for before an old violation becomes danger: a buffer is sent oldest first.
const RECHECK_MS: i64 = 30_000;

/// Turns what the track says into incidents.
pub(super) fn follow(draft: &mut Draft<'_>, wearer: &WearerId, judged: Judged) {
    for (zone, from) in judged.disproved {
        draft.disproved(wearer, &zone, from);
    }
    for (zone, began, from) in judged.earlier {
        draft.began_earlier(wearer, &zone, began, from);
    }
    let live = |zone: &ZoneId, draft: &Draft<'_>| {
        draft
            .wearer(wearer)
            .and_then(|state| state.track.zones.get(zone))
            .is_some_and(|z| z.stage == Stage::Violation)
    };
    for found in judged.found {
        // The newest of them may be the stay that lasts: then its transition raises it.
        let lasts = judged
            .transitions
            .iter()
            .any(|t| t.to == Stage::Violation && t.zone == found.zone && t.true_time == found.from);
        if !(lasts && live(&found.zone, draft)) {
            let late = draft.at.ms_since(found.from) > LATE_MS;
            draft.found(wearer, &found.zone, found.from, found.reason, late);
        }
    }
    for transition in judged.transitions {
        changed(draft, wearer, transition);
    }
}

pub(super) fn changed(draft: &mut Draft<'_>, wearer: &WearerId, change: Transition) {
    let Transition { zone, from, to, true_time, reason } = change;
    let text = serde_json::to_string(&reason).unwrap_or_else(|error| error.to_string());
    draft.lines.push(format!("wearer {wearer} zone {zone} {from:?} -> {to:?} at {true_time} {text}"));
    let (subject, cause) = (Subject::Wearer(wearer.clone()), Cause::Zone(zone.clone()));
    let kept = StageChange {
        wearer: wearer.clone(),
        zone: zone.clone(),
        from,
        to,
        true_time,
        reason: reason.clone(),
    };
    draft.changes.push(kept);
    if from == Stage::Violation {
        // Whatever comes after it, coming back is raised again.
        draft.over(&subject, &cause, reason.clone());
    }
    match (from, to) {
        (_, Stage::Violation) => {
            let late = draft.at.ms_since(true_time) > LATE_MS;
            let recheck_at = draft.at.plus_ms(RECHECK_MS);
            if let Some(state) = draft.wearer_mut(wearer).filter(|_| late) {
                state.rechecks.insert(zone, recheck_at);
            }
            draft.raise(violation(subject, cause, true_time, reason, late));
        }
        (_, Stage::Approach) => {
            let (kind, priority) = (IncidentKind::Approach, Priority::P3);
            draft.raise(Situation {
                subject,
                cause,
                kind,
                priority,
                true_time,
                reason,
                late: false,
                ongoing: true,
            });
        }
        (Stage::Approach, Stage::Clear | Stage::Watch | Stage::Left) => {
            draft.over(&subject, &cause, reason);
        }
        _ => {}
    }
}

fn violation(subject: Subject, cause: Cause, true_time: Timestamp, reason: Reason, late: bool) -> Situation {
    let (kind, priority) = (IncidentKind::Violation, Priority::P1);
    Situation { subject, cause, kind, priority, true_time, reason, late, ongoing: true }
}

/// Judges what a wearer's situation is at this moment, without a new fix, and when to look again.
pub(super) fn look_around(draft: &mut Draft<'_>, wearer: &WearerId) {
    let (now, rulebook) = (draft.at, Arc::clone(&draft.rulebook));
    let ground = Ground { rule: draft.rule(), rulebook: &rulebook, wearer };
    let Some(state) = draft.wearer_mut(wearer) else {
        return unheard::expect(draft, wearer);
    };
    let judged = state.track.moment(ground, now);
    follow(draft, wearer, judged);
    for change in proximity_watch::moment(draft, wearer) {
        changed(draft, wearer, change);
    }
    recheck(draft, wearer);
    let contact_at = contact(draft, ground);
    let Some(state) = draft.wearer(wearer) else {
        return;
    };
    let recheck_at = state.rechecks.values().min().copied();
    let proximity_at = proximity_watch::next_moment(draft, wearer);
    let moments = [state.track.next_moment(ground, now), proximity_at, contact_at, recheck_at];
    let wake = moments.into_iter().flatten().min().unwrap_or(Timestamp::MAX);
    draft.wake(DeadlineKey::Wearer(wearer.clone()), wake);
}

/// Old violations that nothing newer has moved away from: the wearer may still be there.
fn recheck(draft: &mut Draft<'_>, wearer: &WearerId) {
    let now = draft.at;
    let Some(state) = draft.wearer_mut(wearer) else {
        return;
    };
    // A newest fix that is recent and not outside answers the question at once.
    let track = &state.track;
    let recent = track.last().is_some_and(|last| now.ms_since(last.at) <= LATE_MS);
    let there = |zone: &ZoneId| {
        let zone = track.zones.get(zone);
        zone.is_some_and(|z| z.stage == Stage::Violation && z.outside_since.is_none())
    };
    let due: Vec<ZoneId> = state
        .rechecks
        .iter()
        .filter(|(zone, at)| **at <= now || recent && there(zone))
        .map(|(zone, _)| zone.clone())
        .collect();
    for zone in due {
        let Some(state) = draft.wearer_mut(wearer) else {
            return;
        };
        state.rechecks.remove(&zone);
        let stays = state.track.zones.get(&zone).filter(|zone| zone.stage == Stage::Violation);
        let (there, leaving) = (stays.is_some(), stays.is_some_and(|zone| zone.outside_since.is_some()));
        if leaving {
            // The newest fix is outside: the next one says whether the wearer has left.
            state.rechecks.insert(zone, now.plus_ms(RECHECK_MS));
            continue;
        }
        let last = state.track.last().map(|last| last.at);
        let (subject, cause) = (Subject::Wearer(wearer.clone()), Cause::Zone(zone));
        let late =
            draft.open_incident(&subject, &cause).and_then(|id| draft.incident_mut(id)).filter(|i| i.late);
        if let (Some(incident), Some(last), true) = (late, last, there) {
            let true_time = incident.episodes.last().map_or(last, |episode| episode.from);
            let for_s = quantised(now.s_since(last), 0);
            let reason = Reason::OutOfSight { for_s, border_m: 0.0 };
            draft.raise(violation(subject, cause, true_time, reason, false));
        }
    }
}

fn contact(draft: &mut Draft<'_>, ground: Ground<'_>) -> Option<Timestamp> {
    let state = draft.wearer(ground.wearer)?;
    let judged_from = match draft.source(&state.contact.source) {
        Some(source) => source.judged_from(),
        None => Some(source_watch::judged_from_start(draft.started_at())),
    };
    let met = state.meetings.values().any(|meeting| meeting.stage() != Stage::Clear);
    let verdict = state.contact.judge(ground, draft.at, judged_from, met);
    let (subject, cause) = (Subject::Wearer(ground.wearer.clone()), Cause::Contact);
    match verdict.wrong {
        Some((kind, priority, reason)) => {
            let true_time = draft.at;
            draft.raise(Situation {
                subject,
                cause,
                kind,
                priority,
                true_time,
                reason,
                late: false,
                ongoing: true,
            });
        }
        // While Cordon is deaf, nothing is known to be well again.
        None if judged_from.is_some() => draft.over(&subject, &cause, Reason::Back),
        None => {}
    }
    verdict.look_again
}
