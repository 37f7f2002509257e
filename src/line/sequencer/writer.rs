//! Writes what was decided, one batch after the other, while the line goes on deciding.
//!
//! What is decided while a batch is being written waits for the next one. A batch that could not be written joins what
//! waits and is tried again: its rows keep their numbers, which makes that safe.

use std::{mem, sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::time::timeout;

use super::step::Stepped;
use crate::{
    domain::Timestamp,
    store::{Batch, Store, StoreError},
};

/// Rows that may wait to be written. Beyond it nothing more is taken in: tags and the broker keep it.
const ROWS_MAX: usize = 50_000;
/// How long after a failed commit it is tried again, milliseconds.
const RETRY_MS: i64 = 200;
/// A commit that takes longer is tried again; one that has gathered much may take more.
const COMMIT_MAX: Duration = Duration::from_secs(15);
const EACH_MAX: Duration = Duration::from_millis(2);
/// A commit that takes longer than this is slow, milliseconds.
const SLOW_MS: i64 = 1_000;
/// Records cannot be written when nothing was for this long, milliseconds.
pub(super) const FAILING_MS: i64 = 5_000;

/// See the module's documentation.
pub(super) struct Writer {
    store: Arc<dyn Store>,
    /// Under which ownership of the line it writes.
    epoch: i64,
    waiting: Stepped,
    /// When the first of what waits was decided.
    waiting_since: Timestamp,
    writing: Option<Writing>,
    retry_at: Timestamp,
    last_took_ms: i64,
}

struct Writing {
    batch: Arc<Batch>,
    /// All but the batch.
    stepped: Stepped,
    since: Timestamp,
    began: Timestamp,
    commit: BoxFuture<'static, Result<(), StoreError>>,
}

impl Writer {
    pub(super) fn new(store: Arc<dyn Store>, epoch: i64) -> Self {
        let (waiting, writing) = (Stepped::default(), None);
        let (waiting_since, retry_at) = (Timestamp::MIN, Timestamp::MIN);
        Self { store, epoch, waiting, waiting_since, writing, retry_at, last_took_ms: 0 }
    }

    /// Takes in what a step has decided.
    pub(super) fn put(&mut self, stepped: Stepped, now: Timestamp) {
        if self.waiting.is_empty() {
            self.waiting_since = now;
            self.waiting = stepped;
        } else {
            self.waiting = mem::take(&mut self.waiting).followed_by(stepped);
        }
    }

    /// Whether more may be decided before something is written.
    pub(super) fn has_room(&self) -> bool {
        let writing = self.writing.as_ref().map_or(0, |writing| writing.batch.rows.len());
        self.waiting.batch.rows.len() + writing < ROWS_MAX
    }

    /// Whether everything is written.
    pub(super) fn is_idle(&self) -> bool {
        self.writing.is_none() && self.waiting.is_empty()
    }

    /// Whether hand-ins were taken up and that is not written yet.
    pub(super) fn holds_hand_ins(&self) -> bool {
        let writing = self.writing.as_ref().is_some_and(|writing| !writing.batch.taken.is_empty());
        writing || !self.waiting.batch.taken.is_empty()
    }

    /// Milliseconds since the oldest of what is not written was decided.
    pub(super) fn behind_ms(&self, now: Timestamp) -> i64 {
        let waiting = (!self.waiting.is_empty()).then_some(self.waiting_since);
        let since = self.writing.as_ref().map(|writing| writing.since).or(waiting);
        since.map_or(0, |since| now.ms_since(since))
    }

    /// Whether an alert in the outbox may have to wait for the database.
    pub(super) fn is_slow(&self, now: Timestamp) -> bool {
        self.last_took_ms >= SLOW_MS || self.behind_ms(now) >= SLOW_MS
    }

    /// Begins to write what waits, unless something is being written or it is too early to try again.
    pub(super) fn begin(&mut self, now: Timestamp) {
        if self.writing.is_some() || self.waiting.is_empty() || now < self.retry_at {
            return;
        }
        let mut stepped = mem::take(&mut self.waiting);
        let batch = Arc::new(Batch { epoch: self.epoch, ..mem::take(&mut stepped.batch) });
        let (store, rows) = (Arc::clone(&self.store), Arc::clone(&batch));
        let commit = async move {
            if rows.is_empty() {
                return Ok(());
            }
            // A database that neither answers nor fails would otherwise hold everything for ever.
            let things = rows.rows.len() + rows.incidents.len() + rows.alerts.len();
            let patience = COMMIT_MAX + EACH_MAX * u32::try_from(things).unwrap_or(u32::MAX);
            let written = timeout(patience, store.commit(&rows)).await;
            written.unwrap_or_else(|_| Err(StoreError::Unavailable("no answer".into())))
        };
        let since = self.waiting_since;
        self.writing = Some(Writing { batch, stepped, since, began: now, commit: commit.boxed() });
    }

    /// When `begin` has something to do that no event announces.
    pub(super) fn next_at(&self) -> Timestamp {
        if self.writing.is_none() && !self.waiting.is_empty() { self.retry_at } else { Timestamp::MAX }
    }

    /// Waits for the end of what is being written (for ever if nothing is), and returns it once it is written. What could
    /// not be written will be tried again.
    ///
    /// # Errors
    /// `Conflict` or `Corrupt`: trying again does not help.
    pub(super) async fn written(
        &mut self,
        now: impl Fn() -> Timestamp,
    ) -> Result<Option<Stepped>, StoreError> {
        let Some(writing) = &mut self.writing else {
            return std::future::pending().await;
        };
        let outcome = (&mut writing.commit).await;
        let Some(Writing { batch, mut stepped, since, began, commit }) = self.writing.take() else {
            return Ok(None);
        };
        drop(commit);
        stepped.batch = Arc::unwrap_or_clone(batch);
        match outcome {
            Ok(()) => {
                self.last_took_ms = now().ms_since(began);
                Ok(Some(stepped))
            }
            Err(StoreError::Unavailable(reason)) => {
                let rows = stepped.batch.rows.len();
                tracing::error!(reason, rows, "commit failed, trying again");
                self.waiting = stepped.followed_by(mem::take(&mut self.waiting));
                self.waiting_since = since;
                self.retry_at = now().plus_ms(RETRY_MS);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
