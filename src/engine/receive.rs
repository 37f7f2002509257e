//! Which pings of a tag have been received: duplicates, and what to acknowledge.

use super::{clock_watch::ClockFlag, tag_clock::TagClock};
use crate::domain::Timestamp;

/// Boots remembered for each tag. A tag that restarts more often than it can deliver re-sends what is forgotten; its
/// fixes are judged again and found known.
const BOOTS_MAX: usize = 4;
/// Ranges above the contiguous part that are remembered for each boot, as many as an `ack` carries.
const RANGES_MAX: usize = tag_wire::limits::RANGES_MAX;

/// What is known of a tag, whoever wears it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagState {
    /// When it was last heard.
    pub heard_at: Option<Timestamp>,
    /// What the broker says of its connection.
    pub connected: Option<bool>,
    pub(super) clock: TagClock,
    pub(super) clock_flag: ClockFlag,
    boots: Vec<Boot>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
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
        let place = self.place_of(boot);
        let boot = &mut self.boots[place];
        // What the tag no longer has can never come: waiting for it would hold back everything after it.
        boot.advance(oldest_kept.saturating_sub(1));
        let arrived = boot.insert(seq);
        if arrived == Arrived::New {
            // A boot is forgotten by when it last said something new.
            self.boots[place..].rotate_left(1);
        }
        arrived
    }

    /// Whether no later ping of the boot has been received than this one, which has.
    pub(super) fn is_newest(&self, boot: u32, seq: u64) -> bool {
        let known = self.boots.iter().find(|known| known.boot == boot);
        known.is_none_or(|known| known.ranges.last().map_or(known.upto, |last| last[1]) <= seq)
    }

    /// Takes note of a run of pings that are not judged one by one.
    pub(super) fn receive_run(&mut self, boot: u32, first: u64, last: u64) {
        let place = self.place_of(boot);
        for seq in first..=last {
            self.boots[place].insert(seq);
        }
        self.boots[place..].rotate_left(1);
    }

    /// Whether a ping, before it is received, has a higher number than all that have come of its boot.
    pub(super) fn is_ahead(&self, boot: u32, seq: u64) -> bool {
        let known = self.boots.iter().find(|known| known.boot == boot);
        known.is_none_or(|known| seq > known.ranges.last().map_or(known.upto, |&[_, high]| high))
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
            self.boots.remove(0);
        }
        self.boots.push(Boot { boot, upto: 0, ranges: Vec::new() });
        self.boots.len() - 1
    }
}

impl Boot {
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
