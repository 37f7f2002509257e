//! A store between a service and its disk that does not do what it is told.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cordon::{
    domain::{Alert, AlertId, Incident, IncidentId, Timestamp},
    store::{
        About, Attempt, Batch, Claimed, Counts, HandIn, JournalHead, JournalRow, Room, Store, StoreError,
    },
};

/// What it does with a batch that is to be committed.
pub(crate) trait Tamper: Send + Sync {
    /// What is committed in its place.
    fn commits(&self, batch: Batch) -> Batch {
        batch
    }

    /// What the service is told of a commit.
    fn answers(&self, answer: Result<(), StoreError>) -> Result<(), StoreError> {
        answer
    }

    /// It answers before it has written: what is on its way is lost with the process.
    fn is_volatile(&self) -> bool {
        false
    }

    /// How many rows of the journal a start does not see.
    fn hides(&self) -> usize {
        0
    }
}

/// See the module's documentation.
pub(crate) struct Tampered<T> {
    disk: Arc<dyn Store>,
    tamper: T,
    on_its_way: Mutex<Option<Batch>>,
}

impl<T: Tamper> Tampered<T> {
    pub(crate) fn new(disk: Arc<dyn Store>, tamper: T) -> Self {
        Self { disk, tamper, on_its_way: Mutex::new(None) }
    }
}

#[async_trait]
impl<T: Tamper> Store for Tampered<T> {
    async fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        let mut batch = self.tamper.commits(batch.clone());
        if self.tamper.is_volatile() {
            let before = self.on_its_way.lock().unwrap().replace(batch);
            match before {
                Some(before) => batch = before,
                None => return Ok(()),
            }
        }
        self.tamper.answers(self.disk.commit(&batch).await)
    }

    async fn take_line(&self, process: &str) -> Result<Option<i64>, StoreError> {
        self.disk.take_line(process).await
    }

    async fn keep_line(&self, epoch: i64) -> Result<bool, StoreError> {
        self.disk.keep_line(epoch).await
    }

    async fn leave_line(&self, epoch: i64) -> Result<(), StoreError> {
        self.disk.leave_line(epoch).await
    }

    async fn head(&self) -> Result<Option<JournalHead>, StoreError> {
        self.disk.head().await
    }

    async fn journal(&self, after: i64, limit: i64) -> Result<Vec<JournalRow>, StoreError> {
        let mut rows = self.disk.journal(after, limit).await?;
        let hidden = self.tamper.hides();
        if hidden > 0 && rows.len() < usize::try_from(limit).unwrap() {
            rows.truncate(rows.len().saturating_sub(hidden));
        }
        Ok(rows)
    }

    async fn journal_of(
        &self,
        kind: &str,
        about: About<'_>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<JournalRow>, StoreError> {
        self.disk.journal_of(kind, about, after, limit).await
    }

    async fn incident(&self, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        self.disk.incident(id).await
    }

    async fn incidents(&self, after: IncidentId, limit: i64) -> Result<Vec<Incident>, StoreError> {
        self.disk.incidents(after, limit).await
    }

    async fn closed_incidents(&self, before: IncidentId, limit: i64) -> Result<Vec<Incident>, StoreError> {
        self.disk.closed_incidents(before, limit).await
    }

    async fn alerts_of(&self, incident: IncidentId) -> Result<Vec<Alert>, StoreError> {
        self.disk.alerts_of(incident).await
    }

    async fn attempts_of(&self, alert: AlertId) -> Result<Vec<Attempt>, StoreError> {
        self.disk.attempts_of(alert).await
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        self.disk.counts().await
    }

    async fn claim(
        &self,
        now: Timestamp,
        owner: &str,
        lease_until: Timestamp,
        limit: i64,
        room: Room,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.disk.claim(now, owner, lease_until, limit, room).await
    }

    async fn record_attempt(
        &self,
        attempt: &Attempt,
        next_try_at: Option<Timestamp>,
        told_no_success: bool,
    ) -> Result<(), StoreError> {
        self.disk.record_attempt(attempt, next_try_at, told_no_success).await
    }

    async fn end_leases(&self) -> Result<(), StoreError> {
        self.disk.end_leases().await
    }

    async fn next_claimable(&self, room: Room) -> Result<Option<Timestamp>, StoreError> {
        self.disk.next_claimable(room).await
    }

    async fn hand_in(&self, payloads: &[String]) -> Result<Vec<i64>, StoreError> {
        self.disk.hand_in(payloads).await
    }

    async fn handed_in(&self, limit: i64) -> Result<Vec<HandIn>, StoreError> {
        self.disk.handed_in(limit).await
    }
}
