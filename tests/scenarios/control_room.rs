//! A control room in which no console is armed: whoever can be phoned is told, not the screens at which nobody sits.

use cordon::{
    domain::{Handling, Happening, IncidentKind, Priority},
    engine::{Action, Refused, ServiceReport, Told},
    lab::Course,
};
use serde_json::{Value, json};

use crate::{
    policies::World,
    ward::{Ward, book, responder_phone, second, unit},
};

fn abandoned(unit: Value) -> Course {
    let mut line = Course::with(&[book(unit)], second(-10)).unwrap();
    line.tell(second(0), Told::Service(ServiceReport::Consoles { armed: false }));
    line
}

/// Who was told, by what, and how many seconds after it was known.
fn told(line: &Course) -> Vec<(String, &'static str, i64)> {
    let row = |alert: &cordon::domain::Alert| {
        let after_s = alert.raised_at.ms_since(second(0)) / 1_000;
        (alert.recipient.to_string(), alert.channel.as_str(), after_s)
    };
    line.alerts.values().map(row).collect()
}

fn expected(rows: &[(&str, &'static str, i64)]) -> Vec<(String, &'static str, i64)> {
    rows.iter().map(|(to, by, at)| (format!("staff {to}"), *by, *at)).collect()
}

#[test]
fn the_first_whom_the_policy_calls_is_called_at_once_and_then_the_next() {
    // Ann is on duty at noon; the desk's screen comes first in the policy.
    let mut line = abandoned(World::sound().unit);
    let incident = line.incident(IncidentKind::NoConsoleArmed).unwrap();
    assert_eq!((incident.priority, incident.ongoing), (Priority::P1, true));
    let at_once = expected(&[("ann", "sms", 0), ("ann", "voice", 0)]);
    assert_eq!(told(&line), at_once);
    // No provider takes either for 20 s, so neither is waited for.
    line.pass_to(second(20));
    let rows = told(&line);
    assert!(rows.contains(&expected(&[("manager", "voice", 20)])[0]), "{rows:?}");
    assert!(rows.iter().all(|(to, ..)| to != "staff desk"), "{rows:?}");
}

#[test]
fn where_nobody_is_called_the_first_text_goes_out_at_once() {
    assert_eq!(told(&abandoned(unit())), expected(&[("responder", "sms", 0)]));
}

#[test]
fn where_there_are_only_screens_they_are_told() {
    let mut unit = unit();
    unit["unit"]["policy"][0]["danger"] = json!([{"to": "desk", "channel": "webhook", "wait_s": 30}]);
    assert_eq!(told(&abandoned(unit)), expected(&[("desk", "webhook", 0)]));
}

#[test]
fn an_armed_console_ends_the_situation_and_a_person_must_still_close_it() {
    let mut line = abandoned(unit());
    line.tell(second(5), Told::Service(ServiceReport::Consoles { armed: true }));
    let incident = line.incident(IncidentKind::NoConsoleArmed).unwrap();
    assert!(!incident.ongoing && incident.handling == Handling::Raised);
    // Again without: a new round of alerts on the same incident.
    line.tell(second(500), Told::Service(ServiceReport::Consoles { armed: false }));
    assert!(line.incident(IncidentKind::NoConsoleArmed).unwrap().ongoing);
    assert!(told(&line).contains(&expected(&[("responder", "sms", 500)])[0]), "{:?}", told(&line));
}

#[test]
fn whoever_takes_what_another_has_is_told_so_and_their_text_is_not_lost() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.at(0, 0.0);
    ward.delivered(1);
    ward.line.pass_to(second(31));
    ward.officer(32, Action::Own);
    let taken = |by: &str| Handling::Owned { by: by.parse().unwrap() };
    let violation = |ward: &Ward| ward.line.incident(IncidentKind::Violation).unwrap().clone();
    let incident = violation(&ward).id;
    let own = Told::Handle { incident, by: "responder".parse().unwrap(), action: Action::Own };
    assert_eq!(ward.line.tell(second(33), own).refused, Some(Refused::Taken("desk".parse().unwrap())));
    assert_eq!(ward.reply(34, responder_phone(), "1").refused, None);
    let violation = violation(&ward);
    assert_eq!(violation.handling, taken("desk"));
    let noted = |what: &Happening| matches!(what, Happening::Noted { by, .. } if by.as_str() == "responder");
    assert!(violation.timeline.iter().any(|entry| noted(&entry.what)));
}
