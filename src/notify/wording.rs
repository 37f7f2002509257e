//! Every word that Cordon sends to a person, in one place.
//!
//! A text to a protected person must tell them to act and betray nothing to whoever else sees the phone: no name, no
//! place, no link, nothing about tags, police or stalking. It is one SMS in the GSM 7-bit alphabet (3GPP TS 23.038),
//! and never the same twice in a row, since networks drop repeats.

use serde::Serialize;

use super::idempotency_key;
use crate::domain::{Alert, AlertId, Channel, IncidentId, MessageClass, Recipient, UnitId};

/// Septets in one SMS.
pub const SEPTETS_MAX: usize = 160;

/// Begin a text to a protected person. Their number and that of [`ASSURANCES`] have no common factor, so that twelve
/// texts in a row differ.
const CALLS: [&str; 4] = [
    "Please use plan A now.",
    "It is time for plan A, please.",
    "Plan A now, please.",
    "Please go ahead with plan A now.",
];
const ASSURANCES: [&str; 3] = ["We are on it.", "We know and are on it.", "Our team is on it."];

/// Words that must not stand in a text, and beginnings of words.
const WORDS: [&str; 10] =
    ["tag", "tags", "tagged", "victim", "victims", "wearer", "wearers", "court", "prison", "monitoring"];
const BEGINNINGS: [&str; 5] = ["stalk", "police", "offend", "perpetrat", "probation"];
const LINKS: [&str; 3] = ["://", "www.", ".com"];

const GSM_BASIC: &str = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_EXTENDED: &str = "^{}\\[~]|€";

/// Why a text must not be sent as it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LintError {
    /// A character that would turn one SMS into several, or a line break.
    #[error("'{0}' is not in the SMS alphabet")]
    Alphabet(char),
    /// Longer than one SMS.
    #[error("{0} septets; one SMS has {SEPTETS_MAX}")]
    TooLong(usize),
    /// A word that gives the sender or the matter away, or a link.
    #[error("it says '{0}'")]
    Word(&'static str),
}

/// Whether a text may be sent to a phone.
///
/// # Errors
/// See [`LintError`].
pub fn lint(text: &str) -> Result<(), LintError> {
    let mut septets = 0;
    for c in text.chars() {
        septets += match c {
            c if GSM_BASIC.contains(c) => 1,
            c if GSM_EXTENDED.contains(c) => 2,
            c => return Err(LintError::Alphabet(c)),
        };
    }
    if septets > SEPTETS_MAX {
        return Err(LintError::TooLong(septets));
    }
    forbidden(&text.to_lowercase()).map_or(Ok(()), |word| Err(LintError::Word(word)))
}

fn forbidden(text: &str) -> Option<&'static str> {
    let link = LINKS.into_iter().find(|link| text.contains(link));
    link.or_else(|| {
        text.split(|c: char| !c.is_alphanumeric()).find_map(|word| {
            let whole = WORDS.into_iter().find(|forbidden| word == *forbidden);
            whole.or_else(|| BEGINNINGS.into_iter().find(|beginning| word.starts_with(beginning)))
        })
    })
}

/// What an alert says on its channel: a text, what is said on the phone, or JSON for a browser or a control room.
#[must_use]
pub fn body(alert: &Alert) -> String {
    match (alert.channel, alert.class) {
        (Channel::Webhook, _) => card(alert),
        (Channel::Push, _) => push(alert),
        (Channel::Voice, MessageClass::Danger) => spoken_danger(alert),
        (Channel::Voice, MessageClass::Card) => spoken_card(alert),
        (Channel::Sms | Channel::SecondSms | Channel::Pager, MessageClass::Danger) => danger(alert),
        (Channel::Sms | Channel::SecondSms | Channel::Pager, MessageClass::Card) => staff_text(alert),
    }
}

/// What is said before somebody has pressed a key, so that neither an answering machine nor whoever else picks the
/// phone up learns anything.
pub const GREETING: &str = "Hello. There is a message for you. To hear it, please press 9.";
/// What is said once an answer has come.
pub const THANKS: &str = "Thank you. That has been noted. Goodbye.";

/// To a protected person: act on your safety plan.
fn danger(alert: &Alert) -> String {
    format!("{} Reply 1 OK, 2 help, 3 call me. Ref {}", plan_a(alert), alert.reference())
}

fn spoken_danger(alert: &Alert) -> String {
    format!("{} Press 1 for OK, 2 for help, 3 to be called.", plan_a(alert))
}

fn plan_a(alert: &Alert) -> String {
    let nth = alert.nth.saturating_sub(1) as usize;
    format!("{} {}", CALLS[nth % CALLS.len()], ASSURANCES[nth % ASSURANCES.len()])
}

fn spoken_card(alert: &Alert) -> String {
    format!("{}, incident {}. Press 1 for mine, 2 for acted.", staff_head(alert), alert.incident)
}

/// A message that a browser shows by itself, in the form of Declarative Web Push: whether or not the page's worker runs.
/// It says nothing but that there is something: who holds the phone sees it.
#[derive(Serialize)]
struct Pushed {
    web_push: u16,
    notification: Notification,
}

#[derive(Serialize)]
struct Notification {
    title: String,
    body: &'static str,
    navigate: &'static str,
    tag: String,
}

fn push(alert: &Alert) -> String {
    let reference = alert.reference().to_string();
    let notification = Notification {
        title: format!("Ref {reference}"),
        body: "Please look at your messages now.",
        navigate: "/",
        tag: reference,
    };
    to_json(&Pushed { web_push: 8030, notification })
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain members with text keys are always JSON")
}

/// To staff: which incident, and what to answer. A summary that must not be sent is left out; the alert still goes.
fn staff_text(alert: &Alert) -> String {
    let rest = format!("incident {}. Reply 1 mine, 2 acted. Ref {}", alert.incident, alert.reference());
    let full = format!("{}, {rest}", staff_head(alert));
    if !alert.summary.is_empty() && lint(&full).is_ok() {
        full
    } else {
        format!("{} {rest}", urgency(alert))
    }
}

fn staff_head(alert: &Alert) -> String {
    format!("{} {}", urgency(alert), alert.summary)
}

fn urgency(alert: &Alert) -> String {
    match alert.nth {
        0 | 1 => alert.priority.to_string(),
        nth => format!("{} again ({nth}):", alert.priority),
    }
}

/// The card that a control room's system reads. Members may be added; `v` changes when one changes its meaning.
#[derive(Serialize)]
struct Card<'a> {
    v: u8,
    alert: AlertId,
    incident: IncidentId,
    reference: u16,
    priority: String,
    class: MessageClass,
    summary: &'a str,
    unit: &'a UnitId,
    recipient: &'a Recipient,
    nth: u32,
    raised_at: String,
    attempt_key: String,
}

fn card(alert: &Alert) -> String {
    let card = Card {
        v: 1,
        alert: alert.id,
        incident: alert.incident,
        reference: alert.reference(),
        priority: alert.priority.to_string(),
        class: alert.class,
        summary: &alert.summary,
        unit: &alert.unit,
        recipient: &alert.recipient,
        nth: alert.nth,
        raised_at: alert.raised_at.to_string(),
        attempt_key: idempotency_key(alert),
    };
    to_json(&card)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AlertState, Priority, Timestamp};

    fn alert(channel: Channel, class: MessageClass) -> Alert {
        let danger = class == MessageClass::Danger;
        let recipient = if danger {
            Recipient::Person("ada".parse().unwrap())
        } else {
            Recipient::Staff("desk-1".parse().unwrap())
        };
        Alert {
            id: AlertId(7),
            incident: IncidentId(12),
            unit: "north".parse().unwrap(),
            recipient,
            channel,
            address: "+447700900001".into(),
            class,
            priority: Priority::P1,
            nth: 1,
            summary: if danger { String::new() } else { "violation at ROSE-4".into() },
            raised_at: Timestamp::from_ms(1_780_000_000_123),
            state: AlertState::Waiting,
        }
    }

    #[test]
    fn a_protected_person_reads() {
        let mut alert = alert(Channel::Sms, MessageClass::Danger);
        let texts = [
            "Please use plan A now. We are on it. Reply 1 OK, 2 help, 3 call me. Ref 7042",
            "It is time for plan A, please. We know and are on it. Reply 1 OK, 2 help, 3 call me. Ref 7042",
            "Plan A now, please. Our team is on it. Reply 1 OK, 2 help, 3 call me. Ref 7042",
            "Please go ahead with plan A now. We are on it. Reply 1 OK, 2 help, 3 call me. Ref 7042",
        ];
        for (nth, text) in (1..).zip(texts) {
            alert.nth = nth;
            assert_eq!(body(&alert), text);
        }
    }

    #[test]
    fn every_text_to_a_protected_person_is_one_discreet_sms_unlike_those_before() {
        let mut alert = alert(Channel::Sms, MessageClass::Danger);
        for incident in [1, 12, 8_998, 8_999, i64::MAX] {
            alert.incident = IncidentId(incident);
            let mut recent: Vec<String> = Vec::new();
            for nth in (1..=30).chain(u32::MAX - 12..=u32::MAX) {
                alert.nth = nth;
                let text = body(&alert);
                assert_eq!(lint(&text), Ok(()), "{text}");
                assert!(!recent.contains(&text), "{text}");
                recent.push(text);
                // The jump to the last numbers begins a new row.
                let forget = if nth == 30 { recent.len() } else { recent.len().saturating_sub(11) };
                recent.drain(..forget);
            }
        }
    }

    #[test]
    fn staff_read() {
        let mut alert = alert(Channel::Sms, MessageClass::Card);
        assert_eq!(body(&alert), "P1 violation at ROSE-4, incident 12. Reply 1 mine, 2 acted. Ref 7042");
        let summary = std::mem::replace(
            &mut alert.summary,
            "violation at ROSE-4, person not reached: call them".into(),
        );
        let told = "P1 violation at ROSE-4, person not reached: call them, incident 12.";
        assert_eq!(body(&alert), format!("{told} Reply 1 mine, 2 acted. Ref 7042"));
        (alert.nth, alert.summary) = (3, summary);
        assert_eq!(
            body(&alert),
            "P1 again (3): violation at ROSE-4, incident 12. Reply 1 mine, 2 acted. Ref 7042"
        );
    }

    #[test]
    fn a_summary_that_must_not_be_sent_is_left_out_and_the_alert_still_goes() {
        let mut alert = alert(Channel::Sms, MessageClass::Card);
        for summary in ["", "violation at Police House", "violation at ŽIŽKOV", "a\nb", &"x".repeat(120)] {
            alert.summary = summary.into();
            assert_eq!(body(&alert), "P1 incident 12. Reply 1 mine, 2 acted. Ref 7042", "{summary}");
        }
    }

    #[test]
    fn a_control_room_reads() {
        assert_eq!(
            body(&alert(Channel::Webhook, MessageClass::Card)),
            concat!(
                r#"{"v":1,"alert":7,"incident":12,"reference":7042,"priority":"P1","class":"card","#,
                r#""summary":"violation at ROSE-4","unit":"north","recipient":{"staff":"desk-1"},"nth":1,"#,
                r#""raised_at":"2026-05-28T20:26:40.123Z","attempt_key":"alert-7-1780000000123000"}"#
            )
        );
    }

    #[test]
    fn lint_finds_what_gives_away_and_what_does_not_fit() {
        assert_eq!(lint(&"a".repeat(160)), Ok(()));
        assert_eq!(lint(&"a".repeat(161)), Err(LintError::TooLong(161)));
        assert_eq!(lint(&format!("{}{{", "a".repeat(159))), Err(LintError::TooLong(161)));
        assert_eq!(lint("caf\u{e9}"), Ok(()));
        assert_eq!(lint("\u{2019}"), Err(LintError::Alphabet('\u{2019}')));
        assert_eq!(lint("Stage 3, vintage"), Ok(()));
        for (text, word) in [
            ("his Tag.", "tag"),
            ("STALKER near", "stalk"),
            ("the Police", "police"),
            ("http://x", "://"),
            ("see www.x", "www."),
        ] {
            assert_eq!(lint(text), Err(LintError::Word(word)), "{text}");
        }
    }

    #[test]
    fn a_key_leads_back_to_its_alert() {
        let alert = alert(Channel::Sms, MessageClass::Card);
        assert_eq!(crate::notify::alert_of_key(&idempotency_key(&alert)), Some((alert.id, alert.raised_at)));
        for other in
            ["", "alert-", "alert-7", "alert-7-", "alert--7-1", "alert-0-1", "order-7-1", "alert-7-x"]
        {
            assert_eq!(crate::notify::alert_of_key(other), None, "{other}");
        }
    }
}
