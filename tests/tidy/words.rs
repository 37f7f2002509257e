//! Words and calls that are not used here, each with what to use instead.

use crate::rust::{code_only, identifiers, is_test_file, line, without_tests};

/// Parts of identifiers, in Rust and SQL. Prose may use them.
const WORDS: &[(&str, &str)] = &[
    ("fence", "ExclusionZone"),
    ("geofence", "ExclusionZone"),
    ("ladder", "EscalationPolicy"),
    ("offender", "Wearer"),
    ("perpetrator", "Wearer"),
    ("severity", "Priority"),
    ("tenant", "Unit"),
    ("tracker", "Tag"),
    ("victim", "ProtectedPerson"),
];

struct Call {
    text: &'static str,
    instead: &'static str,
    /// Files in which it has its place.
    allowed: &'static [&'static str],
    /// The beginning of the names of files that it is banned from; "" for all.
    banned_from: &'static str,
    /// Whether tests may use it.
    in_tests: bool,
}

const CLOCKS: &[&str] = &["src/line/clock.rs", "firmware-sim/src/clock.rs"];

const CALLS: &[Call] = &[
    everywhere("SystemTime::now", "take the time as an argument; only the clock asks for it", CLOCKS),
    everywhere("Instant::now", "take the time as an argument; only the clock asks for it", CLOCKS),
    everywhere(
        "cordon_core::",
        "say `crate::`, or `cordon::` in tests: the map of floors is one",
        &["src/lib.rs", "src/line/lib.rs"],
    ),
    everywhere(
        "cordon_line::",
        "say `crate::`, or `cordon::` in tests: the map of floors is one",
        &["src/lib.rs"],
    ),
    everywhere("todo!", "finish it, or leave it out", &[]),
    everywhere("unimplemented!", "finish it, or leave it out", &[]),
    everywhere("dbg!", "use tracing, without personal data", &[]),
    Call {
        text: ".unwrap()",
        instead: "use `?`, or `expect` with the reason why it cannot fail",
        allowed: &[],
        banned_from: "",
        in_tests: true,
    },
    in_engine("HashMap", "use BTreeMap: its order is the same in every run"),
    in_engine("HashSet", "use BTreeSet: its order is the same in every run"),
];

const fn everywhere(text: &'static str, instead: &'static str, allowed: &'static [&'static str]) -> Call {
    Call { text, instead, allowed, banned_from: "", in_tests: false }
}

const fn in_engine(text: &'static str, instead: &'static str) -> Call {
    Call { text, instead, allowed: &[], banned_from: "src/core", in_tests: true }
}

pub(crate) fn problems(name: &str, text: &str) -> Vec<String> {
    let all = code_only(text);
    let tested = if is_test_file(name) { "" } else { without_tests(&all) };
    let mut problems = words(name, &all);
    for call in
        CALLS.iter().filter(|call| name.starts_with(call.banned_from) && !call.allowed.contains(&name))
    {
        let code = if call.in_tests { tested } else { &all };
        for (at, _) in code.match_indices(call.text) {
            problems.push(format!("{name}:{}: `{}`: {}", line(code, at), call.text, call.instead));
        }
    }
    problems
}

pub(crate) fn sql_problems(name: &str, text: &str) -> Vec<String> {
    let code: Vec<&str> = text.lines().map(|line| line.split("--").next().unwrap_or("")).collect();
    words(name, &code.join("\n"))
}

fn words(name: &str, code: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for (at, identifier) in identifiers(code) {
        for part in parts(identifier) {
            if let Some((word, instead)) =
                WORDS.iter().find(|(word, _)| part == *word || part == format!("{word}s"))
            {
                problems
                    .push(format!("{name}:{}: `{identifier}`: not `{word}`; say {instead}", line(code, at)));
            }
        }
    }
    problems
}

/// `victim_id`, `VictimId` and `VICTIM_ID` have the parts `victim` and `id`.
fn parts(identifier: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut after_lower = false;
    for c in identifier.chars() {
        if c == '_' || (c.is_ascii_uppercase() && after_lower) {
            parts.push(String::new());
        }
        if c != '_' {
            parts.last_mut().expect("there is one from the start").push(c.to_ascii_lowercase());
        }
        after_lower = c.is_ascii_lowercase();
    }
    parts
}

#[test]
fn banned_words_are_found_in_every_spelling() {
    for text in [
        "let victim_id = 1;",
        "struct TheVictim;",
        "const VICTIMS: u8 = 1;",
        "victims",
        "fn f(a: &Victim) {}",
    ] {
        let problems = problems("src/a.rs", text);
        assert!(problems.len() == 1 && problems[0].contains("say ProtectedPerson"), "{text}: {problems:?}");
    }
    assert_eq!(sql_problems("m.sql", "-- offender\nCREATE TABLE offender").len(), 1);
}

#[test]
fn prose_and_other_words_are_left_alone() {
    for text in
        ["// the victim", "/// A `victim`.", "say(\"victim\")", "defences(); backtracker(); Untenanted"]
    {
        assert_eq!(problems("src/a.rs", text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn banned_calls_are_found_where_they_are_banned() {
    for (name, text, found) in [
        ("src/a.rs", "std::time::SystemTime::now()", 1),
        ("src/line/clock.rs", "SystemTime::now()", 0),
        ("src/a.rs", "\n#[cfg(test)]\nmod tests { fn f() { Instant::now() } }", 1),
        ("src/a.rs", "a.unwrap()", 1),
        ("src/a.rs", "a.unwrap_or(1)", 0),
        ("src/a.rs", "\n#[cfg(test)]\nmod tests { fn f() { a.unwrap() } }", 0),
        ("tests/a.rs", "a.unwrap()", 0),
        ("tests/a.rs", "todo!()", 1),
        ("src/a.rs", "dbg!(a)", 1),
        ("src/core/engine/a.rs", "use std::collections::HashMap;", 1),
        ("src/core/engine/a.rs", "HashSet::new()", 1),
        ("src/line/store/a.rs", "HashMap::new()", 0),
    ] {
        assert_eq!(problems(name, text).len(), found, "{name}: {text}");
    }
}
