//! Takes alerts out of the outbox and sends each on its channel until a provider has it or refuses it.
//!
//! Nothing here decides whom to tell: what came of an alert goes back to the engine as an input. A process killed at any
//! point loses nothing, since a claim is only a lease: the alert is tried again, under the same idempotency key.

mod courier;
mod retry;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, future::Future, pin::pin, sync::Arc};

use tokio::{
    sync::Notify,
    task::{self, JoinError, JoinSet},
};

pub use retry::NO_SUCCESS_AFTER_MS;

use crate::{
    clock::Clock,
    domain::{AlertId, Timestamp},
    notify::Providers,
    sequencer::Inbox,
    store::{Store, StoreError},
};
use courier::Courier;

/// How many alerts are sent at the same time. More than a provider answers at once, so that a hanging provider's upkeep
/// does not stand in the way of danger.
const SENDS_MAX: usize = 128;
/// The outbox is looked at this often even if nobody calls, milliseconds.
const ROUND_MS_MAX: i64 = 5_000;
/// Two rounds that nobody called for are at least this far apart, milliseconds.
const ROUND_MS_MIN: i64 = 10;

/// Told of every alert that a provider has accepted, as soon as it has.
pub type OnAccepted = Arc<dyn Fn(AlertId) + Send + Sync>;

/// What dispatch works with.
#[derive(Clone)]
pub struct Parts {
    /// Where the outbox is.
    pub store: Arc<dyn Store>,
    /// Who carries messages.
    pub providers: Providers,
    /// Where outcomes go.
    pub inbox: Inbox,
    /// The time.
    pub clock: Clock,
    /// This process among those that claim; differs from every other, also from the one before a restart.
    pub owner: String,
    /// For measuring latency.
    pub on_accepted: Option<OnAccepted>,
}

/// Calls dispatch when something new may lie in the outbox.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// Calls; a call while it is at work is not lost.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// The loop that empties the outbox.
pub struct Dispatch {
    courier: Arc<Courier>,
    wake: Wake,
    sends: JoinSet<Option<Timestamp>>,
    in_flight: HashMap<task::Id, AlertId>,
    sends_max: usize,
    /// The last round took all it had room for: there may be more.
    full: bool,
}

impl Dispatch {
    /// With these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            courier: Arc::new(Courier::new(parts)),
            wake: Wake::default(),
            sends: JoinSet::new(),
            in_flight: HashMap::new(),
            sends_max: SENDS_MAX,
            full: false,
        }
    }

    /// A handle that calls this loop.
    #[must_use]
    pub fn waker(&self) -> Wake {
        self.wake.clone()
    }

    /// Works until `stop` is ready, then waits for the sends under way (each ends within 12 s).
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let clock = self.courier.clock.clone();
        let mut stop = pin!(stop);
        let mut next = clock.steady();
        loop {
            tokio::select! {
                () = &mut stop => break,
                () = self.wake.0.notified() => {}
                () = clock.wait_until(next) => {}
                Some(ended) = self.sends.join_next_with_id() => {
                    next = self.ended(ended).map_or(next, |retry_at| retry_at.min(next));
                    while let Some(ended) = self.sends.try_join_next_with_id() {
                        next = self.ended(ended).map_or(next, |retry_at| retry_at.min(next));
                    }
                    if !self.full {
                        continue;
                    }
                }
            }
            let now = clock.steady();
            next = match self.round(now).await {
                Ok(next) => next.clamp(now.plus_ms(ROUND_MS_MIN), now.plus_ms(ROUND_MS_MAX)),
                Err(error) => {
                    tracing::error!(%error, "the outbox cannot be read; trying again in a second");
                    now.plus_ms(1_000)
                }
            };
        }
        self.settle().await;
    }

    /// Claims what is due at `now`, most urgent first, and begins to send it. Returns when the next round is due.
    ///
    /// # Errors
    /// If the store cannot be read; what was claimed before is being sent.
    pub async fn round(&mut self, now: Timestamp) -> Result<Timestamp, StoreError> {
        let room = self.sends_max.saturating_sub(self.in_flight.len());
        let limit = i64::try_from(room).unwrap_or(i64::MAX);
        self.full = true;
        if room > 0 {
            let lease_until = now.plus_ms(retry::LEASE_MS);
            let claimed = self.courier.store.claim(now, &self.courier.owner, lease_until, limit).await?;
            self.full = claimed.len() == room;
            for claimed in claimed {
                let id = claimed.alert.id;
                // Its lease has run out while it was still being sent; it has been renewed by this claim.
                if self.in_flight.values().any(|in_flight| *in_flight == id) {
                    continue;
                }
                let courier = Arc::clone(&self.courier);
                let send = self.sends.spawn(async move { courier.deliver(claimed, now).await });
                self.in_flight.insert(send.id(), id);
            }
        }
        if self.full {
            // The next round begins when a send has ended.
            return Ok(Timestamp::MAX);
        }
        let next = self.courier.store.next_claimable().await?;
        Ok(next.unwrap_or(Timestamp::MAX))
    }

    /// Waits for every send under way.
    pub async fn settle(&mut self) {
        while let Some(ended) = self.sends.join_next_with_id().await {
            self.ended(ended);
        }
    }

    /// Takes note of a send that has ended; returns when its alert is due again.
    fn ended(&mut self, ended: Result<(task::Id, Option<Timestamp>), JoinError>) -> Option<Timestamp> {
        let (task, retry_at) = match ended {
            Ok((task, retry_at)) => (task, retry_at),
            Err(error) => {
                // Its lease runs out and it is tried again.
                // What it says may hold an address.
                tracing::error!(crashed = error.is_panic(), "a send ended without an outcome");
                (error.id(), None)
            }
        };
        self.in_flight.remove(&task);
        retry_at
    }
}
