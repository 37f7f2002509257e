//! What a receiver makes of a true position.
//!
//! | [`Class`] | p50 | p95 | p99, m | measured |
//! |---|---|---|---|---|
//! | [`Class::OpenSky`] | 2.4 | 8 | 14 | phones in cars, 107,621 fixes (`CJQP/WHU-Smartphone-Dataset`): 2.4, 8.6, 15.8 |
//! | [`Class::Canyon`] | 2.8 | 18 | 49 | Nagoya (`taroz/MatRTKLIB`): 2.9, 27, 68; Hong Kong: 4.2, 28, 52; another city: 1.9, 14, 38 |
//! | [`Class::Poor`] | 17 | 47 | 62 | a u-blox M8T between towers, 1,363 fixes: 17.3, 48.7, 58.8 |
//!
//! The error is correlated in time: about 0.84 after 1 s, 0.33 after 30 s, 0.12 after 60 s. The accuracy the
//! receiver states knows only a part of its trouble. Indoors the error grows, now and then it drifts aside for
//! minutes, and wifi, cells or nothing at all take turns with satellites. How much, indoors, is assumed: nobody
//! has measured it.

mod class;

use tag_wire::{Fix, Source};

pub use class::{Class, Roof};

use crate::random::Random;
use crate::route::{Truth, round, step_m};

/// Share of the error's variance that has a memory; the rest is new in every fix.
const MEMORY_SHARE: f64 = 0.87;

/// Time constant of that memory (a Gauss-Markov process), seconds.
const MEMORY_S: f64 = 34.0;

/// Time constant of the surroundings that make the error large or small, seconds.
const SURROUNDINGS_S: f64 = 120.0;

/// Time constant of what hides the sky from a receiver in a canyon, seconds, and the level from which there is no fix:
/// a quarter of the time.
const HIDDEN_S: f64 = 20.0;
const HIDDEN_FROM: f64 = 0.67;

/// Indoors the position drifts aside about so often, for so long, and so far: seconds, seconds, metres.
const DRIFT_EVERY_S: f64 = 4.0 * 3_600.0;
const DRIFT_S: (f64, f64) = (180.0, 900.0);
const DRIFT_MEAN_M: f64 = 25.0;
const DRIFT_MAX_M: f64 = 90.0;
/// How much of a drift the stated accuracy knows.
const DRIFT_STATED: f64 = 0.6;

/// A receiver whose errors go on from one fix to the next.
#[derive(Clone, Debug)]
pub struct Receiver {
    class: Class,
    roof: Roof,
    random: Random,
    /// For what is beside the error itself: gaps and drifts.
    beside: Random,
    last_ms: Option<i64>,
    /// East and north error, each of variance 1.
    error: [f64; 2],
    /// Three processes whose mean square is the chi-square over 3 of the Student-t.
    surroundings: [f64; 3],
    hidden: f64,
    drift: Option<Drift>,
}

/// An error indoors that stays for minutes.
#[derive(Clone, Copy, Debug)]
struct Drift {
    until_ms: i64,
    offset_m: [f64; 2],
}

impl Receiver {
    /// A receiver of a class for a seed, under such a roof when indoors.
    pub fn new(class: Class, roof: Roof, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut beside = Random::new(!seed);
        let error = [random.normal(), random.normal()];
        let surroundings = [random.normal(), random.normal(), random.normal()];
        let hidden = beside.normal();
        Self { class, roof, random, beside, last_ms: None, error, surroundings, hidden, drift: None }
    }

    /// The fix at a time, or `None` when there is none. Times must not fall; one that does counts as the
    /// same moment.
    pub fn fix(&mut self, now_ms: i64, truth: &Truth) -> Option<Fix> {
        let gap_s = self.advance(now_ms);
        let scale_m = self.class.scale_m();
        if !truth.indoors {
            let is_hidden = self.class == Class::Canyon && self.hidden > HIDDEN_FROM;
            return (!is_hidden).then(|| self.satellites(now_ms, truth, scale_m, [0.0; 2]));
        }
        let drift_m = self.drift_m(now_ms, gap_s);
        let scale_m = scale_m * self.class.indoors(self.roof);
        let [satellites, wifi, cell] = self.roof.shares();
        match self.random.unit() {
            x if x < satellites => Some(self.satellites(now_ms, truth, scale_m, drift_m)),
            x if x < satellites + wifi => Some(self.network(now_ms, truth, Source::Wifi, 15.0, 25.0)),
            x if x < satellites + wifi + cell => {
                Some(self.network(now_ms, truth, Source::Cell, 200.0, 300.0))
            }
            _ => None,
        }
    }

    /// Lets time pass, and says how many seconds.
    fn advance(&mut self, now_ms: i64) -> f64 {
        let gap_s = self.last_ms.map_or(0.0, |last_ms| (now_ms - last_ms).max(0) as f64 / 1e3);
        self.last_ms = Some(now_ms);
        let step = |values: &mut [f64], random: &mut Random, constant_s: f64| {
            let kept = (-gap_s / constant_s).exp();
            for value in values {
                *value = kept * *value + (1.0 - kept * kept).sqrt() * random.normal();
            }
        };
        step(&mut self.error, &mut self.random, MEMORY_S);
        step(&mut self.surroundings, &mut self.random, SURROUNDINGS_S);
        step(std::slice::from_mut(&mut self.hidden), &mut self.beside, HIDDEN_S);
        gap_s
    }

    /// How far the position has drifted aside indoors, metres east and north.
    fn drift_m(&mut self, now_ms: i64, gap_s: f64) -> [f64; 2] {
        self.drift = self.drift.filter(|drift| now_ms < drift.until_ms);
        if self.drift.is_none() && self.beside.unit() < 1.0 - (-gap_s / DRIFT_EVERY_S).exp() {
            let lasts_s = self.beside.between(DRIFT_S.0, DRIFT_S.1);
            let far_m = (-DRIFT_MEAN_M * (1.0 - self.beside.unit()).ln()).min(DRIFT_MAX_M);
            let (sin, cos) = self.beside.between(0.0, std::f64::consts::TAU).sin_cos();
            let until_ms = now_ms + (lasts_s * 1e3) as i64;
            self.drift = Some(Drift { until_ms, offset_m: [far_m * sin, far_m * cos] });
        }
        self.drift.map_or([0.0; 2], |drift| drift.offset_m)
    }

    fn satellites(&mut self, now_ms: i64, truth: &Truth, scale_m: f64, drift_m: [f64; 2]) -> Fix {
        let trouble = self.class.trouble(self.surroundings);
        let mut offset_m = self.error.map(|slow| {
            let fresh = self.random.normal();
            scale_m * trouble * (MEMORY_SHARE.sqrt() * slow + (1.0 - MEMORY_SHARE).sqrt() * fresh)
        });
        offset_m[0] += drift_m[0];
        offset_m[1] += drift_m[1];
        let known_m = DRIFT_STATED * drift_m[0].hypot(drift_m[1]);
        let acc_m = self.class.stated_m(scale_m, trouble).hypot(known_m);
        let sats = (12.0 - 3.0 * trouble).clamp(4.0, 12.0);
        Fix {
            hdop: Some(round(0.6 + 0.3 * trouble.min(30.0), 2)),
            speed_mps: Some(round(truth.speed_mps, 2)),
            course_deg: (truth.speed_mps > 0.3).then(|| round(truth.course_deg, 1) % 360.0),
            sats: Some(sats as u8),
            ..place(now_ms, truth, Source::Gnss, offset_m, acc_m)
        }
    }

    fn network(&mut self, now_ms: i64, truth: &Truth, source: Source, error_m: f64, acc_m: f64) -> Fix {
        let offset_m = [error_m * self.random.normal(), error_m * self.random.normal()];
        place(now_ms, truth, source, offset_m, acc_m)
    }
}

/// A fix at an offset east and north of the truth, with the digits a tag sends (1 cm, 10 cm).
fn place(now_ms: i64, truth: &Truth, source: Source, offset_m: [f64; 2], acc_m: f64) -> Fix {
    let (lat, lon) = step_m(truth.lat, truth.lon, offset_m[0], offset_m[1]);
    Fix {
        t_ms: now_ms,
        lat: round(lat, 7),
        lon: round(lon, 7),
        acc_m: Some(round(acc_m, 1)),
        hdop: None,
        source,
        speed_mps: None,
        course_deg: None,
        sats: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::metres_between;

    const OPEN: Truth = Truth { lat: 48.0, lon: -30.0, speed_mps: 1.4, course_deg: 90.0, indoors: false };

    /// Distance between fix and truth, and accuracy, of `count` fixes every `step_ms` for each of 40 seeds.
    fn errors(class: Class, truth: Truth, count: i64, step_ms: i64) -> Vec<(f64, f64)> {
        let one = |seed| {
            let mut receiver = Receiver::new(class, Roof::Deep, seed);
            (0..count).filter_map(move |n| {
                let fix = receiver.fix(n * step_ms, &truth)?;
                let error_m = metres_between((truth.lat, truth.lon), (fix.lat, fix.lon));
                Some((error_m, fix.acc_m.unwrap()))
            })
        };
        (0..40).flat_map(one).collect()
    }

    fn percentile(sorted: &[f64], p: f64) -> f64 {
        sorted[((sorted.len() - 1) as f64 * p) as usize]
    }

    fn metres(class: Class, truth: Truth) -> Vec<f64> {
        let mut metres: Vec<_> = errors(class, truth, 2_500, 15_000).iter().map(|e| e.0).collect();
        metres.sort_by(f64::total_cmp);
        metres
    }

    #[test]
    fn percentiles_in_the_open_are_those_measured() {
        for (class, expected) in [
            (Class::OpenSky, [(0.5, 2.0, 3.0), (0.68, 2.9, 4.4), (0.95, 6.5, 10.5), (0.99, 11.0, 20.0)]),
            (Class::Canyon, [(0.5, 1.9, 4.2), (0.68, 2.3, 7.1), (0.95, 13.9, 28.1), (0.99, 37.6, 68.2)]),
            (Class::Poor, [(0.5, 15.0, 19.0), (0.68, 22.0, 28.0), (0.95, 44.0, 53.0), (0.99, 55.0, 68.0)]),
        ] {
            let metres = metres(class, OPEN);
            for (p, low, high) in expected {
                let value = percentile(&metres, p);
                assert!((low..high).contains(&value), "{class:?} p{p}: {value} m, not {low} to {high}");
            }
        }
        assert!(percentile(&metres(Class::OpenSky, OPEN), 0.999) > 22.0, "heavy tails");
    }

    #[test]
    fn a_canyon_hides_the_sky_now_and_then_for_up_to_a_minute_or_so() {
        let mut receiver = Receiver::new(Class::Canyon, Roof::Deep, 1);
        let seen = Vec::from_iter((0..100_000).map(|s| receiver.fix(s * 1_000, &OPEN).is_some()));
        let share = seen.iter().filter(|seen| **seen).count() as f64 / seen.len() as f64;
        assert!((0.7..0.8).contains(&share), "{share} of the seconds have a fix");
        let longest = seen.split(|seen| *seen).map(<[_]>::len).max().unwrap();
        assert!((40..=150).contains(&longest), "{longest} s without a fix");
    }

    #[test]
    fn the_error_remembers_as_measured() {
        // Errors are cut at 10 m: the variance of a Student-t of 3 degrees settles too slowly to measure.
        let mut series = Vec::new();
        for seed in 0..40 {
            let mut receiver = Receiver::new(Class::OpenSky, Roof::Deep, seed);
            series.push(Vec::from_iter((0..4_000).map(|second| {
                let fix = receiver.fix(second * 1_000, &OPEN).unwrap();
                ((fix.lat - OPEN.lat) * 111_200.0).clamp(-10.0, 10.0)
            })));
        }
        let product = |lag: usize| {
            let pairs = series.iter().flat_map(|s| s.iter().zip(&s[lag..]));
            let (sum, count) = pairs.fold((0.0, 0.0), |(sum, n), (a, b)| (sum + a * b, n + 1.0));
            sum / count
        };
        for (lag, expected) in [(1, 0.84), (5, 0.71), (10, 0.59), (30, 0.33), (60, 0.12)] {
            let correlation = product(lag) / product(0);
            assert!((correlation - expected).abs() < 0.06, "{lag} s: {correlation}, not {expected}");
        }
    }

    #[test]
    fn the_stated_accuracy_is_optimistic_but_not_worthless() {
        for (class, low, high) in
            [(Class::OpenSky, 0.02, 0.17), (Class::Canyon, 0.08, 0.20), (Class::Poor, 0.17, 0.43)]
        {
            let errors = errors(class, OPEN, 2_500, 15_000);
            let beyond = |factor: f64| {
                errors.iter().filter(|(error, acc)| *error > factor * acc).count() as f64
                    / errors.len() as f64
            };
            assert!((low..high).contains(&beyond(2.0)), "{class:?} beyond twice: {}", beyond(2.0));
            assert!(beyond(1.0) < 0.75, "{class:?} beyond once: {}", beyond(1.0));
            assert!(errors.iter().all(|(_, acc)| *acc >= 2.0));
        }
    }

    #[test]
    fn indoors_is_worse_and_sometimes_nothing() {
        let indoors = Truth { indoors: true, ..OPEN };
        let errors = errors(Class::OpenSky, indoors, 1_000, 60_000);
        let mut metres: Vec<_> = errors.iter().map(|e| e.0).collect();
        metres.sort_by(f64::total_cmp);
        let found = errors.len() as f64 / 40_000.0;
        assert!((0.87..0.93).contains(&found), "{found} of the tries found something");
        assert!(percentile(&metres, 0.5) > 10.0 && percentile(&metres, 0.95) > 150.0);
    }

    #[test]
    fn a_seed_gives_the_same_fixes() {
        let fixes = |seed| {
            let mut receiver = Receiver::new(Class::OpenSky, Roof::Deep, seed);
            Vec::from_iter((0..50).map(|n| receiver.fix(n * 1_000, &OPEN)))
        };
        assert!(fixes(3) == fixes(3) && fixes(3) != fixes(4));
    }
}
