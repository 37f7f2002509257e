//! Between tags and the broker, and from there to the service: what is sent is lost, doubled, delayed, damaged.

use firmware_sim::route::{Truth, metres_between};
use tag_wire::{TopicKind, decode_ack, decode_cmd, decode_ping, decode_reject};

use super::{
    broker::Kept,
    checks::Law,
    stays::{DEEP_M, ERROR_M},
    town::START,
    world::{Event, World},
    worn::good_fix,
};
use crate::{
    domain::Timestamp,
    sequencer::{Arrival, Message, MessageKind, TagReply, Ticket},
};

/// From a tag to the broker once nothing goes wrong any more, seconds at the most.
const CALM_WAY_S: f64 = 0.5;
/// From the broker to the service, milliseconds.
const HOP_MS: (i64, i64) = (1, 15);

impl World<'_> {
    /// Where a wearer truly is.
    pub(super) fn truth(&self, wearer: usize, at_ms: i64) -> Truth {
        #[expect(clippy::cast_precision_loss, reason = "days of milliseconds")]
        let t_s = (at_ms - START.as_ms()) as f64 / 1e3;
        self.wearers[wearer].life.at(t_s)
    }

    /// Metres from the border of their zone, negative inside.
    fn border_m(&self, wearer: usize, truth: &Truth) -> f64 {
        let zone = &self.wearers[wearer].zone;
        metres_between(zone.centre, (truth.lat, truth.lon)) - zone.radius_m
    }

    fn is_deep(&self, wearer: usize, truth: &Truth) -> bool {
        !self.wearers[wearer].zone.at_night && self.border_m(wearer, truth) < -DEEP_M
    }

    pub(super) fn wakes(&mut self, tag: usize) {
        if self.worn[tag].wakes_at != self.now {
            return;
        }
        let (now_ms, wearer) = (self.now.as_ms(), self.worn[tag].wearer);
        let truth = self.truth(wearer, now_ms);
        #[expect(clippy::cast_precision_loss, reason = "days of milliseconds")]
        let t_s = self.now.ms_since(START) as f64 / 1e3;
        let charges = self.wearers[wearer].life.is_charging(t_s);
        let worn = &mut self.worn[tag];
        if !worn.is_off {
            worn.tag.charge(now_ms, charges);
        }
        worn.tag.wake(now_ms, &truth);
        let made = worn.tag.kept().counts().pings;
        let new = std::mem::replace(&mut worn.made, made) + 1..=made;
        if !new.is_empty() && !worn.is_off && self.is_deep(wearer, &truth) {
            self.worn[tag].deep.extend(new);
        }
        self.publishes(tag);
        self.wakes_again(tag);
    }

    /// A tag has something to do now.
    pub(super) fn stirs(&mut self, tag: usize) {
        self.worn[tag].wakes_at = self.now;
        self.queue.put(self.now, Event::Wakes(tag));
    }

    fn wakes_again(&mut self, tag: usize) {
        let worn = &mut self.worn[tag];
        // One that is off still sends what it keeps.
        let kept_ms = worn.tag.kept().next_due_ms().map(|due_ms| due_ms.max(self.now.as_ms() + 10_000));
        let Some(next_ms) = worn.tag.next_wake_ms().or(kept_ms) else { return };
        worn.wakes_at = Timestamp::from_ms(next_ms.max(self.now.as_ms() + 1));
        self.queue.put(worn.wakes_at, Event::Wakes(tag));
    }

    /// A tag sends what it has to send, if anybody hears it.
    fn publishes(&mut self, tag: usize) {
        let is_down = self.broker.is_down;
        let worn = &mut self.worn[tag];
        let is_connected = worn.tag.radio_on() && !worn.is_out_of_reach && !is_down;
        if is_connected && !worn.was_connected {
            worn.tag.kept().on_connected();
        }
        worn.was_connected = is_connected;
        if !is_connected {
            return;
        }
        let now_ms = self.now.as_ms();
        while let Some((seq, bytes)) = self.worn[tag].tag.kept().poll_numbered(now_ms) {
            self.note_stay(tag, seq, &bytes);
            let bytes = self.worn[tag].sends(bytes);
            let times = 1 + i64::from(self.radio.happens(self.mix.doubled));
            for _ in 0..times {
                self.sends(tag, seq, bytes.clone());
            }
        }
    }

    fn sends(&mut self, tag: usize, seq: u64, mut bytes: Vec<u8>) {
        if self.is_lost() {
            return;
        }
        let is_whole = !self.radio.happens(self.mix.damaged);
        if !is_whole {
            // Cut short: nothing in it can be taken for another message.
            bytes.truncate((self.radio.bits() % bytes.len() as u64) as usize);
        }
        let way_ms = self.way_ms();
        self.in_ms(way_ms, Event::Reaches { tag, seq, bytes, is_whole });
    }

    /// Whether a message is lost between a tag and the broker.
    fn is_lost(&mut self) -> bool {
        self.radio.happens(self.mix.lost) && self.now < self.calm_from
    }

    /// How long it takes from a tag to the broker, or back.
    fn way_ms(&mut self) -> i64 {
        let most_s = if self.now < self.calm_from { self.mix.way_s } else { CALM_WAY_S };
        self.radio.ms(0.05, most_s)
    }

    /// Takes note of a good fix from deep inside.
    fn note_stay(&mut self, tag: usize, seq: u64, bytes: &[u8]) {
        if !self.worn[tag].deep.remove(&seq) {
            return;
        }
        let Ok(ping) = decode_ping(bytes) else { return };
        let Some(fix) = good_fix(&ping, ERROR_M) else { return };
        let wearer = self.worn[tag].wearer;
        let truth = self.truth(wearer, fix.t_ms);
        let error_m = metres_between((truth.lat, truth.lon), (fix.lat, fix.lon));
        if error_m <= ERROR_M && self.border_m(wearer, &truth) < -DEEP_M {
            self.stays.made(wearer, tag, seq, Timestamp::from_ms(fix.t_ms));
        }
    }

    pub(super) fn reaches(&mut self, tag: usize, seq: u64, bytes: Vec<u8>, is_whole: bool) {
        if self.broker.is_down {
            return;
        }
        let id = self.broker.take(Kept { tag, seq, bytes, is_whole });
        if let Some(session) = self.broker.session() {
            self.hands_over(id, session);
        }
    }

    pub(super) fn hands_over(&mut self, id: u64, session: u64) {
        let times = 1 + i64::from(self.radio.happens(self.mix.doubled));
        for _ in 0..times {
            let hop_ms = self.radio.whole(HOP_MS.0, HOP_MS.1);
            self.in_ms(hop_ms, Event::Delivered { id, session });
        }
    }

    pub(super) fn delivered(&mut self, id: u64, session: u64) {
        if self.broker.session() != Some(session) {
            return;
        }
        let Some(kept) = self.broker.get(id) else { return };
        let Some(process) = &self.service.process else { return };
        if !process.line.has_room() {
            // The broker waits.
            return self.in_ms(1_000, Event::Delivered { id, session });
        }
        let message = Message {
            tag: self.worn[kept.tag].id.clone(),
            source: self.service.source(),
            kind: MessageKind::Ping,
            payload: kept.bytes.clone(),
            received_real_us: self.now.as_us(),
            ticket: Ticket { id, done: self.service.done() },
        };
        self.arrives(Arrival::Message(message));
    }

    /// What a ticket was for is committed.
    pub(super) fn acknowledged(&mut self, id: u64, replies: Vec<TagReply>) {
        let Some(kept) = self.broker.acknowledged(id) else { return };
        if kept.is_whole {
            self.worn[kept.tag].acknowledged.insert(kept.seq);
            let ahead_ms = self.service.ahead_ms(self.now);
            self.stays.came(kept.tag, kept.seq, ahead_ms, self.now, &mut self.checks);
        }
        for reply in replies {
            if !self.broker.is_down && !self.is_lost() {
                let way_ms = self.way_ms();
                self.in_ms(way_ms, Event::Answers { tag: kept.tag, reply });
            }
        }
    }

    pub(super) fn answers(&mut self, tag: usize, reply: &TagReply) {
        let now = self.now;
        let worn = &mut self.worn[tag];
        if !worn.tag.radio_on() || worn.is_out_of_reach {
            return;
        }
        let is_good = match reply.topic {
            TopicKind::Ack => decode_ack(&reply.payload).map(|ack| {
                let kept = worn.tag.kept();
                let covered: Vec<u64> = kept.numbers().filter(|seq| ack.covers(*seq)).collect();
                kept.on_ack(&ack);
                worn.acknowledged.extend(covered);
            }),
            TopicKind::Reject => {
                decode_reject(&reply.payload).map(|reject| worn.tag.kept().on_reject(&reject))
            }
            TopicKind::Cmd => decode_cmd(&reply.payload).map(|cmd| worn.asked(cmd, now)),
            _ => Ok(()),
        };
        if is_good.is_err() {
            self.breaks(Law::TheLineGoesOn, "a tag is sent what it cannot read");
        }
        self.stirs_if_due(tag);
    }

    /// What it was asked for may want it to wake earlier.
    fn stirs_if_due(&mut self, tag: usize) {
        let worn = &self.worn[tag];
        let due_ms = worn.tag.next_wake_ms().filter(|due_ms| *due_ms < worn.wakes_at.as_ms());
        if let Some(due_ms) = due_ms {
            let at = Timestamp::from_ms(due_ms.max(self.now.as_ms()));
            self.worn[tag].wakes_at = at;
            self.queue.put(at, Event::Wakes(tag));
        }
    }
}
