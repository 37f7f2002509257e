//! What the words of the field are called and mean, for people: the console and the explanation of an incident say the
//! same. Wording changes happen here; what only the console says stands there.

use super::{Accuracy, AlertState, Channel, Hop, IncidentKind, Outcome, Reason, Source, Stage};

/// What a kind of incident is called.
#[must_use]
pub fn kind(kind: IncidentKind) -> &'static str {
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
        IncidentKind::CallForHelp => "Call for help",
        IncidentKind::Duress => "Silent call for help",
        IncidentKind::ProtectionWeak => "Notice: protection is weak",
        IncidentKind::AllClear => "Notice: all clear",
        IncidentKind::TestAlert => "Test of how a person is reached",
        IncidentKind::WayFails => "Way to a person fails",
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
        IncidentKind::CanaryMissed => "Canary missed",
        IncidentKind::NoConsoleArmed => "No console is armed",
    }
}

/// What a kind of incident means, in one sentence.
#[must_use]
pub fn meaning(kind: IncidentKind) -> &'static str {
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
        IncidentKind::CallForHelp => "The protected person is asking for help.",
        IncidentKind::Duress => {
            "The protected person needs help, and whoever is with them must not know: send help, do not call them."
        }
        IncidentKind::ProtectionWeak => {
            "The protected person is to know that a wearer could come near without being seen."
        }
        IncidentKind::AllClear => "The protected person is to know that all is as usual again.",
        IncidentKind::TestAlert => "The protected person's ways are tried out, as they have agreed.",
        IncidentKind::WayFails => {
            "One of the protected person's channels does not reach them: put it right with them before danger comes."
        }
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
        IncidentKind::CanaryMissed => {
            "Cordon's own test message did not come through, so what tags send may not reach people: find out why."
        }
        IncidentKind::NoConsoleArmed => {
            "Nobody in the control room would hear an alarm: sit down at a console there, sign in and arm it."
        }
    }
}

/// An outcome's name and the sentence that helps to choose it.
#[must_use]
pub fn outcome(outcome: Outcome) -> (&'static str, &'static str) {
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
#[must_use]
pub fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Clear => "Clear",
        Stage::Watch => "Watch",
        Stage::Approach => "Approach",
        Stage::Violation => "Violation",
        Stage::Left => "Left, still near",
    }
}

/// How an alert travels.
#[must_use]
pub fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Push => "Push message",
        Channel::Sms => "Text",
        Channel::SecondSms => "Text by the second supplier",
        Channel::Voice => "Call",
        Channel::Pager => "Pager",
        Channel::Webhook => "Control room message",
        Channel::Loopback => "Message to Cordon itself",
    }
}

/// How far an alert has come. Accepted and delivered are not read, and say so where there is room.
#[must_use]
pub fn alert_state(by: Channel, state: &AlertState) -> String {
    match state {
        AlertState::Waiting => "being sent".into(),
        AlertState::Accepted => "accepted".into(),
        AlertState::Delivered if by == Channel::Voice => "rang".into(),
        AlertState::Delivered => "delivered".into(),
        AlertState::PickedUp => "picked up".into(),
        AlertState::Acknowledged => "acknowledged".into(),
        AlertState::Withdrawn => "withdrawn".into(),
        AlertState::Expired(reason) => format!("failed ({})", reason.replace('_', " ")),
    }
}

/// Why the engine concluded something, with its numbers.
#[must_use]
pub fn reason(reason: &Reason) -> String {
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
        Reason::Unseen => "A wearer could come near without being seen.".into(),
        Reason::Quiet => "Nothing lasts any more that they could be in danger from.".into(),
        Reason::Booked => "The time that was agreed for a test has come.".into(),
        Reason::Told => "They have been told, or it holds no more.".into(),
        Reason::BrowserGone => {
            "Their browser takes no messages any more: make them a new link for it.".into()
        }
        Reason::OtherAddress => "They have another address there now, or none.".into(),
        Reason::Unconfirmed => "No phone has confirmed the test.".into(),
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
        Reason::WroteForHelp => "They wrote for help.".into(),
        Reason::PressedForHelp => "They pressed the button of their companion.".into(),
        Reason::WroteDuressWord => "They gave their duress word or key.".into(),
        Reason::CanaryMissed { hop: Hop::Broker } => "The broker did not take it.".into(),
        Reason::CanaryMissed { hop: Hop::Line } => {
            "The broker took it, and it was not decided and written down.".into()
        }
        Reason::CanaryMissed { hop: Hop::Dispatch } => {
            "It was written down, and nobody was told of it.".into()
        }
        Reason::NoConsoleArmed => "No console has said for 10 s that it can be heard.".into(),
        Reason::Works => "It works again.".into(),
    }
}

/// The receiver's own accuracy.
#[must_use]
pub fn stated(accuracy: Accuracy) -> String {
    match accuracy {
        Accuracy::Stated(metres) => format!("{metres:.0} m"),
        Accuracy::Hdop(hdop) => format!("HDOP {hdop:.1}"),
        Accuracy::Unknown => "not stated".into(),
    }
}

/// What a position was taken with.
#[must_use]
pub fn source(source: Source) -> &'static str {
    match source {
        Source::Gnss => "satellites",
        Source::Wifi => "Wi-Fi",
        Source::Cell => "mobile network",
        Source::Beacon => "beacon",
        Source::HomeUnit => "home unit",
    }
}

/// A span of time, short: 12 s, 4 min, 3 h 20 min, 5 days. The console's scripts word the ages that they keep up to date
/// the same way (ui/script/words.ts).
#[must_use]
pub fn span(seconds: f64) -> String {
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
#[must_use]
pub fn metres(m: f64) -> String {
    match m.abs() {
        m if m < 1_000.0 => format!("{m:.0} m"),
        m if m < 10_000.0 => format!("{:.1} km", m / 1_000.0),
        m => format!("{:.0} km", m / 1_000.0),
    }
}

/// Never rounds to certainty.
#[must_use]
pub fn percent(p: f64) -> String {
    match p * 100.0 {
        pct if pct > 99.0 => "over 99 %".into(),
        pct if pct < 1.0 => "under 1 %".into(),
        pct => format!("{pct:.0} %"),
    }
}

/// On which side of a zone's border, and how far from it.
#[must_use]
pub fn border(border_m: f64) -> String {
    let side = if border_m < 0.0 { "inside" } else { "outside" };
    format!("{} {side} the zone's border", metres(border_m))
}
