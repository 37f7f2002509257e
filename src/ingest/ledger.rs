//! Which message of the present connection may be acknowledged to the broker next.
//!
//! MQTT asks that publishes are acknowledged in the order in which they came, and only on the connection they came on. So
//! tickets are numbered in that order and never used twice: one that is not in the book belongs to a lost connection.

use std::collections::VecDeque;

/// The open messages of one connection, in the order of their arrival.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The ticket of the first open message.
    first: u64,
    open: VecDeque<Open>,
}

#[derive(Debug)]
struct Open {
    /// The broker's number; 0 for a message that wants no acknowledgement.
    packet: u16,
    done: bool,
}

impl Ledger {
    /// Books a message that the broker numbered `packet`, and gives its ticket.
    pub(super) fn receive(&mut self, packet: u16) -> u64 {
        self.open.push_back(Open { packet, done: false });
        self.first + self.open.len() as u64 - 1
    }

    /// Notes that a message is dealt with. False for a ticket of a lost connection: there is nothing to acknowledge,
    /// the broker delivers the message again.
    pub(super) fn done(&mut self, ticket: u64) -> bool {
        let place = ticket.checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
        match place.and_then(|place| self.open.get_mut(place)) {
            Some(open) => {
                open.done = true;
                true
            }
            None => false,
        }
    }

    /// The broker's number of the message to acknowledge next, if the oldest open one is dealt with.
    pub(super) fn next_ack(&mut self) -> Option<u16> {
        while self.open.front().is_some_and(|open| open.done && open.packet == 0) {
            self.close();
        }
        self.open.front().filter(|open| open.done).map(|open| open.packet)
    }

    /// Notes that the message of `next_ack` has been acknowledged.
    pub(super) fn close(&mut self) {
        if self.open.pop_front().is_some() {
            self.first += 1;
        }
    }

    /// Forgets every open message: the connection is lost.
    pub(super) fn lost(&mut self) {
        self.first += self.open.len() as u64;
        self.open.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn acknowledges_in_the_order_of_arrival() {
        let mut ledger = Ledger::default();
        let tickets: Vec<u64> = [7, 8, 9].map(|packet| ledger.receive(packet)).to_vec();
        assert!(ledger.done(tickets[1]));
        assert_eq!(ledger.next_ack(), None);
        assert!(ledger.done(tickets[0]));
        assert_eq!(ledger.next_ack(), Some(7));
        ledger.close();
        assert_eq!(ledger.next_ack(), Some(8));
        ledger.close();
        assert_eq!(ledger.next_ack(), None);
    }

    #[test]
    fn a_message_that_wants_no_acknowledgement_stands_in_nobodys_way() {
        let mut ledger = Ledger::default();
        let quiet = ledger.receive(0);
        let other = ledger.receive(3);
        assert!(ledger.done(other) && ledger.done(quiet));
        assert_eq!(ledger.next_ack(), Some(3));
    }

    #[test]
    fn a_ticket_of_a_lost_connection_acknowledges_nothing() {
        let mut ledger = Ledger::default();
        let before = ledger.receive(1);
        ledger.lost();
        let after = ledger.receive(1);
        assert!(!ledger.done(before));
        assert_eq!(ledger.next_ack(), None);
        assert!(ledger.done(after));
        assert_eq!(ledger.next_ack(), Some(1));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Receive,
        Done(prop::sample::Index),
        Ack,
        Lost,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => Just(Step::Receive),
            4 => any::<prop::sample::Index>().prop_map(Step::Done),
            3 => Just(Step::Ack),
            1 => Just(Step::Lost),
        ];
        prop::collection::vec(step, 0..200)
    }

    proptest! {
        // The model knows of every ticket which connection it came on; the ledger must never let one out on another,
        // before it is done, out of order or twice.
        #[test]
        fn no_acknowledgement_is_early_late_doubled_or_on_another_connection(steps in steps()) {
            let mut ledger = Ledger::default();
            let mut connection = 0;
            let mut issued: Vec<(u64, u16, u32)> = Vec::new();
            let mut done: BTreeMap<u64, bool> = BTreeMap::new();
            let mut expected: Vec<u64> = Vec::new();
            let mut packet = 0_u16;
            for step in steps {
                match step {
                    Step::Receive => {
                        packet = packet % 50 + 1;
                        let ticket = ledger.receive(packet);
                        prop_assert!(issued.iter().all(|(old, ..)| *old < ticket));
                        issued.push((ticket, packet, connection));
                        expected.push(ticket);
                    }
                    Step::Done(index) if !issued.is_empty() => {
                        let (ticket, _, of) = issued[index.index(issued.len())];
                        let open = of == connection && expected.contains(&ticket);
                        prop_assert_eq!(ledger.done(ticket), open);
                        if open {
                            done.insert(ticket, true);
                        }
                    }
                    Step::Done(_) => {}
                    Step::Ack => {
                        let due = expected.first().copied().filter(|ticket| done.contains_key(ticket));
                        let packet = due.and_then(|due| issued.iter().find(|(t, ..)| *t == due)).map(|(_, p, _)| *p);
                        prop_assert_eq!(ledger.next_ack(), packet);
                        if packet.is_some() {
                            ledger.close();
                            expected.remove(0);
                        }
                    }
                    Step::Lost => {
                        ledger.lost();
                        connection += 1;
                        expected.clear();
                    }
                }
            }
        }
    }
}
