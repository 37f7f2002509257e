//! Stories of one wearer and one zone, told ping by ping, each ending in what people were told.

use cordon::{
    domain::{AlertState, Handling, IncidentKind, Outcome, Priority, TagEventKind},
    engine::{Action, DeliveryReport, Refused, Told},
};
use serde_json::json;

use crate::ward::{NOON, Ward, book, case, fix, person_phone, responder_phone, second, tag, wearer};

const PERSON: &str = "person p-1";
const DESK: &str = "staff desk";
const RESPONDER: &str = "staff responder";

#[test]
fn a_first_fix_inside_tells_the_person_and_the_desk_at_once() {
    let mut ward = Ward::new();
    ward.at(0, 0.0);
    assert_eq!(ward.told(PERSON), [(0, "sms")]);
    assert_eq!(ward.told(DESK), [(0, "webhook")]);
    let incident = ward.line.incident(IncidentKind::Violation).unwrap();
    assert_eq!((incident.priority, incident.episodes[0].from), (Priority::P1, NOON));
}

#[test]
fn an_approach_that_becomes_a_violation_is_one_incident() {
    let mut ward = Ward::new();
    ward.at(0, 900.0);
    assert!(ward.line.incidents.is_empty());
    ward.at(60, 400.0);
    assert_eq!(ward.line.incident(IncidentKind::Approach).unwrap().priority, Priority::P3);
    assert!(ward.told(PERSON).is_empty(), "an approach does not alarm the person");
    ward.at(90, 0.0);
    assert_eq!(ward.line.incidents.len(), 1);
    assert_eq!(ward.line.incident(IncidentKind::Violation).unwrap().priority, Priority::P1);
    assert_eq!(ward.told(PERSON), [(90, "sms")]);
}

#[test]
fn leaving_takes_two_fixes_a_minute_apart_and_closes_nothing() {
    let mut ward = Ward::new();
    ward.at(0, 0.0);
    ward.at(15, 400.0);
    ward.at(45, 400.0);
    assert!(ward.line.incident(IncidentKind::Violation).unwrap().ongoing);
    ward.at(75, 400.0);
    let incident = ward.line.incident(IncidentKind::Violation).unwrap();
    assert!(!incident.ongoing && incident.is_open());
}

#[test]
fn coming_back_is_raised_again_with_new_alerts_although_somebody_had_acted() {
    let mut ward = Ward::new();
    ward.at(0, 0.0);
    ward.officer(5, Action::Act);
    ward.reply(6, person_phone(), "1");
    ward.at(15, 600.0);
    ward.at(80, 600.0);
    ward.at(140, 0.0);
    let incident = ward.line.incident(IncidentKind::Violation).unwrap();
    assert_eq!((ward.line.incidents.len(), &incident.handling), (1, &Handling::Raised));
    assert_eq!(incident.episodes.len(), 2);
    assert_eq!(ward.told(PERSON), [(0, "sms"), (140, "sms")]);
    assert_eq!(ward.told(DESK), [(0, "webhook"), (140, "webhook")]);
}

#[test]
fn coming_back_by_way_of_the_warning_zone_is_raised_again() {
    let mut ward = Ward::new();
    ward.at(0, 0.0);
    ward.at(15, 900.0);
    ward.at(80, 900.0);
    ward.at(140, 400.0);
    ward.at(200, 0.0);
    assert_eq!(ward.told(PERSON), [(0, "sms"), (200, "sms")]);
}

#[test]
fn a_tag_lost_again_is_raised_again() {
    let mut ward = Ward::new();
    ward.at(0, 2_000.0);
    ward.line.pass_to(second(600));
    assert!(ward.line.incident(IncidentKind::Blind).is_some());
    ward.at(700, 20_000.0);
    let told = ward.told(DESK).len();
    ward.line.pass_to(second(900));
    assert!(ward.told(DESK).len() > told);
    let lost = ward.line.incident(IncidentKind::LostContact).unwrap();
    assert!(lost.ongoing && lost.id.0 == 1);
}

#[test]
fn a_late_violation_does_not_disturb_her_because_the_wearer_had_come_near() {
    let mut ward = Ward::new();
    ward.promise(7_200);
    ward.at(0, 5_000.0);
    ward.at(3_600, 400.0);
    ward.at(3_660, 5_000.0);
    for (i, taken_s) in [(0, 600), (1, 660), (2, 720)] {
        ward.fix(3_700 + i, taken_s, 0.0, 5.0);
    }
    ward.line.pass_to(second(3_800));
    assert!(ward.line.incident(IncidentKind::Violation).unwrap().late);
    assert!(ward.told(PERSON).is_empty());
}

#[test]
fn the_last_step_repeats_until_somebody_acts() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.at(0, 0.0);
    let alerts: Vec<_> = ward.line.alerts.keys().copied().collect();
    for alert in alerts {
        ward.line.tell(second(1), Told::Delivery { alert, report: DeliveryReport::Accepted });
    }
    for minute in 0..10 {
        ward.line.pass_to(second(30 + 60 * minute));
        let waiting: Vec<_> =
            ward.line.engine.open_alerts().filter(|a| a.state == AlertState::Waiting).map(|a| a.id).collect();
        for alert in waiting {
            ward.line
                .tell(second(31 + 60 * minute), Told::Delivery { alert, report: DeliveryReport::Accepted });
        }
        assert!(ward.line.engine.next_deadline().is_some());
    }
    assert_eq!(ward.told(DESK), [(0, "webhook")]);
    let responder: Vec<(i64, &str)> = (0..10).map(|minute| (30 + 60 * minute, "sms")).collect();
    assert_eq!(ward.told(RESPONDER), responder);
    ward.officer(600, Action::Act);
    ward.line.pass_to(second(3_000));
    assert_eq!(ward.told(RESPONDER).len(), 10, "nobody is told after somebody has acted");
}

#[test]
fn a_refused_channel_starts_the_next_step_at_once() {
    for report in [DeliveryReport::Refused("http_400".into()), DeliveryReport::NoSuccess] {
        let mut ward = Ward::new();
        ward.at(0, 0.0);
        let desk = ward.line.alerts.values().find(|alert| alert.recipient.to_string() == DESK).unwrap().id;
        ward.line.tell(second(2), Told::Delivery { alert: desk, report: report.clone() });
        assert_eq!(ward.told(RESPONDER), [(2, "sms")]);
        let refused = matches!(report, DeliveryReport::Refused(_));
        assert_eq!(
            ward.line.alerts[&desk].state == AlertState::Waiting,
            !refused,
            "the old one keeps trying"
        );
    }
}

#[test]
fn whoever_owns_it_has_three_minutes_to_act() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.at(0, 0.0);
    ward.delivered(1);
    ward.officer(10, Action::Own);
    ward.line.pass_to(second(189));
    assert!(ward.told(RESPONDER).is_empty());
    ward.line.pass_to(second(191));
    assert_eq!(ward.told(RESPONDER), [(190, "sms")]);
    assert_eq!(ward.line.incident(IncidentKind::Violation).unwrap().handling, Handling::Raised);
}

#[test]
fn her_answer_ends_her_escalation_and_not_the_staff_s() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.at(0, 0.0);
    for alert in ward.line.alerts.keys().copied().collect::<Vec<_>>() {
        ward.line.tell(second(1), Told::Delivery { alert, report: DeliveryReport::Delivered });
    }
    ward.reply(20, person_phone(), "1");
    ward.line.pass_to(second(300));
    assert_eq!(ward.told(PERSON).len(), 1);
    assert!(!ward.told(RESPONDER).is_empty());
    assert!(ward.line.incident(IncidentKind::Violation).unwrap().is_open());
}

#[test]
fn her_call_for_help_rouses_staff_who_had_put_it_aside() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.at(0, 0.0);
    ward.delivered(1);
    ward.officer(10, Action::Act);
    ward.reply(30, person_phone(), "2 please");
    assert_eq!(ward.line.incident(IncidentKind::Violation).unwrap().handling, Handling::Raised);
    assert_eq!(ward.told(DESK).last(), Some(&(30, "webhook")));
}

#[test]
fn a_responder_takes_it_by_text() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.at(0, 0.0);
    ward.line.pass_to(second(31));
    ward.reply(40, responder_phone(), "1");
    let incident = ward.line.incident(IncidentKind::Violation).unwrap();
    assert_eq!(incident.handling, Handling::Owned { by: "responder".parse().unwrap() });
    let stranger = ward.reply(41, "+447700900999", "1");
    assert_eq!(stranger.refused, Some(Refused::UnexpectedReply));
}

#[test]
fn only_a_person_closes_and_a_closed_incident_tells_nobody() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.at(0, 0.0);
    // Whoever looked when it was over may close it when the wearer is back: then nobody would be told of them.
    let closed = ward.officer(10, Action::Close(Outcome::Excused));
    assert_eq!(closed.refused, Some(Refused::StillInside));
    assert_eq!(ward.line.engine.open_incidents().count(), 1);
    ward.at(60, 2_000.0);
    ward.at(130, 2_000.0);
    ward.officer(140, Action::Close(Outcome::Excused));
    assert_eq!(ward.line.engine.open_incidents().count(), 0);
    let told = (ward.told(PERSON), ward.told(DESK));
    ward.delivered(441);
    ward.line.pass_to(second(3_000));
    assert_eq!((ward.told(PERSON), ward.told(DESK)), told);
    assert!(ward.line.alerts.values().all(|alert| !alert.state.is_open()));
    let again = ward.officer(3_001, Action::Act);
    assert!(matches!(again.refused, Some(Refused::NoSuchIncident(_))));
}

#[test]
fn a_silent_tag_is_lost_and_blind_as_soon_as_its_wearer_could_be_there() {
    let mut ward = Ward::new();
    ward.promise(60);
    // 10 km away: 9,800 m to the border, 653 s at 15 m/s.
    ward.at(0, 10_000.0);
    ward.line.pass_to(second(179));
    assert!(ward.line.incidents.is_empty());
    ward.line.pass_to(second(181));
    assert_eq!(ward.line.incident(IncidentKind::LostContact).unwrap().priority, Priority::P2);
    ward.line.pass_to(second(660));
    let blind = ward.line.incident(IncidentKind::Blind).unwrap();
    assert_eq!((ward.line.incidents.len(), blind.priority), (1, Priority::P2));
    assert!(ward.told(PERSON).is_empty());
    ward.at(700, 10_000.0);
    assert!(!ward.line.incident(IncidentKind::Blind).unwrap().ongoing);
}

#[test]
fn a_tag_that_is_heard_and_sees_nothing_near_a_zone_is_blind() {
    let mut ward = Ward::new();
    ward.promise(20);
    ward.at(0, 700.0);
    for ping in 1..14 {
        ward.event(15 * ping, TagEventKind::NoFix, false);
    }
    // 500 m to the border take 33 s; a silence of 60 s would be tolerated, a hidden sky three minutes.
    let blind = ward.line.incident(IncidentKind::Blind).unwrap();
    assert_eq!(blind.raised_at, second(180));
    ward.at(210, 700.0);
    assert!(!ward.line.incident(IncidentKind::Blind).unwrap().ongoing);
}

#[test]
fn a_high_risk_wearer_gone_dark_near_a_zone_is_danger() {
    let mut ward = Ward::with(|case| case["case"]["risk"] = json!("high"));
    ward.promise(3_600);
    ward.at(0, 1_000.0);
    ward.line.pass_to(second(3_700));
    assert_eq!(ward.line.incident(IncidentKind::Blind).unwrap().priority, Priority::P1);
}

#[test]
fn our_own_deafness_is_one_incident_and_no_tag_s() {
    let mut ward = Ward::new();
    ward.promise(60);
    ward.at(0, 5_000.0);
    ward.line.tell(second(60), Told::Source { name: "lab".into(), up: false });
    ward.line.pass_to(second(3_600));
    let kinds = |ward: &Ward| -> Vec<IncidentKind> {
        let incidents = ward.line.incidents.values().filter(|incident| incident.kind.notice().is_none());
        incidents.map(|incident| incident.kind).collect()
    };
    assert_eq!(kinds(&ward), [IncidentKind::Deaf]);
    ward.line.tell(second(3_600), Told::Source { name: "lab".into(), up: true });
    ward.line.pass_to(second(3_629));
    assert_eq!(kinds(&ward), [IncidentKind::Deaf], "the backlog comes first");
    ward.line.pass_to(second(3_631));
    assert!(ward.line.incident(IncidentKind::Blind).is_some());
}

#[test]
fn a_cut_strap_stays_open_when_the_tag_says_it_is_closed_again() {
    let mut ward = Ward::new();
    ward.at(0, 5_000.0);
    ward.event(10, TagEventKind::StrapTamper, false);
    ward.event(20, TagEventKind::StrapTamper, true);
    let strap = ward.line.incident(IncidentKind::StrapTamper).unwrap();
    assert!(strap.is_open() && !strap.ongoing);
    ward.event(30, TagEventKind::CaseTamper, false);
    assert_eq!(ward.line.incidents.len(), 2, "another cause is another incident");
}

#[test]
fn a_second_call_for_help_is_raised_again_and_the_same_one_is_not() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.at(0, 5_000.0);
    ward.event(10, TagEventKind::Sos, false);
    ward.officer(20, Action::Act);
    let mut repeated = ward.ping(30, Vec::new());
    repeated.events.push(cordon::domain::TagEvent {
        at: second(10),
        kind: TagEventKind::Sos,
        restored: false,
    });
    ward.line.ping(second(30), &tag(), repeated);
    assert_eq!(ward.told(DESK), [(10, "webhook")]);
    ward.event(40, TagEventKind::Sos, false);
    assert_eq!(ward.told(DESK), [(10, "webhook"), (40, "webhook")]);
}

#[test]
fn a_flat_battery_never_reaches_the_person() {
    let mut ward = Ward::new();
    for (s, pct) in [(0, 25), (60, 19), (120, 12), (180, 4), (240, 3)] {
        let mut ping = ward.ping(s, vec![fix(s, 5_000.0, 5.0)]);
        ping.battery_pct = pct;
        ward.line.ping(second(s), &tag(), ping);
    }
    assert_eq!(ward.told(DESK), [(60, "webhook"), (180, "webhook")], "upkeep, then device");
    assert!(ward.told(PERSON).is_empty());
    let mut ping = ward.ping(300, vec![fix(300, 5_000.0, 5.0)]);
    (ping.battery_pct, ping.charging) = (5, true);
    ward.line.ping(second(300), &tag(), ping);
    assert!(!ward.line.incident(IncidentKind::LowBattery).unwrap().ongoing);
}

#[test]
fn a_schedule_that_begins_while_the_wearer_is_inside_alerts() {
    let mut ward = Ward::with(|case| {
        case["case"]["zone"][0]["schedule"] = json!({"time_zone": "Europe/London",
            "spans": [{"days": "sat", "from": "12:10", "until": "13:00"}]});
    });
    ward.at(590, 0.0);
    assert!(ward.line.incidents.is_empty());
    ward.line.pass_to(second(600));
    let incident = ward.line.incident(IncidentKind::Violation).unwrap();
    assert_eq!(incident.episodes[0].from, second(600));
    assert_eq!(ward.told(PERSON), [(600, "sms")]);
    ward.at(3_590, 0.0);
    ward.line.pass_to(second(3_600));
    assert!(!ward.line.incident(IncidentKind::Violation).unwrap().ongoing, "it no longer applies");
}

#[test]
fn a_fix_from_just_before_the_zone_began_does_not_alert_again() {
    let mut ward = Ward::with(|case| case["case"]["zone"] = json!([]));
    ward.at(0, 0.0);
    ward.line.publish(second(30), book(case())).unwrap();
    assert_eq!(ward.told(PERSON), [(30, "sms")]);
    // What the tag had kept arrives late, in order.
    for taken_s in [5, 15, 25] {
        ward.fix(35, taken_s, 0.0, 5.0);
    }
    assert_eq!(ward.told(PERSON).len(), 1, "the same stay");
    assert!(ward.line.incident(IncidentKind::Violation).unwrap().ongoing);
}

#[test]
fn a_zone_drawn_around_somebody_alerts() {
    let mut ward = Ward::with(|case| case["case"]["zone"] = json!([]));
    ward.at(0, 0.0);
    assert!(ward.line.incidents.is_empty());
    ward.line.publish(second(30), book(case())).unwrap();
    assert_eq!(ward.told(PERSON), [(30, "sms")]);
    ward.line.publish(second(40), book(case())).unwrap();
    assert_eq!(ward.told(PERSON).len(), 1, "publishing the same again changes nothing");
}

#[test]
fn a_zone_taken_away_ends_the_situation_and_not_the_incident() {
    let mut ward = Ward::new();
    ward.at(0, 0.0);
    let mut without = case();
    without["case"]["zone"] = json!([]);
    ward.line.publish(second(30), book(without)).unwrap();
    let incident = ward.line.incident(IncidentKind::Violation).unwrap();
    assert!(incident.is_open() && !incident.ongoing);
}

#[test]
fn a_buffered_violation_that_is_long_over_disturbs_staff_only() {
    let mut ward = Ward::new();
    ward.promise(3_600);
    ward.at(0, 5_000.0);
    // Two hours later the buffer comes, oldest first, and ends far away.
    for (i, (taken_s, east_m)) in
        [(600, 0.0), (700, 0.0), (1_000, 5_000.0), (7_190, 5_000.0)].into_iter().enumerate()
    {
        ward.fix(7_200 + i64::try_from(i).unwrap(), taken_s, east_m, 5.0);
    }
    ward.line.pass_to(second(7_300));
    let incident = ward.line.incident(IncidentKind::Violation).unwrap();
    assert!(incident.late);
    assert_eq!(incident.episodes[0].from, second(600));
    assert!(ward.told(PERSON).is_empty());
    assert!(!ward.told(DESK).is_empty());
}

#[test]
fn a_buffered_violation_that_nothing_newer_ends_becomes_danger() {
    let mut ward = Ward::new();
    ward.promise(7_200);
    ward.at(0, 5_000.0);
    ward.fix(7_200, 600, 0.0, 5.0);
    ward.line.pass_to(second(7_229));
    assert!(ward.told(PERSON).is_empty());
    ward.line.pass_to(second(7_231));
    assert_eq!(ward.told(PERSON), [(7_230, "sms")]);
}

#[test]
fn a_wide_fix_watches_and_does_not_alarm() {
    let mut ward = Ward::new();
    ward.fix(0, 0, 600.0, 300.0);
    ward.fix(60, 60, 600.0, 0.0);
    assert!(ward.line.incidents.is_empty());
    ward.fix(120, 120, 0.0, 100.0);
    assert!(ward.told(PERSON).is_empty(), "one untrusted fix proves nothing");
}

#[test]
fn crossing_between_two_fixes_is_seen() {
    let mut ward = Ward::new();
    ward.at(0, -450.0);
    ward.at(60, 450.0);
    let incident = ward.line.incident(IncidentKind::Violation).unwrap();
    let entered = incident.episodes[0].from;
    assert!(second(14) < entered && entered < second(20), "{entered}");
}

#[test]
fn pings_outside_the_basis_are_not_judged() {
    let mut ward = Ward::with(|case| case["case"]["basis"]["until"] = json!("2026-03-07T12:05:00Z"));
    ward.promise(3_600);
    ward.at(0, 5_000.0);
    ward.at(400, 0.0);
    ward.line.pass_to(second(10_000));
    assert!(ward.line.incidents.is_empty());
}

#[test]
fn a_fix_belongs_to_whoever_wore_the_tag_at_its_time() {
    let mut ward = Ward::new();
    let mut first = wearer("w-1", "sim/t1");
    first["wearer"]["tag"][0]["until"] = json!("2026-03-07T12:05:00Z");
    let mut second_wearer = wearer("w-2", "sim/t1");
    second_wearer["wearer"]["tag"][0]["from"] = json!("2026-03-07T12:05:00Z");
    ward.line.publish(NOON, book(first)).unwrap();
    ward.line.publish(NOON, book(second_wearer)).unwrap();
    // One ping after the swap: a fix from before it inside the zone, one from after it.
    let ping = ward.ping(310, vec![fix(290, 0.0, 5.0), fix(310, 0.0, 5.0)]);
    ward.line.ping(second(310), &tag(), ping);
    let subjects: Vec<String> = ward.line.incidents.values().map(|i| format!("{:?}", i.subject)).collect();
    assert_eq!(subjects, ["Wearer(w-1)"], "w-2 has no case");
}

#[test]
fn a_ping_that_comes_twice_is_acknowledged_twice_and_judged_once() {
    let mut ward = Ward::new();
    let ping = ward.ping(0, vec![fix(0, 0.0, 5.0)]);
    let first = ward.line.ping(second(0), &tag(), ping.clone());
    let again = ward.line.ping(second(1), &tag(), ping);
    assert_eq!(first.receipt, again.receipt);
    assert!(again.is_duplicate && again.incidents.is_empty() && again.lines.is_empty());
}

#[test]
fn a_tag_whose_clock_is_ahead_is_judged_all_the_same() {
    let mut ward = Ward::new();
    let ping = ward.ping(86_400, vec![fix(86_400, 0.0, 5.0)]);
    ward.line.ping(second(0), &tag(), ping);
    assert_eq!(ward.told(PERSON), [(0, "sms")]);
}
