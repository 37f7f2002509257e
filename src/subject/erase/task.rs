//! The eraser, beside the line: what the engine has forgotten goes from the journal, too.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::Arc,
};

use futures_util::FutureExt as _;

use super::{
    bites::{Before, EraseError, Erasing},
    holds_in_the_way,
};
use crate::{
    access::{
        Access,
        audit::{About, Record, Who},
    },
    clock::Clock,
    crash,
    domain::{DataSubject, Timestamp, UnitId},
    engine::{RowNumbers, Told},
    sequencer::{erasures, forget_snapshots, said_to_go, snapshots_after},
    store::{Store, StoreError},
};

/// It looks for what the engine has forgotten this often, milliseconds.
const LOOK_EVERY_MS: i64 = 1_000;
/// Between two bites the line has its turn, milliseconds.
const PAUSE_MS: i64 = 20;
/// After a failure, or while a legal hold stands, milliseconds.
const AGAIN_MS: i64 = 30_000;
/// While a snapshot is awaited: looking for it reads those there are. Milliseconds.
const SNAPSHOT_MS: i64 = 5_000;
/// So many hand-ins are looked through.
const HAND_INS_MAX: i64 = 1_000;
/// So many snapshots must be whole before the rows that they stand for go: one damaged part must not cost the journal.
const SNAPSHOTS_MIN: usize = 2;

/// What it works on.
pub struct Eraser {
    store: Arc<dyn Store>,
    access: Arc<Access>,
    clock: Clock,
    /// Under which ownership of the line it works.
    epoch: i64,
    /// Everything up to this row is done.
    after: i64,
    /// Rows whose turn comes no earlier than then.
    later: BTreeMap<i64, Timestamp>,
    /// Rows of which it is said why they wait.
    said: BTreeSet<(i64, &'static str)>,
}

/// How far an erasure has come.
enum Came {
    Done,
    /// It waits for something else first.
    Waits(For),
}

/// What an erasure waits for.
#[derive(Clone, Copy)]
enum For {
    /// The engine's memory stands in too few snapshots.
    Snapshots,
    /// Of the subject, or of somebody whose data stands in the same rows.
    Hold,
    /// Somebody else's, in which something was said of the subject.
    Incident,
    /// The journal does not say yet which rows go.
    Journal,
}

impl For {
    fn why(self) -> &'static str {
        match self {
            Self::Snapshots => "what the engine remembers without them is not written down twice",
            Self::Hold => "a legal hold stands",
            Self::Incident => "an incident of a case that was theirs is open",
            Self::Journal => "the journal does not say yet which rows go",
        }
    }

    fn again_ms(self) -> i64 {
        match self {
            Self::Snapshots => SNAPSHOT_MS,
            Self::Hold | Self::Incident => AGAIN_MS,
            Self::Journal => LOOK_EVERY_MS,
        }
    }
}

impl Eraser {
    /// One that has done nothing yet.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, access: Arc<Access>, clock: Clock, epoch: i64) -> Self {
        Self { store, access, clock, epoch, after: 0, later: BTreeMap::new(), said: BTreeSet::new() }
    }

    /// Erases until `stop` is ready: what it leaves half done, the next one goes on with.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        loop {
            let round = tokio::select! {
                () = &mut stop => return,
                round = self.round() => round,
            };
            let wait_ms = match round {
                Ok(()) => LOOK_EVERY_MS,
                Err(error) => {
                    tracing::warn!(%error, "what is to be erased cannot be looked up");
                    AGAIN_MS
                }
            };
            tokio::select! {
                () = &mut stop => return,
                () = self.clock.wait_ms(wait_ms) => {}
            }
        }
    }

    /// Erases what waits, as far as it may now.
    ///
    /// # Errors
    /// If it cannot be looked up; that an erasure fails is said, and it is tried again.
    pub async fn round(&mut self) -> Result<(), EraseError> {
        let waiting = erasures(self.store.as_ref(), self.after).await?;
        let Some(last) = waiting.last().map(|(row, _)| *row) else { return Ok(()) };
        let done = self.access.erasures_done().await?;
        let mut all_done = true;
        for (row, subject) in waiting.into_iter().filter(|(row, _)| !done.contains(row)) {
            let now = self.clock.steady();
            let came = match self.later.get(&row) {
                Some(at) if *at > now => None,
                // What crashes it must not end the service: the row that does so is named.
                _ => Some(AssertUnwindSafe(self.erase(row, &subject)).catch_unwind().await.unwrap_or_else(
                    |_| Err(StoreError::Corrupt(format!("the erasure of row {row} crashed")).into()),
                )),
            };
            let again = match came {
                Some(Ok(Came::Done)) => {
                    self.later.remove(&row);
                    continue;
                }
                Some(Ok(Came::Waits(first))) => {
                    if self.said.insert((row, first.why())) {
                        tracing::warn!(row, why = first.why(), "an erasure waits");
                    }
                    Some(now.plus_ms(first.again_ms()))
                }
                Some(Err(error)) => {
                    tracing::warn!(row, %error, "an erasure has to begin again");
                    Some(now.plus_ms(AGAIN_MS))
                }
                None => None,
            };
            self.later.extend(again.map(|at| (row, at)));
            all_done = false;
        }
        if all_done {
            self.after = last;
        }
        Ok(())
    }

    async fn erase(&self, row: i64, subject: &DataSubject) -> Result<Came, EraseError> {
        crash::point("erase");
        let store = self.store.as_ref();
        if snapshots_after(store, row).await? < SNAPSHOTS_MIN {
            return Ok(Came::Waits(For::Snapshots));
        }
        let is_held = async |others| {
            let first = holds_in_the_way(&self.access, subject, others).await;
            first.map(|first| !first.is_empty())
        };
        let alone = BTreeSet::new();
        if is_held(&alone).await? {
            return Ok(Came::Waits(For::Hold));
        }
        let erased = store.journal(row - 1, 1).await?.into_iter().next().filter(|it| it.no == row);
        let erased = erased.ok_or_else(|| StoreError::Corrupt(format!("there is no journal row {row}")))?;
        let before = Before::of(&erased);
        let erasing = Erasing::begin(store, &self.access, subject.clone(), before).await?;
        let mut erasing = erasing.owned(self.epoch);
        if erasing.waits_for_an_incident() {
            return Ok(Came::Waits(For::Incident));
        }
        let plan = erasing.plan().await?;
        if is_held(&plan.others).await? {
            return Ok(Came::Waits(For::Hold));
        }
        if !self.is_said(subject, &plan.rows).await? {
            return Ok(Came::Waits(For::Journal));
        }
        let unit = erased.unit.as_ref();
        self.access.begin_erasure(subject, unit, row, plan.counts, self.clock.wall()).await?;
        while erasing.bite().await? {
            self.clock.wait_ms(PAUSE_MS).await;
            // One that is placed meanwhile keeps what is left.
            if is_held(&plan.others).await? {
                return Ok(Came::Waits(For::Hold));
            }
        }
        forget_snapshots(store).await?;
        store.scrub().await?;
        self.access.scrub().await?;
        self.access.finish_erasure(row, &self.record(subject, unit)).await?;
        tracing::info!(row, %subject, rows = plan.counts.rows, "their data is erased");
        Ok(Came::Done)
    }

    /// Whether the journal says of all these rows that they go; if it does not, hands in what it has to say.
    async fn is_said(&self, subject: &DataSubject, rows: &[i64]) -> Result<bool, EraseError> {
        let store = self.store.as_ref();
        let said = said_to_go(store, subject).await?;
        let unsaid: Vec<i64> = rows.iter().copied().filter(|no| !said.contains(no)).collect();
        if unsaid.is_empty() {
            return Ok(true);
        }
        let blanks = unsaid.chunks(RowNumbers::MAX).filter_map(|nos| RowNumbers::new(nos.to_vec()));
        let told = blanks.map(|rows| Told::Blank { subject: subject.clone(), rows });
        let told: Result<Vec<String>, _> = told.map(|told| serde_json::to_string(&told)).collect();
        let told = told.map_err(|_| StoreError::Corrupt("numbers of rows".into()))?;
        // The line takes them up when it comes to them, and what was handed in once need not be again.
        let waiting = store.handed_in(HAND_INS_MAX).await?;
        let missing: Vec<String> =
            told.into_iter().filter(|told| !waiting.iter().any(|it| it.payload == *told)).collect();
        if !missing.is_empty() {
            store.hand_in(&missing).await?;
        }
        Ok(false)
    }

    fn record(&self, subject: &DataSubject, unit: Option<&UnitId>) -> Record {
        let about = About::data_of(subject, unit.cloned());
        Record {
            at: self.clock.wall(),
            who: Who::Service,
            what: "erase subject",
            why: "see the erasures".into(),
            about,
        }
    }
}
