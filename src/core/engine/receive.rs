//! Which pings of a tag have been received: duplicates, what to acknowledge, and what is known to be missing.

use serde::{Deserialize, Serialize};

use super::{clock_watch::ClockFlag, reporting::Asked, tag_clock::TagClock};
use crate::domain::Timestamp;

/// Boots remembered for each tag. A tag that restarts more often than it can deliver re-sends what is forgotten; its
/// fixes are judged again and found known.
const BOOTS_MAX: usize = 4;
/// Boots whose order is remembered.
const BEGUN_MAX: usize = 16;
/// The longest run that is taken note of at once: more never wait.
const RUN_MAX: u64 = 100_000;
/// Ranges above the contiguous part that are remembered for each boot, as many as an `ack` carries.
const RANGES_MAX: usize = tag_wire::limits::RANGES_MAX;

/// What is known of a tag, whoever wears it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagState {
    /// When it was last heard.
    pub heard_at: Option<Timestamp>,
    /// What the broker says of its connection.
    pub connected: Option<bool>,
    pub(super) clock: TagClock,
    pub(super) clock_flag: ClockFlag,
    pub(super) asked: Option<Asked>,
    boots: Vec<Boot>,
    /// Boots in the order in which they began, as far as is known: the present one last.
    begun: Vec<u32>,
    /// Messages that were refused, and that the tag therefore drops: as many holes are explained by them.
    refused: u64,
    /// Pings that never came and that the tag no longer has, until they are taken account of.
    given_up: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Boot {
    boot: u32,
    /// Everything up to here was received, or the tag no longer has it.
    upto: u64,
    /// Received above `upto`, rising, not touching each other.
    ranges: Vec<[u64; 2]>,
}

/// What a ping is to a tag's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrived {
    New,
    Duplicate,
}

impl TagState {
    /// Takes note of a ping.
    pub(super) fn receive(&mut self, boot: u32, seq: u64, oldest_kept: u64) -> Arrived {
        let is_known = self.boots.iter().any(|known| known.boot == boot);
        let place = self.place_of(boot);
        let boot = &mut self.boots[place];
        // What the tag no longer has can never come: waiting for it would hold back everything after it.
        let given_up = boot.give_up(oldest_kept.saturating_sub(1));
        let arrived = boot.insert(seq);
        if arrived == Arrived::New {
            // A boot is forgotten by when it last said something new.
            self.boots[place..].rotate_left(1);
        }
        // What came before the first ping of a boot may have been acknowledged long ago.
        if is_known {
            self.lose(given_up);
        }
        arrived
    }

    /// Whether a ping that has come at `at`, before it is received, is the newest of all: it has a higher number than all
    /// that have come of its boot, and its boot is the last to have begun. What a tag has kept over a restart comes after
    /// it, in an older boot; a ping that seems to come straight here shows which boot is the present one.
    pub(super) fn is_newest(&self, at: Timestamp, boot: u32, seq: u64, sent: Timestamp) -> bool {
        let known = self.boots.iter().find(|known| known.boot == boot);
        let leads = known.is_none_or(|known| seq > known.highest());
        let began_last = match self.begun.iter().rposition(|known| *known == boot) {
            Some(place) => place + 1 == self.begun.len(),
            None => true,
        };
        leads && (began_last || self.clock.comes_straight(at, sent))
    }

    /// The same, and takes note of the present boot.
    pub(super) fn lead(&mut self, at: Timestamp, boot: u32, seq: u64, sent: Timestamp) -> bool {
        let newest = self.is_newest(at, boot, seq, sent);
        if newest && self.begun.last() != Some(&boot) {
            self.begun.retain(|known| *known != boot);
            self.begun.push(boot);
            if self.begun.len() > BEGUN_MAX {
                self.begun.remove(0);
            }
        }
        newest
    }

    /// Takes note of a run of pings that are not judged one by one.
    pub(super) fn receive_run(&mut self, boot: u32, first: u64, last: u64) {
        let place = self.place_of(boot);
        for seq in first..=last.min(first.saturating_add(RUN_MAX)) {
            self.boots[place].insert(seq);
        }
        self.boots[place..].rotate_left(1);
    }

    /// A message was refused: the tag drops it, and its number never comes.
    pub(super) fn refuse(&mut self) {
        self.refused = self.refused.saturating_add(1);
    }

    /// How many pings the tag has sent, by their numbers, that have not come. Never too low for the boots that are
    /// remembered: what had to be forgotten for lack of room counts until it comes again.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.boots.iter().map(Boot::missing).sum()
    }

    /// How many pings never came and are lost, since this was last asked.
    pub(super) fn take_given_up(&mut self) -> u64 {
        std::mem::take(&mut self.given_up)
    }

    fn lose(&mut self, pings: u64) {
        let explained = pings.min(self.refused);
        self.refused -= explained;
        self.given_up = self.given_up.saturating_add(pings - explained);
    }

    /// What to acknowledge for a boot.
    pub(super) fn ack(&self, boot: u32) -> Option<tag_wire::Ack> {
        let boot = self.boots.iter().find(|known| known.boot == boot)?;
        Some(tag_wire::Ack { boot: boot.boot, upto: boot.upto, ranges: boot.ranges.clone() })
    }

    fn place_of(&mut self, boot: u32) -> usize {
        if let Some(place) = self.boots.iter().position(|known| known.boot == boot) {
            return place;
        }
        if self.boots.len() == BOOTS_MAX {
            // Should they come all the same, they are judged; the count of those lost stays too high.
            let forgotten = self.boots.remove(0);
            self.lose(forgotten.missing());
        }
        self.boots.push(Boot { boot, upto: 0, ranges: Vec::new() });
        self.boots.len() - 1
    }
}

impl Boot {
    fn highest(&self) -> u64 {
        self.ranges.last().map_or(self.upto, |&[_, high]| high)
    }

    /// Numbers below the highest received that have not come.
    fn missing(&self) -> u64 {
        self.ranges.last().map_or(0, |&[_, highest]| self.missing_upto(highest))
    }

    fn missing_upto(&self, upto: u64) -> u64 {
        let within = |&[low, high]: &[u64; 2]| (high.min(upto) + 1).saturating_sub(low);
        let received: u64 = self.ranges.iter().map(within).sum();
        upto.saturating_sub(self.upto).saturating_sub(received)
    }

    /// The tag has nothing up to here any more. Returns how many of them never came.
    fn give_up(&mut self, upto: u64) -> u64 {
        let never_came = self.missing_upto(upto);
        self.advance(upto);
        never_came
    }

    fn advance(&mut self, upto: u64) {
        self.upto = self.upto.max(upto);
        while let Some(&[low, high]) = self.ranges.first()
            && low <= self.upto.saturating_add(1)
        {
            self.upto = self.upto.max(high);
            self.ranges.remove(0);
        }
    }

    fn insert(&mut self, seq: u64) -> Arrived {
        if seq <= self.upto || self.ranges.iter().any(|&[low, high]| (low..=high).contains(&seq)) {
            return Arrived::Duplicate;
        }
        let at = self.ranges.partition_point(|&[low, _]| low < seq);
        self.ranges.insert(at, [seq, seq]);
        self.merge_around(at);
        self.advance(self.upto);
        if self.ranges.len() > RANGES_MAX {
            // Forgetting the lowest makes the tag send it again; never the other way round.
            self.ranges.remove(0);
        }
        Arrived::New
    }

    fn merge_around(&mut self, at: usize) {
        if self.ranges.get(at + 1).is_some_and(|next| next[0] == self.ranges[at][1] + 1) {
            self.ranges[at][1] = self.ranges.remove(at + 1)[1];
        }
        if at > 0 && self.ranges[at - 1][1] + 1 == self.ranges[at][0] {
            self.ranges[at - 1][1] = self.ranges.remove(at)[1];
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_ack_covers_exactly_what_was_received(seqs in prop::collection::vec(1_u64..60, 1..200)) {
            let mut state = TagState::default();
            let mut received = BTreeSet::new();
            for seq in seqs {
                let arrived = state.receive(7, seq, 1);
                prop_assert_eq!(arrived == Arrived::New, received.insert(seq));
                let ack = state.ack(7).unwrap();
                let covered: BTreeSet<u64> =
                    (1..=ack.upto).chain(ack.ranges.iter().flat_map(|&[low, high]| low..=high)).collect();
                prop_assert_eq!(&covered, &received);
                prop_assert!(!received.contains(&(ack.upto + 1)), "the contiguous part is as long as it can be");
            }
        }
    }

    proptest! {
        // Pings as (how far above the oldest kept, how much the oldest kept rises before): in any order, with doubles.
        #[test]
        fn what_is_missing_and_what_is_lost_is_counted_to_the_ping(
            pings in prop::collection::vec((0_u64..30, prop::option::weighted(0.2, 0_u64..8)), 1..150),
        ) {
            let (mut state, mut received) = (TagState::default(), BTreeSet::new());
            let (mut oldest, mut first, mut lost) = (1, None, 0);
            for (above, rise) in pings {
                oldest += rise.unwrap_or(0);
                let first = *first.get_or_insert(oldest);
                let seq = oldest + above;
                state.receive(3, seq, oldest);
                received.insert(seq);
                lost += state.take_given_up();
                let highest = *received.last().unwrap();
                let holes = |from, to| (from..to).filter(|seq| !received.contains(seq)).count() as u64;
                prop_assert_eq!(state.missing(), holes(oldest, highest));
                prop_assert_eq!(lost, holes(first, oldest));
            }
        }
    }

    #[test]
    fn a_refused_message_explains_one_hole_and_no_other() {
        let mut state = TagState::default();
        state.receive(1, 1, 1);
        state.refuse();
        state.receive(1, 5, 5);
        assert_eq!((state.take_given_up(), state.take_given_up()), (2, 0), "2 to 4, one of them refused");
    }

    #[test]
    fn a_boot_that_is_forgotten_takes_its_holes_along() {
        let mut state = TagState::default();
        state.receive(1, 10, 1);
        assert_eq!(state.missing(), 9);
        for boot in 2..2 + BOOTS_MAX as u32 {
            state.receive(boot, 1, 1);
        }
        assert_eq!((state.missing(), state.take_given_up()), (0, 9));
    }

    #[test]
    fn what_the_tag_no_longer_holds_is_not_waited_for() {
        let mut state = TagState::default();
        state.receive(1, 9, 5);
        let ack = state.ack(1).unwrap();
        assert_eq!((ack.upto, ack.ranges), (4, vec![[9, 9]]));
    }

    #[test]
    fn too_many_holes_are_sent_again_rather_than_lost() {
        let mut state = TagState::default();
        for i in 1..=(RANGES_MAX as u64 + 1) {
            state.receive(1, i * 2, 1);
        }
        let ack = state.ack(1).unwrap();
        assert_eq!(ack.upto, 0);
        assert!(!ack.ranges.contains(&[2, 2]), "the lowest is forgotten");
        assert_eq!(state.missing(), RANGES_MAX as u64 + 2, "and counts as missing until it comes again");
        assert_eq!(state.receive(1, 2, 1), Arrived::New);
    }

    #[test]
    fn a_new_boot_counts_from_the_start() {
        let mut state = TagState::default();
        assert_eq!(state.receive(1, 1, 1), Arrived::New);
        assert_eq!(state.receive(2, 1, 1), Arrived::New);
        assert_eq!(state.receive(1, 1, 1), Arrived::Duplicate);
    }
}
