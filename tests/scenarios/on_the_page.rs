//! What is done on the pages that a link opens on a phone: an answer to one alert, a call for help, a device enrolled.

use cordon::{
    domain::{Alert, Book, Channel, Handling, Happening, IncidentKind, Outcome, Scope},
    engine::{Action, Decision, Refused, Told},
};
use serde_json::json;

use crate::ward::{Ward, book, case, person, person_phone, second, unit};

const PERSON: &str = "person p-1";

/// Somebody in the zone at noon, with a tag that then says nothing for an hour.
fn violation() -> Ward {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.at(0, 0.0);
    ward.delivered(1);
    ward
}

/// The first alert to a recipient.
fn alert_to(ward: &Ward, recipient: &str) -> Alert {
    ward.line.alerts.values().find(|alert| alert.recipient.to_string() == recipient).unwrap().clone()
}

fn answers(ward: &mut Ward, s: i64, alert: &Alert, text: &str) -> Decision {
    let (alert, raised_at) = (alert.id, alert.raised_at);
    ward.line.tell(second(s), Told::Answer { alert, raised_at, text: text.into() })
}

fn answer_of(ward: &Ward, kind: IncidentKind) -> Option<String> {
    let timeline = &ward.line.incident(kind).unwrap().timeline;
    timeline.iter().rev().find_map(|entry| match &entry.what {
        Happening::Answered { answer, .. } => Some(answer.clone()),
        _ => None,
    })
}

#[test]
fn an_answer_on_the_page_is_one_as_good_as_a_text() {
    let mut ward = violation();
    ward.officer(5, Action::Own);
    let alert = alert_to(&ward, PERSON);
    assert_eq!(answers(&mut ward, 10, &alert, "1").refused, None);
    assert_eq!(answer_of(&ward, IncidentKind::Violation).as_deref(), Some("safe"));
    let before = ward.told(PERSON);
    assert!(matches!(ward.line.incident(IncidentKind::Violation).unwrap().handling, Handling::Owned { .. }));
    // She thinks better of it: help is not put aside.
    assert_eq!(answers(&mut ward, 20, &alert, "2").refused, None);
    assert_eq!(answer_of(&ward, IncidentKind::Violation).as_deref(), Some("help"));
    assert_eq!(ward.line.incident(IncidentKind::Violation).unwrap().handling, Handling::Raised);
    ward.line.pass_to(second(1_000));
    assert_eq!(ward.told(PERSON), before, "her own escalation has ended; the incident has not");
    assert!(ward.line.incident(IncidentKind::Violation).unwrap().is_open());
}

#[test]
fn staff_take_an_incident_on_the_page() {
    let mut ward = violation();
    let alert = alert_to(&ward, "staff desk");
    answers(&mut ward, 10, &alert, "1");
    let by = "desk".parse().unwrap();
    assert_eq!(ward.line.incident(IncidentKind::Violation).unwrap().handling, Handling::Owned { by });
}

#[test]
fn an_answer_to_what_is_over_or_was_never_raised_then_has_no_effect() {
    let mut ward = violation();
    let alert = alert_to(&ward, PERSON);
    let other = Alert { raised_at: second(-5), ..alert.clone() };
    assert_eq!(answers(&mut ward, 10, &other, "2").refused, Some(Refused::NoSuchAlert(alert.id)));
    for s in [600, 700, 800] {
        ward.at(s, 5_000.0);
    }
    ward.officer(900, Action::Close(Outcome::Confirmed));
    assert_eq!(answers(&mut ward, 910, &alert, "2").refused, Some(Refused::NoSuchAlert(alert.id)));
}

#[test]
fn a_call_for_help_on_the_page_is_danger_whatever_else_goes_on() {
    let mut ward = Ward::new();
    let call = |person: &str| Told::Call { person: person.parse().unwrap() };
    assert_eq!(ward.line.tell(second(5), call("p-1")).refused, None);
    let incident = ward.line.incident(IncidentKind::CallForHelp).unwrap();
    assert_eq!(incident.priority, cordon::domain::Priority::P1);
    assert!(!ward.told("staff desk").is_empty());
    let refused = ward.line.tell(second(6), call("p-9")).refused;
    assert_eq!(refused, Some(Refused::UnknownPerson("p-9".parse().unwrap())));
}

#[test]
fn a_device_that_was_enrolled_is_told_and_a_link_does_that_once() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    let mut unit = unit();
    unit["unit"]["policy"][0]["protected"] =
        json!([{"channel": "push", "wait_s": 0}, {"channel": "sms", "wait_s": 60}]);
    ward.line.publish(second(-30), book(unit)).unwrap();
    let keys = json!({"p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6", "auth": "BTBZMqHH6r4Tts7J_aSIgg"});
    let address = json!({"endpoint": "https://push.example/1", "keys": keys}).to_string();
    let mut enrolled = person();
    enrolled["person"]["contact"]
        .as_array_mut()
        .unwrap()
        .push(json!({"channel": "push", "address": address}));
    let revise = |from| Told::Revise { from, book: book(enrolled.clone()), by: None };
    let scope = Scope::Person("p-1".parse().unwrap());
    assert_eq!(ward.line.engine.rulebook().revision(&scope), 1);
    assert_eq!(ward.line.tell(second(-20), revise(1)).refused, None);
    assert_eq!(ward.line.engine.rulebook().revision(&scope), 2);
    for from in [0, 1, 3] {
        assert_eq!(ward.line.tell(second(-10), revise(from)).refused, Some(Refused::Outdated), "{from}");
    }
    ward.at(0, 0.0);
    assert_eq!(ward.told(PERSON), [(0, "push"), (0, "sms")]);
    let addresses: Vec<(Channel, String)> =
        ward.line.alerts.values().map(|alert| (alert.channel, alert.address.clone())).collect();
    assert!(addresses.contains(&(Channel::Push, address)));
    assert!(addresses.contains(&(Channel::Sms, person_phone().into())));
}

#[test]
fn a_revision_that_contradicts_the_others_is_refused_however_new_it_is() {
    let mut ward = Ward::new();
    let mut mute = person();
    mute["person"]["contact"] = json!([]);
    let refused = ward.line.tell(second(0), Told::Revise { from: 1, book: book(mute), by: None }).refused;
    assert!(matches!(refused, Some(Refused::Rulebook(_))), "{refused:?}");
    let Book::Case(case) = book(case()) else { panic!("a case") };
    assert_eq!(ward.line.engine.rulebook().revision(&Scope::Case(case.id)), 1);
}
