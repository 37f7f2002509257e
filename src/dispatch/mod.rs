//! Takes alerts out of the outbox and sends each on its channel until a provider has it or refuses it.
//!
//! Nothing here decides whom to tell: what came of an alert goes back to the engine as an input. A process killed at any
//! point loses nothing, since a claim is only a lease: the alert is tried again, under the same idempotency key.

mod courier;
mod emergency;
mod sending;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, future::Future, pin::pin, sync::Arc};

use tokio::{
    sync::{Notify, watch},
    task::{self, JoinError, JoinSet},
};

pub use emergency::Emergency;

use crate::{
    clock::Clock,
    crash,
    domain::{AlertId, Channel, Timestamp},
    notify::Providers,
    retry,
    sequencer::{Inbox, Sure, Unwritten},
    store::{Admit, Room, Store, StoreError},
    vitals::Vitals,
};
use courier::{Courier, Round};

/// While so many alerts are being sent on a channel, no more of this kind are begun there. What hangs does not stand in
/// the way of danger, least of all of danger that has never been tried; the other channels have room of their own.
const SENDS_MAX: [(Admit, usize); 3] = [(Admit::All, 64), (Admit::Danger, 96), (Admit::NewDanger, 256)];
/// The outbox is looked at this often even if nobody calls, milliseconds.
const ROUND_MS_MAX: i64 = 5_000;
/// Two rounds that nobody called for are at least this far apart, milliseconds.
const ROUND_MS_MIN: i64 = 10;
/// Who is not sure to own the line looks this often whether they are again, milliseconds.
const UNSURE_MS: i64 = 500;

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
    /// Whether this process owns the line: what another one sends by is not its outbox.
    pub sure: Sure,
    /// For measuring latency.
    pub on_accepted: Option<OnAccepted>,
    /// Where it says that it is well.
    pub vitals: Arc<Vitals>,
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
    in_flight: HashMap<task::Id, (AlertId, Channel)>,
    sends_max: [(Admit, usize); 3],
    /// The last round had no room for everything: there may be more.
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

    /// Sends danger from memory while the store cannot take it.
    #[must_use]
    pub fn emergency(&self, unwritten: watch::Receiver<Unwritten>) -> Emergency {
        Emergency::new(Arc::clone(&self.courier), unwritten)
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
        crash::stall("round.begins").await;
        if !self.courier.sure.is_sure() {
            return Ok(now.plus_ms(UNSURE_MS));
        }
        let round = Round { at: now, real_us: self.courier.clock.real_us() };
        self.full = true;
        loop {
            let (room, count) = self.room();
            if count == 0 {
                break;
            }
            let (limit, lease_until) =
                (i64::try_from(count).unwrap_or(i64::MAX), now.plus_ms(retry::LEASE_MS));
            crash::point("claim.before");
            let claimed =
                self.courier.store.claim(now, &self.courier.owner, lease_until, limit, room).await?;
            let is_all = claimed.len() < count;
            for claimed in claimed {
                crash::point("claim.after");
                let (id, channel) = (claimed.alert.id, claimed.alert.channel);
                // Its lease has run out while it was still being sent; it has been renewed by this claim.
                if self.in_flight.values().any(|(in_flight, _)| *in_flight == id) {
                    continue;
                }
                let courier = Arc::clone(&self.courier);
                let send = self.sends.spawn(async move { courier.deliver(claimed, round).await });
                self.in_flight.insert(send.id(), (id, channel));
            }
            if is_all {
                break;
            }
        }
        // What there is no room for has its turn when a send has ended.
        let (room, _) = self.room();
        self.full = room != Room::ALL;
        let next = self.courier.store.next_claimable(room).await?;
        self.courier.vitals.rounded(self.courier.clock.real_us());
        Ok(next.unwrap_or(Timestamp::MAX))
    }

    /// What may be claimed now, and how many at once so that no channel is given more than it has room for.
    fn room(&self) -> (Room, usize) {
        let of = |channel| {
            let sends = self.in_flight.values().filter(|(_, on)| *on == channel).count();
            let free = self.sends_max.into_iter().find(|(_, max)| sends < *max);
            free.map_or((Admit::Nothing, 0), |(admit, max)| (admit, max - sends))
        };
        let counts = Channel::ALL.map(|channel| of(channel).1);
        let count = counts.into_iter().filter(|count| *count > 0).min().unwrap_or(0);
        (Room::of(|channel| of(channel).0), count)
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
