//! The pings a tag holds until Cordon has acknowledged them.

use std::collections::{BTreeMap, BTreeSet};

use tag_wire::{Ack, Ping, Reject, payload_sha256};

/// A bounded store of pings of one boot: each is offered for sending, offered again when no ack comes, and
/// dropped only when it is acknowledged or refused, or when the store is full and it is the oldest.
#[derive(Clone, Debug)]
pub struct Kept {
    boot: u32,
    max: usize,
    resend_after_ms: i64,
    pings: BTreeMap<u64, Held>,
    /// (when it may be sent, number) of every ping held. New ones come first, oldest first.
    due: BTreeSet<(i64, u64)>,
    counts: Counts,
}

/// What became of the pings of a [`Kept`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Put in.
    pub pings: u64,
    /// Dropped because Cordon acknowledged them.
    pub acked: u64,
    /// Dropped because Cordon refused them.
    pub rejected: u64,
    /// Dropped because the store was full.
    pub given_up: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.pings += other.pings;
        self.acked += other.acked;
        self.rejected += other.rejected;
        self.given_up += other.given_up;
    }
}

#[derive(Clone, Debug)]
struct Held {
    bytes: Vec<u8>,
    due_ms: i64,
}

/// Due time of a ping that was not sent on this connection yet.
const AT_ONCE: i64 = i64::MIN;

impl Kept {
    /// An empty store for one boot. It holds at most `max` pings (at least one) and offers a ping again
    /// `resend_after_s` seconds after it was sent.
    pub fn new(boot: u32, max: usize, resend_after_s: u32) -> Self {
        Self {
            boot,
            max: max.max(1),
            resend_after_ms: i64::from(resend_after_s) * 1_000,
            pings: BTreeMap::new(),
            due: BTreeSet::new(),
            counts: Counts::default(),
        }
    }

    /// Takes a ping in, its `oldest_kept` set to what will be the lowest number held.
    pub fn keep(&mut self, mut ping: Ping) {
        if self.pings.len() >= self.max
            && let Some((&oldest, _)) = self.pings.first_key_value()
        {
            self.remove(oldest);
            self.counts.given_up += 1;
        }
        ping.oldest_kept = self.pings.first_key_value().map_or(ping.seq, |(&oldest, _)| oldest);
        self.pings.insert(ping.seq, Held { bytes: ping.encode(), due_ms: AT_ONCE });
        self.due.insert((AT_ONCE, ping.seq));
        self.counts.pings += 1;
    }

    /// The next payload to publish, if one is due: those never sent on this connection, oldest first,
    /// then those whose ack is overdue.
    pub fn poll_publish(&mut self, now_ms: i64) -> Option<Vec<u8>> {
        self.poll_numbered(now_ms).map(|(_, bytes)| bytes)
    }

    /// The same, with the ping's number.
    pub fn poll_numbered(&mut self, now_ms: i64) -> Option<(u64, Vec<u8>)> {
        let &(due_ms, seq) = self.due.first()?;
        if due_ms > now_ms {
            return None;
        }
        let bytes = self.pings.get(&seq)?.bytes.clone();
        self.set_due(seq, now_ms.saturating_add(self.resend_after_ms));
        Some((seq, bytes))
    }

    /// When [`Self::poll_publish`] will have something, if ever.
    pub fn next_due_ms(&self) -> Option<i64> {
        self.due.first().map(|&(due_ms, _)| due_ms)
    }

    /// A new connection: all that is held will be sent again, oldest first.
    pub fn on_connected(&mut self) {
        let held: Vec<_> = self.pings.keys().copied().collect();
        for seq in held {
            self.set_due(seq, AT_ONCE);
        }
    }

    /// Drops what an ack covers. An ack of another boot changes nothing.
    pub fn on_ack(&mut self, ack: &Ack) {
        if ack.boot == self.boot {
            let covered: Vec<_> = self.pings.keys().copied().filter(|seq| ack.covers(*seq)).collect();
            self.counts.acked += covered.len() as u64;
            covered.into_iter().for_each(|seq| self.remove(seq));
        }
    }

    /// Drops the ping whose payload a reject names.
    pub fn on_reject(&mut self, reject: &Reject) {
        let refused = self.pings.iter().find(|(_, held)| payload_sha256(&held.bytes) == reject.sha256);
        if let Some((&seq, _)) = refused {
            self.remove(seq);
            self.counts.rejected += 1;
        }
    }

    /// Whether everything put in was acknowledged, refused or given up.
    pub fn is_empty(&self) -> bool {
        self.pings.is_empty()
    }

    /// The numbers of the pings held, rising.
    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        self.pings.keys().copied()
    }

    /// What became of the pings so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    fn set_due(&mut self, seq: u64, due_ms: i64) {
        if let Some(held) = self.pings.get_mut(&seq) {
            self.due.remove(&(held.due_ms, seq));
            held.due_ms = due_ms;
            self.due.insert((due_ms, seq));
        }
    }

    fn remove(&mut self, seq: u64) {
        if let Some(held) = self.pings.remove(&seq) {
            self.due.remove(&(held.due_ms, seq));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tag_wire::{Motion, decode_ping};

    fn ping(seq: u64) -> Ping {
        Ping {
            boot: 1,
            seq,
            oldest_kept: seq,
            next_within_s: 60,
            sent_ms: 0,
            battery_pct: 50,
            charging: false,
            motion: Motion::Unknown,
            fixes: vec![],
            events: vec![],
        }
    }

    fn filled(pings: u64) -> Kept {
        let mut kept = Kept::new(1, 100, 30);
        (1..=pings).for_each(|seq| kept.keep(ping(seq)));
        kept
    }

    fn sent(kept: &mut Kept, now_ms: i64) -> Vec<u64> {
        let next = || kept.poll_publish(now_ms).map(|bytes| decode_ping(&bytes).unwrap().seq);
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn a_ping_is_sent_until_it_is_acknowledged() {
        let mut kept = filled(3);
        assert_eq!(sent(&mut kept, 0), [1, 2, 3]);
        assert_eq!(sent(&mut kept, 29_999), [0; 0]);
        kept.on_ack(&Ack { boot: 1, upto: 1, ranges: vec![[3, 3]] });
        assert_eq!(kept.next_due_ms(), Some(30_000));
        assert_eq!(sent(&mut kept, 30_000), [2]);
        kept.on_ack(&Ack { boot: 2, upto: 9, ranges: vec![] });
        assert!(!kept.is_empty(), "an ack of another boot");
        kept.on_ack(&Ack { boot: 1, upto: 2, ranges: vec![] });
        assert!(kept.is_empty() && kept.next_due_ms().is_none());
        assert_eq!(kept.counts(), Counts { pings: 3, acked: 3, ..Counts::default() });
    }

    #[test]
    fn a_new_connection_sends_all_again_oldest_first_and_new_before_overdue() {
        let mut kept = filled(2);
        assert_eq!(sent(&mut kept, 0), [1, 2]);
        kept.on_connected();
        assert_eq!(sent(&mut kept, 1), [1, 2]);
        kept.keep(ping(3));
        assert_eq!(sent(&mut kept, 50_000), [3, 1, 2]);
    }

    #[test]
    fn a_full_store_gives_up_the_oldest_and_says_so() {
        let mut kept = Kept::new(1, 2, 30);
        (1..=3).for_each(|seq| kept.keep(ping(seq)));
        assert_eq!(Vec::from_iter(kept.numbers()), [2, 3]);
        kept.poll_publish(0).unwrap();
        let last = decode_ping(&kept.poll_publish(0).unwrap()).unwrap();
        assert_eq!((last.seq, last.oldest_kept, kept.counts().given_up), (3, 2, 1));
    }

    #[test]
    fn a_reject_drops_the_ping_it_names_and_no_other() {
        let mut kept = filled(2);
        let bytes = kept.poll_publish(0).unwrap();
        let refusal = decode_ping(b"{}").unwrap_err();
        kept.on_reject(&Reject::new(b"another payload", &refusal));
        assert_eq!(kept.counts().rejected, 0);
        kept.on_reject(&Reject::new(&bytes, &refusal));
        assert_eq!((Vec::from_iter(kept.numbers()), kept.counts().rejected), (vec![2], 1));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Keep,
        Poll(i64),
        Reconnect,
        Ack { upto: u64, range: [u64; 2] },
        Reject(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => Just(Step::Keep),
            4 => (0..40_000_i64).prop_map(Step::Poll),
            1 => Just(Step::Reconnect),
            1 => (0..20_u64, 0..30_u64, 0..5_u64).prop_map(|(upto, gap, length)| {
                Step::Ack { upto, range: [upto + gap + 1, upto + gap + 1 + length] }
            }),
            1 => (1..30_u64).prop_map(Step::Reject),
        ]
    }

    proptest! {
        #[test]
        fn nothing_is_lost_until_acked_refused_or_given_up(steps in prop::collection::vec(step(), 1..80)) {
            let mut kept = Kept::new(1, 12, 30);
            let mut expected = BTreeMap::new();
            let (mut seq, mut now_ms) = (0, 0);
            for step in steps {
                match step {
                    Step::Keep => {
                        seq += 1;
                        if expected.len() == 12 { expected.pop_first(); }
                        let oldest_kept = expected.keys().next().copied().unwrap_or(seq);
                        kept.keep(ping(seq));
                        expected.insert(seq, Ping { oldest_kept, ..ping(seq) }.encode());
                    }
                    Step::Poll(later_ms) => {
                        now_ms += later_ms;
                        if let Some(bytes) = kept.poll_publish(now_ms) {
                            prop_assert!(expected.values().any(|held| *held == bytes));
                        }
                    }
                    Step::Reconnect => kept.on_connected(),
                    Step::Ack { upto, range } => {
                        kept.on_ack(&Ack { boot: 1, upto, ranges: vec![range] });
                        expected.retain(|seq, _| *seq > upto && !(range[0]..=range[1]).contains(seq));
                    }
                    Step::Reject(seq) => if let Some(bytes) = expected.remove(&seq) {
                        kept.on_reject(&Reject::new(&bytes, &decode_ping(b"").unwrap_err()));
                    }
                }
                prop_assert!(kept.numbers().eq(expected.keys().copied()));
                prop_assert_eq!(kept.due.len(), expected.len(), "each is due exactly once");
            }
            kept.on_connected();
            let numbers = Vec::from_iter(kept.numbers());
            prop_assert_eq!(sent(&mut kept, now_ms), numbers, "all that is held is offered again");
        }
    }
}
