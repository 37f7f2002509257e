//! From what was seen to who is paged. Nothing in it waits, reads a clock or sends.
//!
//! A cause is believed when every observation of some time has shown it, and over when none of as long has. While it
//! lasts it is paged again every quarter of an hour, to more people each time, up to a bound; when it is over that is said
//! once to all who were paged. No cause is paged twice within a quarter of an hour.

use std::collections::BTreeMap;

use crate::{domain::Timestamp, vitals::Ages};

/// A cause must have shown itself in so many observations in a row ...
const IN_A_ROW: u32 = 3;
/// ... over at least so many intervals, and is over by the same measure.
const CONFIRM: i64 = 3;
/// A part that has not shown for so many intervals that it works does not ...
const STUCK: i64 = 3;
/// ... but in no less than this: dispatch looks at its outbox every five seconds. Milliseconds.
const STUCK_MS_MIN: i64 = 7_000;
/// A canary comes every six intervals of ours. One that is late by half of one, and stays away while that is confirmed, is
/// missed.
const CANARY_HALVES: i64 = 13;
/// It is paged again after so many intervals.
const AGAIN: i64 = 90;
/// No longer than so often: whoever was not reached by then is not reached by texts.
const PAGES_MAX: u32 = 8;
/// Clocks of two machines that are kept right differ by less, milliseconds.
const CLOCKS_MS: i64 = 30_000;

/// What can be wrong, the more fundamental first: what follows from one is not paged beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The service does not answer.
    Unreachable,
    /// Nothing is decided, or nothing is written down.
    StuckLine,
    /// Nobody looks at the outbox.
    StuckDispatch,
    /// A broker cannot be heard.
    BrokerLost,
    /// Cordon's canary does not come through, although every part seems well.
    CanaryStopped,
    /// The service's clock and ours differ.
    ClockDiffers,
}

impl Cause {
    /// Each of them, in order.
    pub const ALL: [Self; 6] = [
        Self::Unreachable,
        Self::StuckLine,
        Self::StuckDispatch,
        Self::BrokerLost,
        Self::CanaryStopped,
        Self::ClockDiffers,
    ];
}

/// What a poll has shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Observation {
    /// The service did not answer, or not in time, or nothing that can be understood.
    Unanswered,
    /// It answered.
    Answered {
        /// What.
        ages: Ages,
        /// Our own wall clock in the middle of the poll, Unix milliseconds.
        our_wall_ms: i64,
    },
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Page people: those of the first `nth` steps.
    Page {
        /// Why.
        cause: Cause,
        /// The how many-th page of this trouble, from 1.
        nth: u32,
    },
    /// Tell those who were paged that it is over.
    Recovered {
        /// What.
        cause: Cause,
        /// How many pages there were.
        pages: u32,
    },
}

/// How patient it is: all follows from how often the service is polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Milliseconds between two polls, 1,000 to 10,000.
    pub poll_ms: i64,
}

impl Limits {
    /// How long a cause must have shown itself without a break, milliseconds.
    #[must_use]
    pub fn confirm_ms(self) -> i64 {
        CONFIRM * self.poll_ms
    }

    /// How long a part may give no sign of life, milliseconds.
    #[must_use]
    pub fn stuck_ms(self) -> i64 {
        (STUCK * self.poll_ms).max(STUCK_MS_MIN)
    }

    /// How long no canary may come through, milliseconds.
    #[must_use]
    pub fn canary_ms(self) -> i64 {
        CANARY_HALVES * self.poll_ms / 2
    }

    /// Between two pages of a cause, milliseconds.
    #[must_use]
    pub fn again_ms(self) -> i64 {
        AGAIN * self.poll_ms
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Watch {
    limits: Limits,
    causes: BTreeMap<Cause, State>,
    /// Since when nothing has stood in the way of the canary.
    clear_since: Option<Timestamp>,
}

/// What is known of a cause.
#[derive(Debug, Default)]
struct State {
    /// What the last observations have shown in a row, how many of them, and since when.
    shown: Option<Shown>,
    /// It is believed.
    lasts: bool,
    /// Pages of this trouble.
    pages: u32,
    /// When it was last paged, be it in this trouble or the one before.
    paged_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct Shown {
    wrong: bool,
    times: u32,
    since: Timestamp,
}

impl Watch {
    /// Nothing has been seen yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let causes = Cause::ALL.into_iter().map(|cause| (cause, State::default())).collect();
        Self { limits, causes, clear_since: None }
    }

    /// What follows from an observation at `now`, which must not be before the last one's. Whatever jumps between two
    /// observations, one alone never pages.
    pub fn step(&mut self, now: Timestamp, seen: &Observation) -> Vec<Act> {
        for (cause, wrong) in self.judge(now, seen) {
            let limits = self.limits;
            if let Some(state) = self.causes.get_mut(&cause) {
                state.show(wrong, now, limits);
            }
        }
        // Of a service that does not answer nothing else is known.
        let blind = self.causes.get(&Cause::Unreachable).is_some_and(|state| state.lasts);
        let known = |(cause, _): &(&Cause, &mut State)| !blind || **cause == Cause::Unreachable;
        let limits = self.limits;
        let states = self.causes.iter_mut().filter(known);
        states.filter_map(|(cause, state)| state.act(*cause, now, limits)).collect()
    }

    /// Which causes an observation shows, and which it shows to be none. Of the others it says nothing.
    fn judge(&mut self, now: Timestamp, seen: &Observation) -> Vec<(Cause, bool)> {
        let Observation::Answered { ages, our_wall_ms } = seen else {
            self.clear_since = None;
            return vec![(Cause::Unreachable, true)];
        };
        let over = |age_s: f64, limit_ms: i64| age_s * 1e3 > limit_ms as f64;
        let stuck_ms = self.limits.stuck_ms();
        let line = over(ages.turn_s, stuck_ms) || over(ages.unwritten_s, stuck_ms);
        let dispatch = over(ages.dispatch_s, stuck_ms);
        let broker = !ages.brokers_up;
        let mut shown = vec![
            (Cause::Unreachable, false),
            (Cause::StuckLine, line),
            (Cause::StuckDispatch, dispatch),
            (Cause::BrokerLost, broker),
            (Cause::ClockDiffers, ages.wall_ms.saturating_sub(*our_wall_ms).saturating_abs() > CLOCKS_MS),
        ];
        // What keeps the canary from coming through is told by its own name, and for as long as a canary may take after it
        // nothing is said of canaries.
        let lasts = |(cause, state): (&Cause, &State)| *cause < Cause::CanaryStopped && state.lasts;
        if line || dispatch || broker || self.causes.iter().any(lasts) {
            self.clear_since = None;
        } else {
            let clear_ms = now.ms_since(*self.clear_since.get_or_insert(now));
            let late = ages.canary_s.is_some_and(|age_s| over(age_s, self.limits.canary_ms()));
            if !late || clear_ms > self.limits.canary_ms() {
                shown.push((Cause::CanaryStopped, late));
            }
        }
        shown
    }
}

impl State {
    /// An observation shows it, or shows it not to be.
    fn show(&mut self, wrong: bool, now: Timestamp, limits: Limits) {
        let shown = match self.shown {
            Some(shown) if shown.wrong == wrong => Shown { times: shown.times.saturating_add(1), ..shown },
            _ => Shown { wrong, times: 1, since: now },
        };
        self.shown = Some(shown);
        if shown.times >= IN_A_ROW && now.ms_since(shown.since) >= limits.confirm_ms() {
            self.lasts = wrong;
        }
    }

    fn act(&mut self, cause: Cause, now: Timestamp, limits: Limits) -> Option<Act> {
        if !self.lasts {
            let pages = std::mem::take(&mut self.pages);
            return (pages > 0).then_some(Act::Recovered { cause, pages });
        }
        let is_early = self.paged_at.is_some_and(|at| now.ms_since(at) < limits.again_ms());
        if is_early || self.pages >= PAGES_MAX {
            return None;
        }
        self.pages += 1;
        self.paged_at = Some(now);
        Some(Act::Page { cause, nth: self.pages })
    }
}

#[cfg(test)]
mod tests;
