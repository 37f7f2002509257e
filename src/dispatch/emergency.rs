//! Danger that the store cannot take is sent straight from the engine's memory: nobody is warned too late because a disk
//! is full.
//!
//! An alert keeps its idempotency key, so that a provider which has it already does not send it twice when the store is
//! back and the outbox is worked off. Should the process be killed before anything could be written, the tag sends its
//! ping again and the danger is told anew, under another key: twice is better than never.

use std::{collections::BTreeSet, future::Future, pin::pin, sync::Arc};

use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
};

use super::{
    courier::{ACCEPTED, Courier, REFUSED},
    retry,
    sending::Turn,
};
use crate::{
    domain::{Alert, AlertId, Timestamp},
    engine::DeliveryReport,
    notify::Sent,
    sequencer::Unwritten,
    store::Attempt,
};

/// Alerts sent at the same time.
const SENDS_MAX: usize = 256;
/// Tries that were not written down, remembered until they can be.
const OWED_MAX: usize = 10_000;
/// How often it is tried to write them down, and looked whether somebody else still sends an alert, milliseconds.
const AGAIN_MS: i64 = 1_000;
/// When the service stops, the tries are written down if that takes no longer, milliseconds.
const LAST_WRITE_MS: i64 = 5_000;

/// Sends what the line hands over while its records cannot be written.
pub struct Emergency {
    courier: Arc<Courier>,
    unwritten: watch::Receiver<Unwritten>,
    sends: JoinSet<Option<Attempt>>,
    begun: BTreeSet<AlertId>,
    owed: Vec<Attempt>,
    /// Writes tries down, and gives those back that could not be. Beside the loop: a store may take its time to say no.
    writing: JoinSet<Vec<Attempt>>,
    write_at: Timestamp,
    stopping: watch::Sender<bool>,
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
            write_at: Timestamp::MIN,
            stopping: watch::channel(false).0,
        }
    }

    /// Works until `stop` is ready, then waits for the sends under way.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let clock = self.courier.clock.clone();
        loop {
            let owes = !self.owed.is_empty() && self.writing.is_empty();
            tokio::select! {
                () = &mut stop => break,
                changed = self.unwritten.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    self.begin();
                }
                () = clock.wait_until(self.write_at), if owes => self.write_down(),
                Some(ended) = self.sends.join_next() => {
                    self.ended(ended);
                    self.begin();
                }
                Some(ended) = self.writing.join_next() => self.written(ended),
            }
        }
        self.settle().await;
    }

    /// Begins to send what is on the list, as far as there is room.
    fn begin(&mut self) {
        let unwritten = Arc::clone(&self.unwritten.borrow_and_update());
        self.begun.retain(|id| unwritten.contains_key(id));
        for (id, alert) in unwritten.iter() {
            if self.sends.len() >= SENDS_MAX {
                return;
            }
            if self.begun.insert(*id) {
                tracing::warn!(alert = %id, "the store cannot take it: sent from memory");
                let (courier, list) = (Arc::clone(&self.courier), self.unwritten.clone());
                let (stopping, alert) = (self.stopping.subscribe(), alert.clone());
                self.sends.spawn(async move { send(&courier, list, stopping, &alert).await });
            }
        }
    }

    fn ended(&mut self, ended: Result<Option<Attempt>, JoinError>) {
        match ended {
            Ok(attempt) => self.owed.extend(attempt.filter(|_| self.owed.len() < OWED_MAX)),
            Err(error) => {
                tracing::error!(crashed = error.is_panic(), "an emergency send ended without an outcome");
            }
        }
    }

    /// The tries are evidence: they are written down as soon as that is possible.
    fn write_down(&mut self) {
        let (courier, owed) = (Arc::clone(&self.courier), std::mem::take(&mut self.owed));
        self.writing.spawn(async move {
            let mut left = Vec::new();
            for attempt in owed {
                if courier.store.record_attempt(&attempt, None, false).await.is_err() {
                    left.push(attempt);
                }
            }
            left
        });
    }

    fn written(&mut self, ended: Result<Vec<Attempt>, JoinError>) {
        match ended {
            Ok(left) if left.is_empty() => {}
            Ok(left) => {
                tracing::warn!(tries = left.len(), "emergency tries are not written down yet");
                self.owed.extend(left);
                self.write_at = self.courier.clock.steady().plus_ms(AGAIN_MS);
            }
            Err(error) => {
                tracing::error!(crashed = error.is_panic(), "emergency tries were not written down");
            }
        }
    }

    /// Each send ends within 12 s; what came of it is written down if the store can.
    async fn settle(&mut self) {
        self.stopping.send_replace(true);
        while let Some(ended) = self.sends.join_next().await {
            self.ended(ended);
        }
        self.write_down();
        let clock = self.courier.clock.clone();
        tokio::select! {
            () = clock.wait_ms(LAST_WRITE_MS) => {}
            _ = self.writing.join_next() => {}
        }
    }
}

/// Tries until a provider has taken or refused the alert, it is no longer on the list, or the service stops.
async fn send(
    courier: &Courier,
    list: watch::Receiver<Unwritten>,
    mut stopping: watch::Receiver<bool>,
    alert: &Alert,
) -> Option<Attempt> {
    let (first, mut nth) = (courier.clock.steady(), 0);
    while list.borrow().contains_key(&alert.id) && !*stopping.borrow() {
        let mine = match courier.sending.turn(alert.id) {
            Turn::Mine(mine) => mine,
            Turn::Done(_) => return None,
            Turn::Others => {
                courier.clock.wait_ms(AGAIN_MS).await;
                continue;
            }
        };
        let (at, began_us) = (courier.clock.steady(), courier.clock.real_us());
        nth += 1;
        let sent = courier.carry(alert, nth > 1).await;
        let (ended, took_ms) = (courier.clock.steady(), (courier.clock.real_us() - began_us) / 1_000);
        courier.note_at_once(alert, &sent, at, ended).await;
        let (report, result, reason, provider_ref) = match sent {
            Sent::Accepted { provider_ref } => {
                courier.accepted(alert.id);
                (DeliveryReport::Accepted, ACCEPTED, String::new(), provider_ref.unwrap_or_default())
            }
            Sent::Refused { reason } | Sent::NoSuchAddress { reason } => {
                (DeliveryReport::Refused(reason.clone()), REFUSED, reason, String::new())
            }
            // That it does not get through in time is the engine's to see.
            Sent::Retry { .. } | Sent::Busy { .. } => {
                drop(mine);
                let due = match sent {
                    Sent::Busy { pause_ms: Some(pause_ms), .. } => retry::after_pause(pause_ms, ended),
                    _ => retry::next_try_at(first, nth, ended),
                };
                tokio::select! {
                    () = courier.clock.wait_until(due) => continue,
                    _ = stopping.wait_for(|stopping| *stopping) => return None,
                }
            }
        };
        mine.done(report.clone());
        courier.tell_at_once(alert.id, report).await;
        return Some(Attempt {
            alert: alert.id,
            nth,
            at,
            took_ms,
            result: result.into(),
            reason,
            provider_ref,
        });
    }
    None
}
