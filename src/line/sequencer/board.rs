//! What the console shows: a picture of the engine's memory. It is drawn after commits; while none succeeds it is drawn
//! all the same, and says so.

use std::{collections::BTreeMap, sync::Arc};

use super::trail::{self, Passed};
use crate::{
    domain::{Incident, IncidentId, IncidentKind, PersonId, Stage, TagId, Timestamp, WearerId, ZoneId},
    engine::{Companionship, Engine, Outlook, Rulebook, Sighting, SourceGaps},
    geometry::LatLon,
};

/// One picture.
#[derive(Debug, Clone, Default)]
pub struct Board {
    /// The engine's time.
    pub at: Option<Timestamp>,
    /// Names, zones and cases in force.
    pub rulebook: Arc<Rulebook>,
    /// Every wearer that a fix is known of.
    pub wearers: BTreeMap<WearerId, Dot>,
    /// Of every person with a zone around them, whether it is known where they are; never where.
    pub companions: BTreeMap<PersonId, Companionship>,
    /// Tags that sent something and belong to nobody, with the time of the last message.
    pub strays: BTreeMap<TagId, Timestamp>,
    /// Open incidents.
    pub incidents: BTreeMap<IncidentId, Arc<Incident>>,
    /// Those that were closed within the last ten minutes: what has come up is work, also when it is done.
    pub closed: BTreeMap<IncidentId, Arc<Incident>>,
    /// What protected persons are being told beside danger, or were told and go by: open notices that are no work of
    /// anybody's. One that does not get through is an incident like others.
    pub notices: BTreeMap<IncidentId, Arc<Incident>>,
    /// Open incidents of Cordon's canary. Nobody is shown them, and nothing else of it is in the picture.
    pub canary: BTreeMap<IncidentId, Arc<Incident>>,
    /// Sources of pings that cannot be heard.
    pub deaf: Vec<String>,
    /// Records cannot be written: the picture is ahead of them.
    pub store_fails: bool,
    /// What did not come through each source that was ever heard.
    pub gaps: BTreeMap<String, SourceGaps>,
}

/// Whether an open incident is a notice that a protected person goes by, and no work of the staff's. A test says nothing.
pub(super) fn is_notice(incident: &Incident) -> bool {
    let is_news = matches!(incident.kind, IncidentKind::ProtectionWeak | IncidentKind::AllClear);
    is_news && incident.ongoing && !incident.concerns_staff()
}

/// Where a wearer was last seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Dot {
    /// Where.
    pub position: LatLon,
    /// The scale of the error, metres.
    pub sigma_m: f64,
    /// When the position was taken.
    pub fix_at: Timestamp,
    /// When the tag was last heard.
    pub heard_at: Timestamp,
    /// The tag's charge.
    pub battery_pct: u8,
    /// Zones that are not clear.
    pub stages: Vec<(ZoneId, Stage)>,
    /// What is to be expected of them.
    pub outlooks: Vec<(ZoneId, Outlook)>,
    /// Their newest fixes, the newest, which is where they are, last.
    pub trail: Arc<[Passed]>,
}

impl Dot {
    /// A wearer as the engine knows them at `at`, and as the last picture showed them.
    pub(super) fn of(
        engine: &Engine,
        id: &WearerId,
        seen: Sighting,
        at: Timestamp,
        before: Option<&Self>,
    ) -> Self {
        // Of the worst zone only: it is worked out for everybody, again and again.
        let worst = seen.stages.iter().max_by_key(|(_, stage)| *stage).map(|(zone, _)| zone.clone());
        let outlooks =
            worst.and_then(|zone| engine.outlook(id, &zone, at).map(|it| (zone, it))).into_iter().collect();
        Self {
            trail: trail::of(engine, id, &seen, before),
            outlooks,
            position: seen.position,
            sigma_m: seen.accuracy.sigma_m(),
            fix_at: seen.fix_at,
            heard_at: seen.heard_at,
            battery_pct: seen.battery_pct,
            stages: seen.stages,
        }
    }
}
