//! One wearer and one zone, from the first ping to the last.

use anyhow::Context;
use firmware_sim::track::{PingPlan, TimedPing, pings};
use serde_json::{Value, json};
use tag_wire::Fix;

use crate::{
    domain::{
        Area, Assignment, Book, Happening, Incident, IncidentKind, Ping, Priority, Risk, Stage, Timestamp,
    },
    engine::{Engine, Rule},
    lab::{Course, alone::Alone},
};

/// When every run begins: a Monday in January.
const START_MS: i64 = 1_767_571_200_000;
/// The rulebook is in force for this long before the first ping.
const BEFORE_MS: i64 = 60_000;

/// What a run came to. Times in milliseconds by the track's clock.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// The pings as they were sent.
    pub(super) sent: Vec<TimedPing>,
    /// Each time that a Violation was raised.
    pub(super) raised_ms: Vec<i64>,
    /// Spans in which Cordon knew itself to be blind, and whether it said so as danger.
    pub(super) blind: Vec<Blind>,
    /// Changes of stage: when, and into which.
    pub(super) stages: Vec<(i64, Stage)>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Blind {
    pub(super) from_ms: i64,
    pub(super) until_ms: i64,
    pub(super) is_danger: bool,
}

impl Run {
    /// Milliseconds from the first ping to the last.
    pub(super) fn lasts_ms(&self) -> i64 {
        match (self.sent.first(), self.sent.last()) {
            (Some(first), Some(last)) => last.at_ms - first.at_ms,
            _ => 0,
        }
    }
}

/// Sends the fixes of a track in pings so many seconds apart, past a zone of this shape (as rulebooks write it).
pub(super) fn run(fixes: &[Fix], interval_s: u32, rule: Rule, shape: &Value) -> anyhow::Result<Run> {
    let first_ms = fixes.first().context("a track has at least one fix")?.t_ms;
    let shift_ms = first_ms - START_MS;
    let sent = pings(fixes, &PingPlan { interval_s, start_ms: START_MS, boot: 1 });
    let mut course =
        Course::of(Engine::with_rule(rule), &rulebook(shape)?, Timestamp::from_ms(START_MS - BEFORE_MS))
            .context("the zone cannot be published")?;
    let tag = "lab/tag".parse()?;
    let mut run = Run::default();
    let mut watch = Watch { shift_ms, read_upto: Timestamp::MIN, blind_since: None };
    for TimedPing { at_ms, ping } in &sent {
        course.ping(Timestamp::from_ms(*at_ms), &tag, Ping::from(ping.clone()));
        watch.read(&course, Timestamp::from_ms(*at_ms), &mut run);
    }
    watch.end(sent.last().map_or(START_MS, |last| last.at_ms), &mut run);
    run.sent = sent.into_iter().map(|ping| TimedPing { at_ms: ping.at_ms + shift_ms, ..ping }).collect();
    Ok(run)
}

/// Reads off a course, ping by ping, what has happened: an incident's story is kept to a length.
struct Watch {
    shift_ms: i64,
    read_upto: Timestamp,
    blind_since: Option<(i64, bool)>,
}

impl Watch {
    fn read(&mut self, course: &Course, now: Timestamp, run: &mut Run) {
        let before = std::mem::replace(&mut self.read_upto, now);
        let news = |incident: &Incident| {
            let told = incident.timeline.iter().filter(|entry| entry.at > before);
            told.map(|entry| (entry.at, entry.what.clone())).collect::<Vec<_>>()
        };
        for incident in course.incidents.values() {
            for (at, what) in news(incident) {
                self.note(incident, at.as_ms() + self.shift_ms, &what, run);
            }
        }
        let stages = course.engine.sightings().flat_map(|(_, seen)| seen.stages);
        let stage = stages.map(|(_, stage)| stage).max().unwrap_or_default();
        if run.stages.last().map(|(_, known)| *known) != Some(stage) {
            run.stages.push((now.as_ms() + self.shift_ms, stage));
        }
    }

    fn note(&mut self, incident: &Incident, at_ms: i64, what: &Happening, run: &mut Run) {
        let is_danger = incident.priority == Priority::P1;
        match what {
            Happening::Raised { kind: IncidentKind::Violation, .. } => run.raised_ms.push(at_ms),
            Happening::Raised { kind: IncidentKind::Blind, .. } => {
                self.blind_since.get_or_insert((at_ms, is_danger));
            }
            Happening::Over { .. } if incident.kind == IncidentKind::Blind => {
                self.end(at_ms - self.shift_ms, run);
            }
            _ => {}
        }
    }

    fn end(&mut self, at_ms: i64, run: &mut Run) {
        if let Some((from_ms, is_danger)) = self.blind_since.take() {
            run.blind.push(Blind { from_ms, until_ms: at_ms + self.shift_ms, is_danger });
        }
    }
}

/// A wearer at high risk, their tag, a case with one zone.
fn rulebook(shape: &Value) -> anyhow::Result<Vec<Book>> {
    let world = Area { south: -85.0, west: -180.0, north: 85.0, east: 180.0 };
    let from = Timestamp::from_ms(0);
    let tag = Assignment { tag: "lab/tag".parse()?, from, until: None };
    let zone = json!({"id": "zone", "code": "Z", "margin_m": 100.0, "shape": shape});
    let alone = Alone {
        unit: "lab".parse()?,
        area: world,
        wearer: "wearer".parse()?,
        tags: vec![tag],
        risk: Risk::High,
        zone: serde_json::from_value(zone).context("the zone of a track")?,
    };
    alone.books()
}
