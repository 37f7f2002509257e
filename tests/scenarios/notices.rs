//! What a protected person hears beside danger: that protection is weak, that all is as usual again, and tests. Never
//! beside danger, never twice, and never lost without somebody who knows.

use cordon::{
    domain::{
        Alert, AlertState, Channel, EscalationState, Handling, IncidentKind, MessageClass, Outcome, Priority,
        Stage, TagEventKind,
    },
    engine::{Action, DeliveryReport, Told},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::ward::{Ward, book, case, fix, person, person_phone, second, unit, wearer};

const PERSON: &str = "person p-1";
const DESK: &str = "staff desk";
use MessageClass::{AllClear, Danger, Test, Weak};

/// The tag promises each minute; silent and within reach of the zone, it is Blind by then.
const BLIND_S: i64 = 180;
const WEAK_S: i64 = BLIND_S + 45;
const QUIET_S: i64 = 5 * 60;

fn plan(plan: Value) -> Ward {
    let mut ward = Ward::new();
    let mut person = person();
    person["person"]["plan"] = plan;
    ward.line.publish(second(-10), book(person)).unwrap();
    ward
}

/// Close enough to be in the zone within three minutes, and then nothing more is heard.
fn goes_silent(ward: &mut Ward) {
    ward.at(0, 2_000.0);
}

/// Pings from far away, each minute.
fn far_away(ward: &mut Ward, from_s: i64, until_s: i64) {
    for s in (from_s..=until_s).step_by(60) {
        ward.at(s, 20_000.0 + s as f64);
        ward.delivered(s);
    }
}

fn danger_is_over(ward: &mut Ward) {
    ward.at(0, 0.0);
    ward.delivered(1);
    far_away(ward, 60, 180);
}

#[test]
fn whoever_could_be_near_unseen_is_told_of_once_and_so_is_the_end_of_it() {
    let mut ward = Ward::new();
    goes_silent(&mut ward);
    ward.line.pass_to(second(BLIND_S));
    assert_eq!(ward.line.incident(IncidentKind::Blind).unwrap().raised_at, second(BLIND_S));
    ward.line.pass_to(second(WEAK_S - 1));
    assert!(ward.heard(PERSON).is_empty());
    ward.delivered(WEAK_S);
    assert_eq!(ward.heard(PERSON), [(WEAK_S, Weak)]);
    ward.line.pass_to(second(3_600));
    far_away(&mut ward, 3_660, 4_800);
    assert_eq!(ward.heard(PERSON), [(WEAK_S, Weak), (3_660 + QUIET_S, AllClear)]);
    let notices = ward.line.incidents.values().filter(|incident| incident.kind.notice().is_some());
    assert!(notices.map(|notice| &notice.handling).all(|handling| *handling == Handling::Told));
    let about = |alert: &Alert| ward.line.incidents[&alert.incident].kind;
    let to_desk = ward.line.alerts.values().filter(|alert| alert.class == MessageClass::Card);
    assert!(
        to_desk.map(about).all(|kind| kind == IncidentKind::Blind),
        "officers are told of the cause alone"
    );
}

#[test]
fn what_passes_within_a_moment_is_not_told() {
    let mut ward = Ward::new();
    goes_silent(&mut ward);
    ward.line.pass_to(second(WEAK_S - 5));
    far_away(&mut ward, WEAK_S - 4, 4_000);
    assert!(ward.heard(PERSON).is_empty());
}

#[test]
fn the_plan_says_when_and_whether() {
    let mut later = plan(json!({"weak": {"after_s": 600}}));
    goes_silent(&mut later);
    later.delivered(2_000);
    assert_eq!(later.heard(PERSON), [(BLIND_S + 600, Weak)]);
    let mut never = plan(json!({"weak": "never"}));
    goes_silent(&mut never);
    never.line.pass_to(second(20_000));
    far_away(&mut never, 20_000, 22_000);
    assert!(never.heard(PERSON).is_empty());
}

#[test]
fn a_cut_strap_and_a_deaf_service_hide_a_wearer_too() {
    let mut cut = Ward::new();
    cut.at(0, 20_000.0);
    cut.event(10, TagEventKind::StrapTamper, false);
    far_away(&mut cut, 20, 80);
    assert_eq!(cut.heard(PERSON), [(55, Weak)]);

    let mut deaf = Ward::new();
    deaf.at(0, 20_000.0);
    deaf.line.tell(second(10), Told::Source { name: "lab".into(), up: false });
    deaf.delivered(200);
    assert_eq!(deaf.heard(PERSON), [(10 + 20 + 45, Weak)]);
    deaf.line.tell(second(300), Told::Source { name: "lab".into(), up: true });
    far_away(&mut deaf, 301, 1_000);
    assert_eq!(deaf.heard(PERSON).last(), Some(&(300 + QUIET_S, AllClear)));
}

#[test]
fn after_danger_it_is_over_once_she_has_answered_and_all_has_been_quiet_for_five_minutes() {
    let mut ward = Ward::new();
    danger_is_over(&mut ward);
    far_away(&mut ward, 240, 900);
    assert!(
        ward.heard(PERSON).iter().all(|(_, class)| *class == Danger),
        "somebody still tries to reach her"
    );
    ward.reply(1_000, person_phone(), "1");
    far_away(&mut ward, 1_001, 1_000 + QUIET_S - 1);
    assert!(ward.heard(PERSON).iter().all(|(_, class)| *class == Danger));
    far_away(&mut ward, 1_000 + QUIET_S, 9_000);
    let after: Vec<_> = ward.heard(PERSON).into_iter().filter(|(_, class)| *class != Danger).collect();
    assert_eq!(after, [(1_000 + QUIET_S, AllClear)]);
}

#[test]
fn coming_back_within_the_five_minutes_is_danger_and_never_all_clear_before_it() {
    let mut ward = Ward::new();
    danger_is_over(&mut ward);
    ward.reply(181, person_phone(), "1");
    far_away(&mut ward, 240, 300);
    ward.at(400, 0.0);
    ward.reply(401, person_phone(), "1");
    ward.line.pass_to(second(2_000));
    assert!(ward.heard(PERSON).iter().all(|(_, class)| *class == Danger), "{:?}", ward.heard(PERSON));
}

#[test]
fn lingering_at_the_border_is_not_over() {
    let mut ward = Ward::new();
    ward.at(0, 0.0);
    ward.reply(5, person_phone(), "1");
    for s in (60..3_000).step_by(60) {
        ward.at(s, 420.0);
    }
    assert!(ward.heard(PERSON).iter().all(|(_, class)| *class == Danger));
}

#[test]
fn one_wearer_being_away_is_no_all_clear_while_another_is_near() {
    let mut ward = Ward::new();
    let mut second_case = case();
    second_case["case"]["id"] = json!("c-2");
    second_case["case"]["wearer"] = json!("w-2");
    second_case["case"]["zone"][0]["id"] = json!("z-2");
    ward.line.publish(second(-9), book(wearer("w-2", "sim/t2"))).unwrap();
    ward.line.publish(second(-8), book(second_case)).unwrap();
    let other = "sim/t2".parse().unwrap();
    ward.at(0, 0.0);
    ward.reply(5, person_phone(), "1");
    for s in (60..1_800).step_by(60) {
        ward.at(s, 20_000.0 + s as f64);
        let ping = ward.ping(s, vec![fix(s, 350.0 + s as f64 / 100.0, 5.0)]);
        ward.line.ping(second(s), &other, ping);
    }
    let clear = |ward: &Ward| ward.heard(PERSON).iter().any(|(_, class)| *class == AllClear);
    assert!(!clear(&ward), "the other is in the warning zone");
    for s in (1_800..2_400).step_by(60) {
        ward.at(s, 20_000.0 + s as f64);
        let ping = ward.ping(s, vec![fix(s, 20_000.0 + s as f64, 5.0)]);
        ward.line.ping(second(s), &other, ping);
    }
    assert!(clear(&ward));
}

#[test]
fn danger_takes_the_place_of_a_notice_that_is_under_way() {
    let mut ward = Ward::new();
    goes_silent(&mut ward);
    ward.line.pass_to(second(WEAK_S));
    ward.at(WEAK_S + 2, 0.0);
    let weak = ward.line.alerts.values().find(|alert| alert.class == Weak).unwrap();
    assert_eq!(weak.state, AlertState::Withdrawn);
    assert_eq!(ward.heard(PERSON), [(WEAK_S, Weak), (WEAK_S + 2, Danger)]);
    assert_eq!(ward.line.incident(IncidentKind::ProtectionWeak).unwrap().handling, Handling::Told);
}

#[test]
fn a_notice_that_nothing_brings_becomes_a_matter_for_the_staff_until_a_person_closes_it() {
    let mut ward = Ward::new();
    goes_silent(&mut ward);
    ward.line.pass_to(second(WEAK_S));
    let before = ward.told(DESK).len();
    let alert = ward.line.alerts.values().find(|alert| alert.class == Weak).unwrap().id;
    let report = DeliveryReport::Refused("unknown_number".into());
    ward.line.tell(second(WEAK_S + 1), Told::Delivery { alert, report });
    assert_eq!(ward.told(DESK).len(), before + 1);
    let card = ward.line.alerts.values().next_back().unwrap();
    assert_eq!(
        (card.summary.as_str(), card.priority),
        ("protection weak, person not reached: call them", Priority::P2)
    );
    far_away(&mut ward, 400, 1_500);
    let notice = ward.line.incident(IncidentKind::ProtectionWeak).unwrap();
    assert!(notice.is_open() && !notice.ongoing, "nothing that staff were told of closes itself");
    let close = Told::Handle {
        incident: notice.id,
        by: "desk".parse().unwrap(),
        action: Action::Close(Outcome::Technical),
    };
    assert_eq!(ward.line.tell(second(1_501), close).refused, None);
}

#[test]
fn a_provider_that_takes_nothing_is_no_matter_of_each_notice_and_each_is_told_when_it_is_back() {
    let mut ward = Ward::new();
    goes_silent(&mut ward);
    ward.line.pass_to(second(WEAK_S + 3_600));
    let notice = ward.line.incident(IncidentKind::ProtectionWeak).unwrap();
    assert!(notice.is_open() && !notice.concerns_staff());
    assert_eq!(ward.heard(PERSON).len(), 1, "one text waits");
    ward.delivered(WEAK_S + 3_601);
    let notice = ward.line.incident(IncidentKind::ProtectionWeak).unwrap();
    assert!(notice.escalations.iter().all(|told| told.state == EscalationState::Ended));
}

#[test]
fn an_outage_moves_a_notice_to_the_next_way() {
    let mut ward = Ward::new();
    let mut unit = unit();
    unit["unit"]["policy"][0]["protected"] = json!([{"channel": "sms", "wait_s": 30},
        {"channel": "second_sms", "wait_s": 30}, {"channel": "voice", "wait_s": 60}]);
    ward.line.publish(second(-5), book(unit)).unwrap();
    goes_silent(&mut ward);
    ward.line.pass_to(second(WEAK_S + 19));
    assert_eq!(ward.heard(PERSON), [(WEAK_S, Weak)]);
    ward.line.pass_to(second(WEAK_S + 600));
    let channels: Vec<Channel> =
        ward.line.alerts.values().filter(|alert| alert.class == Weak).map(|alert| alert.channel).collect();
    assert_eq!(channels, [Channel::Sms, Channel::SecondSms], "and nothing rings for it");
}

#[test]
fn an_answer_to_a_notice_that_asks_for_help_is_a_call_for_help_whenever_it_comes() {
    for (text, kind) in [
        ("3", Some(IncidentKind::CallForHelp)),
        ("2", Some(IncidentKind::CallForHelp)),
        ("who is this", Some(IncidentKind::CallForHelp)),
        ("1", None),
    ] {
        let mut ward = Ward::new();
        goes_silent(&mut ward);
        ward.delivered(WEAK_S);
        ward.reply(WEAK_S + 30, person_phone(), text);
        let called = ward.line.incident(IncidentKind::CallForHelp).map(|incident| incident.kind);
        assert_eq!(called, kind, "{text}");
    }
    for (text, calls) in [("3", true), (" 2. ", true), ("2 bags", false), ("1", false)] {
        let mut ward = Ward::new();
        goes_silent(&mut ward);
        ward.delivered(WEAK_S);
        far_away(&mut ward, 400, 1_500);
        ward.reply(1_510, person_phone(), text);
        assert_eq!(ward.line.incident(IncidentKind::CallForHelp).is_some(), calls, "{text}");
    }
}

#[test]
fn her_answer_goes_to_the_danger_and_not_to_a_later_notice() {
    let mut ward = plan(json!({"test": {"day": 7, "at": "12:05", "time_zone": "Europe/London"}}));
    danger_is_over(&mut ward);
    ward.reply(181, person_phone(), "1");
    far_away(&mut ward, 240, 1_300);
    assert!(ward.line.incident(IncidentKind::TestAlert).is_none(), "no test soon after danger");
    ward.reply(1_301, person_phone(), "2");
    let violation = ward.line.incident(IncidentKind::Violation).unwrap();
    assert_eq!(violation.handling, Handling::Raised);
    assert!(ward.line.incident(IncidentKind::CallForHelp).is_none());
}

/// Texts, calls and a test at ten past twelve.
fn tested() -> Ward {
    let mut ward = Ward::new();
    let mut unit = unit();
    unit["unit"]["policy"][0]["protected"] =
        json!([{"channel": "sms", "wait_s": 30}, {"channel": "voice", "wait_s": 60}]);
    ward.line.publish(second(-10), book(unit)).unwrap();
    let mut person = person();
    person["person"]["contact"] = json!([{"channel": "sms", "address": person_phone()},
        {"channel": "voice", "address": person_phone()}]);
    person["person"]["plan"] = json!({"test": {"day": 7, "at": "12:10", "time_zone": "Europe/London"}});
    ward.line.publish(second(-9), book(person)).unwrap();
    ward.promise(86_400 * 200);
    ward.at(0, 20_000.0);
    ward
}

#[test]
fn a_test_tries_each_way_and_one_that_fails_is_a_job_until_it_works_again() {
    let mut ward = tested();
    ward.line.pass_to(second(600));
    assert_eq!(ward.heard(PERSON), [(600, Test), (600, Test)]);
    let text = ward.line.alerts.values().find(|alert| alert.channel == Channel::Sms).unwrap().id;
    ward.line.tell(second(610), Told::Delivery { alert: text, report: DeliveryReport::Delivered });
    assert!(ward.told(DESK).is_empty(), "the call has its time");
    ward.line.pass_to(second(720));
    let job = ward.line.incident(IncidentKind::WayFails).unwrap();
    assert_eq!((job.priority, &job.cause), (Priority::P3, &cordon::domain::Cause::Way(Channel::Voice)));
    assert_eq!(ward.told(DESK), [(720, "webhook")]);
    assert_eq!(ward.line.incident(IncidentKind::TestAlert).unwrap().handling, Handling::Told);

    // A month later, at the same time of day, when the clocks have gone forward.
    let april = 600 + 31 * 86_400 - 3_600;
    ward.line.pass_to(second(april - 1));
    assert_eq!(ward.heard(PERSON).len(), 2);
    ward.delivered(april);
    assert_eq!(ward.heard(PERSON).len(), 4);
    let job = ward.line.incident(IncidentKind::WayFails).unwrap();
    assert!(job.is_open() && !job.ongoing);
}

#[test]
fn danger_amid_a_test_is_danger() {
    let mut ward = tested();
    ward.line.pass_to(second(600));
    ward.at(605, 0.0);
    assert_eq!(ward.told(PERSON), [(605, "sms")]);
    let tests = ward.line.alerts.values().filter(|alert| alert.class == Test);
    assert!(tests.map(|test| &test.state).all(|state| *state == AlertState::Withdrawn));
    assert!(ward.line.incident(IncidentKind::WayFails).is_none(), "a test that was broken off says nothing");
}

/// What may happen in some minutes of a random life.
#[derive(Debug, Clone)]
enum Turn {
    /// A ping from so many metres away.
    At(f64),
    /// Nothing is heard.
    Silence,
    Strap {
        cut: bool,
    },
    Answers(&'static str),
    Delivered,
    Lost,
    Source {
        up: bool,
    },
    Closes,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let near = (0.0..700.0).prop_map(Turn::At);
    let one = prop_oneof![
        4 => near,
        6 => Just(Turn::At(20_000.0)),
        4 => Just(Turn::Silence),
        1 => any::<bool>().prop_map(|cut| Turn::Strap { cut }),
        2 => prop_oneof![Just("1"), Just("2"), Just("3")].prop_map(Turn::Answers),
        4 => Just(Turn::Delivered),
        1 => Just(Turn::Lost),
        1 => any::<bool>().prop_map(|up| Turn::Source { up }),
        2 => Just(Turn::Closes),
    ];
    prop::collection::vec(one, 1..60)
}

fn take(ward: &mut Ward, s: i64, turn: &Turn) {
    match turn {
        Turn::At(east_m) => drop(ward.at(s, *east_m)),
        Turn::Silence => {}
        Turn::Strap { cut } => drop(ward.event(s, TagEventKind::StrapTamper, !cut)),
        Turn::Answers(text) => drop(ward.reply(s, person_phone(), text)),
        Turn::Delivered => ward.delivered(s),
        Turn::Lost => {
            let waiting = ward.line.engine.open_alerts().find(|alert| alert.state == AlertState::Waiting);
            if let Some(alert) = waiting.map(|alert| alert.id) {
                let report = DeliveryReport::Refused("unknown_number".into());
                ward.line.tell(second(s), Told::Delivery { alert, report });
            }
        }
        Turn::Source { up } => {
            drop(ward.line.tell(second(s), Told::Source { name: "lab".into(), up: *up }));
        }
        Turn::Closes => {
            let open = ward.line.engine.open_incidents().filter(|incident| incident.concerns_staff());
            for incident in open.map(|incident| incident.id).collect::<Vec<_>>() {
                let action = Action::Close(Outcome::Excused);
                ward.line.tell(second(s), Told::Handle { incident, by: "desk".parse().unwrap(), action });
            }
        }
    }
}

/// Whether anything lasts that she could be in danger from, seen from outside of the engine.
fn is_troubled(ward: &Ward) -> bool {
    let lasts = ward.line.engine.open_incidents().any(|incident| {
        let is_her_matter = incident.priority < Priority::P3 || incident.kind == IncidentKind::Approach;
        incident.ongoing && incident.kind.notice().is_none() && is_her_matter
    });
    let near = ward.line.engine.sightings().any(|(_, sighting)| {
        let is_near = |stage: &Stage| matches!(stage, Stage::Approach | Stage::Violation | Stage::Left);
        sighting.stages.iter().any(|(_, stage)| is_near(stage))
    });
    lasts || near
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_no_notice_contradicts_what_is_known(turns in turns(), gap_s in 20_i64..200) {
        let mut ward = Ward::new();
        let (mut calm_since, mut seen) = (None, 0);
        for (n, turn) in turns.iter().enumerate() {
            for s in (n as i64 * gap_s)..((n as i64 + 1) * gap_s) {
                if s == n as i64 * gap_s {
                    take(&mut ward, s, turn);
                } else {
                    ward.line.pass_to(second(s));
                }
                let heard = ward.heard(PERSON);
                for (at, class) in heard.iter().skip(seen) {
                    let before = heard.iter().take_while(|one| one != &&(*at, *class)).map(|(_, class)| *class).last();
                    // As it was before this second, and as it is now: either may be what was judged.
                    let calm_before = calm_since.is_some_and(|since| at - since >= QUIET_S - 1);
                    match class {
                        AllClear => prop_assert!(
                            calm_before && before.is_some_and(|before| before != AllClear),
                            "all clear at {at} after {before:?}, calm since {calm_since:?}"
                        ),
                        Weak => prop_assert!(
                            (calm_since.is_none() || is_troubled(&ward)) && before != Some(Danger),
                            "weak at {at} after {before:?}"
                        ),
                        _ => {}
                    }
                }
                seen = heard.len();
                calm_since = (!is_troubled(&ward)).then(|| calm_since.unwrap_or(s));
            }
        }
        // Left alone, with phones and people at work, everybody is told that it is over.
        let mut s = turns.len() as i64 * gap_s;
        ward.line.tell(second(s), Told::Source { name: "lab".into(), up: true });
        ward.event(s, TagEventKind::StrapTamper, true);
        for n in 0..40 {
            s += 60;
            ward.at(s, 20_000.0 + f64::from(n));
            ward.delivered(s);
            ward.reply(s, person_phone(), "1");
            take(&mut ward, s, &Turn::Closes);
        }
        let last = ward.heard(PERSON).last().map(|(_, class)| *class);
        prop_assert!(last.is_none_or(|class| class == AllClear), "{:?}", ward.heard(PERSON));
    }
}
