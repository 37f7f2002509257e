//! When a snapshot of the engine's memory is taken, and that it is written beside the line.
//!
//! After somebody was erased, what they sent can only be blanked once two snapshots without them are written: these come at
//! once, one after the other.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};

use super::{
    erasures::last_erasure,
    record::erased_of,
    snapshot::{KEPT, Taken, forget_unfinished, snapshots_after},
};
use crate::{
    clock::Clock,
    engine::Engine,
    store::{JournalHead, JournalRow, Store, StoreError},
};

/// A store that takes longer to take a snapshot does not take it: the next one is tried.
const WRITE_MAX: Duration = Duration::from_mins(10);
/// One that could not be written is not followed by another before this, milliseconds.
const AGAIN_MS: i64 = 60_000;

/// What of snapshots there is when a line begins.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kept {
    /// The row of the last one; 0 without one.
    last: i64,
    /// The last row that has erased somebody's data; 0 without one.
    erased: i64,
    /// So many are still to come after it.
    owed: usize,
}

impl Kept {
    /// `last` is the row of the snapshot that a start went on from, 0 without one.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn read(store: &dyn Store, last: i64) -> Result<Self, StoreError> {
        let erased = last_erasure(store).await?;
        let there = match snapshots_after(store, erased).await {
            _ if erased == 0 => KEPT,
            // A start goes on without them: they come anew.
            Err(StoreError::Corrupt(_)) => 0,
            read => read?,
        };
        Ok(Self { last, erased, owed: KEPT.saturating_sub(there) })
    }
}

/// See the module's documentation.
pub(super) struct Keeper {
    store: Arc<dyn Store>,
    clock: Clock,
    /// `None`: none is taken.
    every_rows: Option<i64>,
    kept: Kept,
    /// Taken after a row that is not written yet.
    waiting: Option<(Engine, JournalHead)>,
    /// Its row, once it is written.
    writing: Option<JoinHandle<Option<i64>>>,
}

impl Keeper {
    pub(super) fn new(store: Arc<dyn Store>, clock: Clock, every_rows: Option<i64>, kept: Kept) -> Self {
        Self { store, clock, every_rows, kept, waiting: None, writing: None }
    }

    /// These rows are written; `memory` is the engine after the last row, which may not be.
    pub(super) fn after_commit(
        &mut self,
        rows: &[JournalRow],
        memory: impl FnOnce() -> Option<(Engine, JournalHead)>,
    ) {
        let Some(written) = rows.last().map(|row| row.no) else { return };
        if let Some(erasure) = rows.iter().rfind(|row| erased_of(row).is_some()) {
            (self.kept.erased, self.kept.owed) = (erasure.no, KEPT);
        }
        if !self.is_free() {
            return;
        }
        if self.waiting.is_none() && self.is_due(written) {
            self.waiting = memory();
            self.kept.last = self.waiting.as_ref().map_or(self.kept.last, |(_, head)| head.no);
        }
        if let Some((engine, head)) = self.waiting.take_if(|(_, head)| head.no <= written) {
            self.writing =
                Some(tokio::spawn(write(Arc::clone(&self.store), self.clock.clone(), engine, head)));
        }
    }

    fn is_due(&self, written: i64) -> bool {
        let is_due = |every_rows| self.kept.owed > 0 || written - self.kept.last >= every_rows;
        self.every_rows.is_some_and(is_due)
    }

    /// Whether none is being written; of one that has been, notes it.
    fn is_free(&mut self) -> bool {
        let Some(writing) = &mut self.writing else { return true };
        let Some(ended) = writing.now_or_never() else { return false };
        self.writing = None;
        if ended.ok().flatten().is_some_and(|no| no >= self.kept.erased) {
            self.kept.owed = self.kept.owed.saturating_sub(1);
        }
        true
    }
}

/// What fails is tried again with the next one, after a while.
async fn write(store: Arc<dyn Store>, clock: Clock, engine: Engine, head: JournalHead) -> Option<i64> {
    let no = head.no;
    let Ok(Some(taken)) = spawn_blocking(move || Taken::of(&engine, &head)).await else {
        tracing::error!(no, "the engine's memory cannot be written down");
        clock.wait_ms(AGAIN_MS).await;
        return None;
    };
    // A database that neither answers nor fails would otherwise be the last that is heard of snapshots.
    let written = timeout(WRITE_MAX, taken.write(store.as_ref())).await;
    if let Err(error) = written.unwrap_or_else(|_| Err(StoreError::Unavailable("no answer".into()))) {
        tracing::warn!(no, %error, "no snapshot: a start decides more rows again");
        // What was written of it must not fill the disk, try after try.
        if !matches!(timeout(WRITE_MAX, forget_unfinished(store.as_ref())).await, Ok(Ok(()))) {
            tracing::warn!(no, "what is left of a snapshot stays until the next one");
        }
        clock.wait_ms(AGAIN_MS).await;
        return None;
    }
    tracing::info!(no, "snapshot");
    Some(no)
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

    use super::*;
    use crate::{
        domain::Timestamp,
        engine::Told,
        sequencer::{Arrival, Now, Sequencer},
        store,
    };

    /// Ten minutes pass in a second.
    const SPEED: f64 = 600.0;
    const NO_SNAPSHOT: &str =
        "CREATE TRIGGER full BEFORE INSERT ON snapshots BEGIN SELECT RAISE(ABORT, 'full'); END";

    #[tokio::test]
    async fn of_one_that_fails_nothing_is_left_and_the_next_comes_no_sooner_than_in_a_minute() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("cordon.db").display());
        let (store, clock) = (store::open(&url).await.unwrap(), Clock::scaled(Timestamp::from_ms(0), SPEED));
        let mut sequencer = Sequencer::default();
        let mut written = async |nth: i64| {
            let at = Timestamp::from_ms(nth * 1_000);
            let told = Arrival::Told(Told::Source { name: format!("source-{nth}"), up: true }, None);
            let stepped = sequencer.step(Now { steady: at, wall: at }, vec![told], &mut || [7; 16]);
            store.commit(&stepped.batch).await.unwrap();
            (sequencer.engine().clone(), store.head().await.unwrap().unwrap())
        };
        let took = async |(engine, head)| {
            let began = clock.steady();
            let written = write(Arc::clone(&store), clock.clone(), engine, head).await;
            (written, clock.steady().ms_since(began))
        };
        let parts = async |no| store.snapshot_parts(no, 0, 9).await.unwrap().len();
        let good = written(1).await;
        let kept = good.1.no;
        assert_eq!(took(good).await.0, Some(kept));
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        sqlx::query(AssertSqlSafe(NO_SNAPSHOT)).execute(&mut connection).await.unwrap();
        let bad = written(2).await;
        let lost = bad.1.no;
        let (is_written, took_ms) = took(bad.clone()).await;
        assert!(is_written.is_none() && took_ms >= AGAIN_MS, "{is_written:?} after {took_ms} ms");
        assert_eq!((parts(lost).await, parts(kept).await > 0), (0, true), "the one before is whole");
        sqlx::query("DROP TRIGGER full").execute(&mut connection).await.unwrap();
        assert_eq!(took(bad).await.0, Some(lost));
        assert!(parts(lost).await > 0, "there is something to leave behind");
    }
}
