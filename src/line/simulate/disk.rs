//! The store of a simulated service: one in memory, on a disk that is slow, fails, hangs, or loses its answers.

use std::{
    future::poll_fn,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use async_trait::async_trait;

use super::chance::Chance;
use crate::{
    domain::{Alert, AlertId, Incident, IncidentId, Timestamp},
    store::{
        About, Attempt, Batch, Claimed, Counts, HandIn, JournalHead, JournalRow, MemoryStore, Room, Store,
        StoreError,
    },
};

/// What a good disk takes for a commit, milliseconds.
const GOOD_MS: (i64, i64) = (1, 12);

/// See the module's documentation. It outlives the processes that write to it.
pub(super) struct Disk {
    kept: MemoryStore,
    state: Mutex<State>,
}

struct State {
    now: Timestamp,
    chance: Chance,
    trouble: Trouble,
    /// A commit takes up to so much longer, milliseconds.
    slow_ms: i64,
    answers_lost: f64,
    /// When the commit under way ends.
    ends_at: Option<Timestamp>,
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    Nothing,
    /// Every call fails.
    Fails,
    /// Commits do not end, and every other call fails.
    Hangs,
}

/// What becomes of a commit.
enum Fate {
    Written,
    Failed,
    AnswerLost,
}

impl Disk {
    pub(super) fn new(chance: Chance, answers_lost: f64, now: Timestamp) -> Self {
        let state = State { now, chance, trouble: Trouble::Nothing, slow_ms: 0, answers_lost, ends_at: None };
        Self { kept: MemoryStore::new(), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is one step, so a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Time passes.
    pub(super) fn pass_to(&self, now: Timestamp) {
        self.state().now = now;
    }

    /// What is wrong with it from now on.
    pub(super) fn befall(&self, trouble: Trouble) {
        let mut state = self.state();
        state.trouble = trouble;
        if let (Trouble::Nothing, Some(_)) = (trouble, state.ends_at) {
            state.ends_at = Some(state.now);
        }
    }

    /// How slow it is from now on.
    pub(super) fn slow_down(&self, slow_ms: i64) {
        self.state().slow_ms = slow_ms;
    }

    /// When the commit under way ends, [`Timestamp::MAX`] for one that hangs.
    pub(super) fn ends_at(&self) -> Option<Timestamp> {
        self.state().ends_at
    }

    /// The process that was writing is gone: what it had begun is written, or not.
    pub(super) fn settle(&self) {
        let mut state = self.state();
        if state.ends_at.is_some() {
            state.ends_at = Some(Timestamp::MIN);
        }
    }

    /// Nobody writes any more.
    pub(super) fn forget_writer(&self) {
        self.state().ends_at = None;
    }

    /// What it holds, whatever is wrong with it.
    pub(super) fn kept(&self) -> &MemoryStore {
        &self.kept
    }

    fn begin(&self) -> Fate {
        let mut state = self.state();
        let (slow_ms, answers_lost) = (state.slow_ms, state.answers_lost);
        let slow_ms = if slow_ms > 0 { state.chance.whole(0, slow_ms) } else { 0 };
        let took_ms = state.chance.whole(GOOD_MS.0, GOOD_MS.1) + slow_ms;
        let is_lost = state.chance.happens(answers_lost);
        let hangs = state.trouble == Trouble::Hangs;
        state.ends_at = Some(if hangs { Timestamp::MAX } else { state.now.plus_ms(took_ms) });
        match state.trouble {
            Trouble::Fails => Fate::Failed,
            Trouble::Nothing | Trouble::Hangs if is_lost => Fate::AnswerLost,
            Trouble::Nothing | Trouble::Hangs => Fate::Written,
        }
    }

    fn answers(&self) -> Result<(), StoreError> {
        let works = self.state().trouble == Trouble::Nothing;
        if works { Ok(()) } else { Err(gone()) }
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the disk fails".into())
}

#[async_trait]
impl Store for Disk {
    async fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        let fate = self.begin();
        poll_fn(|_| {
            let mut state = self.state();
            if state.ends_at.is_some_and(|at| at > state.now) {
                return Poll::Pending;
            }
            state.ends_at = None;
            Poll::Ready(())
        })
        .await;
        match fate {
            Fate::Written => self.kept.commit(batch).await,
            Fate::Failed => Err(gone()),
            Fate::AnswerLost => self.kept.commit(batch).await.and(Err(gone())),
        }
    }

    async fn take_line(&self, process: &str) -> Result<Option<i64>, StoreError> {
        self.answers()?;
        self.kept.take_line(process).await
    }

    async fn keep_line(&self, epoch: i64) -> Result<bool, StoreError> {
        self.answers()?;
        self.kept.keep_line(epoch).await
    }

    async fn leave_line(&self, epoch: i64) -> Result<(), StoreError> {
        self.answers()?;
        self.kept.leave_line(epoch).await
    }

    async fn head(&self) -> Result<Option<JournalHead>, StoreError> {
        self.answers()?;
        self.kept.head().await
    }

    async fn journal(&self, after: i64, limit: i64) -> Result<Vec<JournalRow>, StoreError> {
        self.answers()?;
        self.kept.journal(after, limit).await
    }

    async fn journal_of(
        &self,
        kind: &str,
        about: About<'_>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<JournalRow>, StoreError> {
        self.answers()?;
        self.kept.journal_of(kind, about, after, limit).await
    }

    async fn blank_rows(&self, after: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
        self.answers()?;
        self.kept.blank_rows(after, limit).await
    }

    async fn incident(&self, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        self.answers()?;
        self.kept.incident(id).await
    }

    async fn incidents(&self, after: IncidentId, limit: i64) -> Result<Vec<Incident>, StoreError> {
        self.answers()?;
        self.kept.incidents(after, limit).await
    }

    async fn closed_incidents(&self, before: IncidentId, limit: i64) -> Result<Vec<Incident>, StoreError> {
        self.answers()?;
        self.kept.closed_incidents(before, limit).await
    }

    async fn alerts_of(&self, incident: IncidentId) -> Result<Vec<Alert>, StoreError> {
        self.answers()?;
        self.kept.alerts_of(incident).await
    }

    async fn attempts_of(&self, alert: AlertId) -> Result<Vec<Attempt>, StoreError> {
        self.answers()?;
        self.kept.attempts_of(alert).await
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        self.answers()?;
        self.kept.counts().await
    }

    async fn claim(
        &self,
        now: Timestamp,
        owner: &str,
        lease_until: Timestamp,
        limit: i64,
        room: Room,
    ) -> Result<Vec<Claimed>, StoreError> {
        self.answers()?;
        self.kept.claim(now, owner, lease_until, limit, room).await
    }

    async fn record_attempt(
        &self,
        attempt: &Attempt,
        next_try_at: Option<Timestamp>,
        told_no_success: bool,
    ) -> Result<(), StoreError> {
        self.answers()?;
        self.kept.record_attempt(attempt, next_try_at, told_no_success).await
    }

    async fn end_leases(&self) -> Result<(), StoreError> {
        self.answers()?;
        self.kept.end_leases().await
    }

    async fn next_claimable(&self, room: Room) -> Result<Option<Timestamp>, StoreError> {
        self.answers()?;
        self.kept.next_claimable(room).await
    }

    async fn hand_in(&self, payloads: &[String]) -> Result<Vec<i64>, StoreError> {
        self.answers()?;
        self.kept.hand_in(payloads).await
    }

    async fn handed_in(&self, limit: i64) -> Result<Vec<HandIn>, StoreError> {
        self.answers()?;
        self.kept.handed_in(limit).await
    }
    async fn erase_rows(&self, nos: &[i64]) -> Result<(), StoreError> {
        self.answers()?;
        self.kept.erase_rows(nos).await
    }

    async fn forget_incidents(&self, ids: &[IncidentId]) -> Result<(), StoreError> {
        self.answers()?;
        self.kept.forget_incidents(ids).await
    }

    async fn forget_alerts(&self, ids: &[AlertId]) -> Result<(), StoreError> {
        self.answers()?;
        self.kept.forget_alerts(ids).await
    }

    async fn scrub(&self) -> Result<(), StoreError> {
        self.answers()
    }
}
