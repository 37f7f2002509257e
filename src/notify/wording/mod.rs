//! Every word that Cordon sends to a person, in one place: a file for each language.
//!
//! A text to a protected person must tell them to act and betray nothing to whoever else sees the phone
//! ([`discreet`]). It is one SMS, and never the same twice in a row, since networks drop repeats.

mod english;
pub mod pages;
mod phrases;
mod welsh;

use serde::Serialize;

use super::idempotency_key;
use crate::domain::{
    Alert, AlertId, Channel, IncidentId, Language, MessageClass, Recipient, UnitId, discreet,
};

/// What an alert says on its channel: a text, what is said on the phone, or JSON for a control room.
#[must_use]
pub fn body(alert: &Alert) -> String {
    let is_card = is_to_staff(alert.class);
    match alert.channel {
        Channel::Webhook => card(alert),
        Channel::Loopback if is_card => card(alert),
        Channel::Push => notice(alert.class, alert.language, alert.reference()).body.into(),
        // A pager takes no answer.
        Channel::Pager if is_card => message(alert),
        Channel::Voice if is_card => spoken_card(alert),
        Channel::Voice => phrases::spoken(alert),
        Channel::Sms | Channel::SecondSms if is_card => staff_text(alert),
        Channel::Sms | Channel::SecondSms | Channel::Pager | Channel::Loopback => phrases::text(alert),
    }
}

/// What is said before somebody has pressed a key, so that neither an answering machine nor whoever else picks the
/// phone up learns anything.
#[must_use]
pub fn greeting(language: Language) -> &'static str {
    phrases::of(language).greeting
}

/// What is said once an answer has come.
#[must_use]
pub fn thanks(language: Language) -> &'static str {
    phrases::of(language).thanks
}

fn is_to_staff(class: MessageClass) -> bool {
    matches!(class, MessageClass::Card | MessageClass::Sent)
}

fn spoken_card(alert: &Alert) -> String {
    let (head, reference) = (staff_head(alert), phrases::digits(alert));
    let keys = match alert.class {
        MessageClass::Sent => "You are sent to it. Press 1 if you go, 2 if you cannot.",
        _ => "Press 1 for mine, 2 for acted.",
    };
    format!("{head}, incident {}. Reference {reference}. {keys}", alert.incident)
}

/// What a browser shows of a message: whoever holds the phone sees it. It says nothing but that there is something, and
/// whether it is urgent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its first line.
    pub title: String,
    /// What stands under it.
    pub body: &'static str,
}

/// The message itself, without how to answer: what the page says that a push message opens.
#[must_use]
pub fn message(alert: &Alert) -> String {
    match alert.class {
        MessageClass::Card => with_summary(alert, &format!("incident {}", alert.incident)),
        MessageClass::Sent => with_summary(alert, &format!("you are sent to incident {}", alert.incident)),
        _ => phrases::says(alert, phrases::of(alert.language)),
    }
}

/// The same for everybody who is told that kind of message in that language.
#[must_use]
pub fn notice(class: MessageClass, language: Language, reference: u16) -> Notice {
    let phrases = phrases::of(language);
    Notice { title: format!("{} {reference}", phrases.reference), body: phrases.pushed(class) }
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain members with text keys are always JSON")
}

/// To staff: which incident, and what to answer.
fn staff_text(alert: &Alert) -> String {
    let (incident, reference) = (alert.incident, alert.reference());
    let rest = match alert.class {
        MessageClass::Sent => {
            format!("you are sent to incident {incident}. Reply 1 I go, 2 I cannot. Ref {reference}")
        }
        _ => format!("incident {incident}. Reply 1 mine, 2 acted. Ref {reference}"),
    };
    with_summary(alert, &rest)
}

/// A summary that must not be sent is left out; the alert still goes.
fn with_summary(alert: &Alert, rest: &str) -> String {
    let full = format!("{}, {rest}", staff_head(alert));
    if !alert.summary.is_empty() && discreet::check(&full).is_ok() {
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
        let danger = class != MessageClass::Card;
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
            language: Language::English,
            own_words: None,
            sender: None,
            silent: false,
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
                assert_eq!(discreet::check(&text), Ok(()), "{text}");
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
        for summary in ["", "violation at Police House", "a\nb", &"x".repeat(120)] {
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
    fn the_four_classes_are_said_in_every_language_and_never_alike() {
        let classes = [MessageClass::Danger, MessageClass::Weak, MessageClass::AllClear, MessageClass::Test];
        for language in Language::ALL {
            let said = |class, nth| {
                let alert = Alert { language, nth, ..alert(Channel::Sms, class) };
                assert_eq!(discreet::check(&body(&alert)), Ok(()), "{}", body(&alert));
                body(&alert)
            };
            for class in classes {
                assert_ne!(said(class, 1), said(class, 2), "networks drop repeats");
                for other in classes.into_iter().filter(|other| *other != class) {
                    for (nth, of_other) in [(1, 1), (2, 1), (3, 2), (4, 3)] {
                        let (one, two) = (said(class, nth), said(other, of_other));
                        let first = |text: &str| text.split(' ').next().map(str::to_owned);
                        assert_ne!(first(&one), first(&two), "{one} / {two}");
                        let alike = strsim::sorensen_dice(&one, &two);
                        assert!(alike < 0.6, "{alike}: {one} / {two}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_staff_read_of_upkeep_is_nothing_like_danger() {
        let upkeep = Alert { priority: Priority::P3, ..alert(Channel::Sms, MessageClass::Card) };
        for nth in 1..=12 {
            let danger = Alert { nth, ..alert(Channel::Sms, MessageClass::Danger) };
            assert!(strsim::sorensen_dice(&body(&danger), &body(&upkeep)) < 0.6);
        }
    }

    #[test]
    fn the_other_classes_read() {
        let read = |language, class| body(&Alert { language, ..alert(Channel::Sms, class) });
        let english = |class| read(Language::English, class);
        assert_eq!(
            english(MessageClass::Weak),
            "Our line is down for now, so please go by plan B until we write again. Reply 3 to be called. Ref 7042"
        );
        assert_eq!(
            english(MessageClass::AllClear),
            "All is as usual again, plans A and B are over. Reply 3 to be called. Ref 7042"
        );
        assert_eq!(
            english(MessageClass::Test),
            "TEST as booked, nothing has happened. Reply 1 if you see this. Ref 7042"
        );
        assert_eq!(
            read(Language::Welsh, MessageClass::Danger),
            "Defnyddiwch gynllun A nawr. Rydym yn gweithredu. Atebwch 1 iawn, 2 cymorth, 3 ffoniwch fi. Cyf 7042"
        );
    }

    #[test]
    fn ones_own_words_are_sent_with_how_to_answer_and_never_twice_the_same() {
        let mut alert = alert(Channel::Sms, MessageClass::Danger);
        alert.own_words = Some("Choir is on tonight.".into());
        assert_eq!(body(&alert), "Choir is on tonight. Reply 1 OK, 2 help, 3 call me. Ref 7042");
        alert.nth = 2;
        assert_eq!(body(&alert), "Choir is on tonight. Reply 1 OK, 2 help, 3 call me. Ref 7042/2");
        alert.channel = Channel::Voice;
        assert_eq!(
            body(&alert),
            "Choir is on tonight. Reference 7 0 4 2. Press 1 for OK, 2 for help, 3 to be called."
        );
    }

    #[test]
    fn the_longest_own_words_that_are_taken_fit_one_text_in_every_language() {
        // What the rulebook's check leaves room for (`engine/contact_check`).
        let own_words = Some("x".repeat(160 - 1 - 55));
        for language in Language::ALL {
            for nth in [1, 999] {
                let class = MessageClass::Danger;
                let alert =
                    Alert { language, nth, own_words: own_words.clone(), ..alert(Channel::Sms, class) };
                assert_eq!(discreet::check(&body(&alert)), Ok(()), "{}", body(&alert));
            }
        }
    }

    #[test]
    fn a_locked_screen_shows_that_there_is_something_and_nothing_else() {
        let classes = [MessageClass::Danger, MessageClass::Weak, MessageClass::AllClear, MessageClass::Test];
        let read = |language| classes.map(|class| notice(class, language, 7_042));
        let [danger, weak, all_clear, test] = read(Language::English);
        assert_eq!(danger.title, "Ref 7042");
        assert_eq!(danger.body, "Please look at your messages now.");
        assert_eq!(weak.body, "A new message, when you have a moment.");
        assert_eq!(all_clear.body, "Nothing to do: all is as usual.");
        assert_eq!(test.body, "TEST as booked. Tap to say that you see this.");
        for language in Language::ALL {
            for (n, one) in read(language).iter().enumerate() {
                assert_eq!(discreet::check(&format!("{}: {}", one.title, one.body)), Ok(()), "{one:?}");
                for other in &read(language)[..n] {
                    assert_ne!(one.body.split(' ').next(), other.body.split(' ').next(), "{language:?}");
                    assert!(strsim::sorensen_dice(one.body, other.body) < 0.6, "{one:?} / {other:?}");
                }
            }
        }
    }

    #[test]
    fn a_pager_reads() {
        let mut alert = alert(Channel::Pager, MessageClass::Card);
        assert_eq!(body(&alert), "P1 violation at ROSE-4, incident 12");
        alert.summary = "violation at Police House".into();
        assert_eq!(body(&alert), "P1 incident 12");
    }

    #[test]
    fn a_responder_is_told_that_they_are_sent_and_asked_whether_they_go() {
        let mut alert = alert(Channel::Sms, MessageClass::Sent);
        alert.summary = "violation at ROSE-4".into();
        let text = body(&alert);
        let (incident, reference) = (alert.incident, alert.reference());
        assert_eq!(
            text,
            format!(
                "P1 violation at ROSE-4, you are sent to incident {incident}. Reply 1 I go, 2 I cannot. Ref {reference}"
            )
        );
        assert!(discreet::check(&text).is_ok() && text.len() <= 160, "{text}");
        let spoken = body(&Alert { channel: Channel::Voice, ..alert.clone() });
        assert!(spoken.ends_with("You are sent to it. Press 1 if you go, 2 if you cannot."), "{spoken}");
        // A control room's system is told so by the class.
        let card = body(&Alert { channel: Channel::Webhook, ..alert });
        assert!(card.contains("\"class\":\"sent\""), "{card}");
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
