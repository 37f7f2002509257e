//! What a wearer is given: where their tag was, what was concluded and done, and nothing of the persons kept from them: not
//! who they are or are reached by, no zone's place, no distance to anybody.

use serde_json::{Value, json};

use super::trace::{Trace, concerns};
use crate::{
    domain::{
        Accuracy, Alert, Book, Case, DataSubject, Entry, Fix, Happening, Motion, Ping, Recipient, Source,
        TagEvent, TagId, Withdrawal,
    },
    engine::{Action, Input, Told},
    store::Attempt,
};

/// What is said to be left out.
pub(super) const LEFT_OUT: [&str; 3] = [
    "Who is protected, where their zones are, how near the wearer came to them, and how they are reached: that is theirs.",
    "What staff wrote in their own words (plans, reasons, notes): it may name others. Ask the agency for it.",
    "What was concluded in numbers: a distance to a zone, with the place that it was measured from, says where the zone is. \
     The agency can explain each incident.",
];

/// A revision of their record or of a case of theirs.
pub(super) fn record(book: &Book, subject: &DataSubject) -> Option<Value> {
    match book {
        Book::Wearer(wearer) if subject.to_string() == format!("wearer:{}", wearer.id) => {
            Some(json!({"wearer": wearer}))
        }
        Book::Case(case) if concerns(case, subject) => Some(json!({"case": of_case(case)})),
        _ => None,
    }
}

fn of_case(case: &Case) -> Value {
    json!({
        "id": case.id,
        "unit": case.unit,
        "wearer": case.wearer,
        "persons": case.persons.len(),
        "basis": case.basis,
        "withdrawal": case.withdrawal.as_deref().map(withdrawal),
        "risk": case.risk,
        "assessed": case.assessed.as_ref().map(|it| json!({"by": it.by, "at": it.at.to_string()})),
        "review_due": case.review_due.map(|at| at.to_string()),
        "zones": case.zones.len(),
        "proximity_zones": case.proximity_zones.len(),
    })
}

fn withdrawal(it: &Withdrawal) -> Value {
    json!({
        "said_at": it.said_at.to_string(),
        "manner": it.manner,
        "recorded": it.recorded,
        "persons_told": it.told.len(),
        "ended": it.ended,
        "taken_back": it.taken_back.as_ref().map(|back| &back.recorded),
    })
}

/// What a row says; `None` if it is not about them. `own`: the row names them; others may hold what their tag had kept.
pub(super) fn row(input: &Input, own: bool, trace: &Trace) -> Option<Value> {
    let told = match input {
        Input::Ping { tag, ping, .. } => return of_ping(tag, ping, own, trace),
        Input::Told(_) if !own => return None,
        Input::Told(told) => told,
    };
    let what = match told {
        Told::Unreadable { tag, code } => json!({"tag": tag, "refused": code}),
        Told::OutsideBasis { tag, sent, .. } => json!({"tag": tag, "sent": sent.map(|at| at.to_string())}),
        Told::Connection { tag, up } => json!({"tag": tag, "connected": up}),
        Told::Coalesced { tag, runs, others } => json!({"tag": tag, "runs": runs, "others": others}),
        Told::Handle { by, action, .. } => json!({"by": by, "action": action_name(action)}),
        // Their records stand in `records`; what is left says no more than that it was.
        Told::Publish(_) | Told::Revise { .. } => json!({"record": true}),
        Told::SetAside(_) | Told::Erase { .. } | Told::Blank { .. } => json!({}),
        // What persons are told and say is theirs, and so is when somebody was near them: with the wearer's own position
        // beside it, it says where they were.
        Told::Answer { .. }
        | Told::Reply { .. }
        | Told::Pressed { .. }
        | Told::Wrote { .. }
        | Told::Call { .. }
        | Told::Companion(_)
        | Told::Met { .. }
        | Told::Delivery { .. }
        | Told::Receipt { .. }
        | Told::Deadline(_)
        | Told::Started { .. }
        | Told::Source { .. }
        | Told::Service(_) => return None,
    };
    Some(what)
}

/// Of a ping the fixes and events from when they wore the tag.
fn of_ping(tag: &TagId, ping: &Ping, own: bool, trace: &Trace) -> Option<Value> {
    let fixes: Vec<Value> = ping.fixes.iter().filter(|fix| trace.had(tag, fix.at)).map(of_fix).collect();
    let events: Vec<Value> = ping.events.iter().filter(|it| trace.had(tag, it.at)).map(of_event).collect();
    if !own && fixes.is_empty() && events.is_empty() {
        return None;
    }
    let mut said = json!({
        "tag": tag, "boot": ping.boot, "sequence": ping.seq, "fixes": fixes, "events": events,
    });
    if trace.had(tag, ping.sent) {
        said["sent"] = json!(ping.sent.to_string());
        said["battery_pct"] = json!(ping.battery_pct);
        said["charging"] = json!(ping.charging);
        said["motion"] = json!(match ping.motion {
            Motion::Moving => "moving",
            Motion::Still => "still",
            Motion::Unknown => "unknown",
        });
    }
    Some(said)
}

fn of_fix(fix: &Fix) -> Value {
    let (accuracy_m, hdop) = match fix.accuracy {
        Accuracy::Stated(metres) => (Some(metres), None),
        Accuracy::Hdop(hdop) => (None, Some(hdop)),
        Accuracy::Unknown => (None, None),
    };
    let source = match fix.source {
        Source::Gnss => "gnss",
        Source::Wifi => "wifi",
        Source::Cell => "cell",
        Source::Beacon => "beacon",
        Source::HomeUnit => "home_unit",
    };
    json!({
        "at": fix.at.to_string(), "lat": fix.position.lat_deg(), "lon": fix.position.lon_deg(),
        "accuracy_m": accuracy_m, "hdop": hdop, "source": source, "speed_mps": fix.speed_mps,
    })
}

fn of_event(event: &TagEvent) -> Value {
    json!({"at": event.at.to_string(), "kind": format!("{:?}", event.kind), "restored": event.restored})
}

/// What was done, without the words that went with it.
pub(super) fn action_name(action: &Action) -> &'static str {
    match action {
        Action::Own => "own",
        Action::TakeOver { .. } => "take_over",
        Action::Act => "act",
        Action::Note(_) => "note",
        Action::Send(_) => "send",
        Action::Attend(_) => "attend",
        Action::Shelve { .. } => "shelve",
        Action::Close(_) => "close",
    }
}

/// What happened in an incident about them.
pub(super) fn entry(entry: &Entry) -> Option<Value> {
    let what = match &entry.what {
        // At which of their positions it began would say where the border is.
        Happening::Raised { kind, .. } => json!({"raised": kind.as_str()}),
        Happening::Over { .. } => json!("over"),
        Happening::Disproved { .. } => json!("disproved"),
        Happening::Owned { by } => json!({"owned": by}),
        Happening::HandedOver { from, to } => json!({"handed_over": from, "to": to}),
        Happening::BackToQueue => json!("back_to_queue"),
        Happening::Sent { by, responder } => json!({"sent": responder, "by": by}),
        Happening::Attends { responder, stage } => json!({"attends": responder, "stage": stage}),
        Happening::NoAnswer { responder } => json!({"no_answer": responder}),
        Happening::Shelved { by, until, .. } => json!({"shelved": until.to_string(), "by": by}),
        Happening::Unshelved => json!("unshelved"),
        Happening::Acted { by } => json!({"acted": by}),
        Happening::Noted { by, .. } => json!({"noted": by}),
        Happening::Closed { by, outcome } => json!({"closed": outcome.as_str(), "by": by}),
        // Who was told, and what they said, is theirs.
        Happening::Alert { .. } | Happening::Answered { .. } | Happening::Unreached { .. } => return None,
    };
    Some(json!({"at": entry.at.to_string(), "what": what}))
}

/// An alert to staff that was raised because of them; `None` of one to a protected person.
pub(super) fn alert(alert: &Alert, attempts: &[Attempt]) -> Option<Value> {
    match alert.recipient {
        Recipient::Person(_) => return None,
        Recipient::Staff(_) => {}
    }
    let tries = attempts.iter().map(|it| json!({"at": it.at.to_string(), "result": it.result}));
    Some(json!({
        "id": alert.id, "channel": alert.channel.as_str(), "class": alert.class.as_str(),
        "raised_at": alert.raised_at.to_string(), "state": alert.state.as_str(),
        "tries": tries.collect::<Vec<_>>(),
    }))
}
