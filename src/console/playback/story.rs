//! What happened in a span, in order: what was believed, whom it was told, and what people did.

use super::look::Shown;
use crate::{
    console::{map::Legend, names::Names, wearers::stage_key, when::When, words},
    domain::{AlertState, Cause, Happening, Stage, Timestamp, ZoneId},
    lab::playback::{Playback, Turn},
};

/// One thing that happened.
pub(super) struct Said {
    pub(super) at: Timestamp,
    pub(super) when: When,
    /// What kind of thing: its mark over time.
    pub(super) key: &'static str,
    /// Of a stage, its mark on the map.
    pub(super) stage: Option<Legend>,
    pub(super) what: String,
    pub(super) detail: String,
    pub(super) incident: Option<i64>,
}

/// Things that happened which are told of.
const SAID_MAX: usize = 2_000;

/// All of it, the oldest first, and how much came after what is told.
pub(super) fn story(shown: &Shown) -> (Vec<Said>, usize) {
    let mut said: Vec<Said> = shown.playback.turns.iter().map(|turn| turned(shown, turn)).collect();
    for incident in &shown.incidents {
        let is_around = matches!(&incident.cause, Cause::Zone(zone) if !is_drawn(&shown.playback, zone));
        let within = incident.timeline.iter().filter(|entry| is_played(&shown.playback, entry.at));
        said.extend(within.map(|entry| {
            let (what, detail) = words::happening(&entry.what, Names(&shown.board.rulebook));
            Said {
                at: entry.at,
                when: When::new(entry.at, shown.now),
                key: key(&entry.what),
                stage: None,
                what,
                // What people wrote may hold a name or an address, and several distances from a person say where they were.
                // Both stand on the incident's page.
                detail: if is_own_words(&entry.what) || is_around { String::new() } else { detail },
                incident: Some(incident.id.0),
            }
        }));
    }
    said.sort_by_key(|said| said.at);
    let folded = said.len().saturating_sub(SAID_MAX);
    said.truncate(SAID_MAX);
    (said, folded)
}

fn is_drawn(playback: &Playback, zone: &ZoneId) -> bool {
    playback.zones.iter().any(|known| known.id == *zone && known.drawn.is_some())
}

pub(super) fn is_played(playback: &Playback, at: Timestamp) -> bool {
    (playback.span.from()..=playback.until).contains(&at)
}

fn turned(shown: &Shown, turn: &Turn) -> Said {
    let why = turn.reason.as_ref().map(words::reason).unwrap_or_default();
    let since = if turn.to == Stage::Violation && turn.true_time != turn.at {
        format!(" True since {} UTC.", When::new(turn.true_time, shown.now).date())
    } else {
        String::new()
    };
    Said {
        at: turn.at,
        when: When::new(turn.at, shown.now),
        key: "believed",
        stage: Some(Legend { key: stage_key(turn.to), word: words::stage(turn.to) }),
        what: believed(turn.to, &code(&shown.playback, &turn.zone)),
        detail: (why + &since).trim().to_owned(),
        incident: None,
    }
}

/// A stage of a zone, as it is said.
pub(super) fn believed(stage: Stage, code: &str) -> String {
    format!("{code}: {}", words::stage(stage))
}

/// A zone's code, as it last was.
pub(super) fn code(playback: &Playback, zone: &ZoneId) -> String {
    let known = playback.zones.iter().rev().find(|known| known.id == *zone);
    known.map_or_else(|| zone.to_string(), |known| known.code.clone())
}

/// The marks over time: triangle, told; square, answered; diamond, staff; circle, an incident itself.
fn key(what: &Happening) -> &'static str {
    match what {
        Happening::Alert { state: AlertState::Waiting, .. } => "told",
        Happening::Alert { .. } => "sent",
        Happening::Answered { .. } => "answered",
        Happening::Raised { .. }
        | Happening::Over { .. }
        | Happening::Disproved { .. }
        | Happening::Unreached { .. }
        | Happening::BackToQueue
        | Happening::NoAnswer { .. }
        | Happening::Unshelved => "incident",
        Happening::Owned { .. }
        | Happening::Sent { .. }
        | Happening::Attends { .. }
        | Happening::Shelved { .. }
        | Happening::Acted { .. }
        | Happening::Noted { .. }
        | Happening::HandedOver { .. }
        | Happening::Closed { .. } => "did",
    }
}

fn is_own_words(what: &Happening) -> bool {
    match what {
        Happening::Answered { answer, .. } => !matches!(answer.as_str(), "safe" | "help" | "call me"),
        Happening::Noted { .. } | Happening::Shelved { .. } => true,
        _ => false,
    }
}
