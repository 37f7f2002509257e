//! The engine's memory beside the journal: a start goes on from the last snapshot of it, however long the journal is.
//!
//! A snapshot is taken of the engine's memory after a row, and written once that row is. It is believed only if it is whole
//! and that row is still the journal's; what is wrong with one is said, and an older one, or the whole journal, serves.
//! Where rows before it were erased there is nothing else: it serves whichever version of the engine decided them, and
//! `cordon replay`, which decides everything again, goes on from it beyond them.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{
    erasures::{first_erasure, last_erasure},
    guard::guarded,
};
use crate::{
    clock::Clock,
    engine::{ENGINE_VERSION, Engine, MEMORY_FORM, Part},
    store::{JournalHead, Snapshot, SnapshotPart, Store, StoreError},
};

/// Rows between two snapshots in service: deciding them again takes seconds.
pub const SNAPSHOT_EVERY_ROWS: i64 = 100_000;
/// Parts in one transaction: the line's commits do not wait for more.
const PARTS_AT_ONCE: usize = 200;
const PARTS_READ: i64 = 2_000;
/// Snapshots that are kept: if the last one cannot be read, the one before it can.
pub(super) const KEPT: usize = 2;
/// Between two bites of what is deleted, milliseconds: the line's commits come first.
const PAUSE_MS: i64 = 20;

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
        let count = i64::try_from(parts.len()).ok()?;
        let (no, chain, form) = (head.no, head.chain.clone(), MEMORY_FORM);
        let mut snapshot = Snapshot { no, chain, form, parts: count, digest: Vec::new() };
        let mut hash = begin(&snapshot);
        parts.iter().for_each(|part| digest(&mut hash, part));
        snapshot.digest = hash.finalize().to_vec();
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
        forget_snapshots(store).await
    }
}

/// Deletes the snapshots that are no longer needed, and what is left of those that were never finished. Of those that can be
/// believed the last two stay, and the first one after the last erasure: `cordon replay` goes on from it.
///
/// # Errors
/// If the store cannot be read or written.
pub async fn forget_snapshots(store: &dyn Store) -> Result<(), StoreError> {
    let erased = last_erasure(store).await?;
    let whole = believed(store).await?;
    let mut kept: Vec<i64> = whole.iter().take(KEPT).copied().collect();
    kept.extend(whole.iter().rfind(|no| erased > 0 && **no >= erased));
    while store.forget_snapshots(&kept).await? {
        Clock::real().wait_ms(PAUSE_MS).await;
    }
    Ok(())
}

/// Deletes what is left of snapshots that were never finished, also of the newest one: nobody else may be writing one.
///
/// # Errors
/// If the store cannot be read or written.
pub(super) async fn forget_unfinished(store: &dyn Store) -> Result<(), StoreError> {
    let mut kept: Vec<i64> = store.snapshots().await?.into_iter().map(|snapshot| snapshot.no).collect();
    kept.push(i64::MAX);
    while store.forget_snapshots(&kept).await? {
        Clock::real().wait_ms(PAUSE_MS).await;
    }
    Ok(())
}

/// How many snapshots after this row, or of it, can be believed.
///
/// # Errors
/// If the store cannot be read.
pub async fn snapshots_after(store: &dyn Store, row: i64) -> Result<usize, StoreError> {
    let whole = believed(store).await?;
    Ok(whole.into_iter().filter(|no| *no >= row).count())
}

/// The rows of the snapshots that can be believed, the newest first.
async fn believed(store: &dyn Store) -> Result<Vec<i64>, StoreError> {
    let (erased, mut whole) = (first_erasure(store).await?, Vec::new());
    for snapshot in store.snapshots().await? {
        let is_whole = match head_of(store, &snapshot, erased).await? {
            Ok(_) => contents(store, &snapshot, |_| true).await?.is_ok(),
            Err(_) => false,
        };
        if is_whole {
            whole.push(snapshot.no);
        }
    }
    Ok(whole)
}

/// What is wrong with a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Wrong {
    #[error("it is written in another form")]
    Form,
    #[error("the journal's row is another one")]
    Row,
    #[error("another version of the engine decided it")]
    Version,
    #[error("a part is missing")]
    Missing,
    #[error("a part cannot be read")]
    Unreadable,
    #[error("it is not what was written")]
    Changed,
    #[error("it is not all of one engine")]
    Mixed,
}

/// What of the snapshots can be gone on from.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    /// The engine, and the row that it is after.
    pub(super) engine: Option<(Engine, JournalHead)>,
    /// Those that cannot be believed, each in a sentence.
    pub(super) passed_over: Vec<String>,
    /// One of them is written in another form.
    pub(super) is_of_another_form: bool,
}

/// The engine of the newest snapshot that can be believed.
pub(super) async fn load(store: &dyn Store) -> Result<Loaded, StoreError> {
    let mut loaded = Loaded::default();
    let erased = first_erasure(store).await?;
    let snapshots = match store.snapshots().await {
        Ok(snapshots) => snapshots,
        // Damage here is no damage to the journal.
        Err(StoreError::Corrupt(_)) => {
            loaded.passed_over.push("no snapshot can be read".into());
            return Ok(loaded);
        }
        Err(error) => return Err(error),
    };
    for snapshot in snapshots {
        match read(store, &snapshot, erased).await? {
            Ok(engine) => {
                loaded.engine = Some(engine);
                return Ok(loaded);
            }
            Err(wrong) => {
                loaded.is_of_another_form |= wrong == Wrong::Form;
                loaded
                    .passed_over
                    .push(format!("the snapshot after row {} is passed over: {wrong}", snapshot.no));
            }
        }
    }
    Ok(loaded)
}

/// The engine of a snapshot, and its row. `erased` is the first row that has erased somebody's data, 0 without one.
pub(super) async fn read(
    store: &dyn Store,
    snapshot: &Snapshot,
    erased: i64,
) -> Result<Result<(Engine, JournalHead), Wrong>, StoreError> {
    let head = match head_of(store, snapshot, erased).await? {
        Ok(head) => head,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let mut remembered = Vec::new();
    let read = contents(store, snapshot, |content| {
        let parts = guarded(|| rmp_serde::from_slice::<Vec<Part>>(content)).and_then(Result::ok);
        parts.map(|parts| remembered.extend(parts)).is_some()
    });
    if let Err(wrong) = read.await? {
        return Ok(Err(wrong));
    }
    let engine = guarded(|| Engine::recalled(remembered)).flatten();
    Ok(engine.map(|engine| (engine, head)).ok_or(Wrong::Mixed))
}

/// The row of a snapshot, as far as it can be believed by what stands beside its parts.
async fn head_of(
    store: &dyn Store,
    snapshot: &Snapshot,
    erased: i64,
) -> Result<Result<JournalHead, Wrong>, StoreError> {
    if snapshot.form != MEMORY_FORM {
        return Ok(Err(Wrong::Form));
    }
    let row = store.journal(snapshot.no.saturating_sub(1), 1).await?.into_iter().next();
    let Some(row) = row.filter(|row| row.no == snapshot.no && row.chain == snapshot.chain) else {
        return Ok(Err(Wrong::Row));
    };
    // What a version of the engine remembers, another would have decided otherwise, if it still could.
    let is_all_there_is = erased > 0 && snapshot.no >= erased;
    if row.engine != ENGINE_VERSION && !is_all_there_is {
        return Ok(Err(Wrong::Version));
    }
    Ok(Ok(JournalHead { no: row.no, at: row.at, chain: row.chain }))
}

/// Reads every part, and whether they are what was written. `take` says whether it can read one.
async fn contents(
    store: &dyn Store,
    snapshot: &Snapshot,
    mut take: impl FnMut(&[u8]) -> bool,
) -> Result<Result<(), Wrong>, StoreError> {
    let (mut hash, mut next) = (begin(snapshot), 0);
    while next < snapshot.parts {
        let read = store.snapshot_parts(snapshot.no, next, PARTS_READ.min(snapshot.parts - next)).await;
        let parts = match read {
            Ok(parts) => parts,
            Err(StoreError::Corrupt(_)) => return Ok(Err(Wrong::Unreadable)),
            Err(error) => return Err(error),
        };
        if parts.is_empty() || parts.iter().zip(next..).any(|(part, nth)| part.nth != nth) {
            return Ok(Err(Wrong::Missing));
        }
        for part in &parts {
            digest(&mut hash, part);
            next += 1;
            if !take(&part.content) {
                return Ok(Err(Wrong::Unreadable));
            }
        }
    }
    let is_it = hash.finalize().as_slice() == snapshot.digest;
    Ok(if is_it { Ok(()) } else { Err(Wrong::Changed) })
}

/// What stands beside the parts is digested, too.
fn begin(snapshot: &Snapshot) -> Sha256 {
    let mut hash = Sha256::new();
    for number in [snapshot.no, snapshot.form, snapshot.parts] {
        hash.update(number.to_be_bytes());
    }
    digest_bytes(&mut hash, &snapshot.chain);
    hash
}

fn digest(hash: &mut Sha256, part: &SnapshotPart) {
    hash.update(part.nth.to_be_bytes());
    digest_bytes(hash, part.subject.as_bytes());
    digest_bytes(hash, &part.content);
}

fn digest_bytes(hash: &mut Sha256, bytes: &[u8]) {
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}
