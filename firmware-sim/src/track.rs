//! Recorded fixes from a CSV file, and the pings a tag would have sent on that track.

mod csv;

use tag_wire::limits::INTERVAL_S;
use tag_wire::{Event, EventKind, Fix, Motion, Ping};

pub use csv::{BYTES_MAX, TrackError, read};

use crate::tag::PROMISE_MARGIN_S;

/// When no fix comes this long after a ping was due, the tag says so, milliseconds; half the interval at
/// most.
const NO_FIX_AFTER_MS: i64 = 5_000;

/// A fast wearer moves; a slow one may still be in a car in a jam, so the recording does not say "still".
const MOVING_MPS: f64 = 0.5;

/// How to make pings of recorded fixes.
#[derive(Clone, Debug)]
pub struct PingPlan {
    /// Seconds between pings ([`INTERVAL_S`]).
    pub interval_s: u32,
    /// What the time of the first fix becomes, Unix milliseconds.
    pub start_ms: i64,
    /// Boot of every ping.
    pub boot: u32,
}

/// A ping and when it leaves the tag.
#[derive(Clone, Debug, PartialEq)]
pub struct TimedPing {
    /// When, Unix milliseconds: the ping's `sent_ms`.
    pub at_ms: i64,
    /// The ping. Its `oldest_kept` is its own number, as if each were acknowledged before the next.
    pub ping: Ping,
}

/// The pings of a tag that recorded these fixes (times rising, as [`read`] returns them).
///
/// At every multiple of the interval after the first fix the tag wants a fix, and sends the first one at or
/// after it. When none came within 5 s (or half the interval), it says so with an event `no_fix`, keeping its
/// promise, and still sends a fix that comes later but before the next multiple.
pub fn pings(fixes: &[Fix], plan: &PingPlan) -> Vec<TimedPing> {
    let Some(first) = fixes.first() else {
        return Vec::new();
    };
    let interval_s = plan.interval_s.clamp(*INTERVAL_S.start(), *INTERVAL_S.end());
    let interval_ms = i64::from(interval_s) * 1_000;
    let patience_ms = NO_FIX_AFTER_MS.min(interval_ms / 2);
    let mut pings: Vec<TimedPing> = Vec::new();
    let mut send = |at_ms: i64, fixes: Vec<Fix>, events: Vec<Event>| {
        let seq = pings.len() as u64 + 1;
        let moving = fixes.iter().any(|fix| fix.speed_mps.is_some_and(|mps| mps > MOVING_MPS));
        let ping = Ping {
            boot: plan.boot,
            seq,
            oldest_kept: seq,
            next_within_s: (interval_s + PROMISE_MARGIN_S).min(*INTERVAL_S.end()),
            sent_ms: at_ms,
            battery_pct: 80,
            charging: false,
            motion: if moving { Motion::Moving } else { Motion::Unknown },
            fixes,
            events,
        };
        pings.push(TimedPing { at_ms, ping });
    };
    // Multiples are counted from the first fix; `wanted` is the one that has no fix yet.
    let mut wanted = 0;
    for fix in fixes {
        let after_start_ms = fix.t_ms - first.t_ms;
        while after_start_ms > wanted * interval_ms + patience_ms {
            let t_ms = plan.start_ms + wanted * interval_ms + patience_ms;
            send(t_ms, vec![], vec![Event { t_ms, kind: EventKind::NoFix, restored: false }]);
            if after_start_ms < (wanted + 1) * interval_ms {
                break;
            }
            wanted += 1;
        }
        if after_start_ms >= wanted * interval_ms {
            let t_ms = plan.start_ms + after_start_ms;
            send(t_ms, vec![Fix { t_ms, ..fix.clone() }], vec![]);
            wanted = after_start_ms / interval_ms + 1;
        }
    }
    pings
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAN: PingPlan = PingPlan { interval_s: 15, start_ms: 1_000_000, boot: 3 };

    fn at(seconds: &[u32]) -> Vec<TimedPing> {
        let lines: String = seconds.iter().map(|second| format!("{second},48,-30\n")).collect();
        pings(&read(&format!("t_s,lat,lon\n{lines}")).unwrap(), &PLAN)
    }

    /// Seconds after the start, and whether there was a fix.
    fn timeline(pings: &[TimedPing]) -> Vec<(i64, bool)> {
        let second = |ping: &TimedPing| (ping.at_ms - PLAN.start_ms) / 1_000;
        pings.iter().map(|ping| (second(ping), !ping.ping.fixes.is_empty())).collect()
    }

    #[test]
    fn the_first_fix_at_or_after_each_multiple_is_sent() {
        let every_second = at(&Vec::from_iter(100..=131));
        assert_eq!(timeline(&every_second), [(0, true), (15, true), (30, true)]);
        let with_jitter = at(&[100, 114, 117, 129, 130]);
        assert_eq!(timeline(&with_jitter), [(0, true), (17, true), (30, true)]);
        let ping = &with_jitter[1].ping;
        assert_eq!((ping.boot, ping.seq, ping.oldest_kept), (3, 2, 2));
        assert_eq!((ping.sent_ms, ping.fixes[0].t_ms), (1_017_000, 1_017_000));
    }

    #[test]
    fn a_gap_is_told_and_the_promise_kept() {
        let pings = at(&[0, 37, 44, 45, 200]);
        let gap = (4..=12).map(|n| (n * 15 + 5, false));
        let expected = [(0, true), (20, false), (35, false), (37, true), (45, true), (65, false)];
        let expected = Vec::from_iter(expected.into_iter().chain(gap.skip(1)).chain([(200, true)]));
        assert_eq!(timeline(&pings), expected);
        for pair in pings.windows(2) {
            let promised_ms = pair[0].at_ms + i64::from(pair[0].ping.next_within_s) * 1_000;
            assert!(pair[1].at_ms > pair[0].at_ms && pair[1].at_ms <= promised_ms);
        }
        assert_eq!(pings[1].ping.events[0].kind, EventKind::NoFix);
    }

    proptest! {
        #[test]
        fn every_slot_sends_its_first_fix_and_nothing_breaks_a_promise(
            gaps in prop::collection::vec(1..200_000_i64, 1..60),
            interval_s in 1..120_u32,
        ) {
            let mut t_ms = 5_000;
            let fix = read("t_s,lat,lon\n1,48,-30").unwrap().remove(0);
            let fixes = Vec::from_iter(gaps.iter().map(|gap_ms| {
                t_ms += gap_ms;
                Fix { t_ms, ..fix.clone() }
            }));
            let plan = PingPlan { interval_s, ..PLAN };
            let pings = pings(&fixes, &plan);
            let slot = |at_ms: i64| (at_ms - plan.start_ms) / (i64::from(interval_s) * 1_000);
            let mut expected = Vec::new();
            for fix in &fixes {
                let at_ms = plan.start_ms + fix.t_ms - fixes[0].t_ms;
                if expected.last().is_none_or(|last| slot(*last) < slot(at_ms)) {
                    expected.push(at_ms);
                }
            }
            let sent = pings.iter().flat_map(|ping| ping.ping.fixes.iter().map(|fix| fix.t_ms));
            prop_assert_eq!(Vec::from_iter(sent), expected);
            for (n, pair) in pings.windows(2).enumerate() {
                prop_assert_eq!(pair[1].ping.seq, n as u64 + 2);
                let promised_ms = i64::from(pair[0].ping.next_within_s) * 1_000;
                prop_assert!(pair[1].at_ms > pair[0].at_ms);
                prop_assert!(pair[1].at_ms - pair[0].at_ms <= promised_ms);
            }
        }
    }
}
