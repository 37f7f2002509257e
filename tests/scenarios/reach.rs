//! Alerts that do not get through, and people who are out of reach.

use cordon::{
    domain::{AlertId, AlertState, Audience, Happening, Incident, IncidentKind, Timestamp},
    engine::{Action, DeliveryReport, Refused, Told},
};
use serde_json::json;

use crate::ward::{Ward, book, person, person_phone, second, unit};

const PERSON: &str = "person p-1";
const DESK: &str = "staff desk";
const RESPONDER: &str = "staff responder";

/// Somebody in the zone at noon, with a tag that then says nothing for an hour.
fn violation() -> Ward {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.at(0, 0.0);
    ward
}

fn incident(ward: &Ward) -> &Incident {
    ward.line.incident(IncidentKind::Violation).unwrap()
}

fn last_alert_to(ward: &Ward, recipient: &str) -> AlertId {
    let mut alerts = ward.line.alerts.values().rev();
    alerts.find(|alert| alert.recipient.to_string() == recipient).unwrap().id
}

fn tell(ward: &mut Ward, s: i64, alert: AlertId, report: DeliveryReport) {
    ward.line.tell(second(s), Told::Delivery { alert, report });
}

/// Seconds after noon at which it was said that she is out of reach.
fn unreached(ward: &Ward) -> Vec<i64> {
    let entries = incident(ward).timeline.iter();
    let said = entries.filter(|entry| matches!(entry.what, Happening::Unreached { .. }));
    said.map(|entry| entry.at.ms_since(second(0)) / 1_000).collect()
}

fn is_unreached(ward: &Ward) -> bool {
    let hers = Audience::Person("p-1".parse().unwrap());
    incident(ward).escalations.iter().find(|escalation| escalation.audience == hers).unwrap().unreached
}

fn last_card<'w>(ward: &'w Ward, recipient: &str) -> &'w str {
    &ward.line.alerts[&last_alert_to(ward, recipient)].summary
}

#[test]
fn what_nobody_takes_for_20_s_is_not_waited_for() {
    let mut ward = violation();
    let hers = last_alert_to(&ward, PERSON);
    tell(&mut ward, 1, hers, DeliveryReport::Delivered);
    ward.line.pass_to(second(19));
    assert_eq!(ward.told(RESPONDER), []);
    ward.line.pass_to(second(20));
    assert_eq!(ward.told(RESPONDER), [(20, "sms")]);
    assert_eq!(ward.line.alerts[&last_alert_to(&ward, DESK)].state, AlertState::Waiting, "the tries go on");
    assert_eq!(unreached(&ward), [0_i64; 0]);
}

#[test]
fn a_text_without_a_receipt_for_20_s_is_not_waited_for_and_a_late_one_reopens_nothing() {
    let two_texts = |unit: &mut serde_json::Value| {
        unit["unit"]["policy"][0]["danger"] = json!([{"to": "responder", "channel": "sms", "wait_s": 60},
            {"to": "desk", "channel": "webhook", "wait_s": 60}]);
    };
    for (receipt_s, expected_s) in [(None, 25), (Some(24), 60), (Some(40), 25)] {
        let mut ward = Ward::new();
        ward.promise(3_600);
        let mut changed = unit();
        two_texts(&mut changed);
        ward.line.publish(second(-10), book(changed)).unwrap();
        ward.at(0, 0.0);
        let (hers, responders) = (last_alert_to(&ward, PERSON), last_alert_to(&ward, RESPONDER));
        tell(&mut ward, 5, hers, DeliveryReport::Delivered);
        tell(&mut ward, 5, responders, DeliveryReport::Accepted);
        if let Some(s) = receipt_s {
            tell(&mut ward, s, responders, DeliveryReport::Delivered);
        }
        ward.line.pass_to(second(61));
        assert_eq!(ward.told(DESK), [(expected_s, "webhook")], "{receipt_s:?}");
        let state = if receipt_s.is_some() { AlertState::Delivered } else { AlertState::Accepted };
        assert_eq!(ward.line.alerts[&responders].state, state, "a late receipt is taken down");
    }
}

#[test]
fn a_repeated_last_step_does_not_repeat_sooner_for_a_missing_receipt() {
    let mut ward = violation();
    ward.delivered(1);
    ward.line.pass_to(second(30));
    let responders = last_alert_to(&ward, RESPONDER);
    tell(&mut ward, 31, responders, DeliveryReport::Accepted);
    ward.line.pass_to(second(91));
    assert_eq!(ward.told(RESPONDER), [(30, "sms"), (90, "sms")]);
}

#[test]
fn that_nobody_takes_it_may_be_said_twice() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    let mut changed = unit();
    changed["unit"]["policy"][0]["danger"] = json!([{"to": "desk", "channel": "webhook", "wait_s": 60},
        {"to": "responder", "channel": "sms", "wait_s": 60}, {"to": "desk", "channel": "webhook", "wait_s": 60}]);
    ward.line.publish(second(-10), book(changed)).unwrap();
    ward.at(0, 0.0);
    let (hers, desk) = (last_alert_to(&ward, PERSON), last_alert_to(&ward, DESK));
    tell(&mut ward, 1, hers, DeliveryReport::Delivered);
    for s in [2, 3, 4] {
        tell(&mut ward, s, desk, DeliveryReport::NoSuccess);
    }
    let responders = last_alert_to(&ward, RESPONDER);
    tell(&mut ward, 5, responders, DeliveryReport::Delivered);
    ward.line.pass_to(second(59));
    assert_eq!((ward.told(DESK), ward.told(RESPONDER)), (vec![(0, "webhook")], vec![(2, "sms")]));
}

#[test]
fn whoever_is_out_of_reach_is_said_once_to_everybody_who_knows_and_to_who_is_next() {
    let mut ward = violation();
    let desk = last_alert_to(&ward, DESK);
    tell(&mut ward, 1, desk, DeliveryReport::Accepted);
    ward.line.pass_to(second(19));
    assert_eq!(unreached(&ward), [0_i64; 0]);
    ward.line.pass_to(second(20));
    assert_eq!(unreached(&ward), [20]);
    assert!(is_unreached(&ward));
    assert_eq!(ward.told(DESK), [(0, "webhook"), (20, "webhook")]);
    assert_eq!(ward.told(RESPONDER), [(20, "sms")]);
    for recipient in [DESK, RESPONDER] {
        assert_eq!(last_card(&ward, recipient), "violation at ROSE, person not reached: call them");
    }
    // Her provider goes on failing, and the last step repeats, for ten minutes.
    for s in (30..600).step_by(30) {
        let hers = last_alert_to(&ward, PERSON);
        tell(&mut ward, s, hers, DeliveryReport::NoSuccess);
    }
    assert_eq!(unreached(&ward), [20], "once");
    // Then a text gets through; and when the next ones do not, that is said again.
    let hers = last_alert_to(&ward, PERSON);
    tell(&mut ward, 600, hers, DeliveryReport::Accepted);
    assert!(!is_unreached(&ward));
    tell(&mut ward, 601, hers, DeliveryReport::Refused("receipt_failed".into()));
    assert_eq!(unreached(&ward), [20, 601]);
}

#[test]
fn staff_who_had_put_it_aside_are_told_that_she_is_out_of_reach() {
    for action in [Action::Own, Action::Act] {
        let mut ward = violation();
        let desk = last_alert_to(&ward, DESK);
        tell(&mut ward, 1, desk, DeliveryReport::Accepted);
        ward.officer(10, action);
        ward.line.pass_to(second(20));
        assert_eq!(unreached(&ward), [20]);
        assert_eq!(ward.told(DESK), [(0, "webhook"), (20, "webhook")]);
        assert_eq!(last_card(&ward, DESK), "violation at ROSE, person not reached: call them");
    }
}

#[test]
fn a_card_on_its_way_says_what_is_known_when_it_leaves() {
    let mut ward = violation();
    ward.line.pass_to(second(21));
    let told = "violation at ROSE, person not reached: call them";
    assert_eq!((last_card(&ward, DESK), last_card(&ward, RESPONDER)), (told, told));
    let hers = last_alert_to(&ward, PERSON);
    tell(&mut ward, 25, hers, DeliveryReport::Accepted);
    assert_eq!(
        (last_card(&ward, DESK), last_card(&ward, RESPONDER)),
        ("violation at ROSE", "violation at ROSE")
    );
}

#[test]
fn an_answer_shows_that_she_is_within_reach() {
    let mut ward = violation();
    ward.line.pass_to(second(20));
    assert!(is_unreached(&ward));
    ward.reply(30, person_phone(), "1");
    assert!(!is_unreached(&ward));
}

#[test]
fn every_way_to_her_is_tried_before_she_is_out_of_reach() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    let (mut changed, mut reached) = (unit(), person());
    changed["unit"]["policy"][0]["protected"] =
        json!([{"channel": "sms", "wait_s": 60}, {"channel": "webhook", "wait_s": 60}]);
    let webhook = json!({"channel": "webhook", "address": "https://example.org/p"});
    reached["person"]["contact"].as_array_mut().unwrap().push(webhook);
    ward.line.publish(second(-20), book(reached)).unwrap();
    ward.line.publish(second(-10), book(changed)).unwrap();
    ward.at(0, 0.0);
    let hers = last_alert_to(&ward, PERSON);
    tell(&mut ward, 2, hers, DeliveryReport::Refused("unknown_number".into()));
    assert_eq!(ward.told(PERSON), [(0, "sms"), (2, "webhook")]);
    assert_eq!(unreached(&ward), [0_i64; 0]);
    ward.line.pass_to(second(22));
    assert_eq!(unreached(&ward), [22]);
}

#[test]
fn receipts_that_are_late_doubled_out_of_order_or_for_nothing_change_nothing() {
    let mut ward = violation();
    let desk = last_alert_to(&ward, DESK);
    tell(&mut ward, 1, desk, DeliveryReport::Accepted);
    let hers = ward.line.alerts[&last_alert_to(&ward, PERSON)].clone();
    let receipt = |ward: &mut Ward, s, alert, raised_at: Timestamp, report| {
        ward.line.tell(second(s), Told::Receipt { alert, raised_at, report })
    };
    // Before the provider's answer.
    receipt(&mut ward, 1, hers.id, hers.raised_at, DeliveryReport::Delivered);
    tell(&mut ward, 2, hers.id, DeliveryReport::Accepted);
    assert_eq!(ward.line.alerts[&hers.id].state, AlertState::Delivered);
    let before = incident(&ward).clone();
    let never = DeliveryReport::Refused("receipt_failed".into());
    for report in [DeliveryReport::Delivered, never.clone()] {
        assert_eq!(receipt(&mut ward, 3, hers.id, hers.raised_at, report).refused, None);
    }
    let other_installation = hers.raised_at.plus_ms(-86_400_000);
    for (alert, raised_at) in [(hers.id, other_installation), (AlertId(999), hers.raised_at)] {
        let decision = receipt(&mut ward, 4, alert, raised_at, never.clone());
        assert_eq!(decision.refused, Some(Refused::NoSuchAlert(alert)));
    }
    assert_eq!(*incident(&ward), before);
    ward.at(60, 2_000.0);
    ward.at(130, 2_000.0);
    ward.officer(140, Action::Close(cordon::domain::Outcome::Test));
    let decision = receipt(&mut ward, 7_200, hers.id, hers.raised_at, DeliveryReport::Delivered);
    assert_eq!(decision.refused, Some(Refused::NoSuchAlert(hers.id)));
    assert!(!incident(&ward).is_open());
}
