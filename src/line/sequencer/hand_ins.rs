//! What other processes have handed in, read beside the line: a database that hangs must not hold it up.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::time::timeout;

use super::{inbox::Arrival, record::place_of};
use crate::{
    domain::Timestamp,
    engine::Told,
    store::{HandIn, Store, StoreError},
};

/// They are looked for this often, milliseconds.
const EVERY_MS: i64 = 500;
/// A reading that takes longer is given up.
const READING_MAX: Duration = Duration::from_secs(2);
/// As many at a time.
const AT_ONCE: i64 = 256;

type Reading = BoxFuture<'static, Option<Result<Vec<HandIn>, StoreError>>>;

/// Looks for hand-ins again and again.
pub(super) struct HandIns {
    store: Arc<dyn Store>,
    next_at: Timestamp,
    reading: Option<Reading>,
}

impl HandIns {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, next_at: Timestamp::MIN, reading: None }
    }

    /// When to look next.
    pub(super) fn next_at(&self) -> Timestamp {
        if self.reading.is_some() { Timestamp::MAX } else { self.next_at }
    }

    /// Begins to read if it is time. Not while some that were read are not written down as taken up: they would be taken
    /// up twice.
    pub(super) fn begin(&mut self, now: Timestamp) {
        if self.reading.is_none() && now >= self.next_at {
            let store = Arc::clone(&self.store);
            let reading = async move { timeout(READING_MAX, store.handed_in(AT_ONCE)).await.ok() };
            self.reading = Some(reading.boxed());
            self.next_at = now.plus_ms(EVERY_MS);
        }
    }

    /// Waits for what is being read; for ever if nothing is.
    pub(super) async fn read(&mut self) -> Vec<Arrival> {
        let Some(reading) = &mut self.reading else {
            return std::future::pending().await;
        };
        let outcome = reading.await;
        self.reading = None;
        match outcome {
            Some(Ok(handed_in)) => handed_in.into_iter().map(arrival).collect(),
            Some(Err(error)) => {
                tracing::warn!(%error, "hand-ins cannot be read");
                Vec::new()
            }
            None => {
                tracing::warn!("hand-ins cannot be read: no answer");
                Vec::new()
            }
        }
    }
}

fn arrival(hand_in: HandIn) -> Arrival {
    let told = serde_json::from_str::<Told>(&hand_in.payload);
    if let Err(error) = &told {
        let error = place_of(error);
        tracing::error!(id = hand_in.id, error, "a hand-in cannot be read; it is dropped");
    }
    Arrival::HandIn(hand_in.id, told.ok())
}
