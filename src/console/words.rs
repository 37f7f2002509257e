//! Everything the console says about incidents, in plain words. Wording changes happen here, and in `domain::words` where
//! the explanation of an incident says the same; nowhere else.

use super::{names::Names, when::When};
pub(super) use crate::domain::words::{
    alert_state, channel, kind, meaning, metres, outcome, percent, reason, span, stage,
};
use crate::{
    access::{Permit, Role},
    domain::{
        Attending, Audience, BasisKind, Cause, Channel, Handling, Happening, Incident, IncidentKind,
        MINUTE_MS, Priority, Reason, Recipient, Risk, StaffId, Timestamp,
    },
    engine::{Companionship, Outlook},
};

/// A zone that would be reached later than this says nothing yet, seconds.
const OUTLOOK_S: f64 = 600.0;

/// A role, and what it is for.
pub(super) fn staff_role(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::Officer => ("Officer", "watches the console, owns and closes incidents"),
        Role::Supervisor => ("Supervisor", "the same, and sees who has looked at a case"),
        Role::Responder => {
            ("Responder", "sees and acts on incidents of their cases, and where the wearer is")
        }
        Role::Advocate => ("Advocate", "sees incidents of their cases, enrols protected persons' devices"),
        Role::CaseWorker => ("Case worker", "sees incidents of their cases"),
        Role::Administrator => ("Administrator", "makes and revokes accounts, sees nobody's data"),
        Role::Auditor => ("Auditor", "reads the audit log"),
    }
}

/// What a token may be made for.
pub(super) fn permit(permit: Permit) -> &'static str {
    match permit {
        Permit::ReadIncidents => "Read open and closed incidents",
        Permit::ReadWearers => "Read where wearers are",
        Permit::ReadNumbers => "Read whom to call, with their numbers",
        Permit::HandleIncidents => "Own and shelve incidents, send responders, attend, act and write notes",
        Permit::CloseIncidents => "Close incidents",
        Permit::ReadDevices => "Read who has a device for push messages",
        Permit::ReadReaders => "Read who has looked at a case",
        Permit::ReadAudit => "Read the audit log",
        Permit::ReadAccounts => "Read accounts",
    }
}

/// What a priority stands for.
pub(super) fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::P1 => "Danger",
        Priority::P2 => "Device or blind",
        Priority::P3 => "Upkeep",
    }
}

/// What people have done so far, and whose it is now.
pub(super) fn handling(handling: &Handling, owner: Option<&StaffId>, names: Names<'_>) -> String {
    match handling {
        Handling::Raised => "Nobody has it".into(),
        Handling::Owned { by } => format!("Owned by {}", names.staff(by)),
        Handling::Acted { by } => match owner.filter(|owner| *owner != by) {
            Some(owner) => format!("Acted on by {}, now with {}", names.staff(by), names.staff(owner)),
            None => format!("Acted on by {}", names.staff(by)),
        },
        Handling::Closed { by, outcome: o } => {
            format!("Closed by {}: {}", names.staff(by), outcome(*o).0.to_lowercase())
        }
        Handling::Told => "They have been told".into(),
    }
}

/// What an incident comes from; the zone by its code.
pub(super) fn cause(cause: &Cause, names: Names<'_>) -> String {
    match cause {
        Cause::Zone(zone) => format!("Zone {}", names.zone(zone)),
        Cause::Strap => "Tag's strap".into(),
        Cause::Case => "Tag's case".into(),
        Cause::Battery => "Tag's battery".into(),
        Cause::Contact => "Contact with the tag".into(),
        Cause::Jamming => "Tag's receiver".into(),
        Cause::Position => "Tag's positions".into(),
        Cause::Sos => "Wearer's call".into(),
        Cause::Call | Cause::Duress => "Protected person's call".into(),
        Cause::Notice(_) => "Notice to the protected person".into(),
        Cause::Way(by) => format!("Way to the protected person: {}", channel(*by).to_lowercase()),
        Cause::Source(name) | Cause::Misuse(name) | Cause::Gaps(name) => format!("Source {name}"),
        Cause::Evaluation => "Tag's messages".into(),
        Cause::Flood => "Number of messages".into(),
        Cause::Clock => "Clock".into(),
        Cause::Vendor(name) => format!("Vendor {name}"),
        Cause::Provider(by) => format!("Provider for {}", channel(*by).to_lowercase()),
        Cause::Store => "Store".into(),
        Cause::Disk => "Disk".into(),
        Cause::Canary => "Cordon's canary".into(),
        Cause::Consoles => "Control room".into(),
    }
}

fn provided(channel: Channel) -> &'static str {
    match channel {
        Channel::Push => "push messages",
        Channel::Sms => "texts",
        Channel::SecondSms => "texts (second supplier)",
        Channel::Voice => "calls",
        Channel::Pager => "pagers",
        Channel::Webhook => "control room messages",
        Channel::Loopback => "messages to Cordon itself",
    }
}

/// What is wrong with Cordon itself, in a few words.
pub(super) fn trouble(incident: &Incident) -> String {
    match &incident.cause {
        Cause::Source(name) => format!("broker of source {name} lost"),
        Cause::Gaps(name) => format!("messages missing behind source {name}"),
        Cause::Misuse(name) => format!("messages refused from source {name}"),
        Cause::Vendor(name) => format!("too many messages of vendor {name}"),
        Cause::Provider(channel) => format!("provider for {} refusing", provided(*channel)),
        Cause::Store => "records cannot be written".into(),
        Cause::Disk => match last_reason(incident) {
            Some(Reason::Disk { pct }) => disk(*pct),
            _ => "disk filling up".into(),
        },
        Cause::Canary => match last_reason(incident) {
            Some(Reason::CanaryMissed { hop }) => format!("canary missed: stuck at the {}", hop.as_str()),
            _ => "canary missed".into(),
        },
        Cause::Consoles => "no console is armed".into(),
        Cause::Clock => "clock set".into(),
        Cause::Evaluation => "messages that cannot be evaluated".into(),
        // About wearers and protected persons.
        Cause::Zone(_)
        | Cause::Strap
        | Cause::Case
        | Cause::Battery
        | Cause::Contact
        | Cause::Jamming
        | Cause::Position
        | Cause::Sos
        | Cause::Call
        | Cause::Duress
        | Cause::Notice(_)
        | Cause::Way(_)
        | Cause::Flood => kind(incident.kind).to_lowercase(),
    }
}

/// The audit log's head is not in its second place.
pub(super) const HEADS_FAIL: &str = "audit log kept in one place only";

/// The files of the console's own certificate hold none that can be used.
pub(super) const RENEWAL_FAILS: &str =
    "renewed certificate of the console unusable, the old one still in use";

/// Why it was last raised, if the timeline still says so.
fn last_reason(incident: &Incident) -> Option<&Reason> {
    incident.timeline.iter().rev().find_map(|entry| match &entry.what {
        Happening::Raised { reason, .. } => Some(reason),
        _ => None,
    })
}

/// How full the disk is that the records are on.
pub(super) fn disk(pct: u8) -> String {
    format!("disk {pct} % full")
}

/// How dangerous the team thinks the wearer is.
pub(super) fn risk(risk: Risk) -> &'static str {
    match risk {
        Risk::Standard => "Standard risk",
        Risk::Medium => "Medium risk",
        Risk::High => "High risk",
    }
}

/// The ground on which the wearer is watched.
pub(super) fn basis(basis: BasisKind) -> &'static str {
    match basis {
        BasisKind::Consent => "by consent",
        BasisKind::Order => "by court order",
    }
}

/// How a call stands whose phone rings now.
pub(super) const RINGING: &str = "ringing";

/// What a protected person is told by a notice that lasts.
pub(super) fn notice(kind: IncidentKind) -> &'static str {
    match kind {
        IncidentKind::AllClear => "all is as usual again",
        _ => "protection is weak",
    }
}

/// What stands beside somebody whom no channel reaches.
pub(super) fn unreached() -> &'static str {
    "Not reached by any channel: call them now"
}

/// Towards whom an escalation goes.
pub(super) fn audience(audience: &Audience, names: Names<'_>) -> String {
    match audience {
        Audience::Person(id) => names.person(id),
        Audience::Staff => "Response team".into(),
    }
}

/// What an audience is, where its name does not say so.
pub(super) fn role(audience: &Audience) -> &'static str {
    match audience {
        Audience::Person(_) => "protected person",
        Audience::Staff => "",
    }
}

/// Who got an alert.
pub(super) fn recipient(recipient: &Recipient, names: Names<'_>) -> String {
    match recipient {
        Recipient::Person(id) => names.person(id),
        Recipient::Staff(id) => names.staff(id),
    }
}

/// One line of an incident's story: what happened, and the detail under it.
pub(super) fn happening(what: &Happening, names: Names<'_>) -> (String, String) {
    let bare = |text: String| (text, String::new());
    match what {
        Happening::Raised { kind: k, reason: why, .. } => (format!("Raised as {}", kind(*k)), reason(why)),
        Happening::Over { reason: why } => {
            ("Situation over; a person must still close it".into(), reason(why))
        }
        Happening::Disproved { .. } => {
            bare("Later fixes no longer prove one of the stays; the incident stands".into())
        }
        Happening::Alert { recipient: to, channel: by, state, .. } => {
            bare(format!("{} to {}: {}", channel(*by), recipient(to, names), alert_state(*by, state)))
        }
        Happening::Answered { person, answer: text } => {
            (format!("{} answered", names.person(person)), answer(text))
        }
        Happening::Unreached { person } => {
            bare(format!("No channel reached {}: call them", names.person(person)))
        }
        Happening::Owned { by } => bare(format!("{} took it", names.staff(by))),
        Happening::HandedOver { from, to } => {
            bare(format!("{} took it over from {}", names.staff(to), names.staff(from)))
        }
        Happening::BackToQueue => bare("Back in the queue: its owner did nothing for three minutes".into()),
        Happening::Acted { by } => bare(format!("{} acted on it", names.staff(by))),
        Happening::Sent { by, responder } => {
            bare(format!("{} sent {}", names.staff(by), names.staff(responder)))
        }
        Happening::Attends { responder, stage } => {
            bare(format!("{}: {}", names.staff(responder), attending(*stage)))
        }
        Happening::NoAnswer { responder } => {
            bare(format!("Back in the queue: {} was sent and does not answer", names.staff(responder)))
        }
        Happening::Shelved { by, until, reason } => (
            format!("{} shelved it until {} UTC", names.staff(by), When::new(*until, *until).clock()),
            words_of(reason),
        ),
        Happening::Unshelved => bare("Back in the queue: the time that it was shelved for is over".into()),
        Happening::Noted { by, text } => (format!("Note by {}", names.staff(by)), words_of(text)),
        Happening::Closed { by, outcome: o } => {
            (format!("{} closed it", names.staff(by)), format!("{}. {}", outcome(*o).0, outcome(*o).1))
        }
    }
}

/// What staff wrote; nobody writes nothing.
fn words_of(text: &str) -> String {
    if text.is_empty() {
        "Erased: it may have been about somebody whose data is.".into()
    } else {
        text.into()
    }
}

/// How far a responder has come.
pub(super) fn attending(stage: Attending) -> &'static str {
    match stage {
        Attending::Sent => "told, no answer yet",
        Attending::NoAnswer => "does not answer",
        Attending::Accepted => "goes",
        Attending::EnRoute => "on the way",
        Attending::OnScene => "there",
        Attending::Done => "done",
        Attending::Declined => "cannot go",
    }
}

/// What a responder says by a button.
pub(super) fn attend(stage: Attending) -> &'static str {
    match stage {
        Attending::Sent | Attending::NoAnswer => "",
        Attending::Accepted => "I am going",
        Attending::EnRoute => "I am on the way",
        Attending::OnScene => "I am there",
        Attending::Done => "I am done",
        Attending::Declined => "I cannot go",
    }
}

/// A protected person's answer: one of the three that the text to them offers, as the engine reads it, or their own words.
pub(super) fn answer(text: &str) -> String {
    match text {
        "safe" => "1: safe".into(),
        "help" => "2: needs help".into(),
        "call me" => "3: call me".into(),
        words => format!("\"{words}\""),
    }
}

/// What is to be expected of a wearer near a zone.
pub(super) fn outlook(outlook: &Outlook) -> String {
    let inside = if outlook.border_m < 0.0 { "inside" } else { "away" };
    let place = format!("{} {inside}", metres(outlook.border_m));
    let comes = match outlook.reach_s {
        Some(reach_s) if reach_s <= OUTLOOK_S => format!(", there in {} at this speed", span(reach_s)),
        _ => String::new(),
    };
    if outlook.border_m < 0.0 {
        return format!("{place}; now {} likely to be inside", percent(outlook.p_now));
    }
    format!("{place}{comes}; {} likely inside within 2 min", percent(outlook.p_120s))
}

/// Whether it is known where the person in the middle of a zone is; never where.
pub(super) fn companionship(known: &Companionship, now: Timestamp) -> String {
    let for_s = |since: Timestamp| span(now.s_since(since));
    let says = match known {
        Companionship::Missing => "No Companion agreed to".into(),
        Companionship::NeverHeard => "Companion never heard".into(),
        Companionship::Fresh { heard_at, until } if now < *until => {
            return format!("Companion heard {} ago: the zone around the person is on", for_s(*heard_at));
        }
        Companionship::Stale { fix_at: None, .. } => "Companion heard, but never with a position".into(),
        Companionship::Stale { heard_at, fix_at: Some(fix_at) } if heard_at.ms_since(*fix_at) > MINUTE_MS => {
            format!("Companion heard, but without a position for {}", for_s(*fix_at))
        }
        Companionship::Fresh { heard_at, .. } | Companionship::Stale { heard_at, .. } => {
            format!("Companion not heard for {}", for_s(*heard_at))
        }
    };
    format!("{says}: the zone around the person is off")
}

#[cfg(test)]
#[path = "tests/words.rs"]
mod tests;
