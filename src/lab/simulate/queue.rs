//! What is going to happen, in the order of time; of two things at the same time the one that was put in first.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

use crate::domain::Timestamp;

/// See the module's documentation.
pub(super) struct Queue<E> {
    heap: BinaryHeap<Reverse<Due<E>>>,
    nth: u64,
}

struct Due<E> {
    at: Timestamp,
    nth: u64,
    what: E,
}

impl<E> Queue<E> {
    pub(super) fn new() -> Self {
        Self { heap: BinaryHeap::new(), nth: 0 }
    }

    pub(super) fn put(&mut self, at: Timestamp, what: E) {
        self.nth += 1;
        self.heap.push(Reverse(Due { at, nth: self.nth, what }));
    }

    /// The next thing that happens by then.
    pub(super) fn next_by(&mut self, until: Timestamp) -> Option<(Timestamp, E)> {
        let due = self.heap.peek().filter(|due| due.0.at <= until);
        due.is_some().then(|| self.heap.pop()).flatten().map(|Reverse(Due { at, what, .. })| (at, what))
    }
}

impl<E> PartialEq for Due<E> {
    fn eq(&self, other: &Self) -> bool {
        self.nth == other.nth
    }
}

impl<E> Eq for Due<E> {}

impl<E> PartialOrd for Due<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Due<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.nth).cmp(&(other.at, other.nth))
    }
}
