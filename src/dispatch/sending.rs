//! Which alerts are on their way, and what came of the last ones: an alert that goes by the outbox and one that is sent
//! from memory are the same, and one of the two is enough.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{domain::AlertId, engine::DeliveryReport};

/// Outcomes remembered; the oldest alerts are forgotten first.
const KEPT_MAX: usize = 10_000;

/// See the module's documentation. `None` for an alert that is on its way.
#[derive(Debug, Default)]
pub(super) struct Sending(Mutex<BTreeMap<AlertId, Option<DeliveryReport>>>);

/// Whether an alert may be sent now.
pub(super) enum Turn<'s> {
    /// It may; nobody else sends it meanwhile.
    Mine(Mine<'s>),
    /// Somebody else is sending it.
    Others,
    /// It was sent, with this outcome.
    Done(DeliveryReport),
}

/// An alert is being sent. If it is dropped without an outcome, the next one may try.
pub(super) struct Mine<'s> {
    sending: &'s Sending,
    id: AlertId,
}

impl Sending {
    /// Asks for the turn to send an alert.
    pub(super) fn turn(&self, id: AlertId) -> Turn<'_> {
        let mut known = self.known();
        match known.get(&id) {
            Some(Some(report)) => Turn::Done(report.clone()),
            Some(None) => Turn::Others,
            None => {
                known.insert(id, None);
                Turn::Mine(Mine { sending: self, id })
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<AlertId, Option<DeliveryReport>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mine<'_> {
    /// A provider has taken it, or has refused it for good.
    pub(super) fn done(&self, report: DeliveryReport) {
        let mut known = self.sending.known();
        known.insert(self.id, Some(report));
        while known.len() > KEPT_MAX {
            known.pop_first();
        }
    }
}

impl Drop for Mine<'_> {
    fn drop(&mut self) {
        let mut known = self.sending.known();
        if known.get(&self.id) == Some(&None) {
            known.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sends_and_the_others_learn_what_came_of_it() {
        let (sending, id) = (Sending::default(), AlertId(7));
        let Turn::Mine(mine) = sending.turn(id) else { panic!("nobody sends it") };
        assert!(matches!(sending.turn(id), Turn::Others));
        assert!(matches!(sending.turn(AlertId(8)), Turn::Mine(_)));
        drop(mine);
        let Turn::Mine(mine) = sending.turn(id) else { panic!("it did not succeed") };
        mine.done(DeliveryReport::Accepted);
        drop(mine);
        assert!(matches!(sending.turn(id), Turn::Done(DeliveryReport::Accepted)));
    }
}
