//! What the map shows, as a table; and what it cannot show.

use super::{names::Names, trails, when::When, words};
use crate::{
    domain::{IncidentId, IncidentKind, Stage, Subject, Timestamp, Wearer, WearerId, ZoneId},
    engine::{BoundProximity, Companionship},
    sequencer::{Board, Dot, Passed},
};

const ROWS_MAX: usize = 200;
/// Below this charge the percentage is marked.
const BATTERY_LOW_PCT: u8 = 20;

pub(super) struct Wearers {
    pub(super) rows: Vec<Row>,
    pub(super) folded: usize,
    /// Wearers with a tag of whom no fix is known.
    pub(super) unseen: Vec<String>,
    /// Tags that belong to nobody.
    pub(super) strays: Vec<Stray>,
    pub(super) strays_folded: usize,
}

pub(super) struct Row {
    pub(super) name: String,
    pub(super) stage: &'static str,
    pub(super) stage_key: &'static str,
    /// Of a wearer who is not clear: since when that is believed.
    pub(super) since: Option<Since>,
    pub(super) zone: String,
    /// What is to be expected there.
    pub(super) outlook: String,
    /// Zones around persons that are off, and why.
    pub(super) off: Vec<String>,
    pub(super) dark: bool,
    pub(super) seen: Seen,
    pub(super) incident: Option<i64>,
}

/// Since when a stage is believed.
pub(super) struct Since {
    pub(super) from: When,
    /// Or for longer than the trail reaches back.
    pub(super) or_longer: bool,
}

/// What is known of a tag.
pub(super) struct Seen {
    pub(super) fix: When,
    pub(super) heard: When,
    pub(super) error: String,
    pub(super) battery: u8,
    pub(super) battery_low: bool,
}

pub(super) struct Stray {
    pub(super) tag: String,
    pub(super) heard: When,
}

impl Wearers {
    pub(super) fn new(board: &Board, now: Timestamp) -> Self {
        let (dots, folded) = shown(board);
        let rows = dots.into_iter().map(|(id, dot)| row(board, id, dot, now)).collect();
        let stray = |(tag, heard): (&crate::domain::TagId, &Timestamp)| Stray {
            tag: tag.to_string(),
            heard: When::new(*heard, now),
        };
        Self {
            rows,
            folded,
            unseen: unseen(board, now).map(|wearer| wearer.name.clone()).collect(),
            strays: board.strays.iter().take(ROWS_MAX).map(stray).collect(),
            strays_folded: board.strays.len().saturating_sub(ROWS_MAX),
        }
    }
}

/// Wearers who are seen, those in the most dangerous stage first; and how many more there are than are shown.
pub(super) fn shown(board: &Board) -> (Vec<(&WearerId, &Dot)>, usize) {
    let names = Names(&board.rulebook);
    let mut dots: Vec<_> = board.wearers.iter().collect();
    dots.sort_by_cached_key(|(id, dot)| (std::cmp::Reverse(rank(worst(dot).0)), names.wearer(id)));
    let folded = dots.len().saturating_sub(ROWS_MAX);
    dots.truncate(ROWS_MAX);
    (dots, folded)
}

/// Wearers with a tag of whom no fix is known.
pub(super) fn unseen(board: &Board, now: Timestamp) -> impl Iterator<Item = &Wearer> {
    board.rulebook.wearers().filter(move |wearer| {
        !board.wearers.contains_key(&wearer.id) && wearer.tags.iter().any(|worn| worn.covers(now))
    })
}

/// The most urgent open incident of a wearer.
pub(super) fn most_urgent(board: &Board, id: &WearerId) -> Option<IncidentId> {
    open(board, id).min_by_key(|incident| (incident.priority, incident.id)).map(|incident| incident.id)
}

pub(super) fn seen(dot: &Dot, now: Timestamp) -> Seen {
    Seen {
        fix: When::new(dot.fix_at, now),
        heard: When::new(dot.heard_at, now),
        error: words::metres(dot.sigma_m),
        battery: dot.battery_pct,
        battery_low: dot.battery_pct < BATTERY_LOW_PCT,
    }
}

/// The most dangerous stage of a wearer, and its zone.
pub(super) fn worst(dot: &Dot) -> (Stage, Option<&ZoneId>) {
    worst_of(&dot.stages)
}

/// The most dangerous of some stages, and its zone.
pub(super) fn worst_of(stages: &[(ZoneId, Stage)]) -> (Stage, Option<&ZoneId>) {
    let worst = stages.iter().max_by_key(|(_, stage)| rank(*stage));
    worst.map_or((Stage::Clear, None), |(zone, stage)| (*stage, Some(zone)))
}

/// The more dangerous the greater.
pub(super) fn rank(stage: Stage) -> u8 {
    match stage {
        Stage::Clear => 0,
        Stage::Watch => 1,
        Stage::Left => 2,
        Stage::Approach => 3,
        Stage::Violation => 4,
    }
}

/// The stage's mark on the map and in the table.
pub(super) fn stage_key(stage: Stage) -> &'static str {
    match stage {
        Stage::Clear => "clear",
        Stage::Watch => "watch",
        Stage::Approach => "approach",
        Stage::Violation => "violation",
        Stage::Left => "left",
    }
}

/// Whether an open incident says that the wearer cannot be seen now.
pub(super) fn is_dark(board: &Board, wearer: &WearerId) -> bool {
    let dark = [IncidentKind::LostContact, IncidentKind::Blind, IncidentKind::Jamming];
    open(board, wearer).any(|incident| incident.ongoing && dark.contains(&incident.kind))
}

fn open<'a>(board: &'a Board, wearer: &'a WearerId) -> impl Iterator<Item = &'a crate::domain::Incident> {
    let about = move |subject: &Subject| matches!(subject, Subject::Wearer(id) if id == wearer);
    board
        .incidents
        .values()
        .map(AsRef::as_ref)
        .filter(move |incident| incident.is_open() && about(&incident.subject))
}

/// A wearer's zones around persons that should apply now and do not: it is not known where the person is.
pub(super) fn off<'b>(
    board: &'b Board,
    id: &WearerId,
    now: Timestamp,
) -> Vec<(&'b BoundProximity, &'b Companionship)> {
    let rulebook = &board.rulebook;
    let in_force = |bound: &&BoundProximity| {
        rulebook.case(&bound.case).is_some_and(|case| case.basis.covers(now)) && bound.zone.applies(now)
    };
    let off = rulebook.proximity_of(id).filter(in_force).filter_map(|bound| {
        let known = board.companions.get(&bound.zone.person).unwrap_or(&Companionship::NeverHeard);
        let is_on = matches!(known, Companionship::Fresh { until, .. } if now < *until);
        (!is_on).then_some((bound, known))
    });
    off.collect()
}

/// Since when the worst stage is what it is, as far as the trail says.
fn since(dot: &Dot, now: Timestamp) -> Option<Since> {
    let (stage, _) = worst(dot);
    let is_same = |passed: &&Passed| trails::believed(passed) == Some(stage);
    let same = dot.trail.iter().rev().take_while(is_same).count();
    let first = dot.trail.get(dot.trail.len() - same).filter(|_| stage != Stage::Clear)?;
    // Before the one that differs, something else was believed; before one that says nothing, nobody knows.
    let before = dot.trail.len().checked_sub(same + 1).map(|nth| trails::believed(&dot.trail[nth]));
    Some(Since { from: When::new(first.at, now), or_longer: !matches!(before, Some(Some(_))) })
}

pub(super) fn row(board: &Board, id: &WearerId, dot: &Dot, now: Timestamp) -> Row {
    let names = Names(&board.rulebook);
    let (stage, zone) = worst(dot);
    Row {
        name: names.wearer(id),
        stage: words::stage(stage),
        stage_key: stage_key(stage),
        since: since(dot, now),
        zone: zone.map(|zone| names.zone(zone)).unwrap_or_default(),
        outlook: dot
            .outlooks
            .iter()
            .find(|(of, _)| Some(of) == zone)
            .map(|(_, it)| words::outlook(it))
            .unwrap_or_default(),
        off: off(board, id, now)
            .into_iter()
            .map(|(bound, known)| format!("{}: {}", bound.zone.code, words::companionship(known, now)))
            .collect(),
        dark: is_dark(board, id),
        seen: seen(dot, now),
        incident: most_urgent(board, id).map(|incident| incident.0),
    }
}
