//! The store in memory: for simulation, and the model that the SQL adapters are compared with.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;

use super::{
    About, Attempt, Batch, Claimed, Counts, HandIn, JournalHead, JournalRow, Room, Snapshot, SnapshotPart,
    Store, StoreError,
    fit::{Mark, already_there},
};
use crate::domain::{Alert, AlertId, AlertState, Cause, Incident, IncidentId, Priority, Subject, Timestamp};

/// A store that forgets everything when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    journal: BTreeMap<i64, JournalRow>,
    incidents: BTreeMap<IncidentId, Incident>,
    open: BTreeMap<(Subject, Cause), IncidentId>,
    alerts: BTreeMap<AlertId, Kept>,
    by_incident: BTreeSet<(IncidentId, AlertId)>,
    waiting: BTreeSet<(Priority, Timestamp, AlertId)>,
    attempts: BTreeMap<(AlertId, u32, Timestamp), Attempt>,
    hand_ins: BTreeMap<i64, String>,
    last_hand_in: i64,
    snapshots: BTreeMap<i64, Snapshot>,
    snapshot_parts: BTreeMap<(i64, i64), SnapshotPart>,
    epoch: i64,
}

/// An alert with what dispatch knows of it.
#[derive(Debug)]
struct Kept {
    alert: Alert,
    due_at: Timestamp,
    lease_until: Option<Timestamp>,
    tries: u32,
    first_try_at: Option<Timestamp>,
    told_no_success: bool,
}

impl Kept {
    fn new(alert: Alert) -> Self {
        let due_at = alert.raised_at;
        Self { alert, due_at, lease_until: None, tries: 0, first_try_at: None, told_no_success: false }
    }

    fn claimable_at(&self) -> Timestamp {
        self.lease_until.map_or(self.due_at, |until| until.max(self.due_at))
    }

    fn claimed(&self) -> Claimed {
        Claimed {
            alert: self.alert.clone(),
            tries: self.tries,
            first_try_at: self.first_try_at,
            told_no_success: self.told_no_success,
        }
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is checked before the first write, so a panic elsewhere leaves nothing half written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        if batch.epoch != self.epoch {
            return Err(StoreError::NotOwner);
        }
        let there: Vec<Mark> = match (batch.rows.first(), batch.rows.last()) {
            (Some(first), Some(last)) if first.no <= last.no => {
                self.journal.range(first.no..=last.no).map(|(_, row)| mark(row)).collect()
            }
            _ => Vec::new(),
        };
        let head = self.journal.last_key_value().map(|(no, _)| *no);
        let known = already_there(&batch.rows, head, &there)?;
        if known > 0 && known == batch.rows.len() {
            return Ok(());
        }
        self.check_rules(batch).map_err(|()| StoreError::Conflict(batch.first_no()))?;
        self.journal.extend(batch.rows[known..].iter().map(|row| (row.no, row.clone())));
        batch.incidents_closed_first().into_iter().for_each(|incident| self.put_incident(incident));
        batch.alerts.iter().for_each(|alert| self.put_alert(alert));
        for id in &batch.taken {
            self.hand_ins.remove(id);
        }
        Ok(())
    }

    /// One open incident for each cause, and no alert without its incident.
    fn check_rules(&self, batch: &Batch) -> Result<(), ()> {
        let mut open: BTreeMap<(&Subject, &Cause), IncidentId> = BTreeMap::new();
        let closed: BTreeSet<_> = batch.incidents.iter().filter(|i| !i.is_open()).map(|i| i.id).collect();
        for incident in batch.incidents.iter().filter(|i| i.is_open()) {
            let stored = self.open.get(&cause(incident)).copied().filter(|id| !closed.contains(id));
            let in_batch = open.insert((&incident.subject, &incident.cause), incident.id);
            if stored.into_iter().chain(in_batch).any(|other| other != incident.id) {
                return Err(());
            }
        }
        let is_known = |id| self.incidents.contains_key(&id) || batch.incidents.iter().any(|i| i.id == id);
        if batch.alerts.iter().all(|alert| is_known(alert.incident)) { Ok(()) } else { Err(()) }
    }

    fn put_incident(&mut self, incident: &Incident) {
        if incident.is_open() {
            self.open.insert(cause(incident), incident.id);
        } else if self.open.get(&cause(incident)) == Some(&incident.id) {
            self.open.remove(&cause(incident));
        }
        self.incidents.insert(incident.id, incident.clone());
    }

    fn put_alert(&mut self, alert: &Alert) {
        let kept = self.alerts.entry(alert.id).or_insert_with(|| Kept::new(alert.clone()));
        self.waiting.remove(&urgency(&kept.alert));
        self.by_incident.remove(&(kept.alert.incident, alert.id));
        self.by_incident.insert((alert.incident, alert.id));
        kept.alert = alert.clone();
        if alert.state == AlertState::Waiting {
            self.waiting.insert(urgency(alert));
        } else {
            kept.lease_until = None;
        }
    }

    fn forget_incident(&mut self, id: IncidentId) {
        let all = (id, AlertId(i64::MIN))..=(id, AlertId(i64::MAX));
        let alerts: Vec<AlertId> = self.by_incident.range(all).map(|(_, alert)| *alert).collect();
        alerts.into_iter().for_each(|alert| self.forget_alert(alert));
        if let Some(incident) = self.incidents.remove(&id)
            && self.open.get(&cause(&incident)) == Some(&id)
        {
            self.open.remove(&cause(&incident));
        }
    }

    fn forget_alert(&mut self, id: AlertId) {
        let all = (id, 0, Timestamp::MIN)..=(id, u32::MAX, Timestamp::MAX);
        let tries: Vec<_> = self.attempts.range(all).map(|(key, _)| *key).collect();
        tries.iter().for_each(|key| drop(self.attempts.remove(key)));
        if let Some(Kept { alert, .. }) = self.alerts.remove(&id) {
            self.by_incident.remove(&(alert.incident, id));
            self.waiting.remove(&urgency(&alert));
        }
    }

    fn claim(&mut self, now: Timestamp, until: Timestamp, limit: i64, room: Room) -> Vec<Claimed> {
        let Self { waiting, alerts, .. } = self;
        let mut claimed = Vec::new();
        for (_, _, id) in waiting.iter() {
            if claimed.len() >= count(limit) {
                break;
            }
            let free = |kept: &&mut Kept| kept.claimable_at() <= now && room.admits(&kept.alert, kept.tries);
            if let Some(kept) = alerts.get_mut(id).filter(free) {
                kept.lease_until = Some(until);
                claimed.push(kept.claimed());
            }
        }
        claimed
    }

    fn record_attempt(
        &mut self,
        attempt: &Attempt,
        next_try_at: Option<Timestamp>,
        told: bool,
    ) -> Result<(), StoreError> {
        let kept = self.alerts.get_mut(&attempt.alert).ok_or_else(|| StoreError::no_alert(attempt.alert))?;
        kept.tries = kept.tries.max(attempt.nth);
        kept.first_try_at.get_or_insert(attempt.at);
        kept.told_no_success |= told;
        if let Some(at) = next_try_at {
            kept.due_at = at;
            kept.lease_until = None;
        }
        self.attempts.entry((attempt.alert, attempt.nth, attempt.at)).or_insert_with(|| attempt.clone());
        Ok(())
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        self.state().commit(batch)
    }

    /// Whoever has this store is one process: the one before it is gone.
    async fn take_line(&self, _process: &str) -> Result<Option<i64>, StoreError> {
        let mut state = self.state();
        state.epoch += 1;
        Ok(Some(state.epoch))
    }

    async fn keep_line(&self, epoch: i64) -> Result<bool, StoreError> {
        Ok(self.state().epoch == epoch)
    }

    async fn leave_line(&self, _epoch: i64) -> Result<(), StoreError> {
        Ok(())
    }

    async fn head(&self) -> Result<Option<JournalHead>, StoreError> {
        let state = self.state();
        let last = state.journal.last_key_value();
        Ok(last.map(|(_, row)| JournalHead { no: row.no, at: row.at, chain: row.chain.clone() }))
    }

    async fn journal(&self, after: i64, limit: i64) -> Result<Vec<JournalRow>, StoreError> {
        let Some(from) = after.checked_add(1) else {
            return Ok(Vec::new());
        };
        Ok(self.state().journal.range(from..).take(count(limit)).map(|(_, row)| row.clone()).collect())
    }

    async fn journal_of(
        &self,
        kind: &str,
        about: About<'_>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<JournalRow>, StoreError> {
        let Some(from) = after.checked_add(1) else {
            return Ok(Vec::new());
        };
        let state = self.state();
        let rows = state.journal.range(from..).map(|(_, row)| row);
        let asked_for = rows.filter(|row| row.kind == kind && about.covers(&row.subject));
        Ok(asked_for.take(count(limit)).cloned().collect())
    }

    async fn blank_rows(&self, after: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
        let Some(from) = after.checked_add(1) else {
            return Ok(Vec::new());
        };
        let state = self.state();
        let blank = state.journal.range(from..).filter(|(_, row)| row.is_blank());
        Ok(blank.take(count(limit)).map(|(no, _)| *no).collect())
    }

    async fn incident(&self, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        Ok(self.state().incidents.get(&id).cloned())
    }

    async fn incidents(&self, after: IncidentId, limit: i64) -> Result<Vec<Incident>, StoreError> {
        let Some(from) = after.0.checked_add(1) else {
            return Ok(Vec::new());
        };
        Ok(self
            .state()
            .incidents
            .range(IncidentId(from)..)
            .take(count(limit))
            .map(|(_, i)| i.clone())
            .collect())
    }

    async fn closed_incidents(&self, before: IncidentId, limit: i64) -> Result<Vec<Incident>, StoreError> {
        let state = self.state();
        let newest_first = state.incidents.range(..before).rev().map(|(_, incident)| incident);
        let shown = newest_first.filter(|incident| !incident.is_open() && !incident.unit.is_canary());
        Ok(shown.take(count(limit)).cloned().collect())
    }

    async fn alerts_of(&self, incident: IncidentId) -> Result<Vec<Alert>, StoreError> {
        let state = self.state();
        let all = (incident, AlertId(i64::MIN))..=(incident, AlertId(i64::MAX));
        let alerts = state.by_incident.range(all).filter_map(|(_, id)| state.alerts.get(id));
        Ok(alerts.map(|kept| kept.alert.clone()).collect())
    }

    async fn attempts_of(&self, alert: AlertId) -> Result<Vec<Attempt>, StoreError> {
        let state = self.state();
        let all = (alert, 0, Timestamp::MIN)..=(alert, u32::MAX, Timestamp::MAX);
        Ok(state.attempts.range(all).map(|(_, attempt)| attempt.clone()).collect())
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        let state = self.state();
        let mut counts = Counts::default();
        for incident in state.incidents.values().filter(|incident| !incident.unit.is_canary()) {
            *counts.incidents.entry(incident.kind.as_str().into()).or_default() += 1;
        }
        for kept in state.alerts.values().filter(|kept| !kept.alert.unit.is_canary()) {
            *counts.alerts.entry(kept.alert.state.as_str().into()).or_default() += 1;
        }
        Ok(counts)
    }

    async fn claim(
        &self,
        now: Timestamp,
        _owner: &str,
        lease_until: Timestamp,
        limit: i64,
        room: Room,
    ) -> Result<Vec<Claimed>, StoreError> {
        Ok(self.state().claim(now, lease_until, limit, room))
    }

    async fn record_attempt(
        &self,
        attempt: &Attempt,
        next_try_at: Option<Timestamp>,
        told_no_success: bool,
    ) -> Result<(), StoreError> {
        self.state().record_attempt(attempt, next_try_at, told_no_success)
    }

    async fn end_leases(&self) -> Result<(), StoreError> {
        self.state().alerts.values_mut().for_each(|kept| kept.lease_until = None);
        Ok(())
    }

    async fn next_claimable(&self, room: Room) -> Result<Option<Timestamp>, StoreError> {
        let state = self.state();
        let waiting = state.waiting.iter().filter_map(|(_, _, id)| state.alerts.get(id));
        Ok(waiting.filter(|kept| room.admits(&kept.alert, kept.tries)).map(Kept::claimable_at).min())
    }

    async fn hand_in(&self, payloads: &[String]) -> Result<Vec<i64>, StoreError> {
        let mut state = self.state();
        let first = state.last_hand_in + 1;
        for payload in payloads {
            state.last_hand_in += 1;
            let id = state.last_hand_in;
            state.hand_ins.insert(id, payload.clone());
        }
        Ok((first..=state.last_hand_in).collect())
    }

    async fn handed_in(&self, limit: i64) -> Result<Vec<HandIn>, StoreError> {
        let state = self.state();
        let first = state.hand_ins.iter().take(count(limit));
        Ok(first.map(|(id, payload)| HandIn { id: *id, payload: payload.clone() }).collect())
    }

    async fn erase_rows(&self, nos: &[i64]) -> Result<(), StoreError> {
        let mut state = self.state();
        for no in nos {
            if let Some(row) = state.journal.get_mut(no) {
                row.payload.clear();
                row.decision.clear();
                row.salt.clear();
            }
        }
        Ok(())
    }

    async fn forget_incidents(&self, ids: &[IncidentId]) -> Result<(), StoreError> {
        ids.iter().for_each(|id| self.state().forget_incident(*id));
        Ok(())
    }

    async fn forget_alerts(&self, ids: &[AlertId]) -> Result<(), StoreError> {
        ids.iter().for_each(|id| self.state().forget_alert(*id));
        Ok(())
    }

    async fn scrub(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn keep_parts(&self, snapshot: i64, parts: &[SnapshotPart]) -> Result<(), StoreError> {
        let numbered = parts.iter().map(|part| ((snapshot, part.nth), part.clone()));
        self.state().snapshot_parts.extend(numbered);
        Ok(())
    }

    async fn keep_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.state().snapshots.insert(snapshot.no, snapshot.clone());
        Ok(())
    }

    async fn snapshots(&self) -> Result<Vec<Snapshot>, StoreError> {
        Ok(self.state().snapshots.values().rev().cloned().collect())
    }

    async fn snapshot_parts(
        &self,
        snapshot: i64,
        from: i64,
        limit: i64,
    ) -> Result<Vec<SnapshotPart>, StoreError> {
        let state = self.state();
        let parts = state.snapshot_parts.range((snapshot, from)..=(snapshot, i64::MAX));
        Ok(parts.take(count(limit)).map(|(_, part)| part.clone()).collect())
    }

    async fn forget_snapshots(&self, kept: &[i64]) -> Result<bool, StoreError> {
        let mut state = self.state();
        let last = kept.iter().max().copied().unwrap_or(i64::MIN);
        let stays = |no: i64| no >= last || kept.contains(&no);
        state.snapshots.retain(|no, _| stays(*no));
        state.snapshot_parts.retain(|(no, _), _| stays(*no));
        Ok(false)
    }
}

fn mark(row: &JournalRow) -> Mark {
    Mark { no: row.no, digest: row.digest.clone(), chain: row.chain.clone() }
}

fn cause(incident: &Incident) -> (Subject, Cause) {
    (incident.subject.clone(), incident.cause.clone())
}

fn urgency(alert: &Alert) -> (Priority, Timestamp, AlertId) {
    (alert.priority, alert.raised_at, alert.id)
}

fn count(limit: i64) -> usize {
    usize::try_from(limit).unwrap_or(0)
}
