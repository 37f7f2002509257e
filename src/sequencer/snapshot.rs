//! The engine's memory beside the journal: a start goes on from the last snapshot of it, however long the journal is.
//!
//! A snapshot is taken of the engine's memory after a row, and written once that row is. It is believed only if it is whole
//! and that row is still the journal's; what is wrong with one is said, and an older one, or the whole journal, serves.
//! `cordon replay` never reads one: it decides everything again.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::guard::guarded;
use crate::{
    engine::{ENGINE_VERSION, Engine, MEMORY_FORM, Part},
    store::{JournalHead, Snapshot, SnapshotPart, Store, StoreError},
};

/// Rows between two snapshots in service: deciding them again takes seconds.
pub const SNAPSHOT_EVERY_ROWS: i64 = 100_000;
/// Parts in one transaction: the line's commits do not wait for more.
const PARTS_AT_ONCE: usize = 200;
const PARTS_READ: i64 = 2_000;
/// Snapshots that are kept: if the last one cannot be read, the one before it can.
const KEPT: usize = 2;

/// A snapshot that is to be written.
pub struct Taken {
    snapshot: Snapshot,
    parts: Vec<SnapshotPart>,
}

impl Taken {
    /// Writes down what an engine that has decided everything up to `head` remembers. `None` if that cannot be written.
    #[must_use]
    pub fn of(engine: &Engine, head: &JournalHead) -> Option<Self> {
        let mut by_subject: BTreeMap<String, Vec<Part>> = BTreeMap::new();
        for part in engine.parts() {
            by_subject.entry(part.subject()).or_default().push(part);
        }
        let mut parts = Vec::with_capacity(by_subject.len());
        for (nth, (subject, remembered)) in (0..).zip(by_subject) {
            let content = rmp_serde::to_vec_named(&remembered).ok()?;
            parts.push(SnapshotPart { nth, subject, content });
        }
        let mut hash = Sha256::new();
        parts.iter().for_each(|part| digest(&mut hash, part));
        let snapshot = Snapshot {
            no: head.no,
            chain: head.chain.clone(),
            form: MEMORY_FORM,
            parts: i64::try_from(parts.len()).ok()?,
            digest: hash.finalize().to_vec(),
        };
        Some(Self { snapshot, parts })
    }

    /// Writes it, and deletes those that are no longer needed. Its row must have been written before.
    ///
    /// # Errors
    /// If the store cannot be written: what has been written of it counts for nothing.
    pub async fn write(self, store: &dyn Store) -> Result<(), StoreError> {
        for parts in self.parts.chunks(PARTS_AT_ONCE) {
            store.keep_parts(self.snapshot.no, parts).await?;
        }
        store.keep_snapshot(&self.snapshot).await?;
        match store.snapshots().await?.get(KEPT - 1) {
            Some(oldest) => store.forget_snapshots(oldest.no).await,
            None => Ok(()),
        }
    }
}

/// The engine of the newest snapshot that can be believed, and its row; `said` is told of those that cannot.
pub(super) async fn load(
    store: &dyn Store,
    said: &mut Vec<String>,
) -> Result<Option<(Engine, JournalHead)>, StoreError> {
    let snapshots = match store.snapshots().await {
        Ok(snapshots) => snapshots,
        // Damage here is no damage to the journal.
        Err(StoreError::Corrupt(_)) => {
            said.push("no snapshot can be read".into());
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    for snapshot in snapshots {
        let row = store.journal(snapshot.no.saturating_sub(1), 1).await?.into_iter().next();
        let row = row.filter(|row| row.no == snapshot.no && row.chain == snapshot.chain);
        let wrong = match row {
            _ if snapshot.form != MEMORY_FORM => "it is written in another form",
            None => "the journal's row is another one",
            // What a version of the engine remembers, another would have decided otherwise.
            Some(row) if row.engine != ENGINE_VERSION => "another version of the engine decided it",
            Some(row) => match read(store, &snapshot).await {
                Ok(Ok(engine)) => {
                    let head = JournalHead { no: row.no, at: row.at, chain: row.chain };
                    return Ok(Some((engine, head)));
                }
                Ok(Err(wrong)) => wrong,
                Err(StoreError::Corrupt(_)) => "a part cannot be read",
                Err(error) => return Err(error),
            },
        };
        said.push(format!("the snapshot after row {} is passed over: {wrong}", snapshot.no));
    }
    Ok(None)
}

async fn read(store: &dyn Store, snapshot: &Snapshot) -> Result<Result<Engine, &'static str>, StoreError> {
    let (mut hash, mut remembered, mut next) = (Sha256::new(), Vec::new(), 0);
    while next < snapshot.parts {
        let parts = store.snapshot_parts(snapshot.no, next, PARTS_READ.min(snapshot.parts - next)).await?;
        if parts.is_empty() || parts.iter().zip(next..).any(|(part, nth)| part.nth != nth) {
            return Ok(Err("a part is missing"));
        }
        for part in &parts {
            digest(&mut hash, part);
            next += 1;
            match guarded(|| rmp_serde::from_slice::<Vec<Part>>(&part.content)) {
                Some(Ok(part)) => remembered.extend(part),
                Some(Err(_)) | None => return Ok(Err("a part cannot be read")),
            }
        }
    }
    if hash.finalize().as_slice() != snapshot.digest {
        return Ok(Err("it is not what was written"));
    }
    Ok(guarded(|| Engine::recalled(remembered)).flatten().ok_or("it is not all of one engine"))
}

fn digest(hash: &mut Sha256, part: &SnapshotPart) {
    hash.update(part.nth.to_be_bytes());
    for bytes in [part.subject.as_bytes(), &part.content] {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
}
