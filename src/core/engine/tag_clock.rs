//! How far a tag's clock is from ours, so that its times can be read although it is wrong.
//!
//! What was numbered later was sent later. So the newest ping of a tag was truly sent after the one before it, and
//! before it came: of all that its clock may be off by, what lies between the two is possible. A clock is believed as
//! long as it is possible. A ping that comes late may have waited, though, in the tag or on its way: whether it has is
//! seen when the next ones follow at once, since what has waited catches up. A clock is behind when nothing catches up.
//!
//! Where in doubt a ping counts as just sent: then a violation in it is told at once, at worst although it is over.

use serde::{Deserialize, Serialize};

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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// It is the newest of all.
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
            // It may have waited for any time, and under another setting of the clock; so may its neighbours.
            self.run = None;
            return Reading { at, sent, offset_ms: self.possible(heard, None) };
        }
        let before = self.newest;
        // As if it had been sent this moment.
        let latest_ms = at.ms_since(sent);
        self.offset_ms = self.possible(heard, before);
        // What has gone back by more was set.
        let stands = before.filter(|b| (0..STUCK_MS).contains(&b.high.ms_since(sent)));
        let (high, rose_at) = stands.map_or((sent, at), |b| (b.high, b.rose_at));
        self.stuck = at.ms_since(rose_at) >= STUCK_MS;
        if self.stuck {
            self.offset_ms = latest_ms;
        }
        self.follow(heard, before);
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

    /// A time of ours as the tag's clock has it.
    pub(super) fn by_tag(&self, at: Timestamp) -> Timestamp {
        at.plus_ms(-self.offset_ms)
    }

    /// Whether a ping seems to have come straight here, by what is known of the clock or if it is right.
    pub(super) fn comes_straight(&self, at: Timestamp, sent: Timestamp) -> bool {
        let age_ms = at.ms_since(sent);
        [0, self.offset_ms].into_iter().any(|offset_ms| age_ms.abs_diff(offset_ms) <= WRONG_MS.unsigned_abs())
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

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_ms(1_800_000_000_000);
    const MINUTE_MS: i64 = 60_000;
    const DAY_MS: i64 = 86_400_000;

    /// Pings as (arrival, sent), milliseconds after the start; how each one's `sent` is read, less its arrival.
    fn read(pings: &[(i64, i64)]) -> Vec<i64> {
        read_with(&mut TagClock::default(), pings)
    }

    fn read_with(clock: &mut TagClock, pings: &[(i64, i64)]) -> Vec<i64> {
        let read = pings.iter().map(|(came_ms, sent_ms)| {
            let (at, sent) = (START.plus_ms(*came_ms), START.plus_ms(*sent_ms));
            let heard = Heard {
                at,
                sent,
                newest: true,
                settled: true,
                ours_changed_at: Timestamp::MIN,
                our_steps_ms: &[],
            };
            assert_eq!(clock.read(heard), { *clock }.hear(heard));
            clock.hear(heard).true_time(sent).ms_since(at)
        });
        read.collect()
    }

    /// Every quarter of a minute, half a second late.
    fn live(ahead_ms: i64) -> Vec<(i64, i64)> {
        (0..6).map(|n| (n * 15_000 + 500, n * 15_000 + ahead_ms)).collect()
    }

    #[test]
    fn a_clock_that_is_ahead_is_known_at_once_and_one_behind_from_the_third_ping_on() {
        assert_eq!(read(&live(0)), [-500; 6]);
        for ahead_ms in [121_000, 3_600_000, DAY_MS, 400 * DAY_MS] {
            assert_eq!(read(&live(ahead_ms)), [0; 6], "{ahead_ms}");
        }
        for behind_ms in [121_000, 3_600_000, DAY_MS] {
            let late_ms = -behind_ms - 500;
            assert_eq!(read(&live(-behind_ms)), [late_ms, late_ms, 0, 0, 0, 0], "{behind_ms}");
        }
        assert_eq!(read(&live(-8 * DAY_MS)), [0; 6], "nothing waits for eight days");
        for off_ms in [-120_000 + 500, 120_000] {
            assert_eq!(read(&live(off_ms)), [off_ms - 500; 6], "slow, not wrong: {off_ms}");
        }
    }

    #[test]
    fn rolled_over_weeks_are_put_back_and_what_has_waited_stays_as_old_as_it_is() {
        for rolled_ms in [-2, -1, 1, 2].map(|count| count * ROLLOVER_MS) {
            assert_eq!(read(&live(rolled_ms)), [-500; 6], "{rolled_ms}");
            let waited: Vec<(i64, i64)> =
                (0..60).map(|n| (60 * MINUTE_MS + n, n * MINUTE_MS + rolled_ms)).collect();
            let expected: Vec<i64> = (0..60).map(|n| -(60 - n) * MINUTE_MS - n).collect();
            assert_eq!(read(&waited), expected, "{rolled_ms}");
        }
    }

    #[test]
    fn a_clock_that_stands_still_counts_for_nothing() {
        let mut clock = TagClock::default();
        read_with(&mut clock, &live(0));
        let stands: Vec<(i64, i64)> = (6..30).map(|n| (n * 15_000 + 500, 75_000)).collect();
        assert_eq!(read_with(&mut clock, &stands), [0; 24]);
        assert!(clock.is_stuck() && clock.is_wrong());
        let goes: Vec<(i64, i64)> = (30..33).map(|n| (n * 15_000 + 500, n * 15_000)).collect();
        assert_eq!(read_with(&mut clock, &goes), [-500; 3]);
        assert!(!clock.is_wrong());
    }

    #[test]
    fn a_clock_that_goes_at_half_the_speed_is_followed() {
        let slow: Vec<(i64, i64)> = (0..200).map(|n| (n * 15_000, n * 7_500)).collect();
        let read = read(&slow);
        assert!(read.iter().all(|off_ms| (-150_000..=0).contains(off_ms)), "{read:?}");
        assert!(read[40..].iter().all(|off_ms| *off_ms > -30_000), "{read:?}");
    }

    #[test]
    fn a_clock_that_is_set_back_is_not_believed_and_one_that_is_set_right_is() {
        for back_ms in [200_000, 3_600_000, DAY_MS] {
            let mut clock = TagClock::default();
            read_with(&mut clock, &live(0));
            let back: Vec<(i64, i64)> = (6..9).map(|n| (n * 15_000 + 500, n * 15_000 - back_ms)).collect();
            assert_eq!(read_with(&mut clock, &back), [0; 3], "{back_ms}");
            assert!(clock.is_wrong() && !clock.is_stuck());
            let right: Vec<(i64, i64)> = (9..12).map(|n| (n * 15_000 + 500, n * 15_000)).collect();
            assert_eq!(read_with(&mut clock, &right), [-500; 3], "{back_ms}");
            assert!(!clock.is_wrong());
        }
    }

    #[test]
    fn an_upload_by_a_clock_that_is_known_to_be_behind_keeps_its_true_times() {
        let mut clock = TagClock::default();
        read_with(&mut clock, &live(-3_600_000));
        let waited: Vec<(i64, i64)> =
            (2..60).map(|n| (60 * MINUTE_MS + n * 10, n * MINUTE_MS - 3_600_000)).collect();
        let read = read_with(&mut clock, &waited);
        for ((came_ms, sent_ms), read_ms) in waited.iter().zip(read) {
            let waited_ms = came_ms - (sent_ms + 3_600_000);
            assert!((read_ms + waited_ms - 500).abs() <= 1_000, "{read_ms} for {waited_ms}");
        }
    }
}
