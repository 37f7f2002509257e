//! Which zone is next, and whether the last ping came through. Nothing in it waits or reads a clock.
//!
//! Each ping takes the canary into the next zone of the ring, and so out of the one before. Two pings later it has left
//! that for good, and can come back to it. The ring is as long as that takes.

use serde::Deserialize;
use tag_wire::{Fix, Motion, Ping, Source};

use super::books::{middle_of, zone_code, zones};
use crate::{
    domain::{Hop, Timestamp},
    vitals::{Canary, Took},
};

/// So good a fix is believed at once, metres.
const ACCURACY_M: f64 = 5.0;
/// It never promises more than this: how it does is judged here, and not by its silence. Seconds.
const NEXT_WITHIN_S: u32 = 86_400;
/// References in texts that came before their card.
const TEXTS_MAX: usize = 8;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Course {
    interval_ms: i64,
    zones: u32,
    next_at: Timestamp,
    flight: Option<Flight>,
    did: Canary,
    /// Whether the engine was last told that canaries come through.
    told_well: bool,
}

/// A ping under way.
#[derive(Debug)]
struct Flight {
    number: u32,
    code: String,
    booked_us: i64,
    taken_us: Option<i64>,
    written_us: Option<i64>,
    /// The reference on the card that staff were told with.
    card: Option<u16>,
    /// Texts that the person was told with.
    texts: Vec<String>,
    came: bool,
}

/// What is to be done for a booking.
#[derive(Debug, PartialEq)]
pub(super) struct Booking {
    /// To be published.
    pub(super) ping: Ping,
    /// The last one did not come through: where it got stuck.
    pub(super) missed: Option<Hop>,
}

/// What the canary looks at of a card.
#[derive(Deserialize)]
struct Card {
    reference: u16,
    summary: String,
}

impl Course {
    /// Begins at the next whole interval of the engine's clock.
    pub(super) fn new(interval_s: u32, now: Timestamp) -> Self {
        let interval_ms = i64::from(interval_s) * 1_000;
        Self {
            interval_ms,
            zones: zones(interval_s),
            next_at: next_whole(now, interval_ms),
            flight: None,
            did: Canary { interval_ms, ..Canary::default() },
            told_well: false,
        }
    }

    /// How canaries have done.
    pub(super) fn did(&self) -> Canary {
        self.did
    }

    /// When the next one is booked. So long the last one has to come through.
    pub(super) fn next_at(&self) -> Timestamp {
        self.next_at
    }

    /// Books the next one if it is time. `is_busy` says of a zone by its number that the engine still believes the canary
    /// in it.
    pub(super) fn book(
        &mut self,
        now: Timestamp,
        now_us: i64,
        is_busy: impl Fn(u32) -> bool,
    ) -> Option<Booking> {
        if now < self.next_at {
            return None;
        }
        // After a pause those that were due meanwhile are not made up for.
        let at = self
            .next_at
            .max(Timestamp::from_ms(next_whole(now, self.interval_ms).as_ms() - self.interval_ms));
        self.next_at = at.plus_ms(self.interval_ms);
        let missed = self.flight.as_ref().filter(|flight| !flight.came).map(Flight::stuck_at);
        if let Some(hop) = missed {
            (self.did.missed, self.did.stuck_at) = (self.did.missed + 1, Some(hop));
            self.told_well = false;
        }
        let first =
            u32::try_from((at.as_ms() / self.interval_ms).rem_euclid(i64::from(self.zones))).unwrap_or(0);
        let mut ring = (0..self.zones).map(|n| (first + n) % self.zones);
        let zone = ring.find(|zone| !is_busy(*zone)).unwrap_or(first);
        // A boot for each of them: one that is lost leaves no hole in anybody's numbers.
        let number = u32::try_from((at.as_ms() / 1_000) & i64::from(u32::MAX)).unwrap_or(0);
        self.did.booked += 1;
        self.flight = Some(Flight {
            number,
            code: zone_code(zone),
            booked_us: now_us,
            taken_us: None,
            written_us: None,
            card: None,
            texts: Vec::new(),
            came: false,
        });
        Some(Booking { ping: self.ping(number, zone, at), missed })
    }

    /// The broker has taken the last ping.
    pub(super) fn taken(&mut self, now_us: i64) {
        if let Some(flight) = &mut self.flight {
            flight.taken_us.get_or_insert(now_us);
        }
    }

    /// A ping of this number is decided and written down.
    pub(super) fn written(&mut self, number: u32, now_us: i64) {
        if let Some(flight) = self.flight.as_mut().filter(|flight| flight.number == number) {
            flight.written_us.get_or_insert(now_us);
        }
    }

    /// A message came back; whether the engine is to be told that canaries come through (again).
    pub(super) fn heard(&mut self, body: &str, now_us: i64) -> bool {
        let Some(flight) = self.flight.as_mut().filter(|flight| !flight.came) else {
            return false;
        };
        match serde_json::from_str::<Card>(body) {
            Ok(card) if card.summary.contains(&flight.code) => flight.card = Some(card.reference),
            Ok(_) => {}
            Err(_) if flight.texts.len() < TEXTS_MAX => flight.texts.push(body.to_owned()),
            Err(_) => {}
        }
        let Some(reference) = flight.card.map(|reference| reference.to_string()) else {
            return false;
        };
        if !flight.texts.iter().any(|text| text.contains(&reference)) {
            return false;
        }
        flight.came = true;
        self.did.came += 1;
        (self.did.came_us, self.did.took, self.did.stuck_at) =
            (Some(now_us), Some(flight.took(now_us)), None);
        !std::mem::replace(&mut self.told_well, true)
    }

    /// The engine could not be told that canaries come through.
    pub(super) fn not_told(&mut self) {
        self.told_well = false;
    }

    fn ping(&self, number: u32, zone: u32, at: Timestamp) -> Ping {
        let middle = middle_of(zone, self.zones);
        let fix = Fix {
            t_ms: at.as_ms(),
            lat: middle.lat_deg(),
            lon: middle.lon_deg(),
            acc_m: Some(ACCURACY_M),
            hdop: None,
            source: Source::Gnss,
            speed_mps: None,
            course_deg: None,
            sats: None,
        };
        Ping {
            boot: number,
            seq: 1,
            oldest_kept: 1,
            next_within_s: NEXT_WITHIN_S,
            sent_ms: at.as_ms(),
            battery_pct: 100,
            charging: true,
            motion: Motion::Moving,
            fixes: vec![fix],
            events: Vec::new(),
        }
    }
}

impl Flight {
    /// The first hop that is not known to have been taken.
    fn stuck_at(&self) -> Hop {
        match (self.taken_us, self.written_us) {
            // Who has told somebody has written it down, whether or not the tag heard of that.
            _ if self.card.is_some() || !self.texts.is_empty() => Hop::Dispatch,
            (_, Some(_)) => Hop::Dispatch,
            (Some(_), None) => Hop::Line,
            (None, None) => Hop::Broker,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "microseconds of a minute")]
    fn took(&self, came_us: i64) -> Took {
        let taken_us = self.taken_us.unwrap_or(self.booked_us);
        let written_us = self.written_us.unwrap_or(came_us);
        let ms = |from_us: i64, to_us: i64| to_us.saturating_sub(from_us).max(0) as f64 / 1_000.0;
        Took {
            broker_ms: ms(self.booked_us, taken_us),
            line_ms: ms(taken_us, written_us),
            dispatch_ms: ms(written_us, came_us),
        }
    }
}

/// The first whole interval after `now`.
fn next_whole(now: Timestamp, interval_ms: i64) -> Timestamp {
    Timestamp::from_ms((now.as_ms().div_euclid(interval_ms) + 1) * interval_ms)
}

#[cfg(test)]
mod tests;
