//! Plays what was recorded to an engine whose only zone is the proposed one. A virtual officer closes every incident once
//! it is over, so that each visit counts for itself.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Visit, VisitKind,
    journal::{Heard, Recorded},
    track::Track,
};
use crate::{
    domain::{
        Cause, Happening, Incident, IncidentId, IncidentKind, MINUTE_MS, StaffId, Stage, Timestamp, WearerId,
        ZoneId,
    },
    engine::Input,
    lab::{Course, alone::Alone},
};

/// What a rehearsal came to, before it is put in order.
pub(super) struct Played {
    /// Each with the span of time in which the wearer was near.
    pub(super) visits: Vec<(Visit, (Timestamp, Timestamp))>,
    pub(super) track: Track,
    /// When the wearer's tag was heard.
    pub(super) heard_at: Vec<Timestamp>,
}

/// A visit while it is watched.
struct Stay {
    kind: VisitKind,
    /// When the wearer came near.
    near_at: Timestamp,
    begin: Timestamp,
    end: Option<Timestamp>,
    /// It was only found when it was over.
    was_found: bool,
}

struct Player<'p> {
    wearer: &'p WearerId,
    zone: &'p ZoneId,
    desk: StaffId,
    course: Course,
    /// The officer has looked up to here.
    now: Timestamp,
    stays: Vec<Stay>,
    of_incident: BTreeMap<IncidentId, usize>,
    /// Since when the stage is not Clear, and whether it came to an incident.
    near: Option<(Timestamp, bool)>,
    track: Track,
    heard_at: Vec<Timestamp>,
}

/// Plays all of it.
///
/// # Errors
/// Why the zone could not be published.
pub(super) fn play(alone: &Alone, recorded: &Recorded) -> anyhow::Result<Played> {
    let mut player = Player {
        wearer: &alone.wearer,
        zone: &alone.zone.id,
        desk: Alone::desk()?,
        course: Course::with(&alone.books()?, recorded.from)?,
        now: recorded.from,
        stays: Vec::new(),
        of_incident: BTreeMap::new(),
        near: None,
        track: Track::around(&alone.zone),
        heard_at: Vec::new(),
    };
    for heard in &recorded.heard {
        player.hear(heard, recorded.from);
    }
    player.pass_to(recorded.until);
    Ok(player.finish(recorded.until))
}

impl Player<'_> {
    fn hear(&mut self, heard: &Heard, from: Timestamp) {
        self.pass_to(heard.stopped.unwrap_or(heard.at));
        self.now = self.now.max(heard.at);
        let fixes = match &heard.input {
            Input::Ping { tag, source, ping } => {
                self.course.engine.fixes_of(self.wearer, self.now, tag, source, ping)
            }
            Input::Told(_) => Vec::new(),
        };
        let decision = self.course.decide(self.now, &heard.input);
        if let Input::Ping { ping, .. } = &heard.input
            && !decision.is_duplicate
        {
            self.heard_at.push(heard.at);
            for fix in fixes.iter().filter(|fix| fix.at >= from) {
                self.track.note(fix, ping.motion);
            }
        }
        let seen_at = self.course.engine.seen_at(self.wearer).unwrap_or(self.now);
        self.look(seen_at);
    }

    /// Lets time pass; the officer looks every minute.
    fn pass_to(&mut self, until: Timestamp) {
        while self.now < until {
            self.now = self.now.plus_ms(MINUTE_MS).min(until);
            if self.course.engine.next_deadline().is_some_and(|due| due <= self.now) {
                self.course.pass_to(self.now);
                self.look(self.now);
            }
        }
    }

    /// What is to be seen; `at` is its time by the positions.
    fn look(&mut self, at: Timestamp) {
        let open: Vec<Arc<Incident>> = self.course.engine.open_incidents().map(Arc::clone).collect();
        for incident in &open {
            self.note(incident, at);
        }
        if !open.is_empty() {
            self.course.attend(self.now, &self.desk);
        }
        let sightings = self.course.engine.sightings().filter(|(wearer, _)| *wearer == self.wearer);
        let mut stages = sightings.flat_map(|(_, seen)| seen.stages);
        let is_near = stages.any(|(zone, stage)| zone == *self.zone && stage != Stage::Clear);
        match (is_near, self.near) {
            (true, None) => self.near = Some((at, false)),
            (false, Some((since, was_raised))) => {
                self.near = None;
                if !was_raised {
                    self.stays.push(Stay::watch(since, Some(at)));
                }
            }
            _ => {}
        }
        let is_raised = open.iter().any(|incident| incident.cause == Cause::Zone(self.zone.clone()));
        if let Some((_, was_raised)) = &mut self.near {
            *was_raised |= is_raised;
        }
    }

    fn note(&mut self, incident: &Incident, at: Timestamp) {
        let kind = match (&incident.cause, incident.kind) {
            (Cause::Zone(_), IncidentKind::Approach) => VisitKind::Approach,
            (Cause::Zone(_), IncidentKind::Violation) => VisitKind::Violation,
            (Cause::Contact, IncidentKind::Blind) => VisitKind::Blind,
            _ => return,
        };
        let raised = |what: &Happening| match what {
            Happening::Raised { kind, true_time, .. } if *kind == incident.kind => Some(*true_time),
            _ => None,
        };
        let raised_at = incident.timeline.iter().find_map(|entry| raised(&entry.what)).unwrap_or(at);
        let begin = incident.episodes.first().map_or(raised_at, |episode| episode.from);
        let stays = &mut self.stays;
        let nth = *self.of_incident.entry(incident.id).or_insert_with(|| {
            let was_found = !incident.ongoing;
            stays.push(Stay { kind, near_at: begin, begin, end: None, was_found });
            stays.len() - 1
        });
        let stay = &mut stays[nth];
        (stay.kind, stay.begin) = (kind, begin);
        stay.near_at = stay.near_at.min(begin);
        stay.end = (!incident.ongoing).then_some(at);
    }

    fn finish(mut self, until: Timestamp) -> Played {
        if let Some((since, false)) = self.near {
            self.stays.push(Stay::watch(since, None));
        }
        self.track.settle();
        let track = &self.track;
        let mut visits: Vec<_> = self.stays.iter().map(|stay| stay.visit(track, until)).collect();
        visits.sort_by_key(|(visit, span)| (visit.begin, visit.kind, *span));
        Played { visits, track: self.track, heard_at: self.heard_at }
    }
}

impl Stay {
    fn watch(since: Timestamp, end: Option<Timestamp>) -> Self {
        Self { kind: VisitKind::Watch, near_at: since, begin: since, end, was_found: false }
    }

    fn visit(&self, track: &Track, until: Timestamp) -> (Visit, (Timestamp, Timestamp)) {
        let end = if self.was_found { track.leaves(self.begin) } else { self.end.unwrap_or(until) };
        let end = end.max(self.begin);
        let visit = Visit {
            kind: self.kind,
            begin: self.begin,
            duration_s: end.ms_since(self.begin) / 1_000,
            lasts: self.end.is_none(),
            nearest_m: track.nearest_m(self.near_at, end).map(f64::round),
            way: None,
        };
        (visit, (self.near_at, end))
    }
}
