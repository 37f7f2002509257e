//! A tag of a simulated world, and where its radio reaches.

use std::collections::BTreeSet;

use firmware_sim::{
    Tag, TagConfig,
    gnss::{Class, Roof},
};
use tag_wire::{Cmd, Ping, decode_ping};

use super::{chance::Chance, mix::Mix};
use crate::domain::{TagId, Timestamp};

/// Tags that report less often while they lie still, by share, and how often that is, seconds.
const SPARING: f64 = 0.8;
const SPARING_S: u32 = 300;

/// See the module's documentation.
pub(super) struct Worn {
    pub(super) id: TagId,
    pub(super) wearer: usize,
    pub(super) tag: Tag,
    /// When it wakes next; an event for another time is out of date.
    pub(super) wakes_at: Timestamp,
    /// No network reaches it.
    pub(super) is_out_of_reach: bool,
    /// It was connected when it last looked.
    pub(super) was_connected: bool,
    /// Nobody wears it any more.
    pub(super) is_off: bool,
    /// Whether it does what it is asked for.
    obeys: bool,
    /// How far its clock is ahead from a time on, milliseconds.
    clock: Vec<(i64, i64)>,
    /// Pings made deep inside the zone, that were not sent yet.
    pub(super) deep: BTreeSet<u64>,
    pub(super) made: u64,
    /// Which of its pings were acknowledged, by number.
    pub(super) acknowledged: BTreeSet<u64>,
}

impl Worn {
    pub(super) fn new(id: TagId, wearer: usize, from: Timestamp, chance: &mut Chance, mix: &Mix) -> Self {
        let class = match chance.whole(0, 10) {
            0..7 => Class::OpenSky,
            7..9 => Class::Canyon,
            _ => Class::Poor,
        };
        let roof = *chance.one_of(&[Roof::Window, Roof::Deep]);
        // Some spare their battery while they lie still.
        let interval_still_s = if chance.happens(SPARING) { SPARING_S } else { 60 };
        let config =
            TagConfig { class, roof, interval_still_s, ..TagConfig::new(1, chance.bits(), from.as_ms()) };
        Self {
            id,
            wearer,
            tag: Tag::new(config),
            wakes_at: from,
            is_out_of_reach: false,
            was_connected: false,
            is_off: false,
            obeys: !chance.happens(mix.deaf_tags),
            clock: Vec::new(),
            deep: BTreeSet::new(),
            made: 0,
            acknowledged: BTreeSet::new(),
        }
    }

    /// Its clock is set by so many milliseconds.
    pub(super) fn set_clock(&mut self, at: Timestamp, by_ms: i64) {
        let before = self.ahead_ms(at.as_ms());
        self.clock.push((at.as_ms(), before + by_ms));
    }

    /// Whether its clock was ever wrong.
    pub(super) fn has_wrong_clock(&self) -> bool {
        !self.clock.is_empty()
    }

    fn ahead_ms(&self, at_ms: i64) -> i64 {
        self.clock.iter().rev().find(|(from, _)| *from <= at_ms).map_or(0, |(_, ahead_ms)| *ahead_ms)
    }

    /// What it really sends: its own times, by its own clock.
    pub(super) fn sends(&self, bytes: Vec<u8>) -> Vec<u8> {
        let Some(mut ping) =
            Some(&bytes).filter(|_| self.has_wrong_clock()).and_then(|b| decode_ping(b).ok())
        else {
            return bytes;
        };
        let ahead_ms = self.ahead_ms(ping.sent_ms);
        ping.sent_ms += ahead_ms;
        ping.fixes.iter_mut().for_each(|fix| fix.t_ms += ahead_ms);
        ping.events.iter_mut().for_each(|event| event.t_ms += ahead_ms);
        ping.encode()
    }

    /// It is asked for something.
    pub(super) fn asked(&mut self, cmd: Cmd, now: Timestamp) {
        if self.obeys {
            let expires_ms = cmd.expires_ms - self.ahead_ms(now.as_ms());
            self.tag.on_cmd(&Cmd { expires_ms, ..cmd });
        }
    }
}

/// The fix of a ping, if it is one to rely on: from satellites, and by its own account good to so many metres.
pub(super) fn good_fix(ping: &Ping, within_m: f64) -> Option<&tag_wire::Fix> {
    let is_good = |fix: &&tag_wire::Fix| {
        fix.source == tag_wire::Source::Gnss && fix.acc_m.is_some_and(|acc_m| acc_m <= within_m)
    };
    ping.fixes.first().filter(is_good)
}
