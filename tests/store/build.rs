//! Rows, incidents and alerts to test with.

use cordon::{
    domain::{
        Alert, AlertId, AlertState, Attendance, Attending, Audience, Cause, Channel, Entry, Episode,
        Escalation, EscalationState, Handling, Happening, Incident, IncidentId, IncidentKind, MessageClass,
        Outcome, Priority, Reason, Recipient, SentAlert, Subject, Timestamp,
    },
    store::{Attempt, Batch, JournalRow},
};

/// Milliseconds after the tests' midnight.
pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_800_000_000_000 + ms)
}

/// A row whose content depends on its number and on `variant`.
pub(crate) fn row(no: i64, variant: u8) -> JournalRow {
    let bytes = |salt: u8| [&no.to_be_bytes()[..], &[variant, salt]].concat();
    JournalRow {
        no,
        at: Timestamp::from_us(no.wrapping_mul(7)),
        wall: at(no % 1_000),
        kind: "ping".into(),
        unit: (no % 3 > 0).then(|| "london".parse().unwrap()),
        subject: "wearer:w-1".into(),
        codec: 1,
        payload: bytes(0),
        decision: format!("zone-1 watch\nvariant {variant} æ"),
        engine: 1,
        salt: bytes(1),
        digest: bytes(2),
        chain: bytes(3),
    }
}

pub(crate) fn rows(numbers: std::ops::RangeInclusive<i64>) -> Vec<JournalRow> {
    numbers.map(|no| row(no, 0)).collect()
}

/// A batch of rows alone.
pub(crate) fn batch(numbers: std::ops::RangeInclusive<i64>) -> Batch {
    Batch { rows: rows(numbers), ..Batch::default() }
}

/// An open incident about a wearer and a zone of their own: no two ids have a cause in common.
pub(crate) fn incident(id: i64) -> Incident {
    let person = Recipient::Person("p-1".parse().unwrap());
    Incident {
        id: IncidentId(id),
        unit: "london".parse().unwrap(),
        subject: Subject::Wearer(format!("w-{id}").parse().unwrap()),
        cause: Cause::Zone("zone-1".parse().unwrap()),
        case: Some("case-1".parse().unwrap()),
        policy: "standard".parse().unwrap(),
        kind: IncidentKind::Violation,
        priority: Priority::P1,
        handling: Handling::Raised,
        ongoing: true,
        raised_at: at(id),
        late: false,
        episodes: vec![Episode { from: at(id - 5), disproved: false }],
        escalations: vec![Escalation {
            audience: Audience::Person("p-1".parse().unwrap()),
            step: 0,
            state: EscalationState::Running { next_at: at(60_000) },
            alerts: vec![SentAlert {
                id: AlertId(id),
                recipient: person.clone(),
                channel: Channel::Sms,
                step: 0,
                state: AlertState::Waiting,
                due: Some(at(id + 20_000)),
                in_vain: false,
            }],
            counts: vec![(person, 1)],
            unreached: id % 2 == 0,
        }],
        attendances: vec![Attendance::begin(
            "responder-1".parse().unwrap(),
            "officer-1".parse().unwrap(),
            Attending::Sent,
            at(id),
        )],
        shelf: None,
        keeper: None,
        timeline: vec![Entry {
            at: at(id),
            what: Happening::Raised {
                kind: IncidentKind::Violation,
                true_time: at(id - 5),
                reason: Reason::TrustedFix {
                    p: 0.912_345_678_901_234_5,
                    border_m: -12.3,
                    sigma_m: 1.0 / 3.0,
                },
            },
        }],
    }
}

pub(crate) fn closed(id: i64) -> Incident {
    let by = "officer-1".parse().unwrap();
    Incident {
        handling: Handling::Closed { by, outcome: Outcome::Confirmed },
        ongoing: false,
        ..incident(id)
    }
}

/// A waiting alert of an incident.
pub(crate) fn alert(id: i64, of: i64) -> Alert {
    Alert {
        id: AlertId(id),
        incident: IncidentId(of),
        unit: "london".parse().unwrap(),
        recipient: Recipient::Staff("responder-1".parse().unwrap()),
        channel: Channel::Sms,
        address: "+44 7700 900123".into(),
        class: MessageClass::Card,
        language: cordon::domain::Language::English,
        own_words: None,
        sender: None,
        silent: false,
        priority: Priority::P1,
        nth: 1,
        summary: "violation at ROSE-4".into(),
        raised_at: at(id),
        state: AlertState::Waiting,
    }
}

/// Row 1, incident 1 and these alerts of it.
pub(crate) fn first_batch(alerts: Vec<Alert>) -> Batch {
    Batch { incidents: vec![incident(1)], alerts, ..batch(1..=1) }
}

/// Row `no` and these alerts of incidents that are already there.
pub(crate) fn alerts_batch(no: i64, alerts: Vec<Alert>) -> Batch {
    Batch { alerts, ..batch(no..=no) }
}

pub(crate) fn attempt(alert: i64, nth: u32, ms: i64) -> Attempt {
    Attempt {
        alert: AlertId(alert),
        nth,
        at: at(ms),
        took_ms: 120,
        result: "retry".into(),
        reason: "http_503".into(),
        provider_ref: String::new(),
    }
}
