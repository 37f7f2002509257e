//! What a protected person is given: how they are told, what they were told and answered, and nothing of the wearer: not who
//! they are, where they were, or how they are judged.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::trace::{Trace, concerns};
use crate::{
    domain::{Alert, AlertId, Book, Case, DataSubject, Entry, Happening, PersonId, Recipient, Zone},
    engine::{DeadlineKey, Input, Told},
    store::Attempt,
};

/// What is said to be left out.
pub(super) const LEFT_OUT: [&str; 3] = [
    "Who the wearer is, where they were, and how they are judged: that is theirs.",
    "What staff wrote in their own words (plans, reasons, notes): it may name others. Ask the agency for it.",
    "Zones of a case that protects others as well, or ever did: they may be the others' homes.",
];

/// A revision of their record or of a case that protects them.
pub(super) fn record(book: &Book, id: &PersonId, trace: &Trace) -> Option<Value> {
    match book {
        Book::Person(person) if person.id == *id => Some(json!({"person": person})),
        Book::Case(case) if concerns(case, &DataSubject::Person(id.clone())) => {
            Some(json!({"case": of_case(case, id, trace)}))
        }
        _ => None,
    }
}

fn of_case(case: &Case, id: &PersonId, trace: &Trace) -> Value {
    let alone = !trace.shared.contains(&case.id);
    let zones: Vec<&Zone> = case.zones.iter().filter(|_| alone).collect();
    let around: Vec<_> = case.proximity_zones.iter().filter(|zone| zone.person == *id).collect();
    let told = case.withdrawal.as_deref().map(|it| {
        let theirs = it.told.iter().filter(|telling| telling.person == *id);
        theirs.map(|it| json!({"at": it.at.to_string(), "by": it.recorded.by})).collect::<Vec<_>>()
    });
    json!({
        "id": case.id,
        "unit": case.unit,
        "protected_from": case.basis.from.to_string(),
        "protected_until": case.basis.until.map(|at| at.to_string()),
        "told_of_withdrawal": told,
        "review_due": case.review_due.map(|at| at.to_string()),
        "zones": zones,
        "other_zones": case.zones.len() - zones.len(),
        "proximity_zones": around,
    })
}

/// What a row says; `None` if it is not about them. `alerts`: those that went to them.
pub(super) fn row(input: &Input, id: &PersonId, own: bool, alerts: &BTreeSet<AlertId>) -> Option<Value> {
    let Input::Told(told) = input else { return None };
    match told {
        Told::Delivery { alert, report } | Told::Receipt { alert, report, .. } => {
            alerts.contains(alert).then(|| json!({"alert": alert, "report": report}))
        }
        Told::Answer { alert, text, .. } => {
            alerts.contains(alert).then(|| json!({"alert": alert, "answer": text}))
        }
        _ if !own => None,
        Told::Reply { from, text } => Some(json!({"from": from, "text": text})),
        Told::Pressed { from, key } => Some(json!({"from": from, "key": key})),
        Told::Wrote { person, text } if person == id => Some(json!({"text": text})),
        Told::Call { person } if person == id => Some(json!({"asks_for": "help"})),
        Told::Companion(heard) if heard.person == *id => Some(json!({
            "companion": heard.tag, "sent": heard.sent.to_string(),
            "fix_at": heard.fix_at.map(|at| at.to_string()), "asks_for_help": heard.sos,
        })),
        Told::Publish(_) | Told::Revise { .. } => Some(json!({"record": true})),
        Told::Deadline(DeadlineKey::Person(person)) if person == id => Some(json!({})),
        Told::SetAside(_) | Told::Erase { .. } | Told::Blank { .. } => Some(json!({})),
        _ => None,
    }
}

/// What happened to them in an incident. `own`: it is about them.
pub(super) fn entry(entry: &Entry, id: &PersonId, own: bool) -> Option<Value> {
    let what = match &entry.what {
        Happening::Answered { person, answer } if person == id => json!({"answered": answer}),
        Happening::Unreached { person } if person == id => json!("unreached"),
        Happening::Alert { alert, recipient: Recipient::Person(person), channel, state } if person == id => {
            json!({"alert": alert, "channel": channel.as_str(), "state": state.as_str()})
        }
        Happening::Raised { kind, .. } if own => json!({"raised": kind.as_str()}),
        Happening::Over { .. } if own => json!("over"),
        Happening::Owned { by } if own => json!({"owned": by}),
        Happening::Acted { by } if own => json!({"acted": by}),
        Happening::Noted { by, .. } if own => json!({"noted": by}),
        Happening::Closed { by, outcome } if own => json!({"closed": outcome.as_str(), "by": by}),
        _ => return None,
    };
    Some(json!({"at": entry.at.to_string(), "what": what}))
}

/// An alert that went to them; `None` of any other.
pub(super) fn alert(alert: &Alert, attempts: &[Attempt], id: &PersonId) -> Option<Value> {
    if !matches!(&alert.recipient, Recipient::Person(person) if person == id) {
        return None;
    }
    let tries = attempts.iter().map(|it| {
        json!({"at": it.at.to_string(), "took_ms": it.took_ms, "result": it.result, "reason": it.reason,
            "provider_ref": it.provider_ref})
    });
    Some(json!({
        "id": alert.id, "channel": alert.channel.as_str(), "address": alert.address, "class": alert.class.as_str(),
        "language": alert.language, "own_words": alert.own_words, "sender": alert.sender, "silent": alert.silent,
        "nth": alert.nth, "raised_at": alert.raised_at.to_string(), "state": alert.state,
        "tries": tries.collect::<Vec<_>>(),
    }))
}
