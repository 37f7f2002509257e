//! The firmware: what it measures, when it speaks, and what it notices about itself.

use tag_wire::limits::{EVENTS_MAX, INTERVAL_S};
use tag_wire::{Cmd, Event, EventKind, Motion, Ping};

use crate::gnss::{Class, Receiver, Roof};
use crate::kept::Kept;
use crate::route::Truth;

/// A ping promises the next one this much later than planned, so that a busy radio does not break the
/// promise, seconds.
pub(crate) const PROMISE_MARGIN_S: u32 = 10;

/// How often the motion sensor is looked at between pings, milliseconds.
const SENSE_MS: i64 = 10_000;

/// Faster than this the motion sensor says "moving", metres per second.
const MOVING_MPS: f64 = 0.3;

/// Battery use, per cent and hour: with and without motion, and the charger's gain.
const MOVING_PCT_H: f64 = 4.0;
const STILL_PCT_H: f64 = 1.5;
const CHARGER_PCT_H: f64 = 40.0;

/// How a tag is set up.
#[derive(Clone, Debug)]
pub struct TagConfig {
    /// Number of this start of the tag.
    pub boot: u32,
    /// Kind of receiver.
    pub class: Class,
    /// What is over it indoors.
    pub roof: Roof,
    /// Seed of the receiver's errors.
    pub seed: u64,
    /// When the tag starts and sends its first ping, Unix milliseconds.
    pub start_ms: i64,
    /// Interval between pings while moving, seconds ([`INTERVAL_S`]).
    pub interval_moving_s: u32,
    /// Interval between pings while still, seconds ([`INTERVAL_S`]).
    pub interval_still_s: u32,
    /// A ping is sent again when it was not acknowledged after this long, seconds.
    pub resend_after_s: u32,
    /// Most pings held; the oldest is given up when there are more.
    pub kept_max: usize,
    /// Charge at the start, 0 to 100 per cent.
    pub battery_pct: f64,
}

impl TagConfig {
    /// A tag under an open sky with a full battery that sends every 60 s, sends again after 30 s and holds 10,000 pings
    /// (a week at one per minute).
    pub const fn new(boot: u32, seed: u64, start_ms: i64) -> Self {
        Self {
            boot,
            class: Class::OpenSky,
            roof: Roof::Deep,
            seed,
            start_ms,
            interval_moving_s: 60,
            interval_still_s: 60,
            resend_after_s: 30,
            kept_max: 10_000,
            battery_pct: 100.0,
        }
    }
}

/// A tag: told what time it is and where it truly is, it makes pings and keeps them until acknowledged.
///
/// Call [`Tag::wake`] at [`Tag::next_wake_ms`] or earlier, then [`Tag::kept`]'s `poll_publish` until it
/// has nothing more. Times must not fall.
#[derive(Clone, Debug)]
pub struct Tag {
    config: TagConfig,
    receiver: Receiver,
    kept: Kept,
    seq: u64,
    last_wake_ms: i64,
    /// When the last ping was made and when the next was planned then.
    last_ping: Option<(i64, i64)>,
    motion: Motion,
    battery_pct: f64,
    charging: bool,
    jammed: bool,
    dark: bool,
    off: bool,
    events: Vec<Event>,
    cmd: Option<Cmd>,
}

impl Tag {
    /// A tag that was just switched on.
    pub fn new(config: TagConfig) -> Self {
        Self {
            receiver: Receiver::new(config.class, config.roof, config.seed),
            kept: Kept::new(config.boot, config.kept_max, config.resend_after_s),
            seq: 0,
            last_wake_ms: config.start_ms,
            last_ping: None,
            motion: Motion::Unknown,
            battery_pct: config.battery_pct.clamp(0.0, 100.0),
            charging: false,
            jammed: false,
            dark: false,
            off: false,
            events: Vec::new(),
            cmd: None,
            config,
        }
    }

    /// Senses motion, uses battery, and makes a ping if one is due.
    pub fn wake(&mut self, now_ms: i64, truth: &Truth) {
        if self.off || now_ms < self.config.start_ms {
            return;
        }
        self.motion = if truth.speed_mps > MOVING_MPS { Motion::Moving } else { Motion::Still };
        self.use_battery(now_ms);
        self.last_wake_ms = now_ms;
        while !self.events.is_empty() || now_ms >= self.due_ms() {
            self.make_ping(now_ms, truth);
        }
    }

    /// When [`Tag::wake`] has something to do; `None` once the tag is off.
    pub fn next_wake_ms(&self) -> Option<i64> {
        if self.off {
            return None;
        }
        if !self.events.is_empty() {
            return Some(self.last_wake_ms);
        }
        Some(self.due_ms().min(self.last_wake_ms + SENSE_MS))
    }

    /// The pings not acknowledged yet: publish from here, and hand acks and rejects in here.
    pub const fn kept(&mut self) -> &mut Kept {
        &mut self.kept
    }

    /// Obeys a command unless it saw the same or a later one.
    pub fn on_cmd(&mut self, cmd: &Cmd) {
        if self.cmd.as_ref().is_none_or(|seen| seen.id < cmd.id) {
            self.cmd = Some(cmd.clone());
        }
    }

    /// The strap is cut; reported at once.
    pub fn cut_strap(&mut self, now_ms: i64) {
        self.report(now_ms, EventKind::StrapTamper, false);
    }

    /// The strap is whole again.
    pub fn restore_strap(&mut self, now_ms: i64) {
        self.report(now_ms, EventKind::StrapTamper, true);
    }

    /// The case is opened; reported at once.
    pub fn open_case(&mut self, now_ms: i64) {
        self.report(now_ms, EventKind::CaseTamper, false);
    }

    /// The wearer asks for help; reported at once.
    pub fn press_sos(&mut self, now_ms: i64) {
        self.report(now_ms, EventKind::Sos, false);
    }

    /// Somebody drowns the satellites in noise, or stops to. There is no fix meanwhile.
    pub fn jam(&mut self, now_ms: i64, jammed: bool) {
        if self.jammed != jammed {
            self.jammed = jammed;
            self.report(now_ms, EventKind::Jamming, !jammed);
        }
    }

    /// Put on a charger, or taken off.
    pub fn charge(&mut self, now_ms: i64, charging: bool) {
        if self.charging != charging {
            self.use_battery(now_ms);
            self.charging = charging;
            self.report(now_ms, EventKind::Charging, !charging);
        }
    }

    /// Shielded from all radio, as by foil, or not any more. It knows nothing of it: it finds no fix,
    /// makes pings all the same and sends them when it can.
    pub const fn go_dark(&mut self, dark: bool) {
        self.dark = dark;
    }

    /// Whether its radio reaches anything.
    pub const fn radio_on(&self) -> bool {
        !self.dark
    }

    /// Switches off with a last ping at the next wake. Pings held are still sent.
    pub fn power_off(&mut self, now_ms: i64) {
        self.report(now_ms, EventKind::PowerOff, false);
    }

    /// Whether the tag is off and will make no more pings.
    pub const fn is_off(&self) -> bool {
        self.off
    }

    /// Number of this start of the tag.
    pub const fn boot(&self) -> u32 {
        self.config.boot
    }

    fn report(&mut self, t_ms: i64, kind: EventKind, restored: bool) {
        if !self.off {
            self.events.push(Event { t_ms, kind, restored });
        }
    }

    fn make_ping(&mut self, now_ms: i64, truth: &Truth) {
        let blind = self.jammed || self.dark;
        let fix = self.receiver.fix(now_ms, truth).filter(|_| !blind);
        // One place is left for no_fix.
        let mut events: Vec<_> = self.events.drain(..self.events.len().min(EVENTS_MAX - 1)).collect();
        if fix.is_none() {
            events.push(Event { t_ms: now_ms, kind: EventKind::NoFix, restored: false });
        }
        self.off = events.iter().any(|event| event.kind == EventKind::PowerOff);
        if self.off {
            self.events.clear();
        }
        let interval_s = self.interval_s();
        self.seq += 1;
        self.last_ping = Some((now_ms, now_ms + i64::from(interval_s) * 1_000));
        self.kept.keep(Ping {
            boot: self.config.boot,
            seq: self.seq,
            oldest_kept: self.seq,
            next_within_s: (interval_s + PROMISE_MARGIN_S).min(*INTERVAL_S.end()),
            sent_ms: now_ms,
            battery_pct: self.battery_pct.floor() as u8,
            charging: self.charging,
            motion: self.motion,
            fixes: fix.into_iter().collect(),
            events,
        });
    }

    /// When the next ping is due: at the interval that holds now, but never later than was planned.
    fn due_ms(&self) -> i64 {
        self.last_ping.map_or(self.config.start_ms, |(made_ms, planned_ms)| {
            planned_ms.min(made_ms + i64::from(self.interval_s()) * 1_000)
        })
    }

    fn interval_s(&self) -> u32 {
        let own_s = match self.motion {
            Motion::Moving => self.config.interval_moving_s,
            Motion::Still | Motion::Unknown => self.config.interval_still_s,
        };
        let asked_s =
            self.cmd.as_ref().filter(|cmd| self.last_wake_ms < cmd.expires_ms).and_then(|cmd| cmd.interval_s);
        // At least as often as it is asked for: what it does by itself may be more.
        asked_s.map_or(own_s, |asked_s| asked_s.min(own_s)).clamp(*INTERVAL_S.start(), *INTERVAL_S.end())
    }

    fn use_battery(&mut self, now_ms: i64) {
        let hours = (now_ms - self.last_wake_ms).max(0) as f64 / 3_600_000.0;
        let change_pct_h = match (self.charging, self.motion) {
            (true, _) => CHARGER_PCT_H,
            (false, Motion::Moving) => -MOVING_PCT_H,
            (false, Motion::Still | Motion::Unknown) => -STILL_PCT_H,
        };
        self.battery_pct = (self.battery_pct + hours * change_pct_h).clamp(0.0, 100.0);
        self.last_wake_ms = self.last_wake_ms.max(now_ms);
        if self.battery_pct == 0.0 && !self.charging {
            self.power_off(now_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tag_wire::{Ack, decode_ping};

    const START_MS: i64 = 1_767_225_600_000;
    const STILL: Truth = Truth { lat: 48.0, lon: -30.0, speed_mps: 0.0, course_deg: 0.0, indoors: false };
    const WALKING: Truth = Truth { speed_mps: 1.4, ..STILL };

    fn tag(interval_moving_s: u32, interval_still_s: u32) -> Tag {
        let config = TagConfig::new(9, 5, START_MS);
        Tag::new(TagConfig { interval_moving_s, interval_still_s, ..config })
    }

    /// Wakes the tag as it asks for, up to a time, and returns what it published.
    fn run(tag: &mut Tag, until_ms: i64, truth: &Truth) -> Vec<Ping> {
        let mut pings = Vec::new();
        while let Some(wake_ms) = tag.next_wake_ms().filter(|wake_ms| *wake_ms <= until_ms) {
            tag.wake(wake_ms, truth);
            while let Some(bytes) = tag.kept().poll_publish(wake_ms) {
                pings.push(decode_ping(&bytes).unwrap());
            }
            let upto = pings.last().map_or(0, |ping| ping.seq);
            tag.kept().on_ack(&Ack { boot: 9, upto, ranges: vec![] });
        }
        pings
    }

    fn kinds(ping: &Ping) -> Vec<(&str, bool)> {
        ping.events.iter().map(|event| (event.kind.as_str(), event.restored)).collect()
    }

    #[test]
    fn the_interval_follows_motion_and_a_promise_is_kept() {
        let mut tag = tag(15, 300);
        let still = run(&mut tag, START_MS + 600_000, &STILL);
        let sent: Vec<_> = still.iter().map(|ping| ping.sent_ms - START_MS).collect();
        assert_eq!(sent, [0, 300_000, 600_000]);
        assert_eq!((still[2].motion, still[2].next_within_s), (Motion::Still, 310));
        let moving = run(&mut tag, START_MS + 660_000, &WALKING);
        assert!(moving[0].sent_ms <= START_MS + 615_000 + SENSE_MS, "motion shortens the wait");
        assert_eq!((moving[0].motion, moving[0].next_within_s), (Motion::Moving, 25));
        let rest = run(&mut tag, START_MS + 2_000_000, &STILL);
        let all: Vec<_> = [moving, rest].concat();
        for pair in all.windows(2) {
            assert!(pair[1].sent_ms <= pair[0].sent_ms + i64::from(pair[0].next_within_s) * 1_000);
            assert_eq!(pair[1].seq, pair[0].seq + 1);
        }
    }

    #[test]
    fn what_happens_is_reported_at_once() {
        let mut tag = tag(60, 60);
        run(&mut tag, START_MS, &STILL);
        tag.cut_strap(START_MS + 7_000);
        let pings = run(&mut tag, START_MS + 9_999, &STILL);
        assert_eq!((pings.len(), kinds(&pings[0])), (1, vec![("strap_tamper", false)]));
        assert_eq!(pings[0].events[0].t_ms, START_MS + 7_000);
        tag.restore_strap(START_MS + 11_000);
        tag.jam(START_MS + 11_000, true);
        tag.jam(START_MS + 11_500, true);
        let pings = run(&mut tag, START_MS + 12_000, &STILL);
        let expected = vec![("strap_tamper", true), ("jamming", false), ("no_fix", false)];
        assert_eq!(kinds(&pings[0]), expected);
        assert!(pings[0].fixes.is_empty());
    }

    #[test]
    fn in_the_dark_it_goes_on_and_delivers_later() {
        let mut tag = tag(60, 60);
        tag.go_dark(true);
        assert!(!tag.radio_on());
        for minute in 0..=10 {
            tag.wake(START_MS + minute * 60_000, &WALKING);
        }
        tag.go_dark(false);
        tag.wake(START_MS + 660_000, &WALKING);
        let next = || Some(decode_ping(&tag.kept().poll_publish(START_MS + 660_000)?).unwrap());
        let pings: Vec<_> = std::iter::from_fn(next).collect();
        assert_eq!(pings.iter().map(|ping| ping.seq).collect::<Vec<_>>(), Vec::from_iter(1..=12));
        assert!(pings[..11].iter().all(|p| p.fixes.is_empty() && kinds(p) == [("no_fix", false)]));
        assert_eq!((pings[11].fixes.len(), pings[11].oldest_kept), (1, 1));
    }

    #[test]
    fn a_command_holds_until_it_expires_and_an_older_one_changes_nothing() {
        let mut tag = tag(60, 60);
        run(&mut tag, START_MS, &STILL);
        tag.on_cmd(&Cmd { id: 2, expires_ms: START_MS + 100_000, interval_s: Some(20) });
        tag.on_cmd(&Cmd { id: 1, expires_ms: i64::MAX, interval_s: Some(5) });
        let pings = run(&mut tag, START_MS + 220_000, &STILL);
        let sent: Vec<_> = pings.iter().map(|ping| (ping.sent_ms - START_MS) / 1_000).collect();
        assert_eq!(sent, [20, 40, 60, 80, 100, 160, 220]);
    }

    #[test]
    fn the_battery_empties_charges_and_ends_with_a_word() {
        let mut tag = tag(600, 600);
        let hour_ms = 3_600_000;
        let pings = run(&mut tag, START_MS + 10 * hour_ms, &STILL);
        assert!((84..=86).contains(&pings.last().unwrap().battery_pct));
        tag.charge(START_MS + 10 * hour_ms, true);
        let pings = run(&mut tag, START_MS + 11 * hour_ms, &STILL);
        assert_eq!(kinds(&pings[0]), [("charging", false)]);
        assert_eq!((pings.last().unwrap().battery_pct, pings[0].charging), (100, true));
        tag.charge(START_MS + 11 * hour_ms, false);
        let pings = run(&mut tag, START_MS + 40 * hour_ms, &WALKING);
        let last = pings.last().unwrap();
        assert_eq!((last.battery_pct, kinds(last)), (0, vec![("power_off", false)]));
        assert!(tag.is_off() && tag.next_wake_ms().is_none());
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let bytes = |seed| {
            let mut tag = Tag::new(TagConfig::new(9, seed, START_MS));
            for minute in 0..100 {
                tag.wake(START_MS + minute * 60_000, &Truth { indoors: minute % 3 == 0, ..WALKING });
            }
            Vec::from_iter(std::iter::from_fn(|| tag.kept().poll_publish(i64::MAX - 60_000)).take(100))
        };
        assert!(bytes(1) == bytes(1) && bytes(1) != bytes(2));
    }

    #[test]
    fn more_events_than_fit_into_a_ping_take_another() {
        let mut tag = tag(60, 60);
        for _ in 0..40 {
            tag.open_case(START_MS);
        }
        let pings = run(&mut tag, START_MS, &STILL);
        assert_eq!(Vec::from_iter(pings.iter().map(|ping| ping.events.len())), [31, 9]);
    }
}
