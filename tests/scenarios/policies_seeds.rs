//! Holes that are put into a sound rulebook one by one.

use cordon::{domain::Channel, lab::policy::Grade};
use serde_json::json;

use crate::{policies::World, ward::person_phone};

/// What is put in, the channels that have a provider, and the lines that it leads to.
type Seed = (fn(&mut World), Option<&'static [Channel]>, &'static [&'static str]);

const SEEDS: &[Seed] = &[
    // Nobody works from 20:00 on Saturday; by text, as the desk has no number for calls.
    (
        |w| w.rota()["shift"][1]["days"] = json!("sun-fri"),
        None,
        &[
            "hole     policy standard, danger step 3: desk has no contact for voice and is told by sms \
             instead; add one, or change the step: from Sun 1 Mar 00:00 until Sun 1 Mar 08:00, and 4 more \
             times until Sun 29 Mar 00:00 (case c-1, and incidents of no case)",
            "warning  rota officers: nobody is on duty, and desk stands in; add a shift if that is not \
             meant: from Sun 1 Mar 00:00 until Sun 1 Mar 08:00, and 4 more times until Sun 29 Mar 00:00 (case \
             c-1, and incidents of no case)",
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
            "warning  rota officers: nobody is on duty, and manager stands in; add a shift if that is not \
             meant: from Tue 10 Mar 08:00 until Tue 10 Mar 20:00 (case c-1, and incidents of no case)",
            "warning  policy standard, danger: everything goes to one phone; add a step to another: from Tue \
             10 Mar 07:59 until Tue 10 Mar 19:59 (case c-1, and incidents of no case)",
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
        &["hole     rota officers: nobody is on duty, and manager, who stands in, is off duty, too; add a \
             shift, or let somebody stand in who is always there: from Sun 1 Mar 00:00 until Sun 1 Mar 08:00, \
             and 4 more times until Sun 29 Mar 00:00 (case c-1, and incidents of no case)"],
    ),
    (
        |w| w.policy()["danger"][3]["to"] = json!("ann"),
        None,
        &[
            "warning  policy standard, danger step 4: ann, named there, works shifts and is off duty; name \
             their rota: from Sun 1 Mar 00:00 until Sun 1 Mar 08:00, and 28 more times until Sun 29 Mar 00:00 \
             (case c-1, and incidents of no case)",
            "warning  policy standard, danger: everything goes to one phone; add a step to another: from Sun \
             1 Mar 07:59 until Sun 1 Mar 19:59, and 27 more times until Sat 28 Mar 19:59 (case c-1, and \
             incidents of no case)",
        ],
    ),
    (
        |w| w.person["person"]["plan"]["nominated"] = json!(["bob"]),
        None,
        &["hole     bob is named to be told and off duty; let them name a rota, or somebody who is always \
             there: from Sun 1 Mar 08:00 until Sun 1 Mar 20:00, and 27 more times until Sat 28 Mar 20:00 \
             (case c-1 for p-1)"],
    ),
    (
        |w| w.staff()[4]["contact"] = json!([{"channel": "voice", "address": "+447700900024"}]),
        None,
        &["hole     policy standard, protected step 4: advocate has no contact for sms and is told by \
             voice instead; add one, or change the step: at every hour (case c-1 for p-1)"],
    ),
    (
        |w| w.staff()[2]["contact"] = json!([{"channel": "sms", "address": "+447700900022"}]),
        None,
        &["hole     policy standard, danger step 3: bob has no contact for voice and is told by sms \
             instead; add one, or change the step: from Sun 1 Mar 00:00 until Sun 1 Mar 08:00, and 28 more \
             times until Sun 29 Mar 00:00 (case c-1, and incidents of no case)"],
    ),
    (
        |w| w.policy()["danger"][0]["wait_s"] = json!(90),
        None,
        &["hole     policy standard, danger step 2: the first phone rings after 90 s, and within 60 s is \
             promised; shorten the waits before it: at every hour (case c-1, and incidents of no case)"],
    ),
    (
        |w| {
            w.policy()["protected"][3]["wait_s"] = json!(90);
            w.person["person"]["plan"]["shape"] = json!("advocate_first");
        },
        None,
        &["hole     policy standard, protected step 1: their own phone rings after 90 s, and within 60 s \
             is promised; shorten the waits before it: at every hour (case c-1 for p-1)"],
    ),
    (
        |w| w.policy()["danger"][3] = json!({"to": "desk", "channel": "webhook", "wait_s": 60}),
        None,
        &[
            "hole     policy standard, danger step 4: what repeats goes by webhook alone, and nobody's phone \
             rings; end with a step by sms or voice: at every hour (case c-1, and incidents of no case)",
            "warning  policy standard, danger: everything goes to one phone; add a step to another: at every \
             hour (case c-1, and incidents of no case)",
        ],
    ),
    (
        |w| {
            let topic = json!({"channel": "pager", "address": "officers-of-the-north"});
            w.staff()[0]["contact"].as_array_mut().unwrap().push(topic);
            w.policy()["device"][1] = json!({"to": "desk", "channel": "pager", "wait_s": 60});
        },
        None,
        &["hole     policy standard, device step 2: what repeats goes by pager alone, and it comes to no \
             phone and no desk; end with a step by sms, voice or webhook: at every hour (case c-1, and \
             incidents of no case)"],
    ),
    (
        |w| {
            let topic = json!({"channel": "pager", "address": "officers-of-the-north"});
            w.staff()[0]["contact"].as_array_mut().unwrap().push(topic);
            w.policy()["upkeep"][0]["channel"] = json!("pager");
        },
        None,
        &["hole     policy standard, upkeep: it comes to no phone and no desk; end with a step by sms, \
             voice or webhook: at every hour (case c-1, and incidents of no case)"],
    ),
    (
        |w| {
            let url = json!({"channel": "webhook", "address": "https://example.org/p"});
            w.person["person"]["contact"].as_array_mut().unwrap().push(url);
            w.policy()["protected"].as_array_mut().unwrap().push(json!({"channel": "webhook", "wait_s": 60}));
        },
        None,
        &["hole     policy standard, protected step 6: what repeats goes by webhook alone, and no phone of \
             theirs rings; end with a step by sms or voice: at every hour (case c-1 for p-1)"],
    ),
    (
        |w| w.policy()["danger"] = json!([{"to": "desk", "channel": "webhook", "wait_s": 60}]),
        None,
        &["hole     policy standard, danger: nobody's phone rings; end with a step by sms or voice: at \
             every hour (case c-1, and incidents of no case)"],
    ),
    // Texts have no provider: calls do for danger.
    (
        |w| w.policy()["device"].as_array_mut().unwrap().truncate(1),
        Some(&[Channel::Voice, Channel::Webhook]),
        &[
            "warning  sms has no provider, and steps by it are passed over; configure one: at every hour \
             (case c-1, and incidents of no case)",
            "warning  second_sms has no provider, and steps by it are passed over; configure one: at every \
             hour (case c-1 for p-1)",
            "warning  policy standard, protected: everything goes to one phone of theirs; add a number, or \
             let them name somebody: at every hour (case c-1 for p-1)",
            "warning  policy standard, protected: that protection is weak, and all clear, come to no phone of \
             theirs, by sms and second_sms alone; staff have to call them each time: add a step by sms, with a \
             contact and a provider: at every hour (case c-1 for p-1)",
        ],
    ),
    (
        |w| {
            w.policy()["protected"].as_array_mut().unwrap().remove(1);
            w.person["person"]["plan"]["shape"] = json!("call_only");
        },
        Some(&[Channel::Sms, Channel::Webhook]),
        &[
            "hole     policy standard, protected: no phone of theirs rings, for voice has no provider; \
             configure one, or add a step by another channel: at every hour (case c-1 for p-1)",
            "hole     policy standard, danger step 4: what repeats goes by voice alone, and nobody's phone \
             rings; end with a step by sms or voice: at every hour (case c-1, and incidents of no case)",
            "warning  voice has no provider, and steps by it are passed over; configure one: at every hour \
             (case c-1, and incidents of no case)",
            "warning  policy standard, danger: everything goes to one phone; add a step to another: at every \
             hour (case c-1, and incidents of no case)",
        ],
    ),
    (
        |w| {
            w.policy()["danger"] = json!([{"to": "manager", "channel": "sms", "wait_s": 60}, {"to": "manager", "channel": "voice", "wait_s": 60}]);
        },
        None,
        &["warning  policy standard, danger: everything goes to one phone; add a step to another: at every \
             hour (case c-1, and incidents of no case)"],
    ),
    (
        |w| {
            w.person["person"]["plan"] = json!({});
            w.person["person"]["contact"][1]["address"] = json!("+447700900099");
        },
        None,
        &["warning  policy standard tells those whom the protected person has named, and they have named \
             nobody; ask them: at every hour (case c-1 for p-1)"],
    ),
    (
        |w| {
            w.person["person"]["plan"] = json!({});
            w.policy()["protected"].as_array_mut().unwrap().remove(3);
        },
        None,
        &["warning  policy standard, protected: everything goes to one phone of theirs; add a number, or \
             let them name somebody: at every hour (case c-1 for p-1)"],
    ),
    (
        |w| w.staff()[3]["contact"][0]["address"] = json!(person_phone()),
        None,
        &["warning  person p-1 and manager have one phone number, and an answer from it counts as the \
             person's; give each their own: at every hour (case c-1 for p-1)"],
    ),
    (
        |w| w.case["case"]["basis"]["until"] = json!("2026-03-20T12:00:00Z"),
        None,
        &["note     case c-1: its basis ends, and nobody is watched from then on; see that the team knows: \
             from Fri 20 Mar 12:00 on (case c-1)"],
    ),
    (
        |w| {
            let browser = json!({"endpoint": "https://push.example/1", "keys": {"p256dh": "", "auth": ""}});
            w.person["person"]["contact"][0] = json!({"channel": "push", "address": browser.to_string()});
            w.policy()["protected"] = json!([{"channel": "push", "wait_s": 0}, {"channel": "voice", "wait_s": 60},
                {"channel": "sms", "nominated": true, "wait_s": 60}, {"channel": "voice", "wait_s": 120}]);
        },
        None,
        &[
            "warning  policy standard, protected: that protection is weak, and all clear, come to no phone of \
             theirs, by push alone; staff have to call them each time: add a step by sms, with a contact and a \
             provider: at every hour (case c-1 for p-1)",
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
        &["hole     policy other, danger step 2: the first phone rings after 300 s, and within 60 s is \
             promised; shorten the waits before it: at every hour (incidents of no case)"],
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
