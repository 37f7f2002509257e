//! What the engine concluded from one input: everything that changes, and why.

use std::sync::Arc;

use super::{
    WearerState,
    clock_watch::OurClock,
    gap_watch::{SourceGaps, TagGap},
    input::{DeadlineKey, Refused},
    notices::Standing,
    proximity_watch::CompanionState,
    receive::TagState,
    reporting::Ask,
    rulebook::Rulebook,
    source_watch::SourceState,
};
use crate::domain::{
    Alert, AlertId, DataSubject, Incident, PersonId, Reason, Stage, TagId, Timestamp, WearerId, ZoneId,
};

/// What is believed of a wearer and a zone has changed.
#[derive(Debug, Clone, PartialEq)]
pub struct StageChange {
    /// The wearer.
    pub wearer: WearerId,
    /// The zone, drawn or around a person.
    pub zone: ZoneId,
    /// Before.
    pub from: Stage,
    /// After.
    pub to: Stage,
    /// When it really happened, in fix time.
    pub true_time: Timestamp,
    /// Why.
    pub reason: Reason,
}

/// What one input led to. Applying it is the only way the engine's memory changes; incidents and alerts are whole, so
/// that the store writes what the engine believes.
#[derive(Debug, Clone)]
pub struct Decision {
    /// What to tell the tag about its pings.
    pub receipt: Option<tag_wire::Ack>,
    /// How often the tag of a ping is to report from now on, if that is news.
    pub ask: Option<Ask>,
    /// The ping had been received before.
    pub is_duplicate: bool,
    /// Incidents that are new or changed, by number.
    pub incidents: Vec<Incident>,
    /// Alerts that are new or changed, by number.
    pub alerts: Vec<Alert>,
    /// Why nothing was done, if the input asked for something that cannot be.
    pub refused: Option<Refused>,
    /// What was concluded, a line each, with quantised numbers: the same input in the same state gives the same lines
    /// on every machine.
    pub lines: Vec<String>,
    /// Changes of what is believed of a wearer and a zone, in order; `lines` say the same.
    pub changes: Vec<StageChange>,
    pub(super) rulebook: Option<Arc<Rulebook>>,
    pub(super) tags: Vec<(TagId, Arc<TagState>)>,
    pub(super) wearers: Vec<(WearerId, Arc<WearerState>)>,
    pub(super) companions: Vec<(PersonId, CompanionState)>,
    pub(super) standings: Vec<(PersonId, Standing)>,
    pub(super) sources: Vec<(String, SourceState)>,
    pub(super) source_gaps: Vec<(String, SourceGaps)>,
    pub(super) tag_gaps: Vec<(TagId, Option<TagGap>)>,
    pub(super) forgotten_sources: bool,
    pub(super) wakes: Vec<(DeadlineKey, Timestamp)>,
    pub(super) started: Option<Timestamp>,
    /// Of whom nothing is remembered any more.
    pub(super) erased: Option<DataSubject>,
    pub(super) our_clock: Option<OurClock>,
    pub(super) next_incident: i64,
    pub(super) next_alert: AlertId,
}

impl Decision {
    /// The lines as the journal keeps them.
    #[must_use]
    pub fn record(&self) -> String {
        self.lines.join("\n")
    }
}

/// Rounds to `digits` decimals, so that a last bit that differs between two machines is not a difference. What is not
/// a number becomes 0: a record must be readable again.
#[must_use]
pub(super) fn quantised(value: f64, digits: i32) -> f64 {
    if !value.is_finite() {
        return 0.0;
    }
    let scale = 10_f64.powi(digits);
    // Adding 0 turns -0 into 0.
    (value * scale).round() / scale + 0.0
}
