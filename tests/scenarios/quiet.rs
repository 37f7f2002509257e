//! Quiet hours hold back what is no danger, and nothing else.

use cordon::domain::MessageClass;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::ward::{NOON, Ward, book, person, person_phone, second};

const PERSON: &str = "person p-1";
const HOUR_S: i64 = 3_600;

fn plan(plan: Value) -> Ward {
    let mut ward = Ward::new();
    let mut person = person();
    person["person"]["plan"] = plan;
    ward.line.publish(second(-10), book(person)).unwrap();
    ward
}

/// From one hour of that day until another; every story begins at twelve.
fn quiet(from: &str, until: &str) -> Value {
    json!({"from": from, "until": until, "time_zone": "Europe/London"})
}

/// Far away from a second on, until another.
fn far_away(ward: &mut Ward, from_s: i64, until_s: i64) {
    for s in (from_s..=until_s).step_by(60) {
        ward.at(s, 20_000.0 + s as f64);
        ward.delivered(s);
    }
}

#[test]
fn danger_is_told_in_quiet_hours_and_its_end_after_them() {
    let mut ward = plan(json!({"quiet": quiet("11:00", "13:30")}));
    ward.at(0, 0.0);
    ward.delivered(1);
    ward.reply(30, person_phone(), "1");
    far_away(&mut ward, 60, 2 * HOUR_S);
    let heard = ward.heard(PERSON);
    assert_eq!(heard.first(), Some(&(0, MessageClass::Danger)));
    let rest: Vec<_> = heard.into_iter().filter(|(_, class)| *class != MessageClass::Danger).collect();
    assert_eq!(rest, [(HOUR_S + HOUR_S / 2, MessageClass::AllClear)]);
}

#[test]
fn a_test_that_is_booked_within_them_comes_at_their_end() {
    let test = json!({"day": 7, "at": "12:30", "time_zone": "Europe/London"});
    let mut ward = plan(json!({"quiet": quiet("12:00", "14:00"), "test": test}));
    far_away(&mut ward, 0, 3 * HOUR_S);
    assert_eq!(ward.heard(PERSON), [(2 * HOUR_S, MessageClass::Test)]);
}

#[test]
fn protection_that_is_weak_for_the_whole_of_them_is_told_at_their_end_and_no_sooner() {
    for (silent_until_s, told) in [(HOUR_S, None), (3 * HOUR_S, Some((2 * HOUR_S, MessageClass::Weak)))] {
        let mut ward = plan(json!({"quiet": quiet("12:00", "14:00")}));
        ward.at(0, 2_000.0);
        ward.line.pass_to(second(silent_until_s));
        far_away(&mut ward, silent_until_s + 60, 4 * HOUR_S);
        assert_eq!(ward.heard(PERSON).first().copied(), told);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn danger_sounds_the_same_whatever_the_quiet_hours_and_nothing_else_is_told_within_them(
        from in 0_u32..48,
        hours in 1_u32..47,
        walk in proptest::collection::vec((0_u8..4, 1_i64..12), 1..8),
        answers in any::<bool>(),
    ) {
        let clock = |half: u32| format!("{:02}:{:02}", half % 48 / 2, half % 2 * 30);
        let hushed = plan(json!({"quiet": quiet(&clock(from), &clock(from + hours))}));
        let [with, without] = [hushed, plan(json!({}))].map(|ward| lives(ward, &walk, answers));
        let danger = |heard: &[(i64, MessageClass)]| {
            let mut danger = heard.to_vec();
            danger.retain(|(_, class)| *class == MessageClass::Danger);
            danger
        };
        prop_assert_eq!(danger(&with), danger(&without));
        let begins_s = i64::from(from) * HOUR_S / 2;
        for (s, class) in with.into_iter().filter(|(_, class)| *class != MessageClass::Danger) {
            // In March London keeps UTC, so that noon is twelve hours into its day.
            let into_s = (midday_s() + s - begins_s).rem_euclid(24 * HOUR_S);
            prop_assert!(into_s >= i64::from(hours) * HOUR_S / 2, "{class:?} at {s}");
        }
    }
}

fn midday_s() -> i64 {
    NOON.as_ms() / 1_000 % (24 * HOUR_S)
}

/// Some hours of being inside, near, far or silent, in turn, each for some five minutes.
fn lives(mut ward: Ward, walk: &[(u8, i64)], answers: bool) -> Vec<(i64, MessageClass)> {
    let mut s = 0;
    for (how, fives) in walk {
        let until = s + fives * 300;
        while s < until {
            match how {
                0 => drop(ward.at(s, 0.0)),
                1 => drop(ward.at(s, 350.0)),
                2 => drop(ward.at(s, 20_000.0 + s as f64)),
                _ => {}
            }
            ward.delivered(s);
            if answers {
                ward.reply(s + 1, person_phone(), "1");
            }
            s += 60;
        }
    }
    ward.heard(PERSON)
}
