//! Who is rung up when shifts change, clocks are set, somebody swaps a holiday, or nobody is on duty; and by which policy.

use cordon::{
    domain::{Book, Fix, Handling, IncidentKind, Motion, Ping, Timestamp, Unit},
    engine::{DeliveryReport, Told},
    lab::Course,
};
use serde_json::{Value, json};

use crate::ward::{book, case, fix, person, person_phone, tag, unit, wearer};

const ANNS_PHONE: &str = "+447700900011";
const BOBS_PHONE: &str = "+447700900012";
const EVES_PHONE: &str = "+447700900013";
const MANAGERS_PHONE: &str = "+447700900014";

/// Ann from 02:00 to 14:00 and Bob through the night; on Christmas Day they swap, on Boxing Day nobody comes. Eve is there,
/// too, on Saturdays until noon. While nobody is, the desk stands in. Danger rings whoever is on duty, then the manager.
fn staffed() -> Value {
    let mut unit = unit();
    let staff = unit["unit"]["staff"].as_array_mut().unwrap();
    for (id, phone) in
        [("ann", ANNS_PHONE), ("bob", BOBS_PHONE), ("eve", EVES_PHONE), ("manager", MANAGERS_PHONE)]
    {
        staff.push(json!({"id": id, "name": id, "contact": [{"channel": "sms", "address": phone}]}));
    }
    unit["unit"]["rota"] = json!([{"id": "officers", "name": "Officer on duty", "time_zone": "Europe/London",
        "else": "desk",
        "shift": [
            {"who": "ann", "days": "mon-sun", "from": "02:00", "until": "14:00"},
            {"who": "bob", "days": "mon-sun", "from": "14:00", "until": "02:00"},
            {"who": "eve", "days": "sat", "from": "02:00", "until": "12:00"}],
        "exception": [
            {"date": "2026-12-25", "shift": [
                {"who": "bob", "from": "02:00", "until": "14:00"}, {"who": "ann", "from": "14:00", "until": "02:00"}]},
            {"date": "2026-12-26"}]}]);
    unit["unit"]["policy"][0]["danger"] = json!([
        {"to": "officers", "channel": "sms", "wait_s": 120}, {"to": "manager", "channel": "sms", "wait_s": 60}]);
    unit
}

/// Danger rings whoever is on duty, again and again.
fn officers_alone() -> Value {
    let mut unit = staffed();
    unit["unit"]["policy"][0]["danger"] = json!([{"to": "officers", "channel": "sms", "wait_s": 120}]);
    unit
}

/// A wearer who has just entered the zone, and what rings from then on.
struct Shift {
    line: Course,
    start: Timestamp,
}

impl Shift {
    /// Somebody is in the zone at `instant`, with a tag that then says nothing for an hour.
    fn violation(unit: Value, instant: &str) -> Self {
        Self::with([book(unit), book(wearer("w-1", "sim/t1")), book(person()), book(case())], instant)
    }

    fn with(books: [Book; 4], instant: &str) -> Self {
        let start = at(instant);
        let mut line = Course::with(&books, start.plus_ms(-1_000)).unwrap();
        let inside = Fix { at: start, ..fix(0, 0.0, 5.0) };
        let ping = Ping {
            boot: 1,
            seq: 1,
            oldest_kept: 1,
            next_within_s: 3_600,
            sent: start,
            battery_pct: 80,
            charging: false,
            motion: Motion::Moving,
            fixes: vec![inside],
            events: Vec::new(),
        };
        line.ping(start, &tag(), ping);
        Self { line, start }
    }

    fn second(&self, s: i64) -> Timestamp {
        self.start.plus_ms(s * 1_000)
    }

    /// Time passes, and every message is on its phone or screen as soon as it is sent.
    fn pass_to(&mut self, s: i64) {
        loop {
            let waiting = self.line.engine.open_alerts().find(|alert| alert.state.as_str() == "waiting");
            if let Some(alert) = waiting.map(|alert| (alert.id, alert.raised_at)) {
                self.report(alert.0, alert.1, DeliveryReport::Delivered);
                continue;
            }
            match self.line.engine.next_deadline().filter(|due| *due <= self.second(s)) {
                Some(due) => self.line.pass_to(due),
                None => return,
            }
        }
    }

    fn report(&mut self, alert: cordon::domain::AlertId, when: Timestamp, report: DeliveryReport) {
        self.line.tell(when, Told::Delivery { alert, report });
    }

    /// A text comes back.
    fn reply(&mut self, s: i64, from: &str, text: &str) {
        self.line.tell(self.second(s), Told::Reply { from: from.into(), text: text.into() });
    }

    /// When a phone or screen was rung, in seconds since the wearer entered, and by what.
    fn rung(&self, address: &str) -> Vec<(i64, &'static str)> {
        let alerts = self.line.alerts.values().filter(|alert| alert.address == address);
        alerts.map(|alert| (alert.raised_at.ms_since(self.start) / 1_000, alert.channel.as_str())).collect()
    }

    fn handling(&self) -> &Handling {
        &self.line.incident(IncidentKind::Violation).unwrap().handling
    }
}

fn at(instant: &str) -> Timestamp {
    Timestamp::from_ms(instant.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// Texts to Ann's and to Bob's phone when somebody enters the zone at `instant` and nobody answers for three minutes.
fn anns_and_bobs(instant: &str) -> [Vec<i64>; 2] {
    let mut shift = Shift::violation(officers_alone(), instant);
    shift.pass_to(180);
    [ANNS_PHONE, BOBS_PHONE].map(|phone| shift.rung(phone).into_iter().map(|(s, _)| s).collect())
}

#[test]
fn a_violation_at_a_minute_to_two_rings_bob_and_its_repeat_at_a_minute_past_rings_ann() {
    assert_eq!(anns_and_bobs("2026-03-06T01:59:00Z"), [vec![120], vec![0]]);
    assert_eq!(anns_and_bobs("2026-03-06T02:00:00Z"), [vec![0, 120], vec![]]);
    assert_eq!(anns_and_bobs("2026-03-06T13:59:59Z"), [vec![0], vec![120]]);
}

#[test]
fn on_the_nights_when_clocks_are_set_shifts_change_by_the_clock_on_the_wall() {
    // March: a minute to one, then a minute past two.
    assert_eq!(anns_and_bobs("2026-03-29T00:59:00Z"), [vec![120], vec![0]]);
    // October: two minutes to two comes twice, and Bob works an hour longer.
    assert_eq!(anns_and_bobs("2026-10-25T00:58:00Z"), [vec![], vec![0, 120]]);
    assert_eq!(anns_and_bobs("2026-10-25T01:58:30Z"), [vec![120], vec![0]]);
}

#[test]
fn on_a_swapped_day_the_other_one_is_rung_also_past_midnight() {
    assert_eq!(anns_and_bobs("2026-12-25T10:00:00Z"), [vec![], vec![0, 120]]);
    assert_eq!(anns_and_bobs("2026-12-25T23:59:00Z"), [vec![0, 120], vec![]]);
    // Thursday's night has not been swapped, and Christmas Day's ends on Boxing Day.
    assert_eq!(anns_and_bobs("2026-12-25T01:59:00Z"), [vec![], vec![0, 120]]);
    assert_eq!(anns_and_bobs("2026-12-26T01:57:00Z"), [vec![0, 120], vec![]]);
}

#[test]
fn while_nobody_is_on_duty_whoever_stands_in_is_told() {
    let desk = "http://127.0.0.1:1/";
    let mut shift = Shift::violation(officers_alone(), "2026-12-26T01:59:00Z");
    shift.pass_to(180);
    assert_eq!(shift.rung(ANNS_PHONE), [(0, "sms")]);
    assert_eq!(shift.rung(desk), [(120, "webhook")], "by what there is, at the moment of the step");
    let mut shift = Shift::violation(officers_alone(), "2026-12-27T01:59:00Z");
    shift.pass_to(180);
    assert_eq!((shift.rung(desk), shift.rung(ANNS_PHONE)), (vec![(0, "webhook")], vec![(120, "sms")]));
}

#[test]
fn two_on_duty_are_told_together() {
    let mut shift = Shift::violation(staffed(), "2026-03-07T11:00:00Z");
    shift.pass_to(119);
    assert_eq!((shift.rung(ANNS_PHONE), shift.rung(EVES_PHONE)), (vec![(0, "sms")], vec![(0, "sms")]));
    assert_eq!(shift.rung(MANAGERS_PHONE), []);
    shift.pass_to(120);
    assert_eq!(shift.rung(MANAGERS_PHONE), [(120, "sms")]);
}

#[test]
fn whoever_is_next_is_not_skipped_when_fewer_are_on_duty_than_before() {
    let mut shift = Shift::violation(staffed(), "2026-03-07T11:59:00Z");
    shift.pass_to(120);
    assert_eq!(shift.rung(MANAGERS_PHONE), [(120, "sms")]);
}

#[test]
fn one_of_two_phones_that_cannot_be_reached_hastens_nothing_and_both_do() {
    let mut shift = Shift::violation(staffed(), "2026-03-07T11:00:00Z");
    let texts = |shift: &Shift| {
        let alerts = shift.line.alerts.values().filter(|alert| alert.channel.as_str() == "sms");
        alerts.filter(|alert| alert.address != person_phone()).map(|alert| alert.id).collect::<Vec<_>>()
    };
    let [anns, eves] = texts(&shift)[..] else { panic!("two are told") };
    let refused = || DeliveryReport::Refused("unknown_number".into());
    shift.report(anns, shift.second(1), refused());
    assert_eq!(shift.rung(MANAGERS_PHONE), []);
    shift.report(eves, shift.second(2), refused());
    assert_eq!(shift.rung(MANAGERS_PHONE), [(2, "sms")]);

    let mut shift = Shift::violation(staffed(), "2026-03-07T11:00:00Z");
    let [anns, _] = texts(&shift)[..] else { panic!("two are told") };
    let others: Vec<_> = shift.line.alerts.keys().copied().filter(|id| *id != anns).collect();
    for alert in others {
        shift.report(alert, shift.second(1), DeliveryReport::Delivered);
    }
    shift.line.pass_to(shift.second(60));
    assert_eq!(shift.rung(MANAGERS_PHONE), [], "Ann's phone is off, and Eve knows");
}

#[test]
fn however_many_are_on_duty_all_of_them_are_told_again_and_again() {
    let (mut unit, many) = (officers_alone(), 40);
    let phone = |n: usize| format!("+4477009001{n:02}");
    for n in 0..many {
        let id = format!("officer-{n}");
        let shift = json!({"who": id, "days": "mon-sun", "from": "08:00", "until": "20:00"});
        unit["unit"]["rota"][0]["shift"].as_array_mut().unwrap().push(shift);
        let contact = json!([{"channel": "sms", "address": phone(n)}]);
        unit["unit"]["staff"].as_array_mut().unwrap().push(json!({"id": id, "name": id, "contact": contact}));
    }
    let mut shift = Shift::violation(unit, "2026-03-06T10:00:00Z");
    let lost = |shift: &Shift, s: i64| {
        let of_now = shift.line.alerts.values().filter(|alert| alert.raised_at == shift.second(s));
        of_now.filter(|alert| !alert.state.is_open()).count()
    };
    assert_eq!(lost(&shift, 0), 0);
    shift.pass_to(120);
    assert_eq!(lost(&shift, 120), 0);
    assert!((0..many).all(|n| shift.rung(&phone(n)) == [(0, "sms"), (120, "sms")]));
}

#[test]
fn whoever_took_it_keeps_it_after_their_shift() {
    let mut shift = Shift::violation(officers_alone(), "2026-03-06T01:59:00Z");
    shift.pass_to(10);
    shift.reply(30, BOBS_PHONE, "1");
    assert_eq!(*shift.handling(), Handling::Owned { by: "bob".parse().unwrap() });
    shift.pass_to(200);
    assert_eq!(shift.rung(ANNS_PHONE), [], "it is Bob's");
    shift.reply(205, BOBS_PHONE, "2");
    assert_eq!(*shift.handling(), Handling::Acted { by: "bob".parse().unwrap() });

    let mut shift = Shift::violation(officers_alone(), "2026-03-06T01:59:00Z");
    shift.pass_to(10);
    shift.reply(30, BOBS_PHONE, "1");
    shift.pass_to(600);
    assert_eq!(shift.rung(ANNS_PHONE)[0], (210, "sms"), "Bob did nothing, and Ann is on duty");
    assert_eq!(shift.rung(BOBS_PHONE), [(0, "sms")]);
}

#[test]
fn the_advocate_who_is_on_duty_is_told_when_she_does_not_answer() {
    let mut unit = staffed();
    let policy = &mut unit["unit"]["policy"][0];
    policy["protected"] = json!([
        {"channel": "sms", "wait_s": 120}, {"channel": "sms", "nominated": true, "wait_s": 0},
        {"channel": "sms", "wait_s": 60}]);
    policy["danger"] = json!([{"to": "desk", "channel": "webhook", "wait_s": 60}]);
    let mut person = person();
    person["person"]["plan"] = json!({"nominated": ["officers", "ann"]});
    let books = [book(unit), book(wearer("w-1", "sim/t1")), book(person), book(case())];
    let mut shift = Shift::with(books, "2026-03-07T11:59:00Z");
    shift.pass_to(130);
    assert_eq!(shift.rung(ANNS_PHONE), [(120, "sms")], "once, although she is named and on duty");
    assert_eq!(shift.rung(EVES_PHONE), [], "she had gone home by then");
    let before = shift.rung(person_phone()).len();
    shift.reply(140, ANNS_PHONE, "1");
    shift.pass_to(600);
    assert_eq!(shift.rung(person_phone()).len(), before, "Ann looks after her");
}

#[test]
fn a_case_without_a_policy_goes_by_its_unit_s_for_its_risk() {
    let first_rung = |risk: &str, policy: Option<&str>| {
        let (mut unit, mut case) = (staffed(), case());
        let danger = |to: &str| json!([{"to": to, "channel": "sms", "wait_s": 60}]);
        for (id, to) in [("calm", "bob"), ("swift", "manager")] {
            let mut policy = unit["unit"]["policy"][0].clone();
            (policy["id"], policy["danger"]) = (json!(id), danger(to));
            unit["unit"]["policy"].as_array_mut().unwrap().push(policy);
        }
        unit["unit"]["policies_by_risk"] = json!({"standard": "calm", "high": "swift"});
        case["case"]["risk"] = json!(risk);
        match policy {
            Some(policy) => case["case"]["policy"] = json!(policy),
            None => drop(case["case"].as_object_mut().unwrap().remove("policy")),
        }
        let books = [book(unit), book(wearer("w-1", "sim/t1")), book(person()), book(case)];
        let mut shift = Shift::with(books, "2026-03-06T10:00:00Z");
        shift.pass_to(1);
        let phones = [ANNS_PHONE, BOBS_PHONE, MANAGERS_PHONE];
        phones.into_iter().filter(|phone| !shift.rung(phone).is_empty()).collect::<Vec<_>>()
    };
    assert_eq!(first_rung("standard", None), [BOBS_PHONE]);
    assert_eq!(first_rung("medium", None), [ANNS_PHONE], "the unit's default");
    assert_eq!(first_rung("high", None), [MANAGERS_PHONE]);
    assert_eq!(first_rung("high", Some("calm")), [BOBS_PHONE], "its own goes first");
}

/// A unit that names its desks, its supervisors' rota and its manager, and writes no policy.
fn with_roles() -> Unit {
    let mut unit = staffed();
    let unit_ = unit["unit"].as_object_mut().unwrap();
    unit_.remove("policy");
    unit_.remove("default_policy");
    let staff = unit_["staff"].as_array_mut().unwrap();
    staff.push(json!({"id": "north-desk", "name": "North desk",
        "contact": [{"channel": "webhook", "address": "http://127.0.0.1:2/"}]}));
    let call = json!({"channel": "voice", "address": MANAGERS_PHONE});
    staff[5]["contact"].as_array_mut().unwrap().push(call);
    unit_.insert(
        "roles".into(),
        json!({"desks": ["desk", "north-desk"], "supervisor": "officers", "duty_manager": "manager"}),
    );
    let Book::Unit(unit) = book(unit) else { panic!("a unit") };
    unit
}

#[test]
fn a_unit_that_writes_no_policy_goes_by_the_standard() {
    let unit = Book::Unit(with_roles().with_standard_policy());
    let (mut person, mut case) = (person(), case());
    let keys =
        json!({"p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx", "auth": "BTBZMqHH6r4Tts7J_aSIgg"});
    let screen = json!({"endpoint": "https://push.example/1", "keys": keys}).to_string();
    person["person"]["contact"] = json!([{"channel": "push", "address": screen},
        {"channel": "sms", "address": person_phone()}, {"channel": "voice", "address": person_phone()}]);
    person["person"]["plan"] = json!({"nominated": ["eve"]});
    case["case"].as_object_mut().unwrap().remove("policy");
    let books = [unit, book(wearer("w-1", "sim/t1")), book(person), book(case)];
    let mut shift = Shift::with(books, "2026-03-06T10:00:00Z");
    shift.pass_to(299);
    assert_eq!(shift.rung("http://127.0.0.1:1/"), [(0, "webhook"), (30, "webhook")]);
    assert_eq!(shift.rung("http://127.0.0.1:2/"), [(30, "webhook")]);
    assert_eq!(shift.rung(ANNS_PHONE), [(60, "sms")]);
    assert_eq!(
        shift.rung(MANAGERS_PHONE),
        [(120, "sms"), (120, "voice"), (240, "voice")],
        "the last step repeats"
    );
    assert_eq!(shift.rung(&screen), [(0, "push")]);
    assert_eq!(
        shift.rung(person_phone()),
        [(0, "sms"), (30, "second_sms"), (60, "voice"), (120, "voice"), (240, "voice")]
    );
    assert_eq!(shift.rung(EVES_PHONE), [(120, "sms")]);
}

#[test]
fn a_revision_holds_the_standard_policy_written_out() {
    let unit = with_roles().with_standard_policy();
    assert_eq!((unit.policies.len(), unit.roles.as_ref()), (1, None));
    let text = serde_json::to_string(&Book::Unit(unit.clone())).unwrap();
    let Book::Unit(again) = serde_json::from_str(&text).unwrap() else { panic!("{text}") };
    assert_eq!(again, unit);
    assert_eq!(again.with_standard_policy(), unit);
}

#[test]
fn books_of_before_there_were_rotas_are_read_and_written_as_they_were() {
    for old in [unit(), case(), person()] {
        let written = serde_json::to_value(book(old.clone())).unwrap();
        let new = ["rota", "roles", "policies_by_risk"];
        assert!(new.iter().all(|key| written["unit"].get(key).is_none()), "{written}");
        assert_eq!(written["case"].get("policy"), old["case"].get("policy"));
    }
}

#[test]
fn a_rota_that_can_never_work_is_refused_with_what_to_do() {
    let refusal = |change: &dyn Fn(&mut Value)| {
        let mut unit = staffed();
        change(&mut unit["unit"]);
        let published = Course::with(&[book(unit)], at("2026-03-06T10:00:00Z"));
        published.err().map_or(String::new(), |refused| refused.to_string())
    };
    assert_eq!(refusal(&|_| {}), "");
    let mute = json!({"id": "mute", "name": "Mute", "contact": []});
    for (says, change) in [
        (
            "rota officers: names 'nobody'",
            &(|u: &mut Value| u["rota"][0]["else"] = json!("nobody")) as &dyn Fn(&mut Value),
        ),
        ("rota officers: names 'officers'", &|u| u["rota"][0]["else"] = json!("officers")),
        ("rota officers: names 'zoe'", &|u| u["rota"][0]["exception"][0]["shift"][0]["who"] = json!("zoe")),
        ("'mute', who has no contact", &|u| {
            u["staff"].as_array_mut().unwrap().push(mute.clone());
            u["rota"][0]["shift"][2]["who"] = json!("mute");
        }),
        ("staff or rota 'ann' stands there twice", &|u| u["rota"][0]["id"] = json!("ann")),
        ("danger names 'officers'", &|u| u["rota"] = json!([])),
        ("danger reaches officers by voice", &|u| u["policy"][0]["danger"][0]["channel"] = json!("voice")),
        ("cases of high risk have policy 'swift'", &|u| u["policies_by_risk"] = json!({"high": "swift"})),
        ("roles of the standard policy", &|u| u["default_policy"] = json!("gone")),
        ("roles need at least one desk", &|u| {
            u["roles"] = json!({"desks": [], "supervisor": "officers", "duty_manager": "manager"});
        }),
        ("roles are those of policy 'standard'", &|u| {
            u["roles"] = json!({"desks": ["desk"], "supervisor": "officers", "duty_manager": "manager"});
        }),
    ] {
        let refusal = refusal(change);
        assert!(refusal.contains(says), "{says}: {refusal}");
    }
}

#[test]
fn what_a_case_or_a_person_relies_on_does_not_vanish_from_under_them() {
    let (mut unit, mut person, mut case) = (staffed(), person(), case());
    let mut swift = unit["unit"]["policy"][0].clone();
    swift["id"] = json!("swift");
    unit["unit"]["policy"].as_array_mut().unwrap().push(swift);
    unit["unit"]["policies_by_risk"] = json!({"medium": "swift"});
    person["person"]["plan"] = json!({"nominated": ["officers"]});
    case["case"].as_object_mut().unwrap().remove("policy");
    let books = [unit.clone(), wearer("w-1", "sim/t1"), person, case].map(book);
    let mut line = Course::with(&books, at("2026-03-06T10:00:00Z")).unwrap();
    let mut refusal = |change: &dyn Fn(&mut Value)| {
        let mut changed = unit.clone();
        change(&mut changed["unit"]);
        line.publish(at("2026-03-06T11:00:00Z"), book(changed)).unwrap_err().to_string()
    };
    let without_rota = refusal(&|u| {
        u["rota"] = json!([]);
        for policy in u["policy"].as_array_mut().unwrap() {
            policy["danger"][0]["to"] = json!("ann");
        }
    });
    assert!(without_rota.contains("nominates 'officers'; keep them"), "{without_rota}");
    let voiceless = refusal(&|u| u["policy"][1]["protected"] = json!([{"channel": "voice", "wait_s": 60}]));
    assert!(voiceless.contains("reaches person p-1 by voice"), "{voiceless}");
}
