//! When a snapshot of the engine's memory is taken, and that it is written beside the line.

use std::sync::Arc;

use tokio::task::{JoinHandle, spawn_blocking};

use super::snapshot::Taken;
use crate::{
    engine::Engine,
    store::{JournalHead, Store},
};

/// See the module's documentation.
pub(super) struct Keeper {
    store: Arc<dyn Store>,
    every_rows: i64,
    /// The row after which the last one was taken.
    last: i64,
    /// Taken after a row that is not written yet.
    waiting: Option<(Engine, JournalHead)>,
    writing: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(super) fn new(store: Arc<dyn Store>, every_rows: i64, last: i64) -> Self {
        Self { store, every_rows, last, waiting: None, writing: None }
    }

    /// Rows up to `written` are written; `memory` is the engine after the last row, which may not be.
    pub(super) fn after_commit(
        &mut self,
        written: i64,
        memory: impl FnOnce() -> Option<(Engine, JournalHead)>,
    ) {
        if self.writing.as_ref().is_some_and(|writing| !writing.is_finished()) {
            return;
        }
        if self.waiting.is_none() && written - self.last >= self.every_rows {
            self.waiting = memory();
            self.last = self.waiting.as_ref().map_or(self.last, |(_, head)| head.no);
        }
        if let Some((engine, head)) = self.waiting.take_if(|(_, head)| head.no <= written) {
            self.writing = Some(tokio::spawn(write(Arc::clone(&self.store), engine, head)));
        }
    }
}

/// What fails is tried again with the next one.
async fn write(store: Arc<dyn Store>, engine: Engine, head: JournalHead) {
    let no = head.no;
    let Ok(Some(taken)) = spawn_blocking(move || Taken::of(&engine, &head)).await else {
        return tracing::error!(no, "the engine's memory cannot be written down");
    };
    match taken.write(store.as_ref()).await {
        Ok(()) => tracing::info!(no, "snapshot"),
        Err(error) => tracing::warn!(no, %error, "no snapshot: a start decides more rows again"),
    }
}
