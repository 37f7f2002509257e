//! Whether every alert ends at somebody who can be reached, at every hour.

use std::collections::BTreeSet;

use cordon::{
    clock::Clock,
    domain::{Channel, Timestamp},
    engine::Rulebook,
    lab::policy::{Asked, Grade, List, Of, Report, What, check},
    sandbox::town::Town,
};
use serde_json::{Value, json};

use crate::ward::{book, case, person, person_phone, unit, wearer};

/// A Sunday, the day on which clocks are set forward lies 28 days on.
const FROM: &str = "2026-03-01T00:00:00Z";
/// A thousand cases take less than this, milliseconds, even on a busy machine and without optimisation.
const THOUSAND_MS: i64 = 30_000;

/// A unit, a person, and their case.
pub(crate) struct World {
    pub(crate) unit: Value,
    pub(crate) person: Value,
    pub(crate) case: Value,
}

impl World {
    /// Nothing is wrong with it. Ann works by day and Bob by night; the desk stands in for both, which it never has to.
    pub(crate) fn sound() -> Self {
        let (mut unit, mut person, case) = (unit(), person(), case());
        let phone = |number: &str| json!([{"channel": "sms", "address": number}, {"channel": "voice", "address": number}]);
        let mut staff = unit["unit"]["staff"].as_array().unwrap()[..1].to_vec();
        staff[0]["contact"]
            .as_array_mut()
            .unwrap()
            .push(json!({"channel": "sms", "address": "+447700900020"}));
        for (nth, id) in ["ann", "bob", "manager", "advocate"].into_iter().enumerate() {
            staff.push(json!({"id": id, "name": id, "contact": phone(&format!("+44770090002{}", nth + 1))}));
        }
        unit["unit"]["staff"] = staff.into();
        unit["unit"]["rota"] = json!([{"id": "officers", "name": "Officer on duty", "time_zone": "Europe/London",
            "else": "desk", "shift": [
                {"who": "ann", "days": "mon-sun", "from": "08:00", "until": "20:00"},
                {"who": "bob", "days": "mon-sun", "from": "20:00", "until": "08:00"}]}]);
        unit["unit"]["policy"] = json!([{"id": "standard",
            "protected": [{"channel": "sms", "wait_s": 30}, {"channel": "second_sms", "wait_s": 30},
                {"channel": "voice", "wait_s": 60}, {"channel": "sms", "nominated": true, "wait_s": 0},
                {"channel": "voice", "wait_s": 120}],
            "danger": [{"to": "desk", "channel": "webhook", "wait_s": 60}, {"to": "officers", "channel": "sms", "wait_s": 0},
                {"to": "officers", "channel": "voice", "wait_s": 60}, {"to": "manager", "channel": "voice", "wait_s": 120}],
            "device": [{"to": "desk", "channel": "webhook", "wait_s": 120}, {"to": "officers", "channel": "sms", "wait_s": 300}],
            "upkeep": [{"to": "desk", "channel": "webhook", "wait_s": 3600}]}]);
        person["person"]["contact"] = phone(person_phone());
        person["person"]["plan"] = json!({"nominated": ["advocate"]});
        Self { unit, person, case }
    }

    pub(crate) fn with(change: impl FnOnce(&mut Self)) -> Self {
        let mut world = Self::sound();
        change(&mut world);
        world
    }

    pub(crate) fn policy(&mut self) -> &mut Value {
        &mut self.unit["unit"]["policy"][0]
    }

    pub(crate) fn staff(&mut self) -> &mut Vec<Value> {
        self.unit["unit"]["staff"].as_array_mut().unwrap()
    }

    pub(crate) fn rota(&mut self) -> &mut Value {
        &mut self.unit["unit"]["rota"][0]
    }

    /// As it can be published.
    pub(crate) fn rulebook(&self) -> Rulebook {
        let books = [&self.unit, &wearer("w-1", "sim/t1"), &self.person, &self.case];
        books.into_iter().fold(Rulebook::default(), |rulebook, value| {
            let book = book(value.clone());
            assert_eq!(rulebook.check(&book), Vec::<String>::new());
            rulebook.published(book, at(FROM))
        })
    }

    pub(crate) fn report(&self, carried: Option<&[Channel]>) -> Report {
        let carried = carried.map(|channels| channels.iter().copied().collect());
        check(
            &self.rulebook(),
            &Asked { from: at(FROM), days: 28, carried, unknown_senders: BTreeSet::new() },
        )
    }
}

pub(crate) fn at(instant: &str) -> Timestamp {
    Timestamp::from_ms(instant.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let report = World::sound().report(None);
    assert!(report.findings.is_empty(), "{}", report.summary());
    assert_eq!(
        report.summary(),
        "1 unit, 1 case: every alert ends at a person who can be reached, at every hour of 28 days."
    );
    let all = [Channel::Sms, Channel::SecondSms, Channel::Voice, Channel::Webhook];
    assert!(World::sound().report(Some(&all)).findings.is_empty());
}

#[test]
fn a_sender_that_a_supplier_lacks_is_named_with_the_channels() {
    let world = World::with(|w| w.person["person"]["plan"]["sender"] = json!("choir"));
    let unknown_senders =
        [Channel::SecondSms, Channel::Voice].map(|channel| (channel, "choir".parse().unwrap()));
    let asked = Asked { from: at(FROM), days: 28, carried: None, unknown_senders: unknown_senders.into() };
    let report = check(&world.rulebook(), &asked);
    let [found] = &report.findings[..] else { panic!("{}", report.summary()) };
    assert_eq!(found.grade, Grade::Warning);
    assert!(found.says.starts_with("sender choir is not known on second_sms and voice"), "{}", found.says);
}

#[test]
fn hours_are_told_to_the_minute_also_when_clocks_are_set() {
    let world = World::with(|w| {
        w.rota()["else"] = json!("manager");
        w.rota()["shift"] = json!([
            {"who": "ann", "days": "mon-sun", "from": "02:45", "until": "00:13"}]);
    });
    let report = check(
        &world.rulebook(),
        &Asked { from: at("2026-03-28T00:00:00Z"), days: 3, carried: None, unknown_senders: BTreeSet::new() },
    );
    let spans = report.findings[0].when.as_slice();
    // From 00:13 GMT to 02:45, which is half an hour and not two and a half away when clocks are set forward.
    let expected = [
        ("2026-03-28T00:13:00Z", "2026-03-28T02:45:00Z"),
        ("2026-03-29T00:13:00Z", "2026-03-29T01:45:00Z"),
        ("2026-03-29T23:13:00Z", "2026-03-30T01:45:00Z"),
        ("2026-03-30T23:13:00Z", "2026-03-31T00:00:00Z"),
    ];
    assert_eq!(spans, expected.map(|(from, until)| (at(from), at(until))));
}

#[test]
fn a_hole_at_hours_at_which_no_zone_applies_is_none_of_hers() {
    let mut world = World::with(|w| w.person["person"]["plan"]["nominated"] = json!(["bob"]));
    let night = json!({"time_zone": "Europe/London", "spans": [{"days": "mon-sun", "from": "20:00", "until": "08:00"}]});
    world.case["case"]["zone"][0]["schedule"] = night;
    assert!(world.report(None).findings.is_empty(), "Bob works at night");
    world.case["case"]["zone"][0]["schedule"]["spans"][0]["until"] = json!("08:10");
    let report = world.report(None);
    assert_eq!(
        report.findings[0].when.as_slice()[0],
        (at("2026-03-01T08:00:00Z"), at("2026-03-01T08:10:00Z"))
    );
}

#[test]
fn an_alert_of_before_a_shift_that_is_late_within_it_is_found() {
    // Bob has no phone number: whoever is told first by phone is the manager, at 61 s, if Bob is on duty by 60 s.
    let world = World::with(|w| {
        w.policy()["danger"][3]["to"] = json!("manager");
        w.policy()["danger"][0]["wait_s"] = json!(60);
        w.policy()["danger"][2]["wait_s"] = json!(10);
        w.staff()[2]["contact"] = json!([{"channel": "webhook", "address": "http://127.0.0.1:9/"}]);
    });
    let report = world.report(None);
    let of = Of::Case("c-1".parse().unwrap());
    let is_late = |at| {
        report.at(&of, at).any(|what| matches!(what, What::Late { list: List::Danger, after_s: 70, .. }))
    };
    assert!(!is_late(at("2026-03-02T19:58:59.999Z")));
    assert!(is_late(at("2026-03-02T19:59:00Z")));
    assert!(is_late(at("2026-03-03T07:58:59.999Z")));
    assert!(!is_late(at("2026-03-03T07:59:00Z")));
}

#[test]
fn a_basis_and_a_hole_outside_of_it_have_nothing_to_do_with_each_other() {
    let world = World::with(|w| {
        w.rota()["exception"] = json!([{"date": "2026-03-10"}]);
        w.case["case"]["basis"] =
            json!({"kind": "order", "from": "2026-01-01T00:00:00Z", "until": "2026-03-10T07:00:00Z"});
    });
    let report = world.report(None);
    let (case, none) = (Of::Case("c-1".parse().unwrap()), Of::NoCase);
    let noon = at("2026-03-10T12:00:00Z");
    assert_eq!(report.at(&none, noon).count(), 2);
    let of_case: Vec<&What> = report.at(&case, at("2026-03-10T06:59:00Z")).collect();
    assert!(of_case.is_empty(), "{of_case:?}");
}

#[test]
fn the_demo_s_town_has_no_hole() {
    let books = Town::new(1, at(FROM)).books("http://127.0.0.1:8090");
    let published = |rulebook: Rulebook, book| rulebook.published(book, at(FROM));
    let rulebook = books.into_iter().fold(Rulebook::default(), published);
    let carried = Some(BTreeSet::from([Channel::Sms, Channel::SecondSms, Channel::Voice, Channel::Webhook]));
    let report =
        check(&rulebook, &Asked { from: at(FROM), days: 28, carried, unknown_senders: BTreeSet::new() });
    assert_eq!(report.count(Grade::Hole), 0, "{}", report.summary());
}

#[test]
fn a_thousand_cases_for_four_weeks_take_seconds() {
    let clock = Clock::real();
    let mut world = World::with(|w| {
        let mut advocates = w.rota().clone();
        advocates["id"] = json!("advocates");
        w.unit["unit"]["rota"].as_array_mut().unwrap().push(advocates);
        w.rota()["shift"][1]["days"] = json!("sun-fri");
    });
    world.person["person"]["plan"]["nominated"] = json!(["officers", "advocates"]);
    let mut rulebook = world.rulebook();
    for n in 2..=1_000 {
        let (mut person, mut case) = (world.person.clone(), world.case.clone());
        person["person"]["id"] = json!(format!("p-{n}"));
        for contact in 0..2 {
            person["person"]["contact"][contact]["address"] = json!(format!("+4477{n:08}"));
        }
        (case["case"]["id"], case["case"]["wearer"]) = (json!(format!("c-{n}")), json!(format!("w-{n}")));
        (case["case"]["persons"], case["case"]["zone"][0]["id"]) =
            (json!([format!("p-{n}")]), json!(format!("z-{n}")));
        case["case"]["zone"][0]["schedule"] = json!({"time_zone": "Europe/London",
            "spans": [{"days": "mon-sun", "from": "08:00", "until": "20:30"}]});
        for value in [wearer(&format!("w-{n}"), &format!("sim/t{n}")), person, case] {
            rulebook = rulebook.published(book(value), at(FROM));
        }
    }
    let before = clock.real_us();
    let report = check(
        &rulebook,
        &Asked {
            from: at(FROM),
            days: 28,
            carried: Some(BTreeSet::from(Channel::ALL)),
            unknown_senders: BTreeSet::new(),
        },
    );
    let took_ms = (clock.real_us() - before) / 1_000;
    assert_eq!(report.cases, 1_000);
    let of_no_duty =
        report.findings.iter().find(|finding| matches!(finding.what, What::NobodyOnDuty { .. })).unwrap();
    assert!(of_no_duty.of.len() > 1_000, "{}", of_no_duty.of.len());
    assert!(report.summary().contains("and 995 more"), "{}", report.summary());
    assert!(took_ms < THOUSAND_MS, "{took_ms} ms");
}
