//! Everything the console says about incidents, in plain words. Wording changes happen here and nowhere else.

use super::names::Names;
use crate::{
    domain::{
        AlertState, Audience, BasisKind, Cause, Channel, Handling, Happening, Incident, IncidentKind,
        MINUTE_MS, Outcome, Priority, Reason, Recipient, Risk, Stage, Timestamp,
    },
    engine::{Companionship, Outlook},
};

/// A zone that would be reached later than this says nothing yet, seconds.
const OUTLOOK_S: f64 = 600.0;

/// What a kind of incident is called.
pub(super) fn kind(kind: IncidentKind) -> &'static str {
    match kind {
        IncidentKind::Approach => "Approach",
        IncidentKind::Violation => "Violation",
        IncidentKind::StrapTamper => "Strap tamper",
        IncidentKind::CaseTamper => "Case tamper",
        IncidentKind::LowBattery => "Low battery",
        IncidentKind::LostContact => "Lost contact",
        IncidentKind::Blind => "Blind",
        IncidentKind::Jamming => "Jamming",
        IncidentKind::PositionDisputed => "Position disputed",
        IncidentKind::Sos => "SOS",
        IncidentKind::Deaf => "Cordon is deaf",
        IncidentKind::NotEvaluable => "Not evaluable",
        IncidentKind::Flood => "Too many messages",
        IncidentKind::TagClock => "Tag clock wrong",
        IncidentKind::ServerClock => "Server clock set",
        IncidentKind::MissingPings => "Messages missing",
        IncidentKind::Misuse => "Messages refused",
        IncidentKind::ProviderFails => "Provider refusing",
        IncidentKind::StoreFails => "Records cannot be written",
        IncidentKind::DiskFull => "Disk filling up",
    }
}

/// What a kind of incident means, in one sentence.
pub(super) fn meaning(kind: IncidentKind) -> &'static str {
    match kind {
        IncidentKind::Approach => "The wearer is probably in the warning zone around an exclusion zone.",
        IncidentKind::Violation => "The wearer is in an exclusion zone.",
        IncidentKind::StrapTamper => "The tag's strap was cut, stretched or opened.",
        IncidentKind::CaseTamper => "The tag's case was opened.",
        IncidentKind::LowBattery => "The tag's battery is running down; when it is empty the tag goes dark.",
        IncidentKind::LostContact => "Nothing has been heard from the tag although a message was due.",
        IncidentKind::Blind => {
            "The wearer could be in an exclusion zone by now, and no trustworthy position says otherwise."
        }
        IncidentKind::Jamming => {
            "Something is jamming the tag's receiver, so its positions cannot be trusted."
        }
        IncidentKind::PositionDisputed => {
            "The tag's positions cannot all be true: its receiver may be deceived or broken."
        }
        IncidentKind::Sos => "The wearer is asking for help.",
        IncidentKind::Deaf => "Cordon itself hears nothing from a source: no tag behind it can be watched.",
        IncidentKind::NotEvaluable => {
            "A message from the tag could not be evaluated and was set aside: the wearer may have been somewhere unseen."
        }
        IncidentKind::Flood => {
            "More messages come than may be: only the newest and those nearest to a zone are judged."
        }
        IncidentKind::TagClock => {
            "The tag's clock is wrong. Its times are corrected by when its messages come."
        }
        IncidentKind::ServerClock => {
            "This machine's clock was set while Cordon ran. Alerts and timers go on unchanged."
        }
        IncidentKind::MissingPings => {
            "Tags sent messages that have not arrived. They keep them and send them again; until then there are gaps."
        }
        IncidentKind::Misuse => {
            "Messages came that no tag may send, or for another vendor's tags. They were refused."
        }
        IncidentKind::ProviderFails => {
            "A provider takes no messages. They are tried again, and people are told by other channels."
        }
        IncidentKind::StoreFails => {
            "Cordon cannot write its records. It goes on watching and sends danger straight to people; act on it now."
        }
        IncidentKind::DiskFull => {
            "The disk is filling up. When it is full Cordon can write nothing down any more."
        }
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

/// What people have done so far, and whether the situation lasts.
pub(super) fn handling(handling: &Handling, names: Names<'_>) -> String {
    match handling {
        Handling::Raised => "Nobody has it".into(),
        Handling::Owned { by } => format!("Owned by {}", names.staff(by)),
        Handling::Acted { by } => format!("Acted on by {}", names.staff(by)),
        Handling::Closed { by, outcome: o } => {
            format!("Closed by {}: {}", names.staff(by), outcome(*o).0.to_lowercase())
        }
    }
}

/// An outcome's name and the sentence that helps to choose it.
pub(super) fn outcome(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Confirmed => ("Confirmed", "The wearer was there and should not have been."),
        Outcome::Excused => ("Excused", "The wearer was there with a reason that staff accept."),
        Outcome::FalseAlarm => ("False alarm", "The wearer was not there, or the condition did not exist."),
        Outcome::Technical => {
            ("Technical fault", "The tag or the service was at fault, and it was put right.")
        }
        Outcome::Test => ("Test", "A drill."),
    }
}

/// What the engine believes about a wearer and a zone.
pub(super) fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Clear => "Clear",
        Stage::Watch => "Watch",
        Stage::Approach => "Approach",
        Stage::Violation => "Violation",
        Stage::Left => "Left, still near",
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
        Cause::Source(name) | Cause::Misuse(name) | Cause::Gaps(name) => format!("Source {name}"),
        Cause::Evaluation => "Tag's messages".into(),
        Cause::Flood => "Number of messages".into(),
        Cause::Clock => "Clock".into(),
        Cause::Vendor(name) => format!("Vendor {name}"),
        Cause::Provider(by) => format!("Provider for {}", channel(*by).to_lowercase()),
        Cause::Store => "Store".into(),
        Cause::Disk => "Disk".into(),
    }
}

/// What is wrong with Cordon itself, in a few words.
pub(super) fn trouble(incident: &Incident) -> String {
    match &incident.cause {
        Cause::Source(name) => format!("broker of source {name} lost"),
        Cause::Gaps(name) => format!("messages missing behind source {name}"),
        Cause::Misuse(name) => format!("messages refused from source {name}"),
        Cause::Vendor(name) => format!("too many messages of vendor {name}"),
        Cause::Provider(Channel::Sms) => "provider for texts refusing".into(),
        Cause::Provider(Channel::Webhook) => "provider for control room messages refusing".into(),
        Cause::Store => "records cannot be written".into(),
        Cause::Disk => {
            let last = incident.timeline.iter().rev().find_map(|entry| match &entry.what {
                Happening::Raised { reason: Reason::Disk { pct }, .. } => Some(*pct),
                _ => None,
            });
            last.map_or("disk filling up".into(), disk)
        }
        Cause::Clock => "clock set".into(),
        Cause::Evaluation => "messages that cannot be evaluated".into(),
        // About wearers.
        Cause::Zone(_)
        | Cause::Strap
        | Cause::Case
        | Cause::Battery
        | Cause::Contact
        | Cause::Jamming
        | Cause::Position
        | Cause::Sos
        | Cause::Flood => kind(incident.kind).to_lowercase(),
    }
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

/// How an alert travels.
pub(super) fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "Text",
        Channel::Webhook => "Control room message",
    }
}

/// What stands beside somebody whom no channel reaches.
pub(super) fn unreached() -> &'static str {
    "Not reached by any channel: call them now"
}

/// How far an alert has come. Accepted and delivered are not read, and say so where there is room.
pub(super) fn alert_state(state: &AlertState) -> String {
    match state {
        AlertState::Waiting => "being sent".into(),
        AlertState::Accepted => "accepted".into(),
        AlertState::Delivered => "delivered".into(),
        AlertState::Acknowledged => "acknowledged".into(),
        AlertState::Withdrawn => "withdrawn".into(),
        AlertState::Expired(reason) => format!("failed ({})", reason.replace('_', " ")),
    }
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

/// Why the engine concluded something, with its numbers.
pub(super) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::TrustedFix { p, border_m, sigma_m } => format!(
            "One trusted fix, {}; {} likely to be inside (error scale {sigma_m:.0} m).",
            border(*border_m),
            percent(*p),
        ),
        Reason::Agreeing { p, weight, border_m } => format!(
            "Several fixes agree, worth {weight:.1} independent ones; the last is {}, {} likely to be inside.",
            border(*border_m),
            percent(*p),
        ),
        Reason::Crossed { depth_m, gap_s } => format!(
            "The straight path between two fixes {} apart went through the zone, up to {} inside its border.",
            span(*gap_s),
            metres(*depth_m),
        ),
        Reason::WasInside { p, border_m, sigma_m } => format!(
            "All fixes together: shortly before, the wearer was {}; {} likely to have been inside (error scale {sigma_m:.0} m).",
            border(*border_m),
            percent(*p),
        ),
        Reason::ScheduleBegan { p } => {
            format!("The zone's hours began while the wearer was inside ({} likely).", percent(*p))
        }
        Reason::ZonePublished { p } => {
            format!("The zone was published around the wearer ({} likely to be inside).", percent(*p))
        }
        Reason::NearZone { p, border_m } => {
            format!("{} likely to be in the warning zone; {}.", percent(*p), border(*border_m),)
        }
        Reason::TwoFixesOutside { p, apart_s } => format!(
            "Two fixes {} apart are outside ({} likely to be inside by the later one).",
            span(*apart_s),
            percent(*p),
        ),
        Reason::ZoneEnded => "The zone no longer applies.".into(),
        Reason::LateFixes => "Positions that came late change what is known.".into(),
        Reason::CompanionStale { for_s } => {
            format!("No position from the Companion for {}: the zone around the person is off.", span(*for_s))
        }
        Reason::TagReported { event } => {
            format!("The tag reported \"{}\".", event.replace('_', " "))
        }
        Reason::Battery { pct } => format!("The tag's battery is at {pct} %."),
        Reason::Silent { for_s, promised_s } => format!(
            "Nothing heard for {}, though a message was promised within {}.",
            span(*for_s),
            span(f64::from(*promised_s)),
        ),
        Reason::NeverHeard { for_s } => {
            format!("The tag was fitted {} ago and has never been heard.", span(*for_s))
        }
        Reason::OutOfSight { for_s, border_m } => {
            format!("No trustworthy fix for {}; the last one was {}.", span(*for_s), border(*border_m),)
        }
        Reason::ImpossibleSpeed { mps } => {
            format!("Again and again the tag seems to jump, at last with {:.0} km/h.", mps * 3.6)
        }
        Reason::SourcesDisagree { apart_m } => {
            format!("Two kinds of receiver in the tag disagree by {}.", metres(*apart_m))
        }
        Reason::Frozen { for_s } => {
            format!("The position has not changed for {} though the tag says that it moves.", span(*for_s))
        }
        Reason::PositionsAgree => "The tag's positions agree again.".into(),
        Reason::Back => "The tag is heard again, or seen again.".into(),
        Reason::SourceSilent => "Cordon cannot hear this source of messages.".into(),
        Reason::Crashed => "Evaluating a message failed; it is kept aside, and the next one goes on.".into(),
        Reason::TooMany { messages } => format!("{messages} messages beyond what may be sent."),
        Reason::ClockOff { by_s } if *by_s < 0.0 => format!("The clock is {} behind.", span(-by_s)),
        Reason::ClockOff { by_s } => format!("The clock is {} ahead.", span(*by_s)),
        Reason::ClockStuck => "The clock stands still.".into(),
        Reason::Missing { pings: 0, given_up: 0 } => "Every message that was missing has come.".into(),
        Reason::Missing { pings: 0, given_up } => {
            format!("{given_up} messages are lost: their tags no longer have them.")
        }
        Reason::Missing { pings, given_up: 0 } => format!("{pings} messages that were sent have not come."),
        Reason::Missing { pings, given_up } => format!(
            "{pings} messages that were sent have not come; {given_up} more are lost, their tags no longer have them."
        ),
        Reason::Misused { messages } => format!("{messages} messages refused."),
        Reason::ProviderFails { reason } => format!("It takes no messages ({}).", reason.replace('_', " ")),
        Reason::StoreFails => "Nothing could be written for some seconds.".into(),
        Reason::Disk { pct } => format!("The disk is {pct} % full."),
        Reason::Works => "It works again.".into(),
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
            bare(format!("{} to {}: {}", channel(*by), recipient(to, names), alert_state(state)))
        }
        Happening::Answered { person, answer: text } => {
            (format!("{} answered", names.person(person)), answer(text))
        }
        Happening::Unreached { person } => {
            bare(format!("No channel reached {}: call them", names.person(person)))
        }
        Happening::Owned { by } => bare(format!("{} took it", names.staff(by))),
        Happening::BackToQueue => bare("Back in the queue: its owner did nothing for three minutes".into()),
        Happening::Acted { by } => bare(format!("{} acted on it", names.staff(by))),
        Happening::Noted { by, text } => (format!("Note by {}", names.staff(by)), text.clone()),
        Happening::Closed { by, outcome: o } => {
            (format!("{} closed it", names.staff(by)), format!("{}. {}", outcome(*o).0, outcome(*o).1))
        }
    }
}

/// A protected person's answer. The three digits are those offered in the text to them.
fn answer(text: &str) -> String {
    match text.trim() {
        "1" => "1: safe".into(),
        "2" => "2: needs help".into(),
        "3" => "3: call me".into(),
        words => format!("\"{words}\""),
    }
}

/// A span of time, short: 12 s, 4 min, 3 h 20 min, 5 days. `live.js` words the ages it keeps up to date the same way.
pub(super) fn span(seconds: f64) -> String {
    // Saturates for spans that no clock measures, and for NaN.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`as` saturates, and a fraction of a second is not shown"
    )]
    let s = seconds.max(0.0) as i64;
    match s {
        0..100 => format!("{s} s"),
        100..6_000 => format!("{} min", s / 60),
        6_000..172_800 => format!("{} h {} min", s / 3_600, s % 3_600 / 60),
        _ => format!("{} days", s / 86_400),
    }
}

/// A distance, as exact as it is meant: 84 m, 1.2 km, 84 km.
pub(super) fn metres(m: f64) -> String {
    match m.abs() {
        m if m < 1_000.0 => format!("{m:.0} m"),
        m if m < 10_000.0 => format!("{:.1} km", m / 1_000.0),
        m => format!("{:.0} km", m / 1_000.0),
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
        return place;
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

/// Never rounds to certainty.
fn percent(p: f64) -> String {
    match p * 100.0 {
        pct if pct > 99.0 => "over 99 %".into(),
        pct if pct < 1.0 => "under 1 %".into(),
        pct => format!("{pct:.0} %"),
    }
}

fn border(border_m: f64) -> String {
    let side = if border_m < 0.0 { "inside" } else { "outside" };
    format!("{} {side} the zone's border", metres(border_m))
}

#[cfg(test)]
#[path = "tests/words.rs"]
mod tests;
