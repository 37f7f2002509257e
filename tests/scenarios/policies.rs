//! Whether every alert ends at somebody: holes that are put in one by one are found, each with its own words.

use std::collections::BTreeSet;

use cordon::{
    clock::Clock,
    domain::{Channel, Timestamp},
    engine::Rulebook,
    lab::policy::{Asked, Grade, List, Of, Report, What, check},
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

    fn policy(&mut self) -> &mut Value {
        &mut self.unit["unit"]["policy"][0]
    }

    fn staff(&mut self) -> &mut Vec<Value> {
        self.unit["unit"]["staff"].as_array_mut().unwrap()
    }

    fn rota(&mut self) -> &mut Value {
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

    fn report(&self, carried: Option<&[Channel]>) -> Report {
        let carried = carried.map(|channels| channels.iter().copied().collect());
        check(&self.rulebook(), &Asked { from: at(FROM), days: 28, carried })
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

/// What is put in, the channels that have a provider, and the lines that it leads to.
type Seed = (fn(&mut World), Option<&'static [Channel]>, &'static [&'static str]);

const SEEDS: &[Seed] = &[
    // Nobody works from 20:00 on Saturday; by text, as the desk has no number for calls.
    (
        |w| w.rota()["shift"][1]["days"] = json!("sun-fri"),
        None,
        &[
            "hole     policy standard, danger step 3: desk has no contact for voice and is told by sms instead; add one, or \
             change the step: from Sat 7 Mar 20:00 until Sun 8 Mar 08:00, and 3 more times until Sun 29 Mar 00:00 (case c-1, \
             and incidents of no case)",
            "warning  rota officers: nobody is on duty, and desk stands in; add a shift if that is not meant: from Sat 7 Mar \
             20:00 until Sun 8 Mar 08:00, and 3 more times until Sun 29 Mar 00:00 (case c-1, and incidents of no case)",
        ],
    ),
    (
        |w| {
            w.rota()["exception"] =
                json!([{"date": "2026-03-10", "shift": [{"who": "bob", "from": "20:00", "until": "08:00"}]}]);
            w.rota()["else"] = json!("manager");
        },
        None,
        &[
            "warning  rota officers: nobody is on duty, and manager stands in; add a shift if that is not meant: from Tue 10 Mar \
           08:00 until Tue 10 Mar 20:00 (case c-1, and incidents of no case)",
        ],
    ),
    // The manager works in the mornings of the week, and stands in at night.
    (
        |w| {
            w.rota()["shift"][1]["days"] = json!("sun-fri");
            w.rota()["else"] = json!("manager");
            let mut managers = w.rota().clone();
            (managers["id"], managers["else"]) = (json!("managers"), json!("ann"));
            managers["shift"] =
                json!([{"who": "manager", "days": "mon-fri", "from": "08:00", "until": "12:00"}]);
            w.unit["unit"]["rota"].as_array_mut().unwrap().push(managers);
            w.policy()["danger"][3]["to"] = json!("advocate");
        },
        None,
        &[
            "hole     rota officers: nobody is on duty, and manager, who stands in, is off duty, too; add a shift, or let \
           somebody stand in who is always there: from Sat 7 Mar 20:00 until Sun 8 Mar 08:00, and 3 more times until Sun 29 \
           Mar 00:00 (case c-1, and incidents of no case)",
        ],
    ),
    (
        |w| w.policy()["danger"][3]["to"] = json!("ann"),
        None,
        &[
            "warning  policy standard, danger step 4: ann, named there, works shifts and is off duty; name their rota: from Sun \
           1 Mar 00:00 until Sun 1 Mar 08:00, and 28 more times until Sun 29 Mar 00:00 (case c-1, and incidents of no case)",
        ],
    ),
    (
        |w| w.person["person"]["plan"]["nominated"] = json!(["bob"]),
        None,
        &[
            "hole     bob is named to be told and off duty; let them name a rota, or somebody who is always there: from Sun 1 \
           Mar 08:00 until Sun 1 Mar 20:00, and 27 more times until Sat 28 Mar 20:00 (case c-1 for p-1)",
        ],
    ),
    (
        |w| w.staff()[4]["contact"] = json!([{"channel": "voice", "address": "+447700900024"}]),
        None,
        &[
            "hole     policy standard, protected step 4: advocate has no contact for sms and is told by voice instead; add one, \
           or change the step: at every hour (case c-1 for p-1)",
        ],
    ),
    (
        |w| w.staff()[2]["contact"] = json!([{"channel": "sms", "address": "+447700900022"}]),
        None,
        &[
            "hole     policy standard, danger step 3: bob has no contact for voice and is told by sms instead; add one, or \
           change the step: from Sun 1 Mar 00:00 until Sun 1 Mar 08:00, and 28 more times until Sun 29 Mar 00:00 (case c-1, \
           and incidents of no case)",
        ],
    ),
    (
        |w| w.policy()["danger"][0]["wait_s"] = json!(90),
        None,
        &[
            "hole     policy standard, danger step 2: the first phone rings after 90 s, and within 60 s is promised; shorten \
           the waits before it: at every hour (case c-1, and incidents of no case)",
        ],
    ),
    (
        |w| {
            w.policy()["protected"][3]["wait_s"] = json!(90);
            w.person["person"]["plan"]["shape"] = json!("advocate_first");
        },
        None,
        &[
            "hole     policy standard, protected step 1: their own phone rings after 90 s, and within 60 s is promised; \
           shorten the waits before it: at every hour (case c-1 for p-1)",
        ],
    ),
    (
        |w| w.policy()["danger"][3] = json!({"to": "desk", "channel": "webhook", "wait_s": 60}),
        None,
        &[
            "hole     policy standard, danger step 4: what repeats goes by webhook alone, and nobody's phone rings; end with a \
           step by sms or voice: at every hour (case c-1, and incidents of no case)",
        ],
    ),
    (
        |w| {
            let topic = json!({"channel": "pager", "address": "officers-of-the-north"});
            w.staff()[0]["contact"].as_array_mut().unwrap().push(topic);
            w.policy()["device"][1] = json!({"to": "desk", "channel": "pager", "wait_s": 60});
        },
        None,
        &[
            "hole     policy standard, device step 2: what repeats goes by pager alone, and it comes to no phone and no desk; \
           end with a step by sms, voice or webhook: at every hour (case c-1, and incidents of no case)",
        ],
    ),
    (
        |w| {
            let topic = json!({"channel": "pager", "address": "officers-of-the-north"});
            w.staff()[0]["contact"].as_array_mut().unwrap().push(topic);
            w.policy()["upkeep"][0]["channel"] = json!("pager");
        },
        None,
        &[
            "hole     policy standard, upkeep: it comes to no phone and no desk; end with a step by sms, voice or webhook: at \
           every hour (case c-1, and incidents of no case)",
        ],
    ),
    (
        |w| {
            let url = json!({"channel": "webhook", "address": "https://example.org/p"});
            w.person["person"]["contact"].as_array_mut().unwrap().push(url);
            w.policy()["protected"].as_array_mut().unwrap().push(json!({"channel": "webhook", "wait_s": 60}));
        },
        None,
        &[
            "hole     policy standard, protected step 6: what repeats goes by webhook alone, and no phone of theirs rings; end \
           with a step by sms or voice: at every hour (case c-1 for p-1)",
        ],
    ),
    (
        |w| w.policy()["danger"] = json!([{"to": "desk", "channel": "webhook", "wait_s": 60}]),
        None,
        &[
            "hole     policy standard, danger: nobody's phone rings; end with a step by sms or voice: at every hour (case c-1, \
           and incidents of no case)",
        ],
    ),
    // Texts alone have no provider: calls do for danger, and nobody is told of what is not.
    (
        |w| w.policy()["device"].as_array_mut().unwrap().truncate(1),
        Some(&[Channel::Voice, Channel::Webhook]),
        &[
            "warning  policy standard, protected: everything goes to one phone of theirs; add a number, or let them name \
             somebody: at every hour (case c-1 for p-1)",
            "warning  sms has no provider, and steps by it are passed over; configure one: at every hour (cases c-1, c-1 for \
             p-1, and incidents of no case)",
            "warning  second_sms has no provider, and steps by it are passed over; configure one: at every hour (case c-1 \
             for p-1)",
        ],
    ),
    (
        |w| {
            w.policy()["protected"].as_array_mut().unwrap().remove(1);
            w.person["person"]["plan"]["shape"] = json!("call_only");
        },
        Some(&[Channel::Sms, Channel::Webhook]),
        &[
            "hole     policy standard, protected: no phone of theirs rings, for voice has no provider; configure one, or add \
             a step by another channel: at every hour (case c-1 for p-1)",
            "hole     policy standard, danger step 4: what repeats goes by voice alone, and nobody's phone rings; end with a \
             step by sms or voice: at every hour (case c-1, and incidents of no case)",
            "warning  policy standard, protected: everything goes to one phone of theirs; add a number, or let them name \
             somebody: at every hour (case c-1 for p-1)",
            "warning  policy standard, danger: everything goes to one phone; add a step to another: at every hour (case c-1, \
             and incidents of no case)",
            "warning  voice has no provider, and steps by it are passed over; configure one: at every hour (cases c-1, c-1 \
             for p-1, and incidents of no case)",
        ],
    ),
    (
        |w| {
            w.policy()["danger"] = json!([{"to": "manager", "channel": "sms", "wait_s": 60}, {"to": "manager", "channel": "voice", "wait_s": 60}]);
        },
        None,
        &[
            "warning  policy standard, danger: everything goes to one phone; add a step to another: at every hour (case c-1, and \
           incidents of no case)",
        ],
    ),
    (
        |w| {
            w.person["person"]["plan"] = json!({});
            w.person["person"]["contact"][1]["address"] = json!("+447700900099");
        },
        None,
        &[
            "warning  policy standard tells those whom the protected person has named, and they have named nobody; ask them: at \
           every hour (case c-1 for p-1)",
        ],
    ),
    (
        |w| {
            w.person["person"]["plan"] = json!({});
            w.policy()["protected"].as_array_mut().unwrap().remove(3);
        },
        None,
        &[
            "warning  policy standard, protected: everything goes to one phone of theirs; add a number, or let them name \
           somebody: at every hour (case c-1 for p-1)",
        ],
    ),
    (
        |w| w.staff()[3]["contact"][0]["address"] = json!(person_phone()),
        None,
        &[
            "warning  person p-1 and manager have one phone number, and an answer from it counts as the person's; give each \
           their own: at every hour (case c-1 for p-1)",
        ],
    ),
    (
        |w| w.case["case"]["basis"]["until"] = json!("2026-03-20T12:00:00Z"),
        None,
        &[
            "note     case c-1: its basis ends, and nobody is watched from then on; see that the team knows: from Fri 20 Mar \
           12:00 on (case c-1)",
        ],
    ),
    // No case goes by it, but what belongs to no case does.
    (
        |w| {
            let mut other = w.policy().clone();
            (other["id"], other["danger"][0]["wait_s"]) = (json!("other"), json!(300));
            w.unit["unit"]["policy"].as_array_mut().unwrap().push(other);
            w.unit["unit"]["default_policy"] = json!("other");
        },
        None,
        &[
            "hole     policy other, danger step 2: the first phone rings after 300 s, and within 60 s is promised; shorten the \
           waits before it: at every hour (incidents of no case)",
        ],
    ),
];

#[test]
fn each_hole_is_found_with_its_own_words_and_hours_and_nothing_else_is() {
    for (seed, carried, lines) in SEEDS {
        let report = World::with(seed).report(*carried);
        let summary = report.summary();
        let found: Vec<&str> = summary.lines().filter_map(|line| line.strip_prefix("  ")).collect();
        assert_eq!(found, *lines);
        let holes = lines.iter().filter(|line| line.starts_with("hole")).count();
        assert_eq!(report.count(Grade::Hole), holes);
    }
    let mut words: Vec<&str> = SEEDS.iter().flat_map(|(_, _, lines)| *lines).copied().collect();
    words.sort_unstable();
    words.dedup();
    assert!(words.len() >= 22);
}

#[test]
fn hours_are_told_to_the_minute_also_when_clocks_are_set() {
    let world = World::with(|w| {
        w.rota()["else"] = json!("manager");
        w.rota()["shift"] = json!([
            {"who": "ann", "days": "mon-sun", "from": "02:45", "until": "00:13"}]);
    });
    let report =
        check(&world.rulebook(), &Asked { from: at("2026-03-28T00:00:00Z"), days: 3, carried: None });
    let spans = report.findings[0].when.as_slice();
    // From 00:13 GMT to 02:45, which is half an hour and not two and a half away when clocks are set forward.
    let expected = [
        ("2026-03-28T00:13:00Z", "2026-03-28T02:45:00Z"),
        ("2026-03-29T00:13:00Z", "2026-03-29T01:45:00Z"),
        ("2026-03-29T23:13:00Z", "2026-03-30T01:45:00Z"),
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
    let report =
        check(&rulebook, &Asked { from: at(FROM), days: 28, carried: Some(BTreeSet::from(Channel::ALL)) });
    let took_ms = (clock.real_us() - before) / 1_000;
    assert_eq!(report.cases, 1_000);
    let of_no_duty =
        report.findings.iter().find(|finding| matches!(finding.what, What::NobodyOnDuty { .. })).unwrap();
    assert!(of_no_duty.of.len() > 1_000, "{}", of_no_duty.of.len());
    assert!(report.summary().contains("and 1995 more"), "{}", report.summary());
    assert!(took_ms < THOUSAND_MS, "{took_ms} ms");
}
