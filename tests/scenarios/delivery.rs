//! What rings where, and when, in the language of phones: several ways at once, another supplier, a call, and those whom a
//! protected person has named; and what they answer.

use cordon::{
    domain::{
        AlertState, BROWSER_GONE, Channel, EscalationState, Handling, Incident, IncidentKind, Priority,
    },
    engine::{Action, DeliveryReport, Refused, ServiceReport, Told},
};
use serde_json::{Value, json};

use crate::ward::{Ward, book, case, person, person_phone, second, unit, wearer};

const PERSON: &str = "person p-1";
const ADVOCATE: &str = "staff advocate";
const ADVOCATES_PHONE: &str = "+447700900005";
const RESPONDER: &str = "staff responder";

/// The unit with an advocate and the policy of the field for protected persons.
fn full_unit() -> Value {
    let mut unit = unit();
    unit["unit"]["staff"].as_array_mut().unwrap().push(json!({"id": "advocate", "name": "Advocate",
        "contact": [{"channel": "sms", "address": ADVOCATES_PHONE}]}));
    unit["unit"]["policy"][0]["protected"] = json!([
        {"channel": "push", "wait_s": 0}, {"channel": "sms", "wait_s": 30}, {"channel": "second_sms", "wait_s": 30},
        {"channel": "voice", "wait_s": 60}, {"channel": "sms", "nominated": true, "wait_s": 0},
        {"channel": "voice", "wait_s": 120}]);
    unit
}

/// She has a browser, and a phone for texts and calls, and has named the advocate.
fn full_person() -> Value {
    let mut person = person();
    let keys =
        json!({"p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx", "auth": "BTBZMqHH6r4Tts7J_aSIgg"});
    let subscription = json!({"endpoint": "https://push.example/1", "keys": keys}).to_string();
    person["person"]["contact"] = json!([{"channel": "push", "address": subscription},
        {"channel": "sms", "address": person_phone()}, {"channel": "voice", "address": person_phone()}]);
    person["person"]["plan"] = json!({"nominated": ["advocate"], "duress_word": "marigold"});
    person
}

/// All of it published, and somebody in the zone at noon, with a tag that then says nothing for an hour.
fn violation_by(change: impl FnOnce(&mut Value)) -> Ward {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.line.publish(second(-10), book(full_unit())).unwrap();
    let mut person = full_person();
    change(&mut person["person"]);
    ward.line.publish(second(-9), book(person)).unwrap();
    ward.at(0, 0.0);
    ward
}

fn violation() -> Ward {
    violation_by(|_| {})
}

fn incident(ward: &Ward) -> &Incident {
    ward.line.incident(IncidentKind::Violation).unwrap()
}

fn report_newest(ward: &mut Ward, s: i64, on: Channel, report: DeliveryReport) {
    let alert = ward.line.alerts.values().rfind(|alert| alert.channel == on).unwrap().id;
    ward.line.tell(second(s), Told::Delivery { alert, report });
}

#[test]
fn nobody_answers_so_it_goes_from_screen_and_text_to_the_other_supplier_a_call_and_the_advocate() {
    let mut ward = violation();
    let mut expected = vec![(0, "push"), (0, "sms"), (30, "second_sms"), (60, "voice"), (120, "voice")];
    for s in [1, 31, 61, 121] {
        ward.delivered(s);
    }
    assert_eq!(ward.told(PERSON), expected);
    assert_eq!(ward.told(ADVOCATE), [(120, "sms")]);
    ward.delivered(241);
    ward.line.pass_to(second(361));
    expected.extend([(240, "voice"), (360, "voice")]);
    assert_eq!(ward.told(PERSON), expected, "the last step repeats");
    assert_eq!(ward.told(ADVOCATE), [(120, "sms")], "who goes together with it is told once");
}

#[test]
fn a_call_that_is_answered_with_2_shows_help_and_nothing_of_hers_rings_any_more() {
    let mut ward = violation();
    for s in [1, 31] {
        ward.delivered(s);
    }
    ward.line.pass_to(second(61));
    report_newest(&mut ward, 61, Channel::Voice, DeliveryReport::Delivered);
    ward.officer(62, Action::Own);
    ward.reply(70, person_phone(), "2");
    let answered = incident(&ward).timeline.iter().any(
        |entry| matches!(&entry.what, cordon::domain::Happening::Answered { answer, .. } if answer == "help"),
    );
    assert!(answered);
    assert_eq!(incident(&ward).handling, Handling::Raised, "help is not put aside");
    let before = ward.told(PERSON);
    ward.line.pass_to(second(1_000));
    assert_eq!(ward.told(PERSON), before);
    assert!(ward.told(ADVOCATE).is_empty());
}

#[test]
fn a_call_that_rings_out_is_not_waited_for_and_a_text_that_was_on_its_phone_is() {
    let mut ward = violation();
    let refused = |reason: &str| DeliveryReport::Refused(reason.into());
    report_newest(&mut ward, 1, Channel::Sms, DeliveryReport::Delivered);
    report_newest(&mut ward, 2, Channel::Sms, refused("permanent-failure"));
    assert_eq!(ward.told(PERSON).len(), 2, "two stories of one text");
    ward.line.pass_to(second(31));
    report_newest(&mut ward, 31, Channel::SecondSms, DeliveryReport::Delivered);
    ward.line.pass_to(second(61));
    report_newest(&mut ward, 61, Channel::Voice, DeliveryReport::Accepted);
    report_newest(&mut ward, 63, Channel::Voice, DeliveryReport::Delivered);
    assert!(ward.told(ADVOCATE).is_empty());
    report_newest(&mut ward, 88, Channel::Voice, refused("no-answer"));
    assert_eq!(ward.told(ADVOCATE), [(88, "sms")], "not at 120 s");
    assert_eq!(ward.told(PERSON).last(), Some(&(88, "voice")));
    // What comes too late is no news.
    report_newest(&mut ward, 89, Channel::Sms, DeliveryReport::Delivered);
    assert_eq!(ward.told(PERSON).last(), Some(&(88, "voice")));
}

/// What the newest call has come to, in order, and when.
fn call_states(ward: &Ward) -> Vec<(AlertState, i64)> {
    let call = ward.line.alerts.values().rfind(|alert| alert.channel == Channel::Voice).unwrap().id;
    let of_call = |entry: &cordon::domain::Entry| match &entry.what {
        cordon::domain::Happening::Alert { alert, state, .. } if *alert == call => {
            Some((state.clone(), entry.at.ms_since(second(0)) / 1_000))
        }
        _ => None,
    };
    incident(ward).timeline.iter().filter_map(of_call).collect()
}

#[test]
fn a_call_that_was_picked_up_is_waited_for_as_one_that_rings_and_says_so() {
    use AlertState::{Accepted, Delivered, Expired, PickedUp, Waiting};
    // The provider's words may come in any order, and some not at all.
    for words in [
        &[(62, DeliveryReport::Accepted), (63, DeliveryReport::Delivered), (70, DeliveryReport::PickedUp)][..],
        &[(70, DeliveryReport::PickedUp), (71, DeliveryReport::Delivered), (72, DeliveryReport::Accepted)],
    ] {
        let mut ward = violation();
        for s in [1, 31] {
            ward.delivered(s);
        }
        ward.line.pass_to(second(61));
        for (s, report) in words {
            report_newest(&mut ward, *s, Channel::Voice, report.clone());
        }
        let all = [(Waiting, 60), (Accepted, 62), (Delivered, 63), (PickedUp, 70)];
        let expected = if words[0].0 == 62 { &all[..] } else { &[(Waiting, 60), (PickedUp, 70)] };
        assert_eq!(call_states(&ward), expected);
        ward.line.pass_to(second(119));
        assert!(ward.told(ADVOCATE).is_empty(), "somebody is on the phone");
        // It was a mailbox, or nobody pressed a key.
        report_newest(&mut ward, 119, Channel::Voice, DeliveryReport::Refused("no_key".into()));
        assert_eq!(ward.told(ADVOCATE), [(119, "sms")]);
        let ended = ward.line.alerts.values().filter(|alert| alert.channel == Channel::Voice);
        assert!(ended.clone().any(|alert| alert.state == Expired("no_key".into())));
    }
    // A text cannot be picked up.
    let mut ward = violation();
    report_newest(&mut ward, 1, Channel::Sms, DeliveryReport::PickedUp);
    let text = ward.line.alerts.values().rfind(|alert| alert.channel == Channel::Sms).unwrap();
    assert_eq!(text.state, Waiting);
}

#[test]
fn whoever_lets_every_call_ring_out_is_out_of_reach_once_until_they_answer() {
    let mut ward = violation_by(|person| person["plan"]["shape"] = json!("call_only"));
    ward.officer(3, Action::Own);
    let unreached = |ward: &Ward| {
        let of =
            |what: &cordon::domain::Happening| matches!(what, cordon::domain::Happening::Unreached { .. });
        incident(ward).timeline.iter().filter(|entry| of(&entry.what)).count()
    };
    // The second is the last step of hers, which then repeats.
    for (s, times) in [(4, 0), (34, 1), (154, 1)] {
        ward.line.pass_to(second(s));
        report_newest(&mut ward, s, Channel::Voice, DeliveryReport::Accepted);
        report_newest(&mut ward, s + 1, Channel::Voice, DeliveryReport::Delivered);
        report_newest(&mut ward, s + 26, Channel::Voice, DeliveryReport::Refused("no-answer".into()));
        assert_eq!(unreached(&ward), times, "{s}");
        if s == 34 {
            assert_eq!(incident(&ward).handling, Handling::Raised, "the officer must know");
            ward.officer(62, Action::Own);
        }
    }
    assert!(matches!(incident(&ward).handling, Handling::Owned { .. }), "and knows it already");
    assert!(incident(&ward).escalations.iter().any(|escalation| escalation.unreached));
    ward.reply(190, person_phone(), "1");
    assert!(!incident(&ward).escalations.iter().any(|escalation| escalation.unreached));
}

#[test]
fn that_an_officer_owns_it_does_not_stop_her_call() {
    let mut ward = violation();
    ward.officer(5, Action::Own);
    ward.delivered(1);
    ward.delivered(31);
    ward.line.pass_to(second(60));
    assert!(ward.told(PERSON).contains(&(60, "voice")));
}

#[test]
fn a_screen_that_nobody_can_reach_hastens_nothing_and_a_text_that_fails_does() {
    let mut ward = violation();
    report_newest(&mut ward, 1, Channel::Push, DeliveryReport::Refused("gone".into()));
    assert_eq!(ward.told(PERSON).len(), 2, "the text is on its way");
    report_newest(&mut ward, 2, Channel::Sms, DeliveryReport::Refused("unknown_number".into()));
    assert_eq!(ward.told(PERSON).last(), Some(&(2, "second_sms")));
}

#[test]
fn a_browser_that_is_gone_is_a_job_until_there_is_another() {
    // A provider that is not there says nothing of her browser.
    let mut ward = violation();
    report_newest(&mut ward, 1, Channel::Push, DeliveryReport::Refused("no_provider".into()));
    assert!(ward.line.incident(IncidentKind::WayFails).is_none());
    // Nor does the end of a browser that she has no more.
    let mut ward = violation();
    let mut person = full_person();
    let other = person["person"]["contact"][0]["address"].as_str().unwrap().replace("/1", "/3");
    person["person"]["contact"][0]["address"] = json!(other);
    ward.line.publish(second(1), book(person)).unwrap();
    report_newest(&mut ward, 2, Channel::Push, DeliveryReport::Refused(BROWSER_GONE.into()));
    assert!(ward.line.incident(IncidentKind::WayFails).is_none());

    let mut ward = violation();
    report_newest(&mut ward, 1, Channel::Push, DeliveryReport::Refused(BROWSER_GONE.into()));
    let job = ward.line.incident(IncidentKind::WayFails).unwrap();
    assert_eq!((job.priority, job.ongoing), (Priority::P3, true));
    // Something else about them is not it.
    let mut person = full_person();
    person["person"]["plan"]["duress_word"] = json!("tulips");
    ward.line.publish(second(10), book(person.clone())).unwrap();
    assert!(ward.line.incident(IncidentKind::WayFails).unwrap().ongoing);
    let other = full_person()["person"]["contact"][0]["address"].as_str().unwrap().replace("/1", "/2");
    person["person"]["contact"][0]["address"] = json!(other);
    ward.line.publish(second(20), book(person)).unwrap();
    let job = ward.line.incident(IncidentKind::WayFails).unwrap();
    assert!(!job.ongoing && job.is_open(), "whoever took it up closes it");
}

#[test]
fn an_outage_moves_what_waits_and_all_that_follows_to_the_other_supplier_at_once() {
    let mut ward = violation();
    let outage =
        |up| Told::Service(ServiceReport::Provider { channel: Channel::Sms, up, reason: "http_503".into() });
    ward.line.tell(second(3), outage(false));
    assert_eq!(ward.told(PERSON).last(), Some(&(3, "second_sms")), "what waits");
    assert_eq!(ward.line.incident(IncidentKind::ProviderFails).unwrap().priority, Priority::P2);

    // Another wearer, another case, while it lasts.
    let mut case = case();
    case["case"]["id"] = json!("c-2");
    case["case"]["wearer"] = json!("w-2");
    case["case"]["zone"][0]["id"] = json!("z-2");
    ward.line.publish(second(4), book(wearer("w-2", "sim/t2"))).unwrap();
    ward.line.publish(second(5), book(case)).unwrap();
    let known = ward.told(PERSON).len();
    let ping = ward.ping(10, vec![crate::ward::fix(10, 0.0, 5.0)]);
    ward.line.ping(second(10), &"sim/t2".parse().unwrap(), ping);
    assert_eq!(ward.told(PERSON)[known..], [(10, "push"), (10, "sms"), (10, "second_sms")]);
    let texts = ward.line.alerts.values().filter(|alert| alert.channel == Channel::Sms);
    assert!(texts.clone().all(|alert| alert.state == AlertState::Waiting), "none is dropped");
    assert!(texts.count() > 1);
}

#[test]
fn her_shape_says_how_danger_is_told_and_never_whether() {
    let told = |shape: &str| {
        let mut ward = violation_by(|person| person["plan"]["shape"] = json!(shape));
        for s in [1, 31, 61, 91, 121] {
            ward.delivered(s);
        }
        (ward.told(PERSON), ward.told(ADVOCATE))
    };
    let (hers, advocates) = told("silent");
    assert_eq!(hers, [(0, "push"), (0, "sms"), (30, "second_sms")]);
    assert_eq!(advocates, [(60, "sms"), (120, "sms")], "the last step repeats");
    let (hers, advocates) = told("call_only");
    assert_eq!((hers, advocates), (vec![(0, "voice"), (60, "voice")], vec![(60, "sms")]));
    let (hers, advocates) = told("advocate_first");
    assert_eq!(advocates, [(0, "sms")]);
    assert_eq!(hers[..2], [(20, "push"), (20, "sms")]);
}

#[test]
fn who_has_fewer_ways_is_told_by_those_and_sooner() {
    let mut ward = violation_by(|person| {
        person["contact"] = json!([{"channel": "sms", "address": person_phone()}]);
        person["plan"] = json!({});
    });
    ward.delivered(1);
    ward.delivered(31);
    ward.line.pass_to(second(61));
    assert_eq!(ward.told(PERSON), [(0, "sms"), (30, "second_sms"), (60, "second_sms")]);
}

#[test]
fn the_advocate_who_takes_care_of_her_ends_her_escalation_and_takes_no_incident() {
    let mut ward = violation();
    for s in [1, 31, 61, 121] {
        ward.delivered(s);
    }
    ward.reply(130, ADVOCATES_PHONE, "2");
    assert_eq!(incident(&ward).handling, Handling::Raised, "neither mine nor acted");
    assert_eq!(incident(&ward).escalations[1].state, EscalationState::Ended);
    let before = ward.told(PERSON);
    ward.line.pass_to(second(600));
    assert_eq!(ward.told(PERSON), before);
    assert!(ward.told(RESPONDER).len() > 1, "the response team is still told");
}

#[test]
fn whoever_is_of_the_response_team_too_takes_the_incident_and_her_call_goes_on() {
    let mut ward = violation_by(|person| person["plan"]["nominated"] = json!(["responder"]));
    for s in [1, 31, 61, 121] {
        ward.delivered(s);
    }
    ward.reply(130, crate::ward::responder_phone(), "1");
    assert!(matches!(incident(&ward).handling, Handling::Owned { .. }));
    ward.line.pass_to(second(241));
    assert!(ward.told(PERSON).contains(&(240, "voice")));
}

#[test]
fn her_own_words_are_sent_until_they_would_name_somebody() {
    let words = "Robin sings tonight";
    let mut ward = violation_by(|person| person["plan"]["words"] = json!({"danger": words}));
    let sent = |ward: &Ward| {
        let mut theirs = ward.line.alerts.values().filter(|alert| alert.recipient.to_string() == PERSON);
        theirs.next_back().unwrap().own_words.clone()
    };
    assert_eq!(sent(&ward).as_deref(), Some(words));
    let mut named = wearer("w-1", "sim/t1");
    named["wearer"]["name"] = json!("Robin Example");
    ward.line.publish(second(5), book(named)).unwrap();
    ward.delivered(6);
    ward.line.pass_to(second(31));
    assert_eq!(sent(&ward), None);
}

#[test]
fn help_at_any_time_is_danger_and_other_words_out_of_nowhere_are_refused() {
    let mut ward = Ward::new();
    let refused = ward.reply(5, person_phone(), "hello");
    assert_eq!(refused.refused, Some(Refused::UnexpectedReply));
    ward.reply(10, person_phone(), "Help me");
    let call = ward.line.incident(IncidentKind::CallForHelp).unwrap();
    assert_eq!((call.priority, call.handling.clone()), (Priority::P1, Handling::Raised));
    assert_eq!(ward.told("staff desk"), [(10, "webhook")]);
    assert!(ward.told(PERSON).is_empty(), "nothing rings at hers");
    ward.reply(400, person_phone(), "HELP");
    assert!(ward.told("staff desk").contains(&(400, "webhook")), "whoever calls again has not been helped");
}

#[test]
fn a_duress_word_looks_like_all_is_well_and_calls_for_help_without_a_sound() {
    let mut ward = violation();
    ward.delivered(1);
    ward.reply(10, person_phone(), " Marigold.");
    let duress = ward.line.incident(IncidentKind::Duress).unwrap();
    assert_eq!(duress.priority, Priority::P1);
    let before = ward.told(PERSON);
    ward.line.pass_to(second(600));
    assert_eq!(ward.told(PERSON), before, "as after any answer");
    let violation = incident(&ward);
    let shown = serde_json::to_string(&violation.timeline).unwrap();
    assert!(shown.contains("safe") && !shown.to_lowercase().contains("marigold"));
    // And when nothing was asked.
    let mut ward = violation_by(|_| {});
    ward.officer(5, Action::Act);
    ward.reply(6, person_phone(), "1");
    ward.reply(300, person_phone(), "marigold");
    assert!(ward.line.incident(IncidentKind::Duress).is_some());
}

#[test]
fn a_duress_key_and_the_word_on_a_page_are_heard_like_the_word_in_a_text() {
    let keyed = |person: &mut Value| person["plan"]["duress_key"] = json!("7");
    let mut ward = violation_by(keyed);
    ward.delivered(1);
    let press = |ward: &mut Ward, s: i64, key: &str| {
        ward.line.tell(second(s), Told::Pressed { from: person_phone().into(), key: key.into() })
    };
    // Any other key says nothing: whoever presses it hears the message again.
    assert_eq!(press(&mut ward, 5, "8").refused, Some(Refused::UnexpectedReply));
    assert!(ward.line.incident(IncidentKind::Duress).is_none());
    assert_eq!(press(&mut ward, 10, "7").refused, None);
    as_after_safe(ward);

    let mut ward = violation_by(keyed);
    ward.delivered(1);
    let alert = ward.line.alerts.values().find(|alert| alert.recipient.to_string() == PERSON).unwrap();
    let (alert, raised_at) = (alert.id, alert.raised_at);
    let told = Told::Answer { alert, raised_at, text: "MARIGOLD".into() };
    assert_eq!(ward.line.tell(second(10), told).refused, None);
    as_after_safe(ward);

    // On the page of what is over.
    let mut ward = violation_by(keyed);
    let person = || "p-1".parse().unwrap();
    let wrote = |ward: &mut Ward, s: i64, text: &str| {
        ward.line.tell(second(s), Told::Wrote { person: person(), text: text.into() }).refused
    };
    assert_eq!(wrote(&mut ward, 10, "thanks"), Some(Refused::UnexpectedReply));
    assert_eq!(wrote(&mut ward, 11, "marigold"), None);
    assert!(ward.line.incident(IncidentKind::Duress).is_some());
    assert_eq!(wrote(&mut ward, 12, "help me"), None);
    assert!(ward.line.incident(IncidentKind::CallForHelp).is_some());
}

/// Nothing shows that it was no "1", and somebody comes.
fn as_after_safe(mut ward: Ward) {
    assert_eq!(ward.line.incident(IncidentKind::Duress).unwrap().priority, Priority::P1);
    let before = ward.told(PERSON);
    ward.line.pass_to(second(600));
    assert_eq!(ward.told(PERSON), before, "as after any answer");
    let shown = serde_json::to_string(&incident(&ward).timeline).unwrap();
    assert!(shown.contains("safe") && !shown.to_lowercase().contains("marigold"));
}

#[test]
fn what_is_sent_says_whom_it_is_from_and_whether_it_may_sound() {
    let mut ward = violation_by(|person| {
        person["plan"]["sender"] = json!("choir");
        person["plan"]["shape"] = json!("silent");
    });
    ward.line.pass_to(second(300));
    for alert in ward.line.alerts.values() {
        let is_hers = alert.recipient.to_string() == PERSON;
        assert_eq!(alert.sender.as_ref().map(|label| label.as_str()), is_hers.then_some("choir"));
        assert_eq!(alert.silent, is_hers, "whoever helps her is woken");
    }
}

#[test]
fn a_plan_that_cannot_be_kept_is_refused_with_what_to_do() {
    let mut ward = Ward::new();
    ward.line.publish(second(-10), book(full_unit())).unwrap();
    let mut refusal = |change: &dyn Fn(&mut Value)| {
        let mut person = full_person();
        change(&mut person["person"]);
        match ward.line.publish(second(-9), book(person)) {
            Err(refused) => refused.to_string(),
            Ok(()) => String::new(),
        }
    };
    assert_eq!(refusal(&|_| {}), "");
    for (says, change) in [
        (
            "nominates 'nobody'",
            &(|p: &mut Value| p["plan"]["nominated"] = json!(["nobody"])) as &dyn Fn(&mut Value),
        ),
        ("nobody is nominated", &|p| p["plan"] = json!({"shape": "advocate_first"})),
        ("no contact for voice", &|p| {
            p["plan"] = json!({"shape": "call_only"});
            p["contact"] = json!([{"channel": "sms", "address": person_phone()}]);
        }),
        ("a duress word has", &|p| p["plan"]["duress_word"] = json!("help")),
        ("a duress word has", &|p| p["plan"]["duress_word"] = json!("7042")),
        ("a duress key is", &|p| p["plan"]["duress_key"] = json!("1")),
        ("a duress key is", &|p| p["plan"]["duress_key"] = json!("9")),
        ("a duress key is", &|p| p["plan"]["duress_key"] = json!("77")),
        ("it says 'police'", &|p| p["plan"]["words"] = json!({"danger": "The police come"})),
        ("it has", &|p| p["plan"]["words"] = json!({"danger": "x ".repeat(60)})),
        ("it names somebody", &|p| p["plan"]["words"] = json!({"danger": "Ring the person at 5"})),
        ("goes to the number of sms", &|p| {
            p["contact"] = json!([{"channel": "second_sms", "address": person_phone()}]);
        }),
        ("what a browser gives", &|p| p["contact"][0]["address"] = json!("https://push.example/1")),
        ("for which they have no contact", &|p| p["contact"] = json!([p["contact"][0].clone()])),
    ] {
        let problems = refusal(change);
        assert!(problems.contains(says), "{says}: {problems}");
    }
    let mut unit = full_unit();
    unit["unit"]["policy"][0]["protected"] = json!([{"channel": "sms", "wait_s": 0}]);
    assert!(ward.line.publish(second(-8), book(unit)).is_err(), "the last step would come again at once");
}
