//! Danger that the store cannot take is sent straight from the engine's memory: nobody is warned too late because a disk
//! is full.
//!
//! An alert keeps its idempotency key, so that a provider which has it already does not send it twice when the store is
//! back and the outbox is worked off.

use std::{collections::BTreeSet, future::Future, pin::pin, sync::Arc};

use tokio::{sync::watch, task::JoinSet};

use super::{courier::Courier, retry};
use crate::{
    domain::{Alert, AlertId},
    engine::DeliveryReport,
    notify::Sent,
    sequencer::Unwritten,
    store::Attempt,
};

/// Tries that were not written down, remembered until they can be.
const OWED_MAX: usize = 10_000;
/// How often it is tried to write them down, milliseconds.
const WRITE_AGAIN_MS: i64 = 1_000;

/// Sends what the line hands over while its records cannot be written.
pub struct Emergency {
    courier: Arc<Courier>,
    unwritten: watch::Receiver<Unwritten>,
    sends: JoinSet<Option<Attempt>>,
    begun: BTreeSet<AlertId>,
    owed: Vec<Attempt>,
    /// Writes tries down, and gives those back that could not be. Beside the loop: a store may take its time to say no.
    writing: JoinSet<Vec<Attempt>>,
}

impl Emergency {
    pub(super) fn new(courier: Arc<Courier>, unwritten: watch::Receiver<Unwritten>) -> Self {
        Self {
            courier,
            unwritten,
            sends: JoinSet::new(),
            begun: BTreeSet::new(),
            owed: Vec::new(),
            writing: JoinSet::new(),
        }
    }

    /// Works until `stop` is ready.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                changed = self.unwritten.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.begin();
                }
                () = self.courier.clock.wait_ms(WRITE_AGAIN_MS), if !self.owed.is_empty() => {}
                Some(ended) = self.sends.join_next() => match ended {
                    Ok(attempt) => self.owed.extend(attempt.filter(|_| self.owed.len() < OWED_MAX)),
                    Err(error) => tracing::error!(%error, "an emergency send ended without an outcome"),
                },
                Some(ended) = self.writing.join_next() => match ended {
                    Ok(left) => self.owed.extend(left),
                    Err(error) => tracing::error!(%error, "emergency tries were not written down"),
                },
            }
            if self.unwritten.borrow().is_empty() && !self.owed.is_empty() && self.writing.is_empty() {
                self.write_down();
            }
        }
    }

    fn begin(&mut self) {
        let unwritten = Arc::clone(&self.unwritten.borrow_and_update());
        self.begun.retain(|id| unwritten.contains_key(id));
        for (id, alert) in unwritten.iter() {
            if self.begun.insert(*id) {
                tracing::warn!(alert = %id, "the store cannot take it: sent from memory");
                let (courier, list, alert) =
                    (Arc::clone(&self.courier), self.unwritten.clone(), alert.clone());
                self.sends.spawn(async move { send(&courier, &list, &alert).await });
            }
        }
    }

    /// The tries are evidence: they are written down as soon as that is possible.
    fn write_down(&mut self) {
        let (courier, owed) = (Arc::clone(&self.courier), std::mem::take(&mut self.owed));
        self.writing.spawn(async move {
            let mut left = Vec::new();
            for attempt in owed {
                if let Err(error) = courier.store.record_attempt(&attempt, None, false).await {
                    tracing::warn!(alert = %attempt.alert, %error, "an emergency try is not written down yet");
                    left.push(attempt);
                }
            }
            left
        });
    }
}

/// Tries until a provider has taken or refused the alert, or it is no longer on the list.
async fn send(courier: &Courier, list: &watch::Receiver<Unwritten>, alert: &Alert) -> Option<Attempt> {
    let (first, mut nth) = (courier.clock.steady(), 0);
    while list.borrow().contains_key(&alert.id) {
        let (at, began_us) = (courier.clock.steady(), courier.clock.real_us());
        nth += 1;
        let sent = courier.carry(alert).await;
        let took_ms = (courier.clock.real_us() - began_us) / 1_000;
        let attempt = |result: &str, reason: &str, provider_ref: String| {
            let (result, reason) = (result.into(), reason.into());
            Some(Attempt { alert: alert.id, nth, at, took_ms, result, reason, provider_ref })
        };
        match sent {
            Sent::Accepted { provider_ref } => {
                courier.accepted(alert.id);
                courier.tell_at_once(alert.id, DeliveryReport::Accepted).await;
                return attempt(super::courier::ACCEPTED, "", provider_ref.unwrap_or_default());
            }
            Sent::Refused { reason } => {
                courier.tell_at_once(alert.id, DeliveryReport::Refused(reason.clone())).await;
                return attempt(super::courier::REFUSED, &reason, String::new());
            }
            // That it does not get through in time is the engine's to see.
            Sent::Retry { .. } | Sent::Busy { .. } => {
                let ended = courier.clock.steady();
                courier.clock.wait_until(retry::next_try_at(first, nth, ended)).await;
            }
        }
    }
    None
}
