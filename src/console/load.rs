//! How much comes up for those who sit at the consoles: EEMUA 191 and ISA-18.2 call one alarm in ten minutes for each of
//! them very likely acceptable, and more than ten a flood that nobody can deal with.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    domain::{Happening, Incident, MINUTE_MS, Priority, StaffId, Timestamp},
    sequencer::Board,
};

/// What is counted: so long back.
pub(super) const SPAN_MS: i64 = 10 * MINUTE_MS;
/// Alarms for each officer within that time, beyond which it is more than it should be, and a flood.
const BUSY: f64 = 1.0;
const FLOOD: f64 = 10.0;

/// Who sits at a console: those of its feeds that are open and belong to somebody who deals with alarms.
#[derive(Default)]
pub(super) struct Desks(Mutex<BTreeMap<StaffId, usize>>);

impl Desks {
    /// Somebody sits down; they get up when what this gives is dropped.
    pub(super) fn sit(self: &Arc<Self>, who: &StaffId) -> Seat {
        *self.lock().entry(who.clone()).or_default() += 1;
        Seat { desks: Arc::clone(self), who: who.clone() }
    }

    /// How many people sit there, each once.
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<StaffId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place at a console.
pub(super) struct Seat {
    desks: Arc<Desks>,
    who: StaffId,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.desks.lock();
        if let Some(count) = seats.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                seats.remove(&self.who);
            }
        }
    }
}

/// The load of the last ten minutes.
#[derive(Debug, PartialEq)]
pub(super) struct Load {
    pub(super) raised: usize,
    pub(super) officers: usize,
}

impl Load {
    pub(super) fn new(board: &Board, officers: usize, now: Timestamp) -> Self {
        let all = board.incidents.values().chain(board.closed.values());
        Self { raised: all.map(|incident| lately(incident, now)).sum(), officers }
    }

    /// Alarms for each officer.
    pub(super) fn each(&self) -> String {
        format!("{:.1}", self.for_each())
    }

    pub(super) fn word(&self) -> &'static str {
        match self.for_each() {
            each if each <= BUSY => "as it should be",
            each if each <= FLOOD => "more than it should be",
            _ => "a flood",
        }
    }

    pub(super) fn key(&self) -> &'static str {
        match self.for_each() {
            each if each <= BUSY => "calm",
            each if each <= FLOOD => "busy",
            _ => "flood",
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    fn for_each(&self) -> f64 {
        self.raised as f64 / self.officers.max(1) as f64
    }
}

/// How often an incident was raised within the last ten minutes.
pub(super) fn lately(incident: &Incident, now: Timestamp) -> usize {
    let entries = incident.timeline.iter().rev().take_while(|entry| now.ms_since(entry.at) <= SPAN_MS);
    entries.filter(|entry| matches!(entry.what, Happening::Raised { .. })).count()
}

/// Whether so many of a priority came up that they are shown by cause. Danger never is.
pub(super) fn is_crowd(priority: Priority, open: &[&Incident], now: Timestamp) -> bool {
    priority != Priority::P1 && open.iter().map(|incident| lately(incident, now)).sum::<usize>() > CROWD
}

/// More than so many of less than danger within ten minutes are shown by cause.
const CROWD: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_officer_with_two_pages_sits_at_one_desk() {
        let desks = Arc::new(Desks::default());
        let (amy, ben): (StaffId, StaffId) = ("amy".parse().unwrap(), "ben".parse().unwrap());
        let seats = [desks.sit(&amy), desks.sit(&amy), desks.sit(&ben)];
        assert_eq!(desks.count(), 2);
        drop(seats);
        assert_eq!(desks.count(), 0);
    }

    #[test]
    fn one_alarm_in_ten_minutes_is_as_it_should_be_and_more_than_ten_are_a_flood() {
        let load = |raised, officers| Load { raised, officers };
        assert_eq!((load(2, 2).word(), load(2, 2).each().as_str()), ("as it should be", "1.0"));
        assert_eq!(load(3, 2).key(), "busy");
        assert_eq!(load(20, 2).key(), "busy");
        assert_eq!(load(21, 2).key(), "flood");
        // Nobody is there: then it is all for the one who comes.
        assert_eq!(load(3, 0).each(), "3.0");
    }
}
