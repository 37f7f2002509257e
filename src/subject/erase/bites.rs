//! All that goes, a little at a time: between two bites the line has its turn, and the service may be killed.

use std::collections::BTreeSet;

use super::{
    super::trace::{PAGE_ROWS, Trace},
    found::{Found, rewritten},
    rows::{Judge, Theirs},
};
use crate::{
    access::{Access, AccessError, ErasureCounts},
    domain::{DataSubject, IncidentId, Timestamp},
    store::{Batch, JournalRow, Store, StoreError},
};

/// Incidents in one bite.
const INCIDENTS_AT_ONCE: i64 = 50;

/// What is theirs lies before this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// The row by which the engine forgot them.
    pub row: i64,
    /// Its stamp.
    pub at: Timestamp,
    /// What the wall clock said then.
    pub wall: Timestamp,
}

impl Before {
    /// Everything there is: nobody has been forgotten yet.
    pub const NOW: Self = Self { row: i64::MAX, at: Timestamp::MAX, wall: Timestamp::MAX };

    /// The row at which the engine forgot them.
    #[must_use]
    pub fn of(row: &JournalRow) -> Self {
        Self { row: row.no, at: row.at, wall: row.wall }
    }
}

/// What would go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// How much of what.
    pub counts: ErasureCounts,
    /// The rows of the journal among it, in order.
    pub rows: Vec<i64>,
    /// Whose data goes with it, as it stands in the same rows: a legal hold on one of them stands in the way.
    pub others: BTreeSet<DataSubject>,
}

/// Why it did not go on.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The access file's.
    #[error(transparent)]
    Access(#[from] AccessError),
}

/// An erasure on its way.
pub struct Erasing<'a> {
    store: &'a dyn Store,
    access: &'a Access,
    subject: DataSubject,
    before: Before,
    trace: Trace,
    found: Found,
    next: Next,
    epoch: i64,
}

/// What the next bite is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Rows with a number above this, but for records.
    Rows(i64),
    /// Incidents with a number above this.
    Incidents(IncidentId),
    /// What the access file has.
    Written,
    /// Records, by which everything else was found.
    Records(i64),
    Nothing,
}

impl<'a> Erasing<'a> {
    /// Finds out what is theirs.
    ///
    /// # Errors
    /// The store's.
    pub async fn begin(
        store: &'a dyn Store,
        access: &'a Access,
        subject: DataSubject,
        before: Before,
    ) -> Result<Self, StoreError> {
        let trace = Trace::of(store, &subject, before.row).await?;
        let found = Found::of(store, &subject, &trace, before.at).await?;
        Ok(Self { store, access, subject, before, trace, found, next: Next::Rows(0), epoch: 0 })
    }

    /// By whoever owns the line under this epoch: incidents are the owner's to write.
    #[must_use]
    pub fn owned(self, epoch: i64) -> Self {
        Self { epoch, ..self }
    }

    /// Whether there is, or was, a record of them.
    #[must_use]
    pub fn has_record(&self) -> bool {
        self.trace.since.is_some()
    }

    /// Whether an incident of somebody else, in which something was said of them, is open: it is the line's to write. Its
    /// case goes on without them.
    #[must_use]
    pub fn waits_for_an_incident(&self) -> bool {
        self.found.is_one_open
    }

    /// What would go, and whose it is, too. Nothing is changed.
    ///
    /// # Errors
    /// The store's.
    pub async fn plan(&self) -> Result<Plan, StoreError> {
        let mut plan = Plan { others: self.trace.beside.clone(), ..Plan::default() };
        let mut after = 0;
        while let Some((last, rows)) = self.rows(after).await? {
            after = last;
            for (no, theirs) in rows {
                plan.rows.push(no);
                plan.others.extend(theirs.others);
            }
        }
        plan.counts.rows = plan.rows.len() as u64;
        plan.counts.incidents = self.found.about.len() as u64;
        plan.counts.alerts = self.found.alerts_count;
        plan.counts.rewritten = self.found.rewritten_count;
        Ok(plan)
    }

    /// Takes the next bite; `false` if nothing is left.
    ///
    /// # Errors
    /// Then it is not gone; the next bite is the same again.
    pub async fn bite(&mut self) -> Result<bool, EraseError> {
        self.next = match self.next {
            Next::Rows(after) => match self.blank(after, false).await? {
                Some(last) => Next::Rows(last),
                None => Next::Incidents(IncidentId(0)),
            },
            Next::Incidents(after) => match self.forget_incidents(after).await? {
                Some(last) => Next::Incidents(last),
                None => Next::Written,
            },
            Next::Written => {
                let cases: Vec<_> = self.trace.gone().cloned().collect();
                self.access.forget(&self.subject, &cases, self.before.wall).await?;
                Next::Records(0)
            }
            Next::Records(after) => match self.blank(after, true).await? {
                Some(last) => Next::Records(last),
                None => Next::Nothing,
            },
            Next::Nothing => Next::Nothing,
        };
        Ok(self.next != Next::Nothing)
    }

    /// Blanks their rows in the page after this; its last number, `None` behind the last page.
    async fn blank(&self, after: i64, records: bool) -> Result<Option<i64>, StoreError> {
        let Some((last, rows)) = self.rows(after).await? else { return Ok(None) };
        let nos: Vec<i64> =
            rows.into_iter().filter(|(_, theirs)| theirs.is_record == records).map(|(no, _)| no).collect();
        if !nos.is_empty() {
            self.store.erase_rows(&nos).await?;
        }
        Ok(Some(last))
    }

    /// Their rows in the page after this, and its last number.
    async fn rows(&self, after: i64) -> Result<Option<(i64, Vec<(i64, Theirs)>)>, StoreError> {
        let rows = self.store.journal(after, PAGE_ROWS).await?;
        let Some(last) = rows.iter().map(|row| row.no).take_while(|no| *no < self.before.row).last() else {
            return Ok(None);
        };
        let judge = Judge { subject: &self.subject, trace: &self.trace, found: &self.found };
        let before = rows.iter().filter(|row| row.no < self.before.row);
        Ok(Some((last, before.filter_map(|row| Some((row.no, judge.look(row)?))).collect())))
    }

    /// Deletes the next incidents about them, and takes out of others' what was said of them; the last number.
    async fn forget_incidents(&self, after: IncidentId) -> Result<Option<IncidentId>, StoreError> {
        let page = self.store.incidents(after, INCIDENTS_AT_ONCE).await?;
        let Some(last) = page.last().map(|incident| incident.id) else { return Ok(None) };
        let about: Vec<IncidentId> =
            page.iter().map(|incident| incident.id).filter(|id| self.found.about.contains(id)).collect();
        if !about.is_empty() {
            self.store.forget_incidents(&about).await?;
        }
        if let DataSubject::Person(id) = &self.subject {
            let beside = page.iter().filter(|incident| self.found.beside.contains(&incident.id));
            let mut alerts = Vec::new();
            for incident in beside.clone() {
                let all = self.store.alerts_of(incident.id).await?;
                alerts.extend(all.into_iter().map(|it| it.id).filter(|id| self.found.alerts.contains(id)));
            }
            if !alerts.is_empty() {
                self.store.forget_alerts(&alerts).await?;
            }
            let incidents: Vec<_> = beside.filter_map(|incident| rewritten(incident, id)).collect();
            if !incidents.is_empty() {
                self.store.commit(&Batch { incidents, epoch: self.epoch, ..Batch::default() }).await?;
            }
        }
        Ok(Some(last))
    }
}
