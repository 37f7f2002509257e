//! How the parts of a service hang together, as far as the simulator must know it: where the line meets the store, what
//! arrives, the clock and those who carry alerts.

use std::sync::Arc;

use crate::{
    domain::{Alert, Incident, Sent, Timestamp, idempotency_key},
    engine::Engine,
    sequencer::Arrival,
    store::Store,
};

/// The seams of a service. As it is, each hands on what it is given; the simulator's own tests put faults in here to
/// see whether they are found.
pub trait Workings: Send + Sync {
    /// The store as a process sees it, from its start on.
    fn store(&self, disk: Arc<dyn Store>) -> Arc<dyn Store> {
        disk
    }

    /// What of an arrival reaches the line.
    fn arrives(&self, arrival: Arrival) -> Option<Arrival> {
        Some(arrival)
    }

    /// When the line turns next if nothing arrives.
    fn wakes(&self, at: Timestamp) -> Timestamp {
        at
    }

    /// What an engine that has decided the journal again knows of what people were told.
    fn remembers(&self, engine: &mut Engine, open: Vec<Incident>, alerts: Vec<Alert>) {
        engine.adopt(open, alerts);
    }

    /// What dispatch makes of a provider's answer.
    fn understands(&self, sent: Sent) -> Sent {
        sent
    }

    /// The key by which a provider knows a try of an alert again.
    fn key(&self, alert: &Alert, _nth: u32) -> String {
        idempotency_key(alert)
    }
}

/// A service as it is.
pub struct AsBuilt;

impl Workings for AsBuilt {}
