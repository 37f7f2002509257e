//! What has arrived and is not decided yet, and whose turn it is when there is more than one step takes: what people and
//! parts of Cordon say first, then the tags nearest to a zone.

use std::collections::{BTreeMap, VecDeque};

use super::{allowance::Allowances, guard::guarded, inbox::Arrival, look::Crowded};
use crate::{
    domain::{TagId, Timestamp},
    engine::{Engine, Told},
};

/// Messages that may wait here, and their bytes. What comes then stays in the inbox, and behind it in the broker.
const MESSAGES_MAX: usize = 32_768;
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// A step takes up no more bytes than this, so that it is short whatever the messages hold.
const STEP_BYTES_MAX: usize = 256 * 1024;
/// What a tag sends beyond its allowance is judged together, this often, milliseconds ...
const TOGETHER_MS: i64 = 250;
/// ... and this many in one step.
const CROWD_MAX: usize = 256;

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
    messages: VecDeque<(u64, Crowded)>,
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

    /// Takes in what the line itself has to tell.
    pub(super) fn put_told(&mut self, told: Told) {
        self.others.push_back(Arrival::Told(told, None));
    }

    /// Takes an arrival in.
    pub(super) fn put(&mut self, arrival: Arrival, now: Timestamp, engine: &Engine) {
        let Arrival::Message(message) = arrival else {
            return self.others.push_back(arrival);
        };
        self.messages += 1;
        self.bytes += message.payload.len();
        self.nth += 1;
        let new = || Queue { messages: VecDeque::new(), since: now, held: false, border_m: None };
        let queue = self.tags.entry(message.tag.clone()).or_insert_with(new);
        let mut message = Crowded::new(message);
        if queue.held {
            // Now rather than with all the others: nobody else's message waits for that.
            message.look(engine, now);
        }
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
        let in_order = self.messages <= max && self.bytes <= STEP_BYTES_MAX;
        let turns =
            if in_order { self.tags.keys().cloned().collect() } else { self.nearest_first(now, engine) };
        let mut turn = Turn { room: max, bytes: STEP_BYTES_MAX, taken: Vec::new() };
        for tag in turns {
            if turn.room == 0 || turn.bytes == 0 {
                break;
            }
            self.take_tag(&tag, now, engine, &mut turn);
        }
        if in_order {
            turn.taken.sort_by_key(|(nth, _)| *nth);
        }
        taken.extend(turn.taken.into_iter().map(|(_, arrival)| arrival));
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

    fn take_tag(&mut self, tag: &TagId, now: Timestamp, engine: &Engine, turn: &mut Turn) {
        let Some(queue) = self.tags.get_mut(tag) else { return };
        let lens = queue.messages.iter().map(|(_, one)| one.message.payload.len());
        let wanted = fit(lens.take(turn.room), turn.bytes);
        let may = self.allowances.take(tag, wanted, now, engine.rulebook());
        queue.held = may < wanted;
        let mut gone: Vec<(u64, Arrival)> = Vec::new();
        let mut bytes = 0;
        for (nth, Crowded { message, .. }) in queue.messages.drain(..may) {
            bytes += message.payload.len();
            gone.push((nth, Arrival::Message(message)));
        }
        self.messages -= may;
        if queue.held && now.ms_since(queue.since) >= TOGETHER_MS {
            let room = turn.bytes.saturating_sub(bytes);
            let lens = queue.messages.iter().map(|(_, one)| one.message.payload.len());
            let crowd = fit(lens.take(CROWD_MAX), room);
            // The next ones wait for their turn, as all others do.
            queue.since = now;
            let (nths, crowd): (Vec<_>, Vec<_>) = queue.messages.drain(..crowd).unzip();
            self.messages -= crowd.len();
            bytes += crowd.iter().map(|one| one.message.payload.len()).sum::<usize>();
            gone.extend(nths.first().map(|nth| (*nth, Arrival::Excess(crowd))));
        }
        if queue.messages.is_empty() {
            self.tags.remove(tag);
        }
        self.bytes -= bytes;
        turn.take(gone, bytes);
    }
}

/// How many of these messages, by their bytes, there is room for: one at least.
fn fit(messages: impl Iterator<Item = usize>, room: usize) -> usize {
    let mut bytes = 0;
    let fits = |len: &usize| {
        bytes += len;
        bytes <= room
    };
    messages.take_while(fits).count().max(1)
}

/// What one step takes up, and how much room it has.
struct Turn {
    room: usize,
    bytes: usize,
    taken: Vec<(u64, Arrival)>,
}

impl Turn {
    fn take(&mut self, arrivals: Vec<(u64, Arrival)>, bytes: usize) {
        self.room = self.room.saturating_sub(arrivals.len());
        self.bytes = self.bytes.saturating_sub(bytes);
        self.taken.extend(arrivals);
    }
}

/// Metres to the nearest border; nobody's tag is farthest, and where that cannot be said it may be anywhere.
fn border_m(engine: &Engine, tag: &TagId, now: Timestamp) -> f64 {
    guarded(|| engine.border_m(tag, now)).unwrap_or(Some(0.0)).unwrap_or(f64::MAX)
}
