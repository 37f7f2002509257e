//! What whoever draws a zone must know beside the counts.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::{
    Proposal,
    hours::{night, workday},
    journal::Recorded,
    track::{Seen, Track},
    ways::median,
};
use crate::domain::Timestamp;

const HOUR_MS: i64 = 3_600_000;
/// A tag promises to be heard within an hour; this is longer, milliseconds.
const GAP_MS: i64 = 2 * HOUR_MS;
/// Positions up to so many metres outside of the warning zone say how often the tag reports around it ...
const AROUND_M: f64 = 1_500.0;
/// ... unless they are farther apart than this: then it was silent, seconds.
const SILENT_S: f64 = 600.0;
/// Somebody who drives through a zone is seen by a tag that reports so often, seconds.
const OFTEN_S: f64 = 20.0;
/// So many nights or working days there are no chance visit, and so large a share of few is none either.
const HABIT: usize = 3;
const HABIT_SHARE: usize = 2;

/// Something that must be known beside the counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Caveat {
    /// The journal holds nothing.
    Empty,
    /// The journal begins later than was asked for.
    Shorter {
        /// Days asked for.
        asked: u32,
        /// Days that it holds.
        holds: u32,
    },
    /// Nothing of the wearer is recorded for so long, all silences of hours together.
    NoPings {
        /// Hours ...
        hours: usize,
        /// ... of so many days.
        of_days: u32,
    },
    /// Nights at which the wearer was there for most of the time.
    Nights {
        /// In the exclusion zone.
        inside: usize,
        /// In the warning zone, and not inside.
        near: usize,
        /// Of so many nights with positions.
        of: usize,
    },
    /// Working days on which the wearer was there for most of the working hours; not said of where they are at night, too.
    Workdays {
        /// In the exclusion zone.
        inside: usize,
        /// In the warning zone, and not inside.
        near: usize,
        /// Of so many working days with positions.
        of: usize,
    },
    /// Records of the wearer that could not be read.
    Unreadable {
        /// How many.
        records: usize,
    },
    /// A tag on its way reported no more often than this, so that short visits may be missing.
    Sparse {
        /// Seconds from one position around the zone to the next, the middle one; `None` if it never came so near.
        every_s: Option<f64>,
    },
    /// Nobody said which clocks are the unit's: hours are counted in UTC.
    Utc,
}

pub(super) fn caveats(
    proposal: &Proposal,
    recorded: &Recorded,
    track: &Track,
    heard_at: &[Timestamp],
) -> Vec<Caveat> {
    if recorded.from == recorded.until {
        return vec![Caveat::Empty];
    }
    let (asked, of) = (recorded.days_asked, recorded.days());
    let hours = silent_hours(recorded, heard_at);
    let every_s = around(track);
    let all = [
        stays(proposal, track),
        (of < asked).then_some(Caveat::Shorter { asked, holds: of }),
        (hours > 0).then_some(Caveat::NoPings { hours, of_days: of }),
        (recorded.unreadable > 0).then_some(Caveat::Unreadable { records: recorded.unreadable }),
        every_s.is_none_or(|every_s| every_s > OFTEN_S).then_some(Caveat::Sparse { every_s }),
        proposal.is_utc_by_default.then_some(Caveat::Utc),
    ];
    all.into_iter().flatten().collect()
}

/// How many hours there are in silences that are no tag's promise.
fn silent_hours(recorded: &Recorded, heard_at: &[Timestamp]) -> usize {
    let ends = [&[recorded.from], heard_at, &[recorded.until]].concat();
    let gaps_ms = ends.windows(2).map(|pair| pair[1].ms_since(pair[0]));
    let silent_ms: i64 = gaps_ms.filter(|gap_ms| *gap_ms > GAP_MS).sum();
    usize::try_from(silent_ms / HOUR_MS).unwrap_or(0)
}

/// Who is there at most nights lives there; who is there in most working hours works there.
fn stays(proposal: &Proposal, track: &Track) -> Option<Caveat> {
    let at_night = habit(track, |at| night(&proposal.local, at));
    let nights = at_night.map(|[inside, near, of]| Caveat::Nights { inside, near, of });
    let at_work = || habit(track, |at| workday(&proposal.local, at));
    nights.or_else(|| at_work().map(|[inside, near, of]| Caveat::Workdays { inside, near, of }))
}

/// On how many days the wearer was inside, and near, for most of the hours that `day` counts to a day, and of how many; if
/// that is no chance.
fn habit(track: &Track, day: impl Fn(Timestamp) -> Option<Date>) -> Option<[usize; 3]> {
    let mut days: BTreeMap<Date, [usize; 3]> = BTreeMap::new();
    for seen in track.all() {
        if let Some(day) = day(seen.at) {
            let [inside, within, all] = days.entry(day).or_default();
            *all += 1;
            *inside += usize::from(seen.border_m <= 0.0);
            *within += usize::from(seen.border_m <= track.margin_m());
        }
    }
    let count = |of: fn(&[usize; 3]) -> usize| days.values().filter(|day| 2 * of(day) > day[2]).count();
    let (inside, within, of) = (count(|day| day[0]), count(|day| day[1]), days.len());
    let is_habit = within >= HABIT || within > 0 && within * HABIT_SHARE >= of;
    is_habit.then_some([inside, within - inside, of])
}

/// How far apart in time positions of somebody on the way around the zone are.
fn around(track: &Track) -> Option<f64> {
    let is_around = |seen: &Seen| !seen.is_still && seen.border_m <= track.margin_m() + AROUND_M;
    let pairs = track.all().windows(2).filter(|pair| pair.iter().all(is_around));
    let gaps = pairs.map(|pair| pair[1].at.s_since(pair[0].at)).filter(|gap_s| *gap_s <= SILENT_S);
    median(gaps.collect(), f64::total_cmp)
}
