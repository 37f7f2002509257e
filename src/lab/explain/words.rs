//! What only an explanation says: rules in full, inputs, sources, and people by their ids.

use crate::{
    domain::{
        Attending, Cause, Motion, Ping, Reason, Recipient, Stage, Subject, TagEventKind,
        words::{channel, span},
    },
    engine::{Action, DeliveryReport, Input, Rule, ServiceReport, Told},
};

/// Whom or what an incident is about.
pub(super) fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Wearer(id) => format!("wearer {id}"),
        Subject::Person(id) => format!("protected person {id}"),
        Subject::Service => "Cordon itself".into(),
    }
}

/// What an incident comes from, where it is no zone.
pub(super) fn cause(cause: &Cause) -> Option<String> {
    match cause {
        Cause::Source(name) | Cause::Misuse(name) | Cause::Gaps(name) => Some(format!("source {name}")),
        Cause::Vendor(name) => Some(format!("vendor {name}")),
        Cause::Provider(by) => Some(format!("provider for {}", channel(*by).to_lowercase())),
        _ => None,
    }
}

/// Who got an alert.
pub(super) fn recipient(recipient: &Recipient) -> String {
    match recipient {
        Recipient::Person(id) => format!("protected person {id}"),
        Recipient::Staff(id) => format!("staff {id}"),
    }
}

/// A protected person's answer. The engine writes the offered answers as words; others are the person's own.
pub(super) fn answer(text: &str, own_words: bool) -> String {
    match text {
        "safe" => "safe".into(),
        "help" => "needs help".into(),
        "call me" => "call me".into(),
        words if own_words => format!("\u{201c}{words}\u{201d}"),
        _ => "in their own words, which are not shown here".into(),
    }
}

/// The rule by which a stage follows, as the page on how Cordon decides has it; none where the reason says everything.
pub(super) fn rule(reason: &Reason, to: Stage) -> Option<String> {
    let rule = Rule::default();
    let percent = |p: f64| format!("{:.0} %", p * 100.0);
    let text = match (reason, to) {
        (Reason::TrustedFix { .. }, _) => format!(
            "One good position: the receiver states an error of 20 m or less, the wearer could have got there since the last position, and it is at least {} likely that they are inside.",
            percent(rule.p_trusted()),
        ),
        (Reason::Agreeing { .. }, _) => {
            "Several positions agree: two or more of the last ones, within 130 seconds, are each likely to be inside. Those close together in time count for less, since they share their error.".into()
        }
        (Reason::WasInside { .. }, _) => format!(
            "All positions together: taken as one path, what came before and after leaves at least {} that the wearer was inside at some moment.",
            percent(rule.p_path()),
        ),
        (Reason::Crossed { .. }, _) => {
            "A path straight through: two good positions at most 130 seconds apart, and the straight line between them goes so deep through the zone that any ordinary road does, too.".into()
        }
        (Reason::ScheduleBegan { .. } | Reason::ZonePublished { .. }, _) => {
            "The zone came to the wearer: its hours began, or it was ordered, while they were inside.".into()
        }
        (Reason::NearZone { .. }, Stage::Approach) => {
            "Probably in the warning zone: at least 60 % likely. It is no accusation; officers look closer.".into()
        }
        (Reason::NearZone { .. }, Stage::Watch) => {
            "The circle of error touches the warning zone. Nobody is told of this alone.".into()
        }
        (Reason::NearZone { .. }, Stage::Clear) => "Too far away for the circle of error to touch the warning zone.".into(),
        (Reason::TwoFixesOutside { .. }, _) => {
            "Having left takes two positions at least 60 seconds apart, each less than 20 % likely to be inside.".into()
        }
        _ => return None,
    };
    Some(text)
}

/// What Cordon was told, without anybody's words, number or place.
pub(super) fn input(input: &Input) -> String {
    match input {
        Input::Ping { ping, .. } => message(ping),
        Input::Told(told) => self::told(told),
    }
}

fn message(ping: &Ping) -> String {
    let moves = match ping.motion {
        Motion::Moving => "moving",
        Motion::Still => "still",
        Motion::Unknown => "motion not known",
    };
    let positions = match ping.fixes.len() {
        0 => "no position".into(),
        1 => "1 position".into(),
        count => format!("{count} positions"),
    };
    let promise = span(f64::from(ping.next_within_s));
    let events = ping.events.iter().map(|event| {
        let ended = if event.restored { " ended" } else { "" };
        format!("; it reported \u{201c}{}{ended}\u{201d}", event_name(&event.kind))
    });
    format!(
        "A message of the tag: {positions}, {moves}, battery {} %, the next one promised within {promise}{}.",
        ping.battery_pct,
        events.collect::<String>(),
    )
}

fn event_name(kind: &TagEventKind) -> &str {
    match kind {
        TagEventKind::StrapTamper => "strap tamper",
        TagEventKind::CaseTamper => "case tamper",
        TagEventKind::Jamming => "jamming",
        TagEventKind::NoFix => "no position found",
        TagEventKind::Charging => "charging",
        TagEventKind::PowerOff => "switching off",
        TagEventKind::Sos => "SOS",
        TagEventKind::Other(text) => text,
    }
}

fn told(told: &Told) -> String {
    match told {
        Told::Started { .. } => "Cordon was started.".into(),
        Told::Source { name, up: true } => format!("Source {name} can be heard."),
        Told::Source { name, up: false } => format!("Source {name} can no longer be heard."),
        Told::Unreadable { code, .. } => format!("A message of the tag was refused ({code})."),
        Told::OutsideBasis { .. } => "A message of the tag that nobody may judge or keep.".into(),
        Told::Companion(_) => "The protected person's Companion was heard.".into(),
        Told::Met { .. } => "The distance between the wearer and a protected person.".into(),
        Told::Connection { up: true, .. } => "The tag connected.".into(),
        Told::Connection { up: false, .. } => "The tag's connection was lost.".into(),
        Told::SetAside(_) => "A message that could not be evaluated was set aside.".into(),
        Told::Coalesced { .. } => {
            "More messages of the tag than it may send; they were judged in part.".into()
        }
        Told::Service(report) => service(report),
        Told::Publish(_) | Told::Revise { .. } => "A revision of the rulebook was published.".into(),
        Told::Erase { .. } => "Somebody's data was to be erased.".into(),
        Told::Blank { .. } => "Rows were about to lose their content, for somebody's data was erased.".into(),
        Told::Deadline(_) => "A time that Cordon had set itself passed: it looked again.".into(),
        Told::Delivery { report, .. } => format!("The sending of an alert: {}.", delivery(report)),
        Told::Receipt { report, .. } => format!("A provider's receipt for an alert: {}.", delivery(report)),
        Told::Reply { .. } => "A text came back from somebody who had been told.".into(),
        Told::Answer { .. } => {
            "Somebody who had been told answered on the page that the message opens.".into()
        }
        Told::Pressed { .. } => "Somebody who had been called pressed a key.".into(),
        Told::Wrote { .. } => "The protected person wrote on the page of a message.".into(),
        Told::Call { .. } => "The protected person asked for help.".into(),
        Told::Handle { by, action, .. } => format!("Staff {by}: {}.", self::action(action)),
    }
}

fn service(report: &ServiceReport) -> String {
    match report {
        ServiceReport::Store { up: true } => "Records can be written.".into(),
        ServiceReport::Store { up: false } => "Records cannot be written.".into(),
        ServiceReport::Disk { pct } => format!("The disk is {pct} % full."),
        ServiceReport::ClockSet { .. } => "This machine's clock was set.".into(),
        ServiceReport::Provider { up: true, .. } => "A provider takes messages.".into(),
        ServiceReport::Provider { up: false, .. } => "A provider takes no messages.".into(),
        ServiceReport::Canary { stuck_at: None } => "Cordon's canary came through.".into(),
        ServiceReport::Canary { stuck_at: Some(hop) } => {
            format!("Cordon's canary got stuck at the {}.", hop.as_str())
        }
        ServiceReport::Misuse { messages, .. } => format!("{messages} messages were refused."),
        ServiceReport::SessionLost { source } => {
            format!("The broker of source {source} forgot Cordon's session.")
        }
        ServiceReport::VendorFlood { messages, .. } => format!("{messages} messages were not judged."),
        ServiceReport::Consoles { armed: true } => "A console is armed.".into(),
        ServiceReport::Consoles { armed: false } => "No console is armed.".into(),
    }
}

fn delivery(report: &DeliveryReport) -> &'static str {
    match report {
        DeliveryReport::Accepted => "accepted",
        DeliveryReport::Delivered => "delivered",
        DeliveryReport::PickedUp => "picked up",
        DeliveryReport::NoSuccess => "no success so far",
        DeliveryReport::Refused(_) => "refused",
    }
}

fn action(action: &Action) -> &'static str {
    match action {
        Action::Own => "took it",
        Action::TakeOver { .. } => "took it over",
        Action::Act => "acted on it",
        Action::Note(_) => "wrote a note",
        Action::Send(_) => "sent a responder",
        Action::Attend(_) => "said how far they have come",
        Action::Shelve { .. } => "shelved it",
        Action::Close(_) => "closed it",
    }
}

/// What a responder said.
pub(super) fn attending(stage: Attending) -> &'static str {
    match stage {
        Attending::Sent => "sent",
        Attending::NoAnswer => "does not answer",
        Attending::Accepted => "goes",
        Attending::EnRoute => "on the way",
        Attending::OnScene => "there",
        Attending::Done => "done",
        Attending::Declined => "cannot go",
    }
}
