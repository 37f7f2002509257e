//! Which process runs the line: one at a time owns it. The others stand by: they decide the journal as it grows, so that the
//! next owner carries on at once.
//!
//! What keeps a former owner from writing is the store: each commit names the epoch of its ownership. By its own clock an
//! owner stops being sure of it before anybody can take it over. From then on it connects to no broker, where it would cut
//! its successor off; what it has heard it goes on deciding, and danger that it cannot write down it still has sent. It may be
//! the store alone that is away, and with it every successor.

use std::{
    fs,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::time::timeout;

use super::{
    again::Recovered,
    findings::Findings,
    recover::{RecoverError, adopt_open, catch_up},
    step::Sequencer,
};
use crate::{
    clock::Clock,
    store::{LEASE_MS, Store, StoreError},
};

/// How often an ownership is renewed, milliseconds.
const RENEW_MS: i64 = 2_000;
/// A store that takes longer to renew it has not answered. It is asked again on another connection, and without the first one
/// whoever stands by takes the owner for dead.
const RENEW_MAX: Duration = Duration::from_secs(5);
/// So long before its end an owner is not sure of it any more, milliseconds: clocks differ, and an answer takes its time.
const EARLY_MS: i64 = 3_000;
/// How often who stands by looks whether the line is free, and what has been written, milliseconds.
const LOOK_MS: i64 = 500;

/// Until when an owner is sure that it is one.
#[derive(Debug, Clone)]
pub struct Sure {
    clock: Clock,
    until_real_us: Arc<AtomicI64>,
}

impl Sure {
    /// For good: where nobody else can be.
    #[must_use]
    pub fn always(clock: Clock) -> Self {
        Self { clock, until_real_us: Arc::new(AtomicI64::new(i64::MAX)) }
    }

    /// Whether it is.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        self.clock.real_us() < self.until_real_us.load(Ordering::Relaxed)
    }

    /// Waits until it is.
    pub async fn wait(&self) {
        while !self.is_sure() {
            self.clock.wait_ms(LOOK_MS).await;
        }
    }

    /// It was renewed by what was asked then.
    fn renewed(&self, asked_real_us: i64) {
        let until = asked_real_us.saturating_add((LEASE_MS - EARLY_MS) * 1_000);
        self.until_real_us.store(until, Ordering::Relaxed);
    }
}

/// The ownership of the line.
pub struct Ownership {
    store: Arc<dyn Store>,
    clock: Clock,
    epoch: i64,
    sure: Sure,
}

impl Ownership {
    /// What every commit names.
    #[must_use]
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// Until when it is sure.
    #[must_use]
    pub fn sure(&self) -> Sure {
        self.sure.clone()
    }

    /// Renews it until it is lost, which is an error, or until the line has ended: then it is given up, and the next owner
    /// need not wait for its end.
    ///
    /// # Errors
    /// `NotOwner`.
    pub async fn keep(self, ended: impl Future<Output = ()>) -> Result<(), StoreError> {
        tokio::select! {
            lost = self.renew_for_ever() => lost,
            () = ended => {
                // A store that does not answer must not keep this process from ending.
                let left = timeout(RENEW_MAX, self.store.leave_line(self.epoch)).await;
                if !matches!(left, Ok(Ok(()))) {
                    tracing::warn!("the next owner of the line waits until this ownership has run out");
                }
                Ok(())
            }
        }
    }

    async fn renew_for_ever(&self) -> Result<(), StoreError> {
        loop {
            self.clock.wait_ms(RENEW_MS).await;
            let asked = self.clock.real_us();
            match timeout(RENEW_MAX, self.store.keep_line(self.epoch)).await {
                Ok(Ok(true)) => self.sure.renewed(asked),
                Ok(Ok(false)) => return Err(StoreError::NotOwner),
                Ok(Err(error)) => tracing::warn!(%error, "the ownership of the line is not renewed"),
                Err(_) => tracing::warn!("the ownership of the line is not renewed: no answer"),
            }
        }
    }
}

/// A process that does not own the line, or not yet.
pub struct Standby {
    store: Arc<dyn Store>,
    clock: Clock,
    process: String,
    followed: Option<Recovered>,
}

impl Standby {
    /// One that knows nothing of the journal yet.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Clock) -> Self {
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let process = format!("process {} on {}", std::process::id(), host.trim());
        Self { store, clock, process, followed: None }
    }

    /// Owns the line from now on, if it is free.
    ///
    /// # Errors
    /// If the store cannot be reached.
    pub async fn take(&self) -> Result<Option<Ownership>, StoreError> {
        let asked = self.clock.real_us();
        let Some(epoch) = self.store.take_line(&self.process).await? else { return Ok(None) };
        tracing::info!(epoch, "this process owns the line");
        let sure = Sure { clock: self.clock.clone(), until_real_us: Arc::default() };
        sure.renewed(asked);
        Ok(Some(Ownership { store: Arc::clone(&self.store), clock: self.clock.clone(), epoch, sure }))
    }

    /// Follows the journal until the line is free, and takes it.
    ///
    /// # Errors
    /// What the journal holds cannot be decided again. A store that does not answer is asked again.
    pub async fn wait(&mut self) -> Result<Ownership, RecoverError> {
        loop {
            match self.look().await {
                Ok(Some(ownership)) => return Ok(ownership),
                Ok(None) => {}
                Err(RecoverError::Store(StoreError::Unavailable(reason))) => {
                    tracing::warn!(reason, "whether the line is free cannot be seen");
                }
                Err(error) => return Err(error),
            }
            self.clock.wait_ms(LOOK_MS).await;
        }
    }

    async fn look(&mut self) -> Result<Option<Ownership>, RecoverError> {
        self.follow().await?;
        Ok(self.take().await?)
    }

    /// Decides what has been written since the last time.
    async fn follow(&mut self) -> Result<(), RecoverError> {
        let store = self.store.as_ref();
        if let Some(followed) = &mut self.followed
            && followed.follow(store).await?
        {
            return Ok(());
        }
        // Of what was erased before it was decided, only a snapshot tells what followed.
        self.followed = Some(catch_up(store).await?);
        Ok(())
    }

    /// Carries on where the journal ends. Incidents and alerts are those of the store: they are never judged again.
    ///
    /// # Errors
    /// See [`RecoverError`].
    pub async fn carry_on(mut self) -> Result<(Sequencer, Findings), RecoverError> {
        self.follow().await?;
        adopt_open(self.followed.unwrap_or_default(), self.store.as_ref()).await
    }
}
