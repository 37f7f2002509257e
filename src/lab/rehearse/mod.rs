//! What a proposed zone would have done: the production engine over what the journal holds of a wearer.
//!
//! | Part | What it does |
//! |---|---|
//! | `journal` | reads what is needed, and nothing of anybody else |
//! | `visits` | plays it to an engine whose only zone is the proposed one, and notes what that raises |
//! | `track` | where the wearer was, seen from the zone's middle |
//! | `traces` | how each visit led past the zone, or where it stayed |
//! | `ways` | which of them ran together |
//! | `hours` | when they began, by the unit's own clocks |
//! | `caveats` | what whoever draws a zone must know beside the counts |
//! | `words` | all of it for a person at a terminal |
//!
//! What was recorded is heard when it was heard: an Approach of hours ago that newer pings have overtaken raises nothing
//! here either. Nothing of a protected person is read, and positions leave this module as directions and metres alone.

mod caveats;
mod hours;
mod journal;
mod traces;
mod track;
mod visits;
mod ways;
mod words;

use serde::{Serialize, Serializer};

pub use caveats::Caveat;
pub use hours::{Busy, Days, Hours};
pub use journal::{Heard, Recorded, recorded, rulebook};
pub use ways::{Compass, How, Way};

use super::alone::Alone;
use crate::{
    domain::{LocalTime, Risk, Schedule, Timestamp, WearerId, Zone, ZoneId},
    engine::Rulebook,
};
use visits::Played;

/// A zone, and the wearer whom it is to bind.
pub struct Proposal {
    alone: Alone,
    local: LocalTime,
    /// Nobody said which clocks are the unit's.
    is_utc_by_default: bool,
}

/// Why a zone cannot be rehearsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The rulebook knows no such wearer.
    #[error("the rulebook has no wearer '{0}'")]
    Wearer(WearerId),
    /// The rulebook has no such zone.
    #[error("no zone '{0}' is in force; a proposed one stands in a file whose name ends in .toml or .json")]
    Zone(ZoneId),
    /// Its middle is a person.
    #[error(
        "zone '{0}' goes with a person: where they were is never written down, so it cannot be rehearsed"
    )]
    GoesWithPerson(ZoneId),
    /// There is no such time zone.
    #[error("'{0}' is no IANA time zone such as Europe/London")]
    TimeZone(String),
}

/// What came of a rehearsal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rehearsal {
    /// The zone.
    pub zone: ZoneId,
    /// Its code name.
    pub code: String,
    /// Whom it would have bound.
    pub wearer: WearerId,
    /// IANA name of the time zone in which hours are counted.
    pub time_zone: String,
    /// The first instant rehearsed.
    #[serde(serialize_with = "rfc3339")]
    pub from: Timestamp,
    /// The last one.
    #[serde(serialize_with = "rfc3339")]
    pub until: Timestamp,
    /// So many days lie between them, to the nearest.
    pub days: u32,
    /// So many of the wearer's pings were played.
    pub pings: usize,
    /// How often a Violation would have been raised.
    pub violations: usize,
    /// How often an Approach that became no Violation would have been.
    pub approaches: usize,
    /// How often the wearer was on Watch, and no more came of it. Nobody is told.
    pub watches: usize,
    /// How often Cordon would have been Blind because of this zone.
    pub blind: usize,
    /// When Approaches and Violations began.
    pub hours: Hours,
    /// Where they ran, the most frequent first.
    pub ways: Vec<Way>,
    /// All of them, Watch and Blind among them, by begin.
    pub visits: Vec<Visit>,
    /// What must be known beside the counts.
    pub caveats: Vec<Caveat>,
    #[serde(skip)]
    local: LocalTime,
}

/// One time that something came of the zone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Visit {
    /// What.
    pub kind: VisitKind,
    /// When it began, by the positions' time.
    #[serde(serialize_with = "rfc3339")]
    pub begin: Timestamp,
    /// How long it lasted, seconds.
    pub duration_s: i64,
    /// It went on when the rehearsal ended.
    pub lasts: bool,
    /// The nearest position to the border, metres; negative inside.
    pub nearest_m: Option<f64>,
    /// Which of [`Rehearsal::ways`], from 0; of Approaches and Violations.
    pub way: Option<usize>,
}

/// What came of the zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitKind {
    /// On Watch, and no more.
    Watch,
    /// No trustworthy position while the wearer could have reached the zone.
    Blind,
    /// In the warning zone.
    Approach,
    /// In the exclusion zone.
    Violation,
}

impl VisitKind {
    /// Whether somebody is told that the wearer is near.
    #[must_use]
    pub fn is_alert(self) -> bool {
        matches!(self, Self::Approach | Self::Violation)
    }
}

impl Proposal {
    /// A zone for a wearer of this rulebook. Hours are counted in `time_zone`; without it in that of a schedule of the zone,
    /// of the wearer's cases or of their unit, and else in UTC.
    ///
    /// # Errors
    /// See [`Unfit`].
    pub fn new(
        rulebook: &Rulebook,
        wearer: &WearerId,
        zone: Zone,
        time_zone: Option<&str>,
    ) -> Result<Self, Unfit> {
        let known = rulebook.wearer(wearer).ok_or_else(|| Unfit::Wearer(wearer.clone()))?;
        let unit = rulebook.unit(&known.unit).ok_or_else(|| Unfit::Wearer(wearer.clone()))?;
        let cases = || rulebook.cases().filter(|case| case.wearer == *wearer);
        let zones = [&zone].into_iter().chain(cases().flat_map(|case| &case.zones)).chain(&unit.zones);
        let said = zones.filter_map(|zone| zone.schedule.as_ref()).map(Schedule::time_zone).next();
        let name = time_zone.or(said);
        let is_utc_by_default = name.is_none();
        let name = name.unwrap_or("UTC");
        let local = LocalTime::named(name).ok_or_else(|| Unfit::TimeZone(name.into()))?;
        let alone = Alone {
            unit: unit.id.clone(),
            area: unit.area,
            wearer: wearer.clone(),
            tags: known.tags.clone(),
            risk: cases().map(|case| case.risk).max().unwrap_or(Risk::Medium),
            zone,
        };
        Ok(Self { alone, local, is_utc_by_default })
    }

    /// A zone that is in force, to be rehearsed as it stands.
    ///
    /// # Errors
    /// See [`Unfit`].
    pub fn zone_in_force(rulebook: &Rulebook, id: &ZoneId) -> Result<Zone, Unfit> {
        match rulebook.bound_zone(id) {
            Some(bound) => Ok(bound.zone.clone()),
            None if rulebook.proximity_zone(id).is_some() => Err(Unfit::GoesWithPerson(id.clone())),
            None => Err(Unfit::Zone(id.clone())),
        }
    }
}

/// What the zone would have done with what was recorded.
///
/// # Errors
/// Why the zone could not be published.
pub fn rehearse(proposal: &Proposal, recorded: &Recorded) -> anyhow::Result<Rehearsal> {
    let Proposal { alone, local, .. } = proposal;
    let Played { mut visits, track, heard_at } = visits::play(alone, recorded)?;
    let alerts = visits.iter().filter(|(visit, _)| visit.kind.is_alert());
    let traced: Vec<_> =
        alerts.map(|(visit, (from, until))| (visit.clone(), traces::trace(&track, *from, *until))).collect();
    let (ways, of_alert) = ways::ways(&traced, track.ring_m());
    let alerts = visits.iter_mut().filter(|(visit, _)| visit.kind.is_alert());
    for ((visit, _), way) in alerts.zip(of_alert) {
        visit.way = Some(way);
    }
    let visits: Vec<Visit> = visits.into_iter().map(|(visit, _)| visit).collect();
    let count = |kind| visits.iter().filter(|visit| visit.kind == kind).count();
    let begins = visits.iter().filter(|visit| visit.kind.is_alert()).map(|visit| visit.begin);
    Ok(Rehearsal {
        zone: alone.zone.id.clone(),
        code: alone.zone.code.clone(),
        wearer: alone.wearer.clone(),
        time_zone: local.name().into(),
        from: recorded.from,
        until: recorded.until,
        days: recorded.days(),
        pings: heard_at.len(),
        violations: count(VisitKind::Violation),
        approaches: count(VisitKind::Approach),
        watches: count(VisitKind::Watch),
        blind: count(VisitKind::Blind),
        hours: Hours::of(begins, local),
        ways,
        caveats: caveats::caveats(proposal, recorded, &track, &heard_at),
        visits,
        local: local.clone(),
    })
}

fn rfc3339<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}
