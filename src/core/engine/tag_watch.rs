//! What a tag says about itself: strap, case, battery, jamming, a call for help.

use super::{contact_watch::tamper_priority, draft::Draft, incidents::Situation};
use crate::domain::{
    Cause, IncidentKind, Ping, Priority, Reason, Subject, TagEvent, TagEventKind, Timestamp, WearerId,
};

/// Below this charge the tag needs charging; below the second it will be lost within the hour.
const LOW_PCT: u8 = 20;
const EMPTY_PCT: u8 = 5;
/// Enough again.
const ENOUGH_PCT: u8 = 30;

/// Judges an event. An older event than the last of its kind still raises, but does not say how things are now.
pub(super) fn event(draft: &mut Draft<'_>, wearer: &WearerId, event: &TagEvent, true_time: Timestamp) {
    let tamper = tamper_priority(&draft.rulebook, wearer, draft.at);
    let (cause, kind, priority) = match &event.kind {
        TagEventKind::StrapTamper => (Cause::Strap, IncidentKind::StrapTamper, tamper),
        TagEventKind::CaseTamper => (Cause::Case, IncidentKind::CaseTamper, tamper),
        TagEventKind::Jamming => (Cause::Jamming, IncidentKind::Jamming, Priority::P2),
        TagEventKind::Sos => (Cause::Sos, IncidentKind::Sos, Priority::P2),
        TagEventKind::PowerOff => (Cause::Contact, IncidentKind::LostContact, Priority::P2),
        // No fix is judged by the fixes that are missing; charging by the ping; others are only shown.
        TagEventKind::NoFix | TagEventKind::Charging | TagEventKind::Other(_) => return,
    };
    let name = name_of(&event.kind);
    let Some(state) = draft.wearer_mut(wearer) else {
        return;
    };
    let known = state.conditions.get(&cause).copied();
    if known == Some((true_time, !event.restored)) {
        // A tag may report an event until it is acknowledged.
        return;
    }
    let newest = known.is_none_or(|(at, _)| at <= true_time);
    if newest {
        state.conditions.insert(cause.clone(), (true_time, !event.restored));
    }
    let subject = Subject::Wearer(wearer.clone());
    let reason = Reason::TagReported { event: name.into() };
    if !event.restored {
        let ongoing = newest;
        draft.raise(Situation { subject, cause, kind, priority, true_time, reason, late: false, ongoing });
    } else if newest {
        draft.over(&subject, &cause, reason);
    }
}

/// Judges the battery of the newest ping.
pub(super) fn battery(draft: &mut Draft<'_>, wearer: &WearerId, ping: &Ping) {
    let (subject, cause) = (Subject::Wearer(wearer.clone()), Cause::Battery);
    let pct = ping.battery_pct;
    let reason = Reason::Battery { pct };
    if ping.charging || pct >= ENOUGH_PCT {
        return draft.over(&subject, &cause, reason);
    }
    if pct > LOW_PCT {
        return;
    }
    let priority = if pct <= EMPTY_PCT { Priority::P2 } else { Priority::P3 };
    let (kind, true_time) = (IncidentKind::LowBattery, draft.at);
    draft.raise(Situation { subject, cause, kind, priority, true_time, reason, late: false, ongoing: true });
}

fn name_of(kind: &TagEventKind) -> &str {
    match kind {
        TagEventKind::StrapTamper => "strap_tamper",
        TagEventKind::CaseTamper => "case_tamper",
        TagEventKind::Jamming => "jamming",
        TagEventKind::NoFix => "no_fix",
        TagEventKind::Charging => "charging",
        TagEventKind::PowerOff => "power_off",
        TagEventKind::Sos => "sos",
        TagEventKind::Other(text) => text,
    }
}
