//! What is going to happen, in the order of time; of two things at the same time the one that was put in first.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::domain::Timestamp;

/// See the module's documentation.
pub(super) struct Queue<E> {
    /// When, in which order, and where it is kept: things that happen are large, and a heap moves what it sorts.
    heap: BinaryHeap<Reverse<(Timestamp, u64, usize)>>,
    kept: Vec<Option<E>>,
    free: Vec<usize>,
    nth: u64,
}

impl<E> Queue<E> {
    pub(super) fn new() -> Self {
        Self { heap: BinaryHeap::new(), kept: Vec::new(), free: Vec::new(), nth: 0 }
    }

    pub(super) fn put(&mut self, at: Timestamp, what: E) {
        self.nth += 1;
        let place = self.free.pop().unwrap_or_else(|| {
            self.kept.push(None);
            self.kept.len() - 1
        });
        self.kept[place] = Some(what);
        self.heap.push(Reverse((at, self.nth, place)));
    }

    /// The next thing that happens by then.
    pub(super) fn next_by(&mut self, until: Timestamp) -> Option<(Timestamp, E)> {
        let Reverse((at, _, place)) = *self.heap.peek().filter(|due| due.0.0 <= until)?;
        self.heap.pop();
        self.free.push(place);
        Some((at, self.kept[place].take()?))
    }
}
