//! Ways in which an alert could go missing, each told to its end.

use cordon::{
    domain::{Accuracy, IncidentKind, Source, TagEventKind},
    engine::{Action, Told},
    geometry::{LatLon, offset},
    lab::Course,
};
use serde_json::json;

use crate::ward::{NOON, Ward, book, case, fix, person, person_phone, second, tag, unit, wearer};

const PERSON: &str = "person p-1";
const DESK: &str = "staff desk";
const RESPONDER: &str = "staff responder";

/// Everybody has dealt with it.
fn deal_with(ward: &mut Ward, s: i64) {
    ward.officer(s, Action::Act);
    ward.reply(s, person_phone(), "1");
}

#[test]
fn coming_back_by_way_of_the_warning_zone_is_raised_again() {
    let mut ward = Ward::new();
    ward.at(0, 0.0);
    deal_with(&mut ward, 5);
    for (s, east_m) in [(15, 900.0), (80, 900.0), (140, 450.0), (170, 0.0)] {
        ward.at(s, east_m);
    }
    assert_eq!(ward.told(PERSON), [(0, "sms"), (170, "sms")]);
    assert_eq!(ward.told(DESK), [(0, "webhook"), (170, "webhook")]);
}

#[test]
fn a_late_fix_that_shows_the_wearer_had_left_does_not_hide_the_return() {
    let mut ward = Ward::new();
    ward.at(0, 0.0);
    deal_with(&mut ward, 5);
    ward.at(100, 900.0);
    ward.at(130, 450.0);
    ward.fix(131, 30, 900.0, 5.0);
    assert!(!ward.line.incident(IncidentKind::Violation).unwrap().ongoing);
    ward.at(200, 0.0);
    assert_eq!(ward.told(PERSON), [(0, "sms"), (200, "sms")]);
}

#[test]
fn silence_after_a_blind_spell_is_told_again_and_so_is_the_next_blind_spell() {
    let mut ward = Ward::new();
    ward.promise(60);
    ward.at(0, 1_000.0);
    ward.line.pass_to(second(400));
    assert!(ward.line.incident(IncidentKind::Blind).is_some());
    ward.officer(401, Action::Act);
    // Heard and seen again, far away; then silent: first lost, and out of sight 653 s after the last fix.
    ward.at(410, 10_000.0);
    let told = ward.told(DESK).len();
    ward.line.pass_to(second(600));
    assert_eq!(ward.told(DESK).len(), told + 1, "lost");
    ward.officer(601, Action::Act);
    ward.line.pass_to(second(1_100));
    assert_eq!(ward.told(DESK).len(), told + 2, "blind");
}

fn with_radius(radius_m: f64) -> cordon::domain::Book {
    let mut case = case();
    case["case"]["zone"][0]["shape"]["circle"]["radius_m"] = json!(radius_m);
    book(case)
}

#[test]
fn a_zone_redrawn_away_from_the_wearer_alerts_when_they_enter_it() {
    let mut ward = Ward::new();
    ward.at(0, 120.0);
    deal_with(&mut ward, 5);
    ward.line.publish(second(30), with_radius(50.0)).unwrap();
    assert!(!ward.line.incident(IncidentKind::Violation).unwrap().ongoing);
    ward.at(60, 0.0);
    assert_eq!(ward.told(PERSON), [(0, "sms"), (60, "sms")]);
}

#[test]
fn a_zone_redrawn_around_the_wearer_carries_the_violation_on() {
    let mut ward = Ward::new();
    ward.at(0, 0.0);
    ward.line.publish(second(30), with_radius(250.0)).unwrap();
    ward.at(60, 0.0);
    ward.fix(61, 45, 0.0, 5.0);
    let incident = ward.line.incident(IncidentKind::Violation).unwrap();
    assert!(incident.ongoing);
    assert_eq!(incident.episodes[0].from, NOON);
    assert!(!incident.episodes[0].disproved, "it was proven by the zone as it stood then");
    assert_eq!(ward.told(PERSON), [(0, "sms")]);
}

#[test]
fn her_calls_for_help_never_hold_the_escalation_back() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.at(0, 0.0);
    for s in [10, 28, 45] {
        ward.reply(s, person_phone(), "2");
    }
    ward.line.pass_to(second(60));
    let first = ward.told(RESPONDER)[0].0;
    assert!(first <= 30, "{first}");
}

#[test]
fn whatever_she_answers_but_safe_rouses_staff() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.at(0, 0.0);
    ward.delivered(1);
    ward.officer(10, Action::Act);
    ward.reply(30, person_phone(), "help me");
    assert_eq!(ward.told(DESK).last(), Some(&(30, "webhook")));
}

#[test]
fn help_from_the_number_that_was_told_counts_although_it_has_been_replaced_since() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.at(0, 0.0);
    ward.delivered(1);
    ward.officer(10, Action::Act);
    let mut moved = person();
    moved["person"]["contact"][0]["address"] = json!("+447700900009");
    ward.line.publish(second(20), book(moved)).unwrap();
    let answered = ward.reply(30, person_phone(), "2");
    assert_eq!(answered.refused, None);
    assert_eq!(ward.told(DESK).last(), Some(&(30, "webhook")));
}

/// A second policy beside the first, which tells persons by webhook.
fn other_policy() -> serde_json::Value {
    let mut unit = unit();
    let mut other = unit["unit"]["policy"][0].clone();
    other["id"] = json!("other");
    other["protected"] = json!([{"channel": "webhook", "wait_s": 60}]);
    unit["unit"]["policy"].as_array_mut().unwrap().push(other);
    unit
}

#[test]
fn an_incident_whose_policy_is_taken_out_goes_by_the_unit_s() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.at(0, 0.0);
    ward.delivered(1);
    let (mut both, mut moved, mut reached) = (other_policy(), case(), person());
    both["unit"]["default_policy"] = json!("other");
    moved["case"]["policy"] = json!("other");
    let webhook = json!({"channel": "webhook", "address": "https://example.org/p"});
    reached["person"]["contact"].as_array_mut().unwrap().push(webhook);
    let mut gone = both.clone();
    gone["unit"]["policy"].as_array_mut().unwrap().remove(0);
    for (s, value) in [(10, both), (11, reached), (12, moved), (13, gone)] {
        ward.line.publish(second(s), book(value)).unwrap();
    }
    ward.line.pass_to(second(31));
    assert_eq!(ward.told(RESPONDER), [(30, "sms")]);
}

#[test]
fn a_person_without_a_contact_for_a_step_is_reached_by_another() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.at(0, 0.0);
    let alert = ward.line.alerts.values().find(|a| a.recipient.to_string() == PERSON);
    let alert = alert.unwrap().id;
    let (mut moved, mut reached) = (case(), person());
    moved["case"]["policy"] = json!("other");
    let webhook = json!({"channel": "webhook", "address": "https://example.org/p"});
    reached["person"]["contact"].as_array_mut().unwrap().push(webhook.clone());
    let mut only = person();
    only["person"]["contact"] = json!([webhook]);
    for (s, value) in [(10, other_policy()), (11, reached), (12, moved), (13, only)] {
        ward.line.publish(second(s), book(value)).unwrap();
    }
    let report = cordon::engine::DeliveryReport::Accepted;
    ward.line.tell(second(14), Told::Delivery { alert, report });
    ward.line.pass_to(second(61));
    assert_eq!(ward.told(PERSON), [(0, "sms"), (60, "webhook")]);
}

#[test]
fn a_policy_that_cannot_reach_a_person_is_refused() {
    let mut ward = Ward::new();
    let mut changed = unit();
    changed["unit"]["policy"][0]["protected"] = json!([{"channel": "webhook", "wait_s": 60}]);
    let decision = ward.line.tell(second(10), Told::Publish(book(changed)));
    assert!(decision.refused.is_some());
}

#[test]
fn a_corrected_address_is_used_while_the_wrong_one_is_still_tried() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.at(0, 0.0);
    ward.line.pass_to(second(31));
    let mut corrected = unit();
    corrected["unit"]["staff"][1]["contact"][0]["address"] = json!("+447700900008");
    ward.line.publish(second(40), book(corrected)).unwrap();
    ward.line.pass_to(second(91));
    assert!(ward.line.alerts.values().any(|alert| alert.address == "+447700900008"));
}

#[test]
fn four_untrusted_fixes_a_second_prove_a_violation() {
    let mut ward = Ward::new();
    for quarter in 0..4 {
        let mut fixes = Vec::new();
        for i in 0..60 {
            let mut fix = fix(quarter * 15, 0.0, 25.0);
            fix.at = fix.at.plus_ms(i * 250);
            fixes.push(fix);
        }
        let sent = quarter * 15 + 15;
        let ping = ward.ping(sent, fixes);
        ward.line.ping(second(sent), &tag(), ping);
    }
    assert!(ward.line.incident(IncidentKind::Violation).is_some());
}

#[test]
fn a_wrong_fix_beside_every_right_one_does_not_hide_a_violation() {
    let mut ward = Ward::new();
    for (s, east_m) in [(0, 900.0), (60, 0.0), (75, 0.0), (90, 0.0), (105, 0.0)] {
        let mut wrong = fix(s, 20_000.0, 10.0);
        wrong.source = Source::Wifi;
        let ping = ward.ping(s, vec![fix(s, east_m, 5.0), wrong]);
        ward.line.ping(second(s), &tag(), ping);
    }
    assert!(ward.line.incident(IncidentKind::Violation).is_some());
}

#[test]
fn a_tag_that_has_never_seen_where_it_is_is_blind() {
    let mut ward = Ward::new();
    for s in (0..=300).step_by(60) {
        ward.event(s, TagEventKind::NoFix, false);
    }
    assert!(ward.line.incident(IncidentKind::Blind).is_some());
}

#[test]
fn a_source_that_comes_back_does_not_put_off_a_schedule() {
    let mut ward = Ward::with(|case| {
        case["case"]["zone"][0]["schedule"] = json!({"time_zone": "Europe/London",
            "spans": [{"days": "sat", "from": "12:10", "until": "13:00"}]});
    });
    ward.at(590, 0.0);
    for (s, up) in [(595, false), (598, true)] {
        let name = "lab".into();
        ward.line.tell(second(s), Told::Source { name, up });
    }
    ward.line.pass_to(second(640));
    assert_eq!(ward.told(PERSON), [(600, "sms")]);
}

#[test]
fn a_zone_that_begins_around_a_silent_wearer_is_not_overlooked() {
    let mut ward = Ward::with(|case| {
        case["case"]["zone"][0]["schedule"] = json!({"time_zone": "Europe/London",
            "spans": [{"days": "sat", "from": "13:10", "until": "14:00"}]});
    });
    ward.at(0, 2_000.0);
    ward.line.pass_to(second(4_199));
    assert_eq!(ward.line.incident(IncidentKind::Blind), None, "there is no zone yet");
    assert!(ward.line.incident(IncidentKind::LostContact).is_some());
    ward.line.pass_to(second(4_200));
    let blind = ward.line.incident(IncidentKind::Blind).unwrap();
    assert!(blind.ongoing, "they can be in it by now");
}

#[test]
fn an_old_violation_that_still_lasts_is_danger_at_once() {
    let mut ward = Ward::new();
    ward.promise(7_200);
    ward.at(0, 5_000.0);
    let fixes = (0..21).map(|i| fix(1_200 + 60 * i, 0.0, 5.0)).collect();
    let ping = ward.ping(2_400, fixes);
    ward.line.ping(second(2_400), &tag(), ping);
    assert_eq!(ward.told(PERSON), [(2_400, "sms")]);
}

#[test]
fn deafness_from_before_there_was_anybody_to_tell_is_told_to_the_first() {
    let mut line = Course::default();
    let sources = vec!["lab".into()];
    line.tell(second(0), Told::Started { sources });
    line.pass_to(second(60));
    assert!(line.incidents.is_empty());
    for value in [unit(), wearer("w-1", "sim/t1"), person(), case()] {
        line.publish(second(61), book(value)).unwrap();
    }
    line.pass_to(second(62));
    assert!(line.incident(IncidentKind::Deaf).is_some());
}

#[test]
fn accuracy_zero_is_unknown_and_far_from_perfect() {
    let far = offset(LatLon::new(53.48, -2.24).unwrap(), 90.0, 190.0);
    let mut ward = Ward::new();
    let mut vague = fix(0, 0.0, 5.0);
    (vague.position, vague.accuracy) = (far, Accuracy::Unknown);
    let ping = ward.ping(0, vec![vague]);
    ward.line.ping(second(0), &tag(), ping);
    assert!(ward.line.incident(IncidentKind::Violation).is_none());
}
