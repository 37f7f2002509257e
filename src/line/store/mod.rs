//! The store's port: what Cordon must be able to write down and read back.
//!
//! Only the sequencer commits batches (journal, incidents, alerts); only dispatch writes leases and attempts. The
//! adapters are private: [`open`] is the only door.

mod fit;
mod memory;
mod room;
mod snapshot;
mod sql;

use std::collections::{BTreeMap, VecDeque};

use async_trait::async_trait;

pub use memory::MemoryStore;
pub use room::{Admit, Room};
pub use snapshot::{Snapshot, SnapshotPart};
pub use sql::{file_of, migrations, open, open_as, tables};

use crate::{
    database::SchemaError,
    domain::{Alert, AlertId, Incident, IncidentId, Subject, Timestamp, UnitId},
};

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is full, or refused for now: try again.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// A batch does not fit what was committed before: its row with this number is there with other content or does
    /// not follow the last one, or the batch from this row on would break a rule of the store (two open incidents of
    /// one cause, an alert without its incident). Somebody else writes this journal. Never try again.
    #[error("journal row {0} does not fit what is already there")]
    Conflict(i64),
    /// Another process has taken the line over: nothing that this one decided since then counts. Never try again.
    #[error("another process owns the line")]
    NotOwner,
    /// What was read cannot be understood: it was damaged, written by a later version, or is not there at all.
    #[error("the store holds something unreadable: {0}")]
    Corrupt(String),
    /// Its schema is not one that this version serves.
    #[error("the store cannot be used: {0}")]
    Schema(SchemaError),
}

impl StoreError {
    fn no_alert(id: AlertId) -> Self {
        Self::Corrupt(format!("there is no alert {id}"))
    }

    fn erases_nothing() -> Self {
        Self::Unavailable("it erases nothing".into())
    }
}

/// One row of the journal, append-only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// 1, 2, 3 ... without gaps.
    pub no: i64,
    /// The engine's time: strictly rising.
    pub at: Timestamp,
    /// The wall clock when it was stamped.
    pub wall: Timestamp,
    /// Which kind of input.
    pub kind: String,
    /// The unit it belongs to, where that is known.
    pub unit: Option<UnitId>,
    /// Whom it is about: `wearer:ID`, `person:ID`, `tag:VENDOR/TAG`, `unit:ID`, `incident:ID` or `service`.
    pub subject: String,
    /// How `payload` is written.
    pub codec: i64,
    /// The input as it came; for a ping the tag's own bytes.
    pub payload: Vec<u8>,
    /// What the engine concluded, one line for each conclusion; empty for nothing new.
    pub decision: String,
    /// The engine's version that concluded it.
    pub engine: i64,
    /// Random bytes that keep `digest` from betraying a short payload after its erasure.
    pub salt: Vec<u8>,
    /// SHA-256 over salt, payload and decision.
    pub digest: Vec<u8>,
    /// SHA-256 over the previous row's chain, this row's fixed columns and `digest`.
    pub chain: Vec<u8>,
}

impl JournalRow {
    /// Whether its content was erased: all of it, or it is damage.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.payload.is_empty() && self.decision.is_empty() && self.salt.is_empty()
    }
}

/// The end of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalHead {
    /// Number of the last row.
    pub no: i64,
    /// Its stamp.
    pub at: Timestamp,
    /// Its chain value.
    pub chain: Vec<u8>,
}

/// What one transaction writes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// New rows, in order.
    pub rows: Vec<JournalRow>,
    /// New and changed incidents, whole, each once.
    pub incidents: Vec<Incident>,
    /// New and changed alerts, whole, each once.
    pub alerts: Vec<Alert>,
    /// Hand-ins that these rows have taken up.
    pub taken: Vec<i64>,
    /// Under which ownership of the line it was decided (see [`Store::take_line`]); 0 where nobody has taken it yet.
    pub epoch: i64,
}

impl Batch {
    /// The number of the first row, 0 without rows.
    fn first_no(&self) -> i64 {
        self.rows.first().map_or(0, |row| row.no)
    }

    /// In the order in which no cause has two open incidents on the way.
    fn incidents_closed_first(&self) -> Vec<&Incident> {
        let mut incidents: Vec<&Incident> = self.incidents.iter().collect();
        incidents.sort_by_key(|incident| (incident.is_open(), incident.id));
        incidents
    }
}

impl Batch {
    /// This batch and the one after it as one: of what both change, as the later one leaves it.
    #[must_use]
    pub fn followed_by(mut self, later: Self) -> Self {
        self.rows.extend(later.rows);
        self.incidents = newest(self.incidents, later.incidents, |incident| incident.id);
        self.alerts = newest(self.alerts, later.alerts, |alert| alert.id);
        self.taken.extend(later.taken);
        self.epoch = later.epoch;
        self
    }

    /// There is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.incidents.is_empty() && self.alerts.is_empty() && self.taken.is_empty()
    }
}

/// Of both, each id once and in order, with the later content.
fn newest<T, K: Ord>(earlier: Vec<T>, later: Vec<T>, id: impl Fn(&T) -> K) -> Vec<T> {
    if earlier.is_empty() || later.is_empty() {
        return if earlier.is_empty() { later } else { earlier };
    }
    let both = earlier.into_iter().chain(later).map(|one| (id(&one), one));
    both.collect::<BTreeMap<_, _>>().into_values().collect()
}

/// An alert that dispatch has claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The alert, state `Waiting`.
    pub alert: Alert,
    /// Tries recorded so far.
    pub tries: u32,
    /// When the first try began.
    pub first_try_at: Option<Timestamp>,
    /// Whether the engine has been told that nothing succeeded.
    pub told_no_success: bool,
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Of which alert.
    pub alert: AlertId,
    /// The how many-th, from 1.
    pub nth: u32,
    /// When it began, to the second.
    pub at: Timestamp,
    /// How long it took, milliseconds.
    pub took_ms: i64,
    /// `accepted`, `retry` or `refused`.
    pub result: String,
    /// A short code for the reason; empty when accepted.
    pub reason: String,
    /// The provider's own reference, where it gave one.
    pub provider_ref: String,
}

/// An input that another process wrote down for the sequencer to take up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandIn {
    /// Its number.
    pub id: i64,
    /// JSON of an `engine::Told`.
    pub payload: String,
}

/// How many of what, for the demo's last line and the health page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Incidents by kind, open and closed.
    pub incidents: BTreeMap<String, i64>,
    /// Alerts by state.
    pub alerts: BTreeMap<String, i64>,
}

/// Whom journal rows are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About<'a> {
    /// One subject, such as `wearer:ID`.
    One(&'a str),
    /// Every subject of a sort, such as `wearer`.
    Every(&'a str),
}

impl About<'_> {
    fn covers(self, subject: &str) -> bool {
        match self {
            Self::One(one) => subject == one,
            Self::Every(sort) => subject.split_once(':').is_some_and(|(of, _)| of == sort),
        }
    }
}

/// How long an ownership lasts that is not renewed, by the store's own clock, milliseconds.
pub const LEASE_MS: i64 = 10_000;

/// Rows read at a time where the adapter looks for those that were asked for.
const LOOK_ROWS: i64 = 1_000;

/// Where state lives.
#[async_trait]
pub trait Store: Send + Sync {
    /// Writes a batch in one transaction. Writing the same batch again changes nothing (a commit whose answer was
    /// lost is simply repeated): when all its rows are already there, nothing else of it is written, so an old batch
    /// never sets back what came after it. A batch without rows is written as it stands.
    ///
    /// The first row of an empty journal may have any number from 1; every other one follows the last without a gap.
    /// A new alert is due when it was raised. A lease ends when its alert is no longer waiting; nothing else of what
    /// dispatch wrote is touched.
    ///
    /// # Errors
    /// `NotOwner` if the line was taken over since the batch's epoch; `Conflict` if a row's number is taken by other content
    /// or leaves a gap, or if the batch breaks a rule of the store. Nothing is written then.
    async fn commit(&self, batch: &Batch) -> Result<(), StoreError>;

    /// Makes this process the owner of the line, unless another one that lives is: the epoch that its commits name from now
    /// on. `process` tells those who look which one it is. Where the store is on a server, the ownership ends after
    /// [`LEASE_MS`] if it is not renewed, and sooner once the server sees that the process is gone; where it is a file, it
    /// ends with the process.
    async fn take_line(&self, process: &str) -> Result<Option<i64>, StoreError>;

    /// Renews the ownership. Whether it was still this one: also after its lease ran out, as long as nobody took over.
    async fn keep_line(&self, epoch: i64) -> Result<bool, StoreError>;

    /// Ends the ownership, so that another process can have it at once.
    async fn leave_line(&self, epoch: i64) -> Result<(), StoreError>;

    /// The journal's last row, `None` if it is empty.
    async fn head(&self) -> Result<Option<JournalHead>, StoreError>;

    /// Rows with a number above `after`, in order, at most `limit`.
    async fn journal(&self, after: i64, limit: i64) -> Result<Vec<JournalRow>, StoreError>;

    /// Rows of one kind about somebody with a number above `after`, in order, at most `limit`: nobody else's are read, where
    /// the adapter can tell them apart.
    async fn journal_of(
        &self,
        kind: &str,
        about: About<'_>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<JournalRow>, StoreError> {
        let (mut found, mut after, limit) = (Vec::new(), after, usize::try_from(limit).unwrap_or(0));
        while found.len() < limit {
            let rows = self.journal(after, LOOK_ROWS).await?;
            let Some(last) = rows.last() else { break };
            after = last.no;
            found.extend(rows.into_iter().filter(|row| row.kind == kind && about.covers(&row.subject)));
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Rows of one kind about one subject with a number below `before`, the newest first, at most `limit`: no others are read,
    /// where the adapter can tell them apart.
    async fn newest_of(
        &self,
        kind: &str,
        subject: &str,
        before: i64,
        limit: i64,
    ) -> Result<Vec<JournalRow>, StoreError> {
        let (mut found, mut after) = (VecDeque::new(), 0);
        loop {
            let page = self.journal_of(kind, About::One(subject), after, LOOK_ROWS).await?;
            let Some(last) = page.last() else { break };
            after = last.no;
            found.extend(page.into_iter().filter(|row| row.no < before));
            // Only the newest are kept on the way.
            found.drain(..found.len().saturating_sub(usize::try_from(limit).unwrap_or(0)));
        }
        Ok(found.into_iter().rev().collect())
    }

    /// The numbers of rows above `after` whose content was erased, in order, at most `limit`: no others are read, where the
    /// adapter can tell them apart.
    async fn blank_rows(&self, after: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
        let (mut found, mut after, limit) = (Vec::new(), after, usize::try_from(limit).unwrap_or(0));
        while found.len() < limit {
            let rows = self.journal(after, LOOK_ROWS).await?;
            let Some(last) = rows.last() else { break };
            after = last.no;
            found.extend(rows.iter().filter(|row| row.is_blank()).map(|row| row.no));
        }
        found.truncate(limit);
        Ok(found)
    }

    /// An incident.
    async fn incident(&self, id: IncidentId) -> Result<Option<Incident>, StoreError>;

    /// Incidents with a number above `after`, in order, at most `limit`.
    async fn incidents(&self, after: IncidentId, limit: i64) -> Result<Vec<Incident>, StoreError>;

    /// Incidents about somebody with a number below `before`, the newest first, at most `limit`: nobody else's are read, where
    /// the adapter can tell them apart.
    async fn incidents_about(
        &self,
        subject: &Subject,
        before: IncidentId,
        limit: i64,
    ) -> Result<Vec<Incident>, StoreError> {
        let (mut found, mut after, limit) =
            (VecDeque::new(), IncidentId(0), usize::try_from(limit).unwrap_or(0));
        loop {
            let page = self.incidents(after, LOOK_ROWS).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            found.extend(page.into_iter().filter(|it| it.id < before && it.subject == *subject));
            found.drain(..found.len().saturating_sub(limit));
        }
        Ok(found.into_iter().rev().collect())
    }

    /// Closed incidents with a number below `before`, the newest first, at most `limit`; without those of Cordon's canary.
    async fn closed_incidents(&self, before: IncidentId, limit: i64) -> Result<Vec<Incident>, StoreError>;

    /// The alerts of an incident, in order.
    async fn alerts_of(&self, incident: IncidentId) -> Result<Vec<Alert>, StoreError>;

    /// Incidents and alerts that are filed under what their records do not say, a sentence each: somebody has edited
    /// them. An adapter that keeps records alone has none.
    ///
    /// # Errors
    /// `Corrupt` if a record cannot be read.
    async fn misfiled(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    /// The tries of an alert, in order.
    async fn attempts_of(&self, alert: AlertId) -> Result<Vec<Attempt>, StoreError>;

    /// How many of what, without those of Cordon's canary.
    async fn counts(&self) -> Result<Counts, StoreError>;

    /// Claims up to `limit` waiting alerts that are due at `now`, not under a live lease and admitted by `room`, the most
    /// urgent (then the oldest) first, and leases them to `owner` until `lease_until`. Two claimers never get the same
    /// alert.
    async fn claim(
        &self,
        now: Timestamp,
        owner: &str,
        lease_until: Timestamp,
        limit: i64,
        room: Room,
    ) -> Result<Vec<Claimed>, StoreError>;

    /// Records a try. With `next_try_at` the alert is due again then and its lease ends; without, the lease stays
    /// until the sequencer has changed the alert's state (or runs out). `told_no_success` is remembered once set.
    /// Recording the same try again changes nothing; another owner's try with the same `nth` is kept beside it.
    ///
    /// # Errors
    /// `Corrupt` if there is no such alert.
    async fn record_attempt(
        &self,
        attempt: &Attempt,
        next_try_at: Option<Timestamp>,
        told_no_success: bool,
    ) -> Result<(), StoreError>;

    /// Ends every lease on an alert: whoever owns the line is the one that sends. Asked once by a new owner, before it claims.
    async fn end_leases(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// When the next waiting alert that `room` admits becomes due or its lease runs out, whichever is later for it.
    async fn next_claimable(&self, room: Room) -> Result<Option<Timestamp>, StoreError>;

    /// Writes inputs down for the sequencer to take up; returns their numbers.
    async fn hand_in(&self, payloads: &[String]) -> Result<Vec<i64>, StoreError>;

    /// Hand-ins not yet taken up, in order, at most `limit`.
    async fn handed_in(&self, limit: i64) -> Result<Vec<HandIn>, StoreError>;

    /// Blanks rows: their content and their salt go for good, their digests stay, so that the chain verifies. Blanking again
    /// changes nothing.
    ///
    /// # Errors
    /// Always of an adapter that cannot: nobody must be told that somebody's data is gone while it is not.
    async fn erase_rows(&self, _nos: &[i64]) -> Result<(), StoreError> {
        Err(StoreError::erases_nothing())
    }

    /// Deletes incidents with their alerts and the tries of those. Errors as of [`Store::erase_rows`].
    async fn forget_incidents(&self, _ids: &[IncidentId]) -> Result<(), StoreError> {
        Err(StoreError::erases_nothing())
    }

    /// Deletes alerts with their tries. Errors as of [`Store::erase_rows`].
    async fn forget_alerts(&self, _ids: &[AlertId]) -> Result<(), StoreError> {
        Err(StoreError::erases_nothing())
    }

    /// Overwrites what was deleted or blanked wherever the database itself still holds it.
    ///
    /// # Errors
    /// `Unavailable`, too, if somebody reads what is to be overwritten: try again.
    async fn scrub(&self) -> Result<(), StoreError> {
        Err(StoreError::erases_nothing())
    }

    /// Writes parts of a snapshot, in place of those that had their numbers. An adapter that keeps none is read from the
    /// journal's first row.
    async fn keep_parts(&self, _snapshot: i64, _parts: &[SnapshotPart]) -> Result<(), StoreError> {
        Ok(())
    }

    /// Makes a snapshot of the parts that were written.
    async fn keep_snapshot(&self, _snapshot: &Snapshot) -> Result<(), StoreError> {
        Ok(())
    }

    /// Every snapshot, the newest first.
    async fn snapshots(&self) -> Result<Vec<Snapshot>, StoreError> {
        Ok(Vec::new())
    }

    /// Parts of a snapshot from number `from` on, in order, at most `limit`.
    async fn snapshot_parts(
        &self,
        _snapshot: i64,
        _from: i64,
        _limit: i64,
    ) -> Result<Vec<SnapshotPart>, StoreError> {
        Ok(Vec::new())
    }

    /// Deletes a bite of what was kept after rows before the last of `kept`, but for the snapshots of `kept`; also parts of
    /// such as were never finished. Whether there is more.
    async fn forget_snapshots(&self, _kept: &[i64]) -> Result<bool, StoreError> {
        Ok(false)
    }
}
