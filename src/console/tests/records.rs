//! A store that can only be read, with what a test puts into it.

use async_trait::async_trait;

use crate::{
    domain::{Alert, AlertId, Incident, IncidentId, Timestamp},
    store::{Attempt, Batch, Claimed, Counts, HandIn, JournalHead, JournalRow, Room, Store, StoreError},
};

/// What the store holds; or that it is not to be reached.
#[derive(Default)]
pub(super) struct Records {
    pub(super) incidents: Vec<Incident>,
    pub(super) alerts: Vec<Alert>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) journal: Vec<JournalRow>,
    pub(super) away: bool,
}

impl Records {
    fn reach(&self) -> Result<&Self, StoreError> {
        if self.away { Err(StoreError::Unavailable("away".into())) } else { Ok(self) }
    }
}

#[async_trait]
impl Store for Records {
    async fn incident(&self, id: IncidentId) -> Result<Option<Incident>, StoreError> {
        Ok(self.reach()?.incidents.iter().find(|incident| incident.id == id).cloned())
    }

    async fn incidents(&self, after: IncidentId, limit: i64) -> Result<Vec<Incident>, StoreError> {
        let limit = usize::try_from(limit).expect("a sensible limit");
        Ok(self
            .reach()?
            .incidents
            .iter()
            .filter(|incident| incident.id > after)
            .take(limit)
            .cloned()
            .collect())
    }

    async fn closed_incidents(&self, before: IncidentId, limit: i64) -> Result<Vec<Incident>, StoreError> {
        let limit = usize::try_from(limit).expect("a sensible limit");
        let closed = self.reach()?.incidents.iter().rev().filter(|incident| !incident.is_open());
        Ok(closed.filter(|incident| incident.id < before).take(limit).cloned().collect())
    }

    async fn alerts_of(&self, incident: IncidentId) -> Result<Vec<Alert>, StoreError> {
        Ok(self.reach()?.alerts.iter().filter(|alert| alert.incident == incident).cloned().collect())
    }

    async fn attempts_of(&self, alert: AlertId) -> Result<Vec<Attempt>, StoreError> {
        Ok(self.reach()?.attempts.iter().filter(|attempt| attempt.alert == alert).cloned().collect())
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        let mut counts = Counts::default();
        for incident in &self.reach()?.incidents {
            *counts.incidents.entry(incident.kind.as_str().into()).or_default() += 1;
        }
        Ok(counts)
    }

    async fn commit(&self, _: &Batch) -> Result<(), StoreError> {
        panic!("the console writes only inputs");
    }

    async fn take_line(&self, _: &str) -> Result<Option<i64>, StoreError> {
        panic!("not the console's");
    }

    async fn keep_line(&self, _: i64) -> Result<bool, StoreError> {
        panic!("not the console's");
    }

    async fn leave_line(&self, _: i64) -> Result<(), StoreError> {
        panic!("not the console's");
    }

    async fn head(&self) -> Result<Option<JournalHead>, StoreError> {
        let last = self.reach()?.journal.last();
        Ok(last.map(|row| JournalHead { no: row.no, at: row.at, chain: row.chain.clone() }))
    }

    async fn journal(&self, after: i64, limit: i64) -> Result<Vec<JournalRow>, StoreError> {
        let limit = usize::try_from(limit).expect("a sensible limit");
        Ok(self.reach()?.journal.iter().filter(|row| row.no > after).take(limit).cloned().collect())
    }

    async fn claim(
        &self,
        _: Timestamp,
        _: &str,
        _: Timestamp,
        _: i64,
        _: Room,
    ) -> Result<Vec<Claimed>, StoreError> {
        panic!("the console writes only inputs");
    }

    async fn record_attempt(&self, _: &Attempt, _: Option<Timestamp>, _: bool) -> Result<(), StoreError> {
        panic!("the console writes only inputs");
    }

    async fn next_claimable(&self, _: Room) -> Result<Option<Timestamp>, StoreError> {
        panic!("not the console's");
    }

    async fn hand_in(&self, _: &[String]) -> Result<Vec<i64>, StoreError> {
        panic!("the console writes only inputs");
    }

    async fn handed_in(&self, _: i64) -> Result<Vec<HandIn>, StoreError> {
        panic!("not the console's");
    }
}
