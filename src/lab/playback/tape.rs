//! Plays rows to an engine and notes, of those within the span, what it was told and what it believed.

use std::collections::BTreeMap;

use super::{Checked, FIXES_MAX, Playback, Played, Span, Turn, force, read::Read};
use crate::{
    domain::{Fix, Stage, Timestamp, WearerId, ZoneId},
    engine::{Decision, ENGINE_VERSION, EVIDENCE_MS, Engine, Input, StageChange, Told},
    lab::turned::place_of,
    sequencer::input_of,
    store::JournalRow,
};

struct Tape<'t> {
    wearer: &'t WearerId,
    engine: Engine,
    stages: BTreeMap<ZoneId, Stage>,
    /// Up to here the zones are known.
    stood_until: Timestamp,
    /// When the newest fix that was known was taken.
    newest: Option<Timestamp>,
    is_full: bool,
    playback: Playback,
}

/// Plays all of it.
pub(super) fn play(wearer: &WearerId, span: Span, read: &Read) -> Playback {
    let mut tape = Tape {
        wearer,
        engine: Engine::default(),
        stages: BTreeMap::new(),
        stood_until: span.from(),
        newest: None,
        is_full: false,
        playback: Playback {
            wearer: wearer.clone(),
            span,
            until: read.until,
            fixes: Vec::new(),
            before: Vec::new(),
            turns: Vec::new(),
            zones: Vec::new(),
            gaps: Vec::new(),
            checked: Checked::default(),
        },
    };
    let begins = read.rows.partition_point(|row| row.at < span.from());
    let (lead, within) = read.rows.split_at(begins);
    for row in lead {
        tape.lead(row);
    }
    tape.begin();
    for row in within {
        if tape.is_full {
            break;
        }
        tape.hear(row);
    }
    tape.finish()
}

impl Tape<'_> {
    /// What came before the span: the engine hears it, and nothing is noted.
    fn lead(&mut self, row: &JournalRow) {
        if let Ok(input) = input_of(row) {
            let decision = self.engine.decide(row.at, &input);
            self.engine.apply(&decision);
        }
    }

    fn begin(&mut self) {
        let seen = self.engine.sightings().find(|(id, _)| *id == self.wearer);
        self.stages = seen.map(|(_, seen)| seen.stages.into_iter().collect()).unwrap_or_default();
        self.playback.before = self.believed();
        self.newest = self.engine.seen_at(self.wearer);
    }

    fn hear(&mut self, row: &JournalRow) {
        let Ok(input) = input_of(row) else {
            self.playback.checked.unreadable += 1;
            return;
        };
        let fixes = match &input {
            Input::Ping { tag, source, ping } => self.engine.fixes_of(self.wearer, row.at, tag, source, ping),
            Input::Told(_) => Vec::new(),
        };
        if self.playback.fixes.len() + fixes.len() > FIXES_MAX {
            // Nothing of a row is played in part: what its fixes say together could not be told.
            (self.is_full, self.playback.until) = (true, row.at);
            return;
        }
        let decision = self.engine.decide(row.at, &input);
        self.compare(row, &decision);
        let is_book = matches!(input, Input::Told(Told::Publish(_) | Told::Revise { .. }));
        if is_book {
            self.stand(row.at);
        }
        let changes: Vec<&StageChange> =
            decision.changes.iter().filter(|change| change.wearer == *self.wearer).collect();
        let fixes = if decision.is_duplicate { Vec::new() } else { fixes };
        self.take(row, &fixes, &changes);
        self.engine.apply(&decision);
        self.newest = self.engine.seen_at(self.wearer);
    }

    /// Notes the fixes of a row and what they changed.
    fn take(&mut self, row: &JournalRow, fixes: &[Fix], changes: &[&StageChange]) {
        if !fixes.is_empty() {
            self.note_gap(row.at);
        }
        let places: Vec<Option<usize>> = changes.iter().map(|change| self.place(change, fixes)).collect();
        let first_turn = self.playback.turns.len();
        // What late fixes show is believed as of the newest one: there is one belief after all of them.
        let has_past = fixes.iter().any(|fix| self.newest > Some(fix.at));
        for (nth, fix) in fixes.iter().enumerate() {
            let mine = |place: &Option<usize>| *place == Some(nth) || has_past && nth == 0 && place.is_some();
            for (_, change) in places.iter().zip(changes).filter(|(place, _)| mine(place)) {
                self.stages.insert(change.zone.clone(), change.to);
            }
            let by_it = places.iter().enumerate().filter(|(_, place)| **place == Some(nth));
            let turns = by_it.map(|(change, _)| first_turn + change).collect();
            let played = self.played(row, fix, turns);
            self.playback.fixes.push(played);
        }
        // How near a new position is to a person is judged in the row after it, and belongs to it.
        let is_of_last = matches!(row.kind.as_str(), "met") && !changes.is_empty();
        for change in changes {
            self.stages.insert(change.zone.clone(), change.to);
            let is_around = self.engine.rulebook().proximity_zone(&change.zone).is_some();
            self.playback.turns.push(Turn {
                row: row.no,
                at: row.at,
                zone: change.zone.clone(),
                to: change.to,
                true_time: change.true_time,
                reason: (!is_around).then(|| change.reason.clone()),
            });
        }
        let believed = self.believed();
        let turns = first_turn..self.playback.turns.len();
        if let Some(last) = self.playback.fixes.last_mut().filter(|last| is_of_last && last.row + 1 == row.no)
        {
            last.believed = believed;
            last.turns.extend(turns);
        }
    }

    fn place(&self, change: &StageChange, fixes: &[Fix]) -> Option<usize> {
        let seen: Vec<_> = fixes.iter().map(|fix| (fix.at, self.engine.sight(&change.zone, fix))).collect();
        place_of(change, &seen)
    }

    fn played(&self, row: &JournalRow, fix: &Fix, turns: Vec<usize>) -> Played {
        let rulebook = self.engine.rulebook();
        let bound = rulebook.zones().filter_map(|zone| rulebook.bound_zone(&zone.id));
        let theirs = bound.filter(|bound| rulebook.binds(bound, self.wearer));
        let sights = theirs.filter_map(|it| Some((it.zone.id.clone(), self.engine.sight(&it.zone.id, fix)?)));
        Played {
            row: row.no,
            received: row.at,
            taken: fix.at,
            position: fix.position,
            accuracy: fix.accuracy,
            source: fix.source,
            is_past: self.newest > Some(fix.at),
            sights: sights.collect(),
            believed: self.believed(),
            turns,
        }
    }

    fn believed(&self) -> Vec<(ZoneId, Stage)> {
        let lasting = self.stages.iter().filter(|(_, stage)| **stage != Stage::Clear);
        lasting.map(|(zone, stage)| (zone.clone(), *stage)).collect()
    }

    /// Nobody knew where the wearer was from the newest fix on until this instant.
    fn note_gap(&mut self, until: Timestamp) {
        let from = self.newest.map_or(self.playback.span.from(), |at| at.max(self.playback.span.from()));
        // What is late may be of an older time than the newest: that ends no gap, but something was heard.
        let from = self.playback.fixes.last().map_or(from, |last| last.received.max(from));
        if until.ms_since(from) > EVIDENCE_MS {
            self.playback.gaps.push([from, until]);
        }
    }

    /// The zones up to an instant, by the rulebook until then.
    fn stand(&mut self, until: Timestamp) {
        let later = force::stood(self.engine.rulebook(), self.wearer, self.stood_until, until);
        force::join(&mut self.playback.zones, later);
        self.stood_until = until;
    }

    /// Whether the journal has the same about the wearer's zones: the rest hangs on others, who are not played.
    fn compare(&mut self, row: &JournalRow, decision: &Decision) {
        let checked = &mut self.playback.checked;
        if row.engine != ENGINE_VERSION {
            checked.other_versions += 1;
            return;
        }
        let theirs = format!("wearer {} zone ", self.wearer);
        let recorded = row.decision.lines().filter(|line| line.starts_with(&theirs));
        let decided = decision.lines.iter().map(String::as_str).filter(|line| line.starts_with(&theirs));
        checked.same += 1;
        checked.otherwise += usize::from(!recorded.eq(decided));
    }

    fn finish(mut self) -> Playback {
        let until = self.playback.until;
        self.stand(until);
        self.note_gap(until);
        self.playback.zones.retain(|zone| !zone.applied.is_empty());
        self.playback
    }
}
