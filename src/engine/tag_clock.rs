//! How far a tag's clock is from ours, so that its times can be read although it is wrong.
//!
//! What was numbered later was sent later. So the newest ping of a tag was truly sent after the one before it, and
//! before it came: of all that its clock may be off by, what lies between the two is possible. A clock is believed as
//! long as it is possible. A ping that comes late may have waited, though, in the tag or on its way: whether it has is
//! seen when the next ones follow at once, since what has waited catches up. A clock is behind when nothing catches up.
//!
//! Where in doubt a ping counts as just sent: then a violation in it is told at once, at worst although it is over.

use crate::domain::Timestamp;

/// A clock that is off by more than this is wrong; up to here networks are slow.
pub(super) const WRONG_MS: i64 = 120_000;
/// How far a clock that is known to be wrong may seem to be from where it was.
const CLOSE_MS: i64 = 30_000;
/// A wrong clock is followed when it has drifted this far.
const DRIFT_MS: i64 = 10_000;
/// Nothing waits longer in a tag: a ping that seems to be older has a wrong time.
const KEPT_MS: i64 = 7 * 86_400_000;
/// GPS counts 1,024 weeks: a receiver that does not know which 1,024 is off by a multiple of them.
const ROLLOVER_MS: i64 = 1_024 * 7 * 86_400_000;
/// A time that has not risen for this long stands still.
const STUCK_MS: i64 = 10_000;
/// A clock is behind when this many pings in a row ...
const RUN_PINGS: u8 = 3;
/// ... over at least this long do not catch up.
const RUN_MS: i64 = 10_000;

/// What is known of a tag's clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct TagClock {
    /// Our time less the tag's, milliseconds; 0 while its clock is believed.
    offset_ms: i64,
    stuck: bool,
    newest: Option<Newest>,
    /// When a ping last seemed to have come straight here.
    sure_at: Option<Timestamp>,
    run: Option<Run>,
}

/// The ping with the highest number so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Newest {
    sent: Timestamp,
    at: Timestamp,
    /// When it was truly sent, as far as is known.
    true_sent: Timestamp,
    /// The highest time since the clock was last set, and when it was reached.
    high: Timestamp,
    rose_at: Timestamp,
}

/// Pings in a row that came late and do not catch up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    since: Timestamp,
    pings: u8,
}

/// A ping as far as clocks are concerned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard<'a> {
    /// When it came.
    pub(super) at: Timestamp,
    /// When the tag says it sent it.
    pub(super) sent: Timestamp,
    /// Its number is the highest of its boot.
    pub(super) newest: bool,
    /// Its source has been heard for long enough that no backlog comes.
    pub(super) settled: bool,
    /// When our own clock may last have changed ...
    pub(super) ours_changed_at: Timestamp,
    /// ... and by what, milliseconds: a tag's clock may seem to be off by the same, either way.
    pub(super) our_steps_ms: &'a [i64],
}

/// How the times in one ping are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    at: Timestamp,
    sent: Timestamp,
    offset_ms: i64,
}

impl Reading {
    /// When something really was, that the ping has a time for. Never far in our future: what the tag's clock says of
    /// its own past stays as old as it was when the ping was sent.
    pub(super) fn true_time(&self, time: Timestamp) -> Timestamp {
        let read = time.plus_ms(self.offset_ms);
        let read = match rollovers(self.at.ms_since(read)) {
            Some(rolled_ms) => read.plus_ms(rolled_ms),
            None => read,
        };
        if read.ms_since(self.at) <= WRONG_MS {
            return read;
        }
        self.at.plus_ms(-self.sent.ms_since(time).max(0))
    }
}

impl TagClock {
    /// How to read a ping that has come, without learning from it.
    pub(super) fn read(mut self, heard: Heard<'_>) -> Reading {
        self.hear(heard)
    }

    /// The same, and learns from it.
    pub(super) fn hear(&mut self, heard: Heard<'_>) -> Reading {
        let Heard { at, sent, .. } = heard;
        if !heard.newest {
            // It may have waited for any time, and under another setting of the clock.
            return Reading { at, sent, offset_ms: self.possible(heard, None) };
        }
        let before = self.newest;
        self.stuck = before.is_some_and(|b| sent <= b.high && at.ms_since(b.rose_at) >= STUCK_MS);
        // As if it had been sent this moment.
        let latest_ms = at.ms_since(sent);
        let known_ms = self.offset_ms;
        self.offset_ms = if self.stuck { latest_ms } else { self.possible(heard, before) };
        self.follow(heard, before);
        let was_set = !self.stuck && self.offset_ms.abs_diff(known_ms) > CLOSE_MS.unsigned_abs();
        let rose = before.is_none_or(|b| sent > b.high) || was_set;
        let (high, rose_at) = match before {
            Some(b) if !rose => (b.high, b.rose_at),
            _ => (sent, at),
        };
        let true_sent = sent.plus_ms(self.offset_ms).min(at);
        let true_sent = before.map_or(true_sent, |b| true_sent.max(b.true_sent));
        self.newest = Some(Newest { sent, at, true_sent, high, rose_at });
        if latest_ms - self.offset_ms <= WRONG_MS {
            self.sure_at = Some(at);
        }
        Reading { at, sent, offset_ms: self.offset_ms }
    }

    /// Milliseconds that it is ahead of ours, negative for behind; 0 while it is believed.
    pub(super) fn ahead_ms(&self) -> i64 {
        -self.offset_ms
    }

    /// It does not go on although pings come.
    pub(super) fn is_stuck(&self) -> bool {
        self.stuck
    }

    /// It is wrong.
    pub(super) fn is_wrong(&self) -> bool {
        self.stuck || self.offset_ms.abs() > WRONG_MS
    }

    /// When the newest ping came, and what the clock seemed to be ahead by if that ping came straight here.
    pub(super) fn seemed_ahead(&self) -> Option<(Timestamp, i64)> {
        self.newest.map(|newest| (newest.at, newest.sent.ms_since(newest.at)))
    }

    /// The offset that explains a ping: what is known of the clock while that is possible, else what else may be.
    fn possible(&self, heard: Heard<'_>, before: Option<Newest>) -> i64 {
        let latest_ms = heard.at.ms_since(heard.sent);
        let earliest_ms = before.map_or(i64::MIN, |b| b.true_sent.ms_since(heard.sent));
        let is_possible = |offset_ms: i64, slack_ms: i64| {
            offset_ms <= latest_ms.saturating_add(slack_ms)
                && offset_ms >= earliest_ms.saturating_sub(slack_ms)
                && latest_ms.saturating_sub(offset_ms) <= KEPT_MS
        };
        let known_ms = self.offset_ms;
        if is_possible(known_ms, if known_ms == 0 { WRONG_MS } else { CLOSE_MS }) {
            let in_doubt = self.sure_at.is_none_or(|sure_at| sure_at < heard.ours_changed_at);
            if in_doubt && latest_ms - known_ms > WRONG_MS {
                // Our clock may have changed rather than the ping have waited.
                let steps = heard.our_steps_ms.iter().flat_map(|step_ms| [*step_ms, -step_ms]);
                let straight = |offset_ms: &i64| {
                    latest_ms.abs_diff(*offset_ms) <= WRONG_MS.unsigned_abs()
                        && is_possible(*offset_ms, WRONG_MS)
                };
                if let Some(offset_ms) = steps.chain([0]).find(straight) {
                    return if offset_ms == 0 { 0 } else { offset_ms.min(latest_ms) };
                }
            }
            // Nothing was sent after it came.
            return if known_ms == 0 { 0 } else { known_ms.min(latest_ms) };
        }
        if is_possible(0, WRONG_MS) {
            return 0;
        }
        let rolled_ms = rollovers(latest_ms).filter(|rolled_ms| is_possible(*rolled_ms, WRONG_MS));
        rolled_ms.map_or(latest_ms, |rolled_ms| rolled_ms.min(latest_ms))
    }

    /// Late pings that do not catch up were not late.
    fn follow(&mut self, heard: Heard<'_>, before: Option<Newest>) {
        let latest_ms = heard.at.ms_since(heard.sent);
        let far_ms = if self.offset_ms.abs() <= WRONG_MS { WRONG_MS } else { DRIFT_MS };
        if !heard.settled || latest_ms - self.offset_ms <= far_ms {
            self.run = None;
            return;
        }
        let run = self.run.filter(|_| before.is_some_and(|before| !catches_up(&before, heard)));
        let run = run.map_or(Run { since: heard.at, pings: 1 }, |run| Run {
            pings: run.pings.saturating_add(1),
            ..run
        });
        let holds = run.pings >= RUN_PINGS && heard.at.ms_since(run.since) >= RUN_MS;
        self.run = (!holds).then_some(run);
        if holds {
            self.offset_ms = latest_ms;
        }
    }
}

/// It came sooner after the one before than it was sent after it.
fn catches_up(before: &Newest, heard: Heard<'_>) -> bool {
    let (sent_ms, came_ms) = (heard.sent.ms_since(before.sent), heard.at.ms_since(before.at));
    came_ms.saturating_mul(4) < sent_ms.saturating_mul(3)
}

/// The multiple of 1,024 weeks that brings an age of so many milliseconds to one that a ping may have.
fn rollovers(age_ms: i64) -> Option<i64> {
    // Rounded so that an age in [-WRONG, KEPT] beyond a multiple belongs to it.
    let count = age_ms.saturating_add(WRONG_MS).div_euclid(ROLLOVER_MS);
    let rolled_ms = count * ROLLOVER_MS;
    (count != 0 && age_ms - rolled_ms <= KEPT_MS).then_some(rolled_ms)
}
