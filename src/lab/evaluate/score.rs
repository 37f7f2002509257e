//! What runs came to, counted.

use serde::Serialize;

use super::{
    folder::{Kind, Scenario, Track},
    run::{Blind, Run},
};
use crate::geometry::{LatLon, distance_m};

/// A breach must be detected if its first stay lasts at least two intervals and this, milliseconds.
const STAY_MARGIN_MS: i64 = 5_000;
/// A Violation raised longer before the true entry than this is a false one, milliseconds.
const EARLY_MS: i64 = 60_000;
/// A Violation belongs to a stay if it is raised at most this long after it, and two intervals: milliseconds.
const LATE_MS: i64 = 70_000;
/// A stay is another one if the true path was outside for this long, milliseconds.
const APART_MS: i64 = 60_000;
/// Passes are counted in these bands of the nearest distance, metres: above the first, up to the second.
const BANDS_M: [(f64, f64); 2] = [(0.0, 25.0), (25.0, 100.0)];

/// Counts over any number of runs.
#[derive(Debug, Clone, Default)]
pub(super) struct Score {
    pub(super) must_detect: usize,
    pub(super) missed: Vec<String>,
    /// Of those found, by a P1 Blind alone: nothing better than half the radius was sent during the stay.
    pub(super) by_blind: usize,
    /// Milliseconds from the true entry to when it was raised, of each found.
    delay_ms: Vec<i64>,
    /// The same from the first fix sent from inside.
    from_first_ms: Vec<i64>,
    /// Near passes and false Violations in them, for each band.
    bands: [(usize, usize); 2],
    /// Violations raised more than a minute before the true entry.
    pub(super) early: usize,
    /// Violations beyond one for each true stay.
    pub(super) flaps: usize,
    blind_ms: i64,
    run_ms: i64,
}

/// A score as it is printed.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    must_detect: usize,
    found: usize,
    missed: usize,
    missed_ids: Vec<String>,
    found_by_blind: usize,
    delay_s: Spread,
    delay_from_first_fix_inside_s: Spread,
    false_by_band: Bands,
    early: usize,
    flaps: usize,
    blind_share: f64,
}

/// False Violations and passes.
#[derive(Debug, Serialize)]
struct Bands {
    #[serde(rename = "2-25")]
    near: [usize; 2],
    #[serde(rename = "25-100")]
    far: [usize; 2],
}

/// Seconds; `None` where nothing was measured.
#[derive(Debug, Serialize)]
pub(super) struct Spread {
    pub(super) p50: Option<f64>,
    pub(super) p95: Option<f64>,
    pub(super) max: Option<f64>,
}

/// How a run went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    /// A breach that was found so long after the true entry, milliseconds.
    Found(i64),
    /// A breach known only as a P1 Blind.
    Blind(i64),
    Missed,
    /// A near pass that raised a Violation.
    False,
    /// A near pass that did not, or a breach too short to be demanded and not found.
    Quiet,
}

impl Score {
    /// Counts a run.
    pub(super) fn add(&mut self, scenario: &Scenario, track: &Track, run: &Run, interval_s: u32) -> Verdict {
        self.run_ms += run.lasts_ms();
        self.blind_ms += run.blind.iter().map(|blind| blind.until_ms - blind.from_ms).sum::<i64>();
        match scenario.kind {
            Kind::NearMiss { nearest_m } => {
                let band = BANDS_M.iter().position(|(over, upto)| (*over < nearest_m) && nearest_m <= *upto);
                let is_false = !run.raised_ms.is_empty();
                if let Some(band) = band {
                    self.bands[band].1 += 1;
                    self.bands[band].0 += usize::from(is_false);
                }
                if is_false { Verdict::False } else { Verdict::Quiet }
            }
            Kind::Breach { entry_ms, exit_ms, stay_ms } => {
                let early = run.raised_ms.iter().filter(|at| **at < entry_ms - EARLY_MS).count();
                self.early += early;
                let stays = true_stays(scenario, track);
                self.flaps += (run.raised_ms.len() - early).saturating_sub(stays);
                let interval_ms = i64::from(interval_s) * 1_000;
                let until_ms = exit_ms.map_or(i64::MAX, |exit_ms| exit_ms + LATE_MS + 2 * interval_ms);
                let stay = Stay { entry_ms, exit_ms: exit_ms.unwrap_or(i64::MAX), until_ms };
                let verdict = stay.verdict(scenario, run);
                if stay_ms < 2 * interval_ms + STAY_MARGIN_MS {
                    return if verdict == Verdict::Missed { Verdict::Quiet } else { verdict };
                }
                self.must_detect += 1;
                self.count(scenario, run, stay, verdict);
                verdict
            }
        }
    }

    fn count(&mut self, scenario: &Scenario, run: &Run, stay: Stay, verdict: Verdict) {
        let (Verdict::Found(delay_ms) | Verdict::Blind(delay_ms)) = verdict else {
            return self.missed.push(format!("{}/{}", scenario.track, scenario.id));
        };
        self.by_blind += usize::from(matches!(verdict, Verdict::Blind(_)));
        self.delay_ms.push(delay_ms);
        if let Some(first_ms) = stay.first_fix_inside(scenario, run) {
            self.from_first_ms.push(stay.entry_ms + delay_ms - first_ms);
        }
    }

    pub(super) fn found(&self) -> usize {
        self.must_detect - self.missed.len()
    }

    /// False Violations and passes of a band.
    pub(super) fn band(&self, nth: usize) -> [usize; 2] {
        [self.bands[nth].0, self.bands[nth].1]
    }

    /// Counts what another has counted.
    pub(super) fn join(&mut self, other: Self) {
        self.must_detect += other.must_detect;
        self.missed.extend(other.missed);
        self.by_blind += other.by_blind;
        self.delay_ms.extend(other.delay_ms);
        self.from_first_ms.extend(other.from_first_ms);
        for (band, other) in self.bands.iter_mut().zip(other.bands) {
            *band = (band.0 + other.0, band.1 + other.1);
        }
        self.early += other.early;
        self.flaps += other.flaps;
        self.blind_ms += other.blind_ms;
        self.run_ms += other.run_ms;
    }

    pub(super) fn delay_s(&self) -> Spread {
        Spread::of(&self.delay_ms)
    }

    pub(super) fn after_first_s(&self) -> Spread {
        Spread::of(&self.from_first_ms)
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^53 ms")]
    pub(super) fn blind_share(&self) -> f64 {
        if self.run_ms == 0 { 0.0 } else { rounded(self.blind_ms as f64 / self.run_ms as f64, 4) }
    }

    pub(super) fn figures(&self) -> Figures {
        Figures {
            must_detect: self.must_detect,
            found: self.found(),
            missed: self.missed.len(),
            missed_ids: self.missed.clone(),
            found_by_blind: self.by_blind,
            delay_s: self.delay_s(),
            delay_from_first_fix_inside_s: self.after_first_s(),
            false_by_band: Bands { near: self.band(0), far: self.band(1) },
            early: self.early,
            flaps: self.flaps,
            blind_share: self.blind_share(),
        }
    }
}

/// The first true stay of a breach, and until when it may be found.
#[derive(Clone, Copy)]
struct Stay {
    entry_ms: i64,
    exit_ms: i64,
    until_ms: i64,
}

impl Stay {
    fn verdict(self, scenario: &Scenario, run: &Run) -> Verdict {
        let is_in_time = |at: &&i64| (self.entry_ms - EARLY_MS..=self.until_ms).contains(*at);
        if let Some(at) = run.raised_ms.iter().find(is_in_time) {
            return Verdict::Found(at - self.entry_ms);
        }
        let covers = |blind: &&Blind| {
            blind.is_danger && blind.from_ms <= self.exit_ms && blind.until_ms >= self.entry_ms
        };
        match run.blind.iter().find(covers) {
            Some(blind) if !self.was_seen(scenario, run) => {
                Verdict::Blind(blind.from_ms.max(self.entry_ms) - self.entry_ms)
            }
            _ => Verdict::Missed,
        }
    }

    fn sent_inside<'a>(&self, run: &'a Run) -> impl Iterator<Item = &'a tag_wire::Fix> {
        let (entry_ms, exit_ms) = (self.entry_ms, self.exit_ms);
        let sent = run.sent.iter().filter(move |ping| (entry_ms..=exit_ms).contains(&ping.at_ms));
        sent.flat_map(|ping| &ping.ping.fixes)
    }

    /// Whether a fix better than half the zone's radius was sent during the stay.
    fn was_seen(&self, scenario: &Scenario, run: &Run) -> bool {
        let accuracy_m = |fix: &tag_wire::Fix| fix.acc_m.or(fix.hdop.map(|hdop| 5.0 * hdop));
        self.sent_inside(run).any(|fix| accuracy_m(fix).is_some_and(|m| m < scenario.radius_m / 2.0))
    }

    fn first_fix_inside(&self, scenario: &Scenario, run: &Run) -> Option<i64> {
        let centre = LatLon::new(scenario.lat, scenario.lon).ok()?;
        let inside = run.sent.iter().filter(|ping| (self.entry_ms..=self.exit_ms).contains(&ping.at_ms));
        let mut inside = inside.filter(|ping| {
            let mut positions = ping.ping.fixes.iter().filter_map(|fix| LatLon::new(fix.lat, fix.lon).ok());
            positions.any(|position| distance_m(centre, position) <= scenario.radius_m)
        });
        inside.next().map(|ping| ping.at_ms)
    }
}

/// How often the true path was inside, apart by a minute at least.
fn true_stays(scenario: &Scenario, track: &Track) -> usize {
    let Ok(centre) = LatLon::new(scenario.lat, scenario.lon) else {
        return 0;
    };
    let mut stays = 0;
    let mut last_inside: Option<i64> = None;
    for point in &track.truth {
        let Ok(position) = LatLon::new(point.lat, point.lon) else { continue };
        if distance_m(centre, position) <= scenario.radius_m {
            stays += usize::from(last_inside.is_none_or(|last| point.t_ms - last >= APART_MS));
            last_inside = Some(point.t_ms);
        }
    }
    stays
}

impl Spread {
    fn of(ms: &[i64]) -> Self {
        let mut sorted = ms.to_vec();
        sorted.sort_unstable();
        let rank = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
            #[expect(clippy::cast_precision_loss, reason = "a track's milliseconds")]
            sorted.get(rank).map(|ms| rounded(*ms as f64 / 1e3, 1))
        };
        Self { p50: rank(50), p95: rank(95), max: rank(100) }
    }
}

/// To so many decimals.
pub(super) fn rounded(value: f64, digits: i32) -> f64 {
    let unit = 10_f64.powi(digits);
    (value * unit).round() / unit
}
