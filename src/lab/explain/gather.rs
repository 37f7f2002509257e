//! Watches the journal being decided again, and keeps what one incident rests on.

use std::collections::{BTreeMap, VecDeque};

use super::words;
use crate::{
    domain::{
        Accuracy, Cause, Fix, Happening, Incident, IncidentId, MINUTE_MS, ProximityZone, Scope, Source,
        Stage, Subject, Timestamp, UnitId, WearerId, Zone, ZoneId,
    },
    engine::{CompanionHeard, Engine, Input, Sight, StageChange, Told},
    geometry::LatLon,
    lab::turned::place_of,
    sequencer::{Again, Recovered},
    store::{Store, StoreError},
};

/// Positions are looked at from so long before the incident on, milliseconds.
const LEAD_MS: i64 = 5 * MINUTE_MS;
/// ... and so long after it was over.
const TAIL_MS: i64 = MINUTE_MS;
/// Positions kept: a day at one every five seconds.
const SIGHTINGS_MAX: usize = 20_000;
/// Inputs listed: the last ones before the incident, and those that changed it.
const BEFORE_MAX: usize = 8;
const CHANGING_MAX: usize = 40;

/// What to look for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Target {
    id: IncidentId,
    subject: Subject,
    cause: Cause,
    unit: UnitId,
    case: Option<crate::domain::CaseId>,
    from: Timestamp,
    until: Timestamp,
}

/// A row, and whether it says the same when it is decided again; `None` for another version's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) no: i64,
    pub(super) engine: i64,
    pub(super) is_same: Option<bool>,
}

/// What a position says of the zone; of a zone around a person, what both positions say together.
#[derive(Debug, Clone)]
pub(super) struct Sighting {
    pub(super) no: i64,
    pub(super) received: Timestamp,
    pub(super) taken: Timestamp,
    /// `None` where two positions are compared.
    pub(super) fix: Option<Seen>,
    pub(super) sight: Sight,
    /// What was believed once it had been judged.
    pub(super) after: Stage,
    /// A newer position was known: what is believed is as of that one.
    pub(super) is_past: bool,
}

/// The wearer's own position.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) place: LatLon,
    pub(super) accuracy: Accuracy,
    pub(super) source: Source,
}

/// A change of what was believed.
pub(super) struct Changed {
    pub(super) no: i64,
    pub(super) at: Timestamp,
    pub(super) change: StageChange,
    /// The place of the position that brought it about, if one did.
    pub(super) by: Option<usize>,
}

/// A line of the incident's story.
pub(super) struct Line {
    pub(super) no: i64,
    pub(super) at: Timestamp,
    pub(super) what: Happening,
}

/// Something that Cordon was told.
pub(super) struct Heard {
    pub(super) no: i64,
    pub(super) at: Timestamp,
    pub(super) what: String,
}

/// The zone as it last was.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Area {
    Drawn(Zone),
    Around(ProximityZone),
}

/// What an incident rests on.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) rows: Vec<Row>,
    pub(super) sightings: Vec<Sighting>,
    /// More positions than are kept.
    pub(super) passed_over: usize,
    pub(super) changes: Vec<Changed>,
    pub(super) story: Vec<Line>,
    /// For an incident that is about no zone: what was heard before it, and what changed it.
    pub(super) before: VecDeque<Heard>,
    pub(super) changing: Vec<Heard>,
    pub(super) area: Option<Area>,
    /// The zone was drawn anew in between.
    pub(super) redrawn: bool,
    /// The most that the tag's own clock was corrected by, seconds.
    pub(super) clock_off_s: f64,
    /// The row of the last revision of each thing that the incident depends on.
    books: BTreeMap<Scope, Row>,
}

/// Decides the journal again and keeps what `target` rests on; of no target, nothing.
pub(super) async fn gather(
    store: &dyn Store,
    target: Option<&Target>,
) -> Result<(Gathered, Recovered), StoreError> {
    let mut gathered = Gathered::default();
    let watch = &mut |again: Again<'_>| {
        if let Some(target) = target {
            gathered.see(target, &again);
        }
    };
    let mut recovered = Recovered::default();
    recovered.read_on(store, watch).await?;
    gathered.rows.extend(std::mem::take(&mut gathered.books).into_values());
    gathered.rows.sort_by_key(|row| row.no);
    gathered.rows.dedup_by_key(|row| row.no);
    Ok((gathered, recovered))
}

impl Target {
    pub(super) fn of(incident: &Incident) -> Self {
        let raised = incident.timeline.iter().filter_map(|entry| match &entry.what {
            Happening::Raised { true_time, .. } => Some(*true_time),
            _ => None,
        });
        let stays = incident.episodes.iter().map(|episode| episode.from);
        let from = raised.chain(stays).min().unwrap_or(incident.raised_at).min(incident.raised_at);
        Self {
            id: incident.id,
            subject: incident.subject.clone(),
            cause: incident.cause.clone(),
            unit: incident.unit.clone(),
            case: incident.case.clone(),
            from: from.plus_ms(-LEAD_MS),
            until: ended(incident).map_or(Timestamp::MAX, |at| at.plus_ms(TAIL_MS)),
        }
    }

    fn wearer(&self) -> Option<&WearerId> {
        match &self.subject {
            Subject::Wearer(wearer) => Some(wearer),
            Subject::Person(_) | Subject::Service => None,
        }
    }

    fn zone(&self) -> Option<(&WearerId, &ZoneId)> {
        match &self.cause {
            Cause::Zone(zone) => Some((self.wearer()?, zone)),
            _ => None,
        }
    }

    fn spans(&self, time: Timestamp) -> bool {
        (self.from..=self.until).contains(&time)
    }
}

/// When the situation was over, or at least closed.
fn ended(incident: &Incident) -> Option<Timestamp> {
    let last = |is: fn(&Happening) -> bool| {
        incident.timeline.iter().rev().find(|entry| is(&entry.what)).map(|entry| entry.at)
    };
    let closed = last(|what| matches!(what, Happening::Closed { .. }));
    if incident.ongoing {
        return closed;
    }
    // Found in the past, it was over when it was raised.
    let raised = last(|what| matches!(what, Happening::Raised { .. }));
    last(|what| matches!(what, Happening::Over { .. })).max(raised).or(closed)
}

impl Gathered {
    fn see(&mut self, target: &Target, again: &Again<'_>) {
        let (row, decision) = (again.row, again.decision);
        let known = (self.sightings.len(), self.changes.len());
        let touched = decision.incidents.iter().find(|incident| incident.id == target.id);
        if let Some((wearer, zone)) = target.zone() {
            let is_its = |change: &&StageChange| change.wearer == *wearer && change.zone == *zone;
            let changes: Vec<&StageChange> = decision.changes.iter().filter(is_its).collect();
            let found = self.look(target, again, wearer, zone);
            self.take(target, again, touched.is_some(), found, &changes);
        } else {
            self.listen(target, again, touched.is_some());
        }
        if let Some(incident) = touched {
            let new = incident.timeline.iter().filter(|entry| entry.at == row.at);
            self.story.extend(new.map(|entry| Line { no: row.no, at: row.at, what: entry.what.clone() }));
        }
        let row = Row { no: row.no, engine: row.engine, is_same: again.is_same };
        if touched.is_some() || known != (self.sightings.len(), self.changes.len()) {
            self.rows.push(row);
        }
        self.note_book(target, again, row);
    }

    /// What the input's positions say of the zone, as far as they are of the incident's time.
    fn look(
        &mut self,
        target: &Target,
        again: &Again<'_>,
        wearer: &WearerId,
        zone: &ZoneId,
    ) -> Vec<Sighting> {
        let (no, received, before) = (again.row.no, again.row.at, again.before);
        let after = before.stage(wearer, zone);
        let newest = before.seen_at(wearer);
        let mut found = Vec::new();
        match again.input {
            Input::Ping { .. } if again.decision.is_duplicate => {}
            Input::Ping { tag, source, ping } => {
                let fixes = before.fixes_of(wearer, received, tag, source, ping);
                self.note_clock(&fixes, &ping.fixes);
                for Fix { at: taken, position: place, accuracy, source, .. } in fixes {
                    let fix = Fix { at: taken, position: place, accuracy, source, speed_mps: None };
                    let Some(sight) = before.sight(zone, &fix) else { continue };
                    let (fix, is_past) = (Some(Seen { place, accuracy, source }), newest > Some(taken));
                    found.push(Sighting { no, received, taken, fix, sight, after, is_past });
                }
            }
            Input::Told(Told::Met { meets } | Told::Companion(CompanionHeard { meets, .. })) => {
                for meet in meets.iter().filter(|meet| meet.wearer == *wearer && meet.zone == *zone) {
                    let (taken, fix, is_past) = (meet.at, None, false);
                    let Some(sight) = before.sight_of_meet(meet) else { continue };
                    found.push(Sighting { no, received, taken, fix, sight, after, is_past });
                }
            }
            Input::Told(_) => {}
        }
        found.retain(|sighting| target.spans(sighting.taken));
        if !found.is_empty() {
            self.note_area(before, zone);
        }
        found
    }

    /// Takes the positions of an input, and the changes it led to, each with the position that brought it about.
    fn take(
        &mut self,
        target: &Target,
        again: &Again<'_>,
        touches: bool,
        mut found: Vec<Sighting>,
        changes: &[&StageChange],
    ) {
        let (no, at) = (again.row.no, again.row.at);
        let room = SIGHTINGS_MAX.saturating_sub(self.sightings.len());
        self.passed_over += found.len().saturating_sub(room);
        found.truncate(room);
        for change in changes {
            let place =
                place_of(change, &found.iter().map(|one| (one.taken, Some(one.sight))).collect::<Vec<_>>());
            let from = place.unwrap_or(found.len());
            let to = if found.iter().any(|sighting| sighting.is_past) { 0 } else { from };
            found.iter_mut().skip(to).for_each(|sighting| sighting.after = change.to);
            if touches || target.spans(at) || target.spans(change.true_time) {
                let by = place.map(|place| self.sightings.len() + place);
                self.changes.push(Changed { no, at, change: (*change).clone(), by });
            }
        }
        self.sightings.extend(found);
    }

    fn note_clock(&mut self, read: &[Fix], said: &[Fix]) {
        let mut said: Vec<Timestamp> = said.iter().map(|fix| fix.at).collect();
        said.sort();
        if said.len() == read.len() {
            let off = read.iter().zip(said).map(|(read, said)| read.at.s_since(said));
            self.clock_off_s =
                off.chain([self.clock_off_s]).max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or_default();
        }
    }

    fn note_area(&mut self, engine: &Engine, zone: &ZoneId) {
        let rulebook = engine.rulebook();
        let drawn = rulebook.bound_zone(zone).map(|bound| Area::Drawn(bound.zone.clone()));
        let around = || Some(Area::Around(rulebook.proximity_zone(zone)?.zone.clone()));
        let area = drawn.or_else(around);
        if area.is_some() && area != self.area {
            self.redrawn |= self.area.is_some();
            self.area = area;
        }
    }

    /// What was heard, for an incident that is about no zone.
    fn listen(&mut self, target: &Target, again: &Again<'_>, touches: bool) {
        let (no, at) = (again.row.no, again.row.at);
        let heard = || Heard { no, at, what: words::input(again.input) };
        if touches && self.changing.len() < CHANGING_MAX {
            return self.changing.push(heard());
        }
        let theirs = match again.input {
            Input::Ping { tag, .. } | Input::Told(Told::Connection { tag, .. }) => target
                .wearer()
                .is_some_and(|wearer| again.before.rulebook().wearer_of(tag, at) == Some(wearer)),
            _ => false,
        };
        if theirs && self.changing.is_empty() {
            self.before.push_back(heard());
            if self.before.len() > BEFORE_MAX {
                self.before.pop_front();
            }
        }
    }

    /// The revisions in force: whom the wearer must not come near, and who is told.
    fn note_book(&mut self, target: &Target, again: &Again<'_>, row: Row) {
        let Input::Told(Told::Publish(book) | Told::Revise { book, .. }) = again.input else { return };
        let scope = book.scope();
        let is_its = match &scope {
            Scope::Unit(unit) => *unit == target.unit,
            Scope::Wearer(wearer) => target.wearer() == Some(wearer),
            Scope::Case(case) => target.case.as_ref() == Some(case),
            Scope::Person(_) => false,
        };
        // What was published before it holds from its beginning, what comes later from then on.
        if is_its && again.decision.refused.is_none() && again.row.at <= target.until {
            self.books.insert(scope, row);
        }
    }
}
