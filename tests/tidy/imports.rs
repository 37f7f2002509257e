//! Imports point down the floors; neighbours on a floor meet through a port.

use crate::rust::{code_only, is_test_file, line, without_tests};

/// Each module and its floor; `src/lib.rs` draws the same map. What decides is a crate of its own, `src/core`, and so is
/// the line, `src/line`.
const FLOORS: &[(&str, u8)] = &[
    ("crash", 0),
    ("database", 0),
    ("document", 0),
    ("geometry", 0),
    ("sealed", 0),
    ("secret", 0),
    ("domain", 1),
    ("engine", 2),
    ("access", 3),
    ("basemap", 3),
    ("clock", 3),
    ("config", 3),
    ("course", 3),
    ("notify", 3),
    ("retry", 3),
    ("store", 3),
    ("vitals", 3),
    ("backup", 4),
    ("canary", 4),
    ("console", 4),
    ("dispatch", 4),
    ("heartbeat", 4),
    ("ingest", 4),
    ("lab", 4),
    ("machine", 4),
    ("rulebook_file", 4),
    ("sandbox", 4),
    ("sequencer", 4),
    ("simulate", 4),
    ("subject", 4),
    ("watchdog", 4),
    ("cli", 5),
    ("app", 6),
    ("lib", 7),
    ("main", 7),
];

/// Behind these ports stand adapters: every file but the module's own, one floor above it.
const PORTS: &[&str] = &["notify", "store"];

/// What neighbours on a floor may take from each other: (importer or `*`, module, name or `*`).
const BETWEEN_NEIGHBOURS: &[(&str, &str, &str)] = &[
    ("*", "sequencer", "Arrival"),
    ("*", "sequencer", "Believed"),
    ("*", "sequencer", "Board"),
    ("*", "sequencer", "Done"),
    ("*", "sequencer", "Dot"),
    ("*", "sequencer", "INBOX_MESSAGES_MAX"),
    ("*", "sequencer", "Inbox"),
    ("*", "sequencer", "Message"),
    ("*", "sequencer", "MessageKind"),
    ("*", "sequencer", "Passed"),
    ("*", "sequencer", "SubmitError"),
    // Who is not sure to own the line listens to no broker, and sends nothing.
    ("dispatch", "sequencer", "Sure"),
    ("ingest", "sequencer", "Sure"),
    ("*", "sequencer", "TagReply"),
    ("*", "sequencer", "Ticket"),
    ("*", "sequencer", "Unwritten"),
    ("console", "sequencer", "Meter"),
    // The history of a case is what the journal says was published.
    ("console", "sequencer", "input_of"),
    ("console", "sequencer", "revision_of"),
    // A webhook is signed together with the time of sending.
    ("notify", "clock", "Clock"),
    // What opens a file is kept as any secret is.
    ("sealed", "secret", "Secret"),
    // The canary reaches its broker as the source behind it does.
    ("canary", "ingest", "Login"),
    ("canary", "ingest", "Source"),
    ("canary", "ingest", "SourceError"),
    ("canary", "ingest", "network_options"),
    // What an operator decides about the channels is what they are made of.
    ("config", "notify", "Settings"),
    ("config", "notify", "settings"),
    // What a proposed zone would have done is shown beside it.
    ("console", "lab", "rehearse"),
    // What was believed in the past is what the engine decides again, and so is an incident's explanation.
    ("console", "lab", "ExplainError"),
    ("console", "lab", "explain"),
    ("console", "lab", "playback"),
    ("console", "lab", "ticks"),
    // What a row of the journal holds is read in one place; a console hands a person's data out.
    ("subject", "sequencer", "input_of"),
    // What is erased, the engine's memory must hold no more.
    ("subject", "sequencer", "erasures"),
    ("subject", "sequencer", "forget_snapshots"),
    ("subject", "sequencer", "said_to_go"),
    ("subject", "sequencer", "snapshots_after"),
    ("subject", "sequencer", "revision_of"),
    ("console", "subject", "*"),
    // A backup is checked as the journal is.
    ("backup", "sequencer", "wrong_with"),
    // The simulator and the replay call the same `step` as the service.
    ("lab", "sequencer", "*"),
    ("simulate", "sequencer", "*"),
];

pub(crate) fn problems(name: &str, text: &str) -> Vec<String> {
    let Some(module) = module(name).filter(|_| !is_test_file(name)) else {
        return Vec::new();
    };
    let Some(own_floor) = floor(module) else {
        return vec![format!(
            "{name}: module `{module}` has no floor; add it to FLOORS in tests/tidy/imports.rs"
        )];
    };
    let is_adapter = PORTS.contains(&module) && !name.ends_with("/mod.rs");
    let own_floor = own_floor + u8::from(is_adapter);
    let code = code_only(text);
    let code = without_tests(&code);
    let judge = |(at, path): (usize, Vec<String>)| {
        let target = path.first()?.as_str();
        let problem = if target == module {
            return None;
        } else {
            judge(module, own_floor, target, path.get(1).map(String::as_str))?
        };
        Some(format!("{name}:{}: {problem}", line(code, at)))
    };
    references(code, depth(name)).into_iter().filter_map(judge).collect()
}

fn judge(module: &str, own_floor: u8, target: &str, item: Option<&str>) -> Option<String> {
    let Some(floor) = floor(target) else {
        return Some(format!("`crate::{target}` has no floor; add it to FLOORS in tests/tidy/imports.rs"));
    };
    if floor > own_floor {
        return Some(format!(
            "`{module}` (floor {own_floor}) uses `{target}` (floor {floor}); imports point down only"
        ));
    }
    let allowed = |(who, from, what): &(&str, &str, &str)| {
        [module, "*"].contains(who) && *from == target && (*what == "*" || Some(*what) == item)
    };
    if floor < own_floor || BETWEEN_NEIGHBOURS.iter().any(allowed) {
        return None;
    }
    let item = item.unwrap_or("*");
    Some(format!(
        "`{module}` takes `{item}` from its neighbour `{target}`; meet through a port on a lower floor"
    ))
}

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// `store` for `src/line/store/sql/open.rs` and for `src/dispatch.rs`; `engine` for `src/core/engine/mod.rs`.
fn module(name: &str) -> Option<&str> {
    let first = in_its_crate(name)?.split('/').next()?;
    Some(first.strip_suffix(".rs").unwrap_or(first))
}

/// How many `super::` lead from a file to the crate's root.
fn depth(name: &str) -> usize {
    let below = in_its_crate(name).map_or(0, |name| name.matches('/').count());
    below + 1 - usize::from(name.ends_with("/mod.rs"))
}

/// The three crates share one map of floors.
fn in_its_crate(name: &str) -> Option<&str> {
    ["src/core/", "src/line/", "src/"].iter().find_map(|of| name.strip_prefix(of))
}

/// Every path from the crate's root, with where it stands.
fn references(code: &str, depth: usize) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let roots = ["crate::".to_owned(), "super::".repeat(depth)];
    for root in roots.iter().filter(|root| !root.is_empty()) {
        for (at, _) in code.match_indices(root.as_str()) {
            let before = code[..at].chars().next_back();
            // `mycrate::`, or a longer chain of `super::`.
            if before.is_some_and(|c| c.is_alphanumeric() || "_:".contains(c)) {
                continue;
            }
            let mut rest = &code[at + root.len()..];
            paths(&mut rest, &[], &mut |path| {
                // Inside an inline module a chain of `super::` ends below the root, at some other name.
                if root == "crate::" || path.first().is_some_and(|first| floor(first).is_some()) {
                    found.push((at, path));
                }
            });
        }
    }
    found
}

/// Reads one use tree: `a::b`, `a::{b, c::d}`, `a::*`.
fn paths(rest: &mut &str, before: &[String], found: &mut impl FnMut(Vec<String>)) {
    let mut path = before.to_vec();
    loop {
        *rest = rest.trim_start();
        if let Some(inside) = rest.strip_prefix('{') {
            *rest = inside.trim_start();
            while !rest.is_empty() && !rest.starts_with('}') {
                paths(rest, &path, found);
                // Past ` as name` and the comma.
                let next = rest.find([',', '}']).unwrap_or(rest.len());
                *rest = rest[next..].trim_start_matches(',').trim_start();
            }
            *rest = rest.strip_prefix('}').unwrap_or(rest);
            return;
        }
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '*')).unwrap_or(rest.len());
        path.push(rest[..end].to_owned());
        *rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(after) if end > 0 => *rest = after,
            _ => return found(path),
        }
    }
}

#[test]
fn a_wrong_direction_is_found() {
    for (name, text, says) in [
        ("src/core/engine/mod.rs", "use crate::store::Store;", "`engine` (floor 2) uses `store` (floor 3)"),
        ("src/core/engine/mod.rs", "\nuse crate::{domain::Book, store};", "mod.rs:2: "),
        ("src/core/domain/ids.rs", "fn f() { crate::engine::f() }", "`domain` (floor 1) uses `engine`"),
        ("src/core/domain/ids.rs", "use super::super::engine::Told;", "`domain` (floor 1) uses `engine`"),
        ("src/line/clock.rs", "use super::app::f;", "`clock` (floor 3) uses `app`"),
        ("src/line/store/mod.rs", "use crate::clock::Clock;", "from its neighbour `clock`"),
        (
            "src/console/map.rs",
            "use crate::dispatch::Courier;",
            "takes `Courier` from its neighbour `dispatch`",
        ),
        ("src/console/map.rs", "use crate::sequencer::{Inbox, step as s, Board};", "takes `step`"),
        ("src/console/map.rs", "use crate::nowhere::X;", "`crate::nowhere` has no floor"),
        ("src/nowhere.rs", "", "module `nowhere` has no floor"),
    ] {
        let problems = problems(name, text);
        assert!(problems.len() == 1 && problems[0].contains(says), "{text}: {problems:?}");
    }
}

#[test]
fn right_directions_are_left_alone() {
    for (name, text) in [
        ("src/core/engine/mod.rs", "use crate::{domain::{Book, Case}, geometry::LatLon}; use super::x;"),
        ("src/core/engine/rulebook.rs", "use super::app; // use crate::app;"),
        ("src/core/engine/rulebook.rs", "\n#[cfg(test)]\nmod tests { use crate::store::MemoryStore; }"),
        ("src/core/engine/tests.rs", "use crate::store::MemoryStore;"),
        ("src/line/store/sql.rs", "use crate::clock::Clock;"),
        ("src/console/map.rs", "use crate::{clock::Clock, sequencer::{Board, Inbox}};"),
        ("src/lab/replay.rs", "use crate::sequencer::step;"),
        ("src/app.rs", "use crate::{cli, sandbox::{Broker, town::{self, *}}, store::open};"),
    ] {
        assert_eq!(problems(name, text), Vec::<String>::new(), "{text}");
    }
}
