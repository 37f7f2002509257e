//! Responders who are sent, and what is put aside for a while.

use cordon::{
    domain::{
        AlertState, Attendance, Attending, Handling, Happening, Incident, IncidentKind, MessageClass, Outcome,
    },
    engine::{Action, Decision, DeliveryReport, Refused, Told},
};
use serde_json::json;

use crate::ward::{Ward, book, fix, person_phone, responder_phone, second, tag, unit};

const RESPONDER: &str = "staff responder";

/// Somebody in the zone at noon, with a tag that then says nothing for an hour; a responder beside those whom the policy
/// tells.
fn violation() -> Ward {
    let mut ward = Ward::new();
    ward.promise(3_600);
    let mut unit = unit();
    unit["unit"]["staff"].as_array_mut().unwrap().push(json!({"id": "rita", "name": "Rita", "contact": [
        {"channel": "sms", "address": "+447700900077"}, {"channel": "voice", "address": "+447700900077"},
        {"channel": "webhook", "address": "http://127.0.0.1:1/"}]}));
    ward.line.publish(second(-30), book(unit)).unwrap();
    ward.at(0, 0.0);
    ward.delivered(1);
    ward
}

fn send(ward: &mut Ward, s: i64, responder: &str) -> Option<Refused> {
    ward.officer(s, Action::Send(responder.parse().unwrap())).refused
}

fn says(ward: &mut Ward, s: i64, responder: &str, stage: Attending) -> Decision {
    let incident = violation_of(ward).id;
    let by = responder.parse().unwrap();
    ward.line.tell(second(s), Told::Handle { incident, by, action: Action::Attend(stage) })
}

fn violation_of(ward: &Ward) -> &Incident {
    ward.line.incident(IncidentKind::Violation).unwrap()
}

fn stage(ward: &Ward, responder: &str) -> Option<Attending> {
    violation_of(ward).attendance(&responder.parse().unwrap()).map(Attendance::stage)
}

fn acted_by(who: &str) -> Handling {
    Handling::Acted { by: who.parse().unwrap() }
}

#[test]
fn whoever_is_sent_is_told_in_every_way_that_is_with_them_and_asked_to_answer() {
    let mut ward = violation();
    assert_eq!(send(&mut ward, 10, "rita"), None);
    let to_rita = ward.line.alerts.values().filter(|alert| alert.recipient.to_string() == "staff rita");
    let told: Vec<(&str, MessageClass)> =
        to_rita.map(|alert| (alert.channel.as_str(), alert.class)).collect();
    assert_eq!(told, [("sms", MessageClass::Sent), ("voice", MessageClass::Sent)]);
    assert_eq!(violation_of(&ward).handling, Handling::Owned { by: "desk".parse().unwrap() });
    assert_eq!(stage(&ward, "rita"), Some(Attending::Sent));
    // Nobody else is told meanwhile.
    ward.line.pass_to(second(69));
    assert!(ward.told(RESPONDER).is_empty());
}

#[test]
fn a_text_or_a_key_says_that_they_go_and_that_is_an_act() {
    let mut ward = violation();
    send(&mut ward, 10, "responder");
    ward.delivered(11);
    assert_eq!(ward.reply(20, responder_phone(), "1").refused, None);
    assert_eq!(stage(&ward, "responder"), Some(Attending::Accepted));
    assert_eq!(violation_of(&ward).handling, acted_by("responder"));
    let theirs = ward.line.alerts.values().filter(|alert| alert.class == MessageClass::Sent);
    assert!(theirs.into_iter().all(|alert| alert.state == AlertState::Acknowledged));
    let before = ward.line.alerts.values().filter(|alert| alert.class == MessageClass::Card).count();
    ward.line.pass_to(second(1_000));
    let after = ward.line.alerts.values().filter(|alert| alert.class == MessageClass::Card).count();
    assert_eq!(before, after, "somebody goes: the team is no longer told");
}

#[test]
fn whoever_does_not_answer_is_not_waited_for() {
    let mut ward = violation();
    send(&mut ward, 10, "rita");
    ward.delivered(11);
    ward.line.pass_to(second(70));
    assert_eq!(stage(&ward, "rita"), Some(Attending::NoAnswer));
    assert_eq!(violation_of(&ward).handling, Handling::Raised);
    assert_eq!(ward.told(RESPONDER), [(70, "sms")], "whoever is next is told");
    // They may still say that they go.
    assert_eq!(says(&mut ward, 90, "rita", Attending::EnRoute).refused, None);
    assert_eq!(violation_of(&ward).handling, acted_by("rita"));
}

#[test]
fn whoever_cannot_be_told_is_not_waited_for_either() {
    let mut ward = violation();
    send(&mut ward, 10, "rita");
    let waiting: Vec<_> = ward.line.engine.open_alerts().map(|alert| (alert.id, alert.class)).collect();
    let sent: Vec<_> =
        waiting.into_iter().filter(|(_, class)| *class == MessageClass::Sent).map(|(id, _)| id).collect();
    let fails = |ward: &mut Ward, s, alert| {
        let report = DeliveryReport::Refused("unknown-number".into());
        ward.line.tell(second(s), Told::Delivery { alert, report });
    };
    fails(&mut ward, 12, sent[0]);
    assert_eq!(stage(&ward, "rita"), Some(Attending::Sent), "the call may still reach her");
    fails(&mut ward, 13, sent[1]);
    assert_eq!(stage(&ward, "rita"), Some(Attending::NoAnswer));
    assert_eq!(ward.told(RESPONDER), [(13, "sms")]);
}

#[test]
fn whoever_cannot_go_leaves_it_to_the_team_unless_another_goes() {
    let mut ward = violation();
    send(&mut ward, 10, "rita");
    ward.delivered(11);
    says(&mut ward, 15, "rita", Attending::Declined);
    assert_eq!(violation_of(&ward).handling, Handling::Raised);
    let told_again = ward.told("staff desk");
    assert_eq!(told_again.last(), Some(&(15, "webhook")));
    // Two are sent; one goes: that one has acted once the other has answered, too.
    send(&mut ward, 20, "rita");
    send(&mut ward, 21, "responder");
    says(&mut ward, 25, "rita", Attending::Accepted);
    assert!(matches!(violation_of(&ward).handling, Handling::Owned { .. }), "the other has not answered");
    says(&mut ward, 26, "responder", Attending::Declined);
    assert_eq!(stage(&ward, "rita"), Some(Attending::Accepted));
    ward.line.pass_to(second(400));
    assert!(
        violation_of(&ward).timeline.iter().all(|entry| !matches!(entry.what, Happening::NoAnswer { .. })),
        "everybody has answered"
    );
    assert_eq!(violation_of(&ward).handling, acted_by("rita"));
}

#[test]
fn a_responder_goes_by_themselves_and_on_to_the_end() {
    let mut ward = violation();
    for (s, stage) in [(5, Attending::Accepted), (60, Attending::EnRoute), (300, Attending::OnScene)] {
        assert_eq!(says(&mut ward, s, "responder", stage).refused, None);
        assert_eq!(says(&mut ward, s + 1, "responder", stage).refused, Some(Refused::NoFurther));
    }
    assert_eq!(send(&mut ward, 310, "responder"), Some(Refused::Attends("responder".parse().unwrap())));
    assert_eq!(says(&mut ward, 400, "responder", Attending::EnRoute).refused, Some(Refused::NoFurther));
    assert_eq!(says(&mut ward, 500, "responder", Attending::Done).refused, None);
    assert_eq!(says(&mut ward, 501, "responder", Attending::Declined).refused, Some(Refused::NoFurther));
    let stages = &violation_of(&ward).attendances[0].stages;
    let since: Vec<i64> = stages.iter().map(|(_, at)| at.ms_since(second(0)) / 1_000).collect();
    assert_eq!(since, [5, 60, 300, 500]);
    assert!(violation_of(&ward).is_open(), "an officer closes it");
    // They can be sent once more.
    assert_eq!(send(&mut ward, 600, "responder"), None);
    assert_eq!(violation_of(&ward).attendances.len(), 2);
}

#[test]
fn nobody_can_be_sent_whom_the_rulebook_does_not_know_or_cannot_reach() {
    let mut ward = violation();
    assert_eq!(send(&mut ward, 5, "nobody"), Some(Refused::NoWayTo("nobody".parse().unwrap())));
    assert_eq!(says(&mut ward, 6, "responder", Attending::Declined).refused, Some(Refused::NoFurther));
    assert_eq!(says(&mut ward, 6, "responder", Attending::Done).refused, Some(Refused::NoFurther));
    assert!(violation_of(&ward).attendances.is_empty());
}

#[test]
fn whoever_goes_is_enough_once_another_has_had_their_time() {
    let mut ward = violation();
    send(&mut ward, 10, "rita");
    ward.delivered(11);
    // She asks for help: the team is told at once, and Rita's time runs out meanwhile.
    ward.reply(20, person_phone(), "2");
    assert_eq!(violation_of(&ward).handling, Handling::Raised);
    ward.line.pass_to(second(75));
    assert_eq!(stage(&ward, "rita"), Some(Attending::Sent));
    says(&mut ward, 76, "responder", Attending::Accepted);
    assert_eq!(violation_of(&ward).handling, acted_by("responder"));
}

/// An incident about a tag whose battery runs down: no danger.
fn battery() -> Ward {
    let mut ward = Ward::new();
    ward.promise(36_000);
    let mut ping = ward.ping(10, vec![fix(10, 5_000.0, 5.0)]);
    ping.battery_pct = 4;
    ward.line.ping(second(10), &tag(), ping);
    ward.delivered(11);
    ward
}

fn shelve(ward: &mut Ward, s: i64, minutes: u16, reason: &str) -> Option<Refused> {
    ward.officer(s, Action::Shelve { minutes, reason: reason.into() }).refused
}

#[test]
fn what_is_no_danger_is_shelved_for_a_while_and_comes_back_by_itself() {
    let mut ward = battery();
    for (minutes, reason) in [(0, "x"), (241, "x"), (10, " "), (10, "x".repeat(201).as_str())] {
        assert_eq!(shelve(&mut ward, 20, minutes, reason), Some(Refused::Shelf), "{minutes}");
    }
    assert_eq!(shelve(&mut ward, 20, 240, " He charges it at ten. "), None);
    let shelf = || ward.line.incidents.values().next().unwrap().shelf.clone();
    assert_eq!(shelf().unwrap().reason, "He charges it at ten.");
    let told = ward.told("staff desk");
    ward.line.pass_to(second(20 + 240 * 60 - 1));
    assert_eq!(ward.told("staff desk"), told, "nobody is told meanwhile");
    ward.line.pass_to(second(20 + 240 * 60));
    let incident = ward.line.incidents.values().next().unwrap();
    assert_eq!((&incident.handling, &incident.shelf), (&Handling::Raised, &None));
    assert_eq!(ward.told("staff desk").len(), told.len() + 1);
}

#[test]
fn danger_is_never_shelved() {
    let mut ward = violation();
    assert_eq!(shelve(&mut ward, 5, 10, "later"), Some(Refused::Danger));
}

#[test]
fn taking_it_in_hand_takes_it_off_the_shelf() {
    for action in [Action::Own, Action::Act, Action::Send("responder".parse().unwrap())] {
        let mut ward = battery();
        shelve(&mut ward, 20, 60, "later");
        ward.officer(30, action.clone());
        assert_eq!(ward.line.incidents.values().next().unwrap().shelf, None, "{action:?}");
    }
    // Also by somebody else than whoever put it there.
    let mut ward = battery();
    shelve(&mut ward, 20, 60, "later");
    let incident = *ward.line.incidents.keys().next().unwrap();
    let own = Told::Handle { incident, by: "responder".parse().unwrap(), action: Action::Own };
    assert_eq!(ward.line.tell(second(30), own).refused, None);
    assert_eq!(ward.line.incidents[&incident].shelf, None);
    let mut ward = battery();
    shelve(&mut ward, 20, 60, "later");
    ward.officer(30, Action::Note("still charging".into()));
    assert!(ward.line.incidents.values().next().unwrap().shelf.is_some());
    ward.officer(40, Action::Close(Outcome::Technical));
    assert_eq!(ward.line.incidents.values().next().unwrap().shelf, None);
}

fn take_over(ward: &mut Ward, s: i64, by: &str, from: &str) -> Option<Refused> {
    let incident = *ward.line.incidents.keys().next().unwrap();
    let action = Action::TakeOver { from: from.parse().unwrap() };
    ward.line.tell(second(s), Told::Handle { incident, by: by.parse().unwrap(), action }).refused
}

fn owner(ward: &Ward) -> Option<String> {
    ward.line.incidents.values().next().unwrap().owner().map(ToString::to_string)
}

#[test]
fn what_is_taken_over_from_whoever_acted_stays_acted_on() {
    let mut ward = violation();
    assert_eq!(
        take_over(&mut ward, 5, "responder", "desk"),
        Some(Refused::NotTheirs("desk".parse().unwrap()))
    );
    ward.officer(10, Action::Act);
    assert_eq!(take_over(&mut ward, 20, "desk", "desk"), Some(Refused::NotTheirs("desk".parse().unwrap())));
    assert_eq!(
        take_over(&mut ward, 20, "nobody", "desk"),
        Some(Refused::UnknownStaff("nobody".parse().unwrap()))
    );
    assert_eq!(take_over(&mut ward, 20, "responder", "desk"), None);
    assert_eq!(
        (owner(&ward).as_deref(), &violation_of(&ward).handling),
        (Some("responder"), &acted_by("desk"))
    );
    let from_to = Happening::HandedOver { from: "desk".parse().unwrap(), to: "responder".parse().unwrap() };
    assert_eq!(violation_of(&ward).timeline.last().unwrap().what, from_to);
    // Nobody is told again because it has changed hands.
    let told = ward.told(RESPONDER).len();
    ward.line.pass_to(second(600));
    assert_eq!(ward.told(RESPONDER).len(), told);
    // Whoever is second finds it with somebody else, and it can go back.
    assert_eq!(take_over(&mut ward, 610, "rita", "desk"), Some(Refused::NotTheirs("desk".parse().unwrap())));
    assert_eq!(take_over(&mut ward, 620, "desk", "responder"), None);
    assert_eq!((owner(&ward).as_deref(), &violation_of(&ward).keeper), (Some("desk"), &None));
    // Whoever acts anew has it.
    take_over(&mut ward, 630, "responder", "desk");
    ward.officer(640, Action::Act);
    assert_eq!(owner(&ward).as_deref(), Some("desk"));
}

#[test]
fn taking_over_gives_nobody_more_time() {
    let mut ward = violation();
    ward.officer(10, Action::Own);
    assert_eq!(take_over(&mut ward, 170, "responder", "desk"), None);
    assert_eq!(owner(&ward).as_deref(), Some("responder"));
    ward.line.pass_to(second(189));
    assert_eq!(owner(&ward).as_deref(), Some("responder"));
    ward.line.pass_to(second(190));
    assert_eq!(violation_of(&ward).handling, Handling::Raised, "three minutes from when it was first owned");

    let mut ward = battery();
    shelve(&mut ward, 20, 60, "later");
    assert_eq!(take_over(&mut ward, 30, "responder", "desk"), None);
    assert!(ward.line.incidents.values().next().unwrap().shelf.is_some(), "it stays where it is put aside");
    assert_eq!(owner(&ward).as_deref(), Some("responder"));
}
