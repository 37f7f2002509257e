//! What has arrived and is not decided yet, and whose turn it is when there is more than one step takes: what people and
//! parts of Cordon say first, then the tags nearest to a zone.

use std::collections::{BTreeMap, VecDeque};

use super::{
    allowance::Allowances,
    guard::guarded,
    inbox::{Arrival, Message},
};
use crate::{
    domain::{TagId, Timestamp},
    engine::Engine,
};

/// Messages that may wait here, and their bytes. What comes then stays in the inbox, and behind it in the broker.
const MESSAGES_MAX: usize = 32_768;
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// What a tag sends beyond its allowance is judged together, this often, milliseconds.
const TOGETHER_MS: i64 = 250;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    others: VecDeque<Arrival>,
    tags: BTreeMap<TagId, Queue>,
    allowances: Allowances,
    /// Numbers messages in the order of arrival.
    nth: u64,
    messages: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Queue {
    messages: VecDeque<(u64, Message)>,
    /// When the first of them came.
    since: Timestamp,
    /// Nothing is left of the tag's allowance: these are judged together.
    held: bool,
    /// Metres to the nearest border; looked up when there is too much to judge at once.
    border_m: Option<f64>,
}

impl Waiting {
    /// Whether there is room for more.
    pub(super) fn has_room(&self) -> bool {
        self.messages < MESSAGES_MAX && self.bytes < BYTES_MAX
    }

    /// Takes in what comes before all that waits.
    pub(super) fn put_first(&mut self, arrivals: Vec<Arrival>) {
        for arrival in arrivals.into_iter().rev() {
            self.others.push_front(arrival);
        }
    }

    /// Takes an arrival in.
    pub(super) fn put(&mut self, arrival: Arrival, now: Timestamp) {
        let Arrival::Message(message) = arrival else {
            return self.others.push_back(arrival);
        };
        self.messages += 1;
        self.bytes += message.payload.len();
        self.nth += 1;
        let new = || Queue { messages: VecDeque::new(), since: now, held: false, border_m: None };
        let queue = self.tags.entry(message.tag.clone()).or_insert_with(new);
        queue.messages.push_back((self.nth, message));
    }

    /// When there is something to take: now, or when what is held is to be judged. `None`: nothing waits.
    pub(super) fn ready_at(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.others.is_empty() {
            return Some(now);
        }
        let ready = |queue: &Queue| if queue.held { queue.since.plus_ms(TOGETHER_MS) } else { now };
        self.tags.values().map(ready).min()
    }

    /// Takes about `max` arrivals out: in the order of arrival if that is all there is, else the most urgent first. The
    /// messages of one tag keep their order.
    pub(super) fn take(&mut self, now: Timestamp, engine: &Engine, max: usize) -> Vec<Arrival> {
        let mut taken: Vec<Arrival> = self.others.drain(..).collect();
        if max == 0 {
            return taken;
        }
        let in_order = self.messages <= max;
        let turns =
            if in_order { self.tags.keys().cloned().collect() } else { self.nearest_first(now, engine) };
        let mut messages: Vec<(u64, Arrival)> = Vec::new();
        for tag in turns {
            if messages.len() >= max {
                break;
            }
            self.take_tag(&tag, now, engine, &mut messages);
        }
        if in_order {
            messages.sort_by_key(|(nth, _)| *nth);
        }
        taken.extend(messages.into_iter().map(|(_, arrival)| arrival));
        taken
    }

    fn nearest_first(&mut self, now: Timestamp, engine: &Engine) -> Vec<TagId> {
        let near = |(tag, queue): (&TagId, &mut Queue)| {
            let border_m = *queue.border_m.get_or_insert_with(|| border_m(engine, tag, now));
            (border_m, queue.messages.front().map(|(nth, _)| *nth), tag.clone())
        };
        let mut turns: Vec<_> = self.tags.iter_mut().map(near).collect();
        turns.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        turns.into_iter().map(|(.., tag)| tag).collect()
    }

    fn take_tag(&mut self, tag: &TagId, now: Timestamp, engine: &Engine, out: &mut Vec<(u64, Arrival)>) {
        let Some(queue) = self.tags.get_mut(tag) else { return };
        let may = self.allowances.take(tag, queue.messages.len(), now, engine.rulebook());
        let mut gone: Vec<(u64, Message)> = queue.messages.drain(..may).collect();
        let mut together: Vec<(u64, Message)> = Vec::new();
        queue.held = !queue.messages.is_empty();
        if queue.held && now.ms_since(queue.since) >= TOGETHER_MS {
            together = queue.messages.drain(..).collect();
        }
        if queue.messages.is_empty() {
            self.tags.remove(tag);
        }
        self.messages -= gone.len() + together.len();
        self.bytes -= gone.iter().chain(&together).map(|(_, message)| message.payload.len()).sum::<usize>();
        out.extend(gone.drain(..).map(|(nth, message)| (nth, Arrival::Message(message))));
        if let Some((nth, _)) = together.first() {
            let nth = *nth;
            out.push((nth, Arrival::Excess(together.into_iter().map(|(_, message)| message).collect())));
        }
    }
}

/// Metres to the nearest border; nobody's tag is farthest, and where that cannot be said it may be anywhere.
fn border_m(engine: &Engine, tag: &TagId, now: Timestamp) -> f64 {
    guarded(|| engine.border_m(tag, now)).unwrap_or(Some(0.0)).unwrap_or(f64::MAX)
}
