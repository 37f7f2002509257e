//! Whom to call, on the board of the console's tests and on rulebooks of its own.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::{
    console::tests::fixture::{self, AT, KINDS, incident},
    domain::{Book, Handling, Outcome},
};

fn rulebook(rota: bool) -> Rulebook {
    let phone = |number: &str| json!({"channel": "sms", "address": number});
    let call = |number: &str| json!({"channel": "voice", "address": number});
    let first = if rota { "officers" } else { "amy" };
    let books = [
        json!({"unit": {"id": "cheshire", "name": "Cheshire", "default_policy": "usual",
            "area": {"south": 53.0, "west": -3.2, "north": 53.4, "east": -2.6},
            "staff": [
                {"id": "amy", "name": "Amy", "contact": [phone("+447700900011"), call("+447700900011")]},
                {"id": "ben", "name": "Ben", "contact": [phone("+447700900012")]},
                {"id": "desk", "name": "Desk", "contact": [{"channel": "webhook", "address": "https://desk.example.org/"}]},
                {"id": "ada", "name": "Ada", "contact": [call("+447700900013")]}],
            "rota": [{"id": "officers", "name": "On duty", "time_zone": "Europe/London", "else": "amy",
                "shift": [{"who": "ben", "days": "mon-sun", "from": "00:00", "until": "12:00"}]}],
            "policy": [{"id": "usual", "protected": [{"channel": "sms", "wait_s": 60}],
                "danger": [{"to": "desk", "channel": "webhook", "wait_s": 30}, {"to": first, "channel": "sms", "wait_s": 30},
                    {"to": "ada", "channel": "voice", "wait_s": 60}],
                "device": [{"to": "ben", "channel": "sms", "wait_s": 60}],
                "upkeep": [{"to": "desk", "channel": "webhook", "wait_s": 60}]}]}}),
        json!({"wearer": {"id": "w-1", "unit": "cheshire", "name": "Robin", "tag": []}}),
        json!({"person": {"id": "p-1", "unit": "cheshire", "name": "Sam", "contact": [phone("+447700900001")],
            "plan": {"nominated": ["ada"]}}}),
        json!({"case": {"id": "case-1", "unit": "cheshire", "wearer": "w-1", "persons": ["p-1"], "risk": "high",
            "policy": "usual", "basis": {"kind": "consent", "from": "2026-01-01T00:00:00Z"}, "zone": []}}),
    ];
    let books = books.map(|book| serde_json::from_value::<Book>(book).expect("a sound book"));
    books.into_iter().fold(Rulebook::default(), |rulebook, book| rulebook.published(book, AT))
}

fn called(kind: IncidentKind, priority: Priority, rota: bool) -> Vec<(String, &'static str, String)> {
    called_beside(incident(1, kind, priority, Handling::Raised), &[], rota)
}

/// The same while others are open.
fn called_beside(incident: Incident, others: &[Incident], rota: bool) -> Vec<(String, &'static str, String)> {
    let open = others.iter().chain([&incident]).map(|one| (one.id, Arc::new(one.clone())));
    let board = Board { rulebook: Arc::new(rulebook(rota)), incidents: open.collect(), ..Board::default() };
    let rows = callees(&incident, &board.rulebook, AT, is_under_duress(&incident, &board)).into_iter();
    rows.map(|callee| (callee.name, callee.role, callee.numbers.join(" "))).collect()
}

fn rows(rows: &[(&str, &'static str, &str)]) -> Vec<(String, &'static str, String)> {
    rows.iter().map(|(name, role, numbers)| ((*name).into(), *role, (*numbers).into())).collect()
}

const SAM: (&str, &str, &str) = ("Sam", "protected person", "+447700900001");
const ADA: (&str, &str, &str) = ("Ada", "named by the protected person", "+447700900013");
const DESK: (&str, &str, &str) = ("Desk", "response team", "");
const AMY: (&str, &str, &str) = ("Amy", "response team", "+447700900011");
const BEN: (&str, &str, &str) = ("Ben", "response team", "+447700900012");

#[test]
fn the_order_is_hers_then_those_she_has_named_then_the_team_s() {
    assert_eq!(called(IncidentKind::Violation, Priority::P1, false), rows(&[SAM, ADA, DESK, AMY]));
    assert_eq!(called(IncidentKind::LostContact, Priority::P2, false), rows(&[SAM, ADA, BEN]));
    assert_eq!(called(IncidentKind::CallForHelp, Priority::P1, false), rows(&[SAM, ADA, DESK, AMY]));
}

#[test]
fn of_a_rota_whoever_is_on_duty_is_called() {
    // The board's time is in the night.
    assert_eq!(called(IncidentKind::Violation, Priority::P1, true), rows(&[SAM, ADA, DESK, BEN]));
}

#[test]
fn whoever_has_asked_in_silence_is_not_called() {
    assert_eq!(called(IncidentKind::Duress, Priority::P1, false), rows(&[ADA, DESK, AMY]));
    assert!(dont(IncidentKind::Duress).starts_with("Do not call"));
    // Nor about anything else, as long as that is open.
    let raised = |no, kind| incident(no, kind, Priority::P1, Handling::Raised);
    let violation = || raised(1, IncidentKind::Violation);
    let beside = |other: Incident| called_beside(violation(), &[other], false);
    assert_eq!(beside(raised(2, IncidentKind::Duress)), rows(&[ADA, DESK, AMY]));
    assert_eq!(beside(raised(2, IncidentKind::CallForHelp)), rows(&[SAM, ADA, DESK, AMY]));
    let (by, outcome) = (fixture::id("amy"), Outcome::Confirmed);
    let closed = incident(2, IncidentKind::Duress, Priority::P1, Handling::Closed { by, outcome });
    assert_eq!(beside(closed), rows(&[SAM, ADA, DESK, AMY]));
}

#[test]
fn every_kind_says_what_not_to_do() {
    for kind in KINDS {
        assert!(dont(kind).starts_with("Do not ") && dont(kind).ends_with('.'), "{kind:?}");
    }
}
