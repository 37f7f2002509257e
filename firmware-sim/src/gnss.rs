//! What a receiver makes of a true position.
//!
//! The error in the open is a bivariate Student-t of 3 degrees of freedom: p50 2.4 m, p95 8 m, p99 14 m,
//! as measured on phones in cars. It is correlated in time: about 0.84 after 1 s, 0.33 after 30 s, 0.12
//! after 60 s. The accuracy the receiver states knows only half of its trouble. Indoors the error grows
//! fivefold, and wifi, cells or nothing at all take turns with satellites.

use tag_wire::{Fix, Source};

use crate::random::Random;
use crate::route::{Truth, round, step_m};

/// Scale of the error in the open, metres per axis: p50 is 1.33 times this, p95 4.4 times.
const OPEN_SCALE_M: f64 = 1.8;

/// How much worse satellites are indoors.
const INDOORS: f64 = 5.0;

/// Share of the error's variance that has a memory; the rest is new in every fix.
const MEMORY_SHARE: f64 = 0.87;

/// Time constant of that memory (a Gauss-Markov process), seconds.
const MEMORY_S: f64 = 34.0;

/// Time constant of the surroundings that make the error large or small, seconds.
const SURROUNDINGS_S: f64 = 120.0;

/// A receiver whose errors go on from one fix to the next.
#[derive(Clone, Debug)]
pub struct Receiver {
    random: Random,
    last_ms: Option<i64>,
    /// East and north error, each of variance 1.
    error: [f64; 2],
    /// Three processes whose mean square is the chi-square over 3 of the Student-t.
    surroundings: [f64; 3],
}

impl Receiver {
    /// A receiver for a seed.
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let error = [random.normal(), random.normal()];
        let surroundings = [random.normal(), random.normal(), random.normal()];
        Self { random, last_ms: None, error, surroundings }
    }

    /// The fix at a time, or `None` when there is none. Times must not fall; one that does counts as the
    /// same moment.
    pub fn fix(&mut self, now_ms: i64, truth: &Truth) -> Option<Fix> {
        self.advance(now_ms);
        if !truth.indoors {
            return Some(self.satellites(now_ms, truth, OPEN_SCALE_M));
        }
        match self.random.unit() {
            x if x < 0.60 => Some(self.satellites(now_ms, truth, OPEN_SCALE_M * INDOORS)),
            x if x < 0.75 => Some(self.network(now_ms, truth, Source::Wifi, 15.0, 25.0)),
            x if x < 0.90 => Some(self.network(now_ms, truth, Source::Cell, 200.0, 300.0)),
            _ => None,
        }
    }

    fn advance(&mut self, now_ms: i64) {
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
    }

    fn satellites(&mut self, now_ms: i64, truth: &Truth, scale_m: f64) -> Fix {
        let mean_square = self.surroundings.iter().map(|x| x * x).sum::<f64>() / 3.0;
        let trouble = (1.0 / mean_square.max(1e-3)).sqrt();
        let offset_m = self.error.map(|slow| {
            let fresh = self.random.normal();
            scale_m * trouble * (MEMORY_SHARE.sqrt() * slow + (1.0 - MEMORY_SHARE).sqrt() * fresh)
        });
        let acc_m = (scale_m * std::f64::consts::SQRT_2 * trouble.sqrt()).max(2.0);
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
    fn errors(truth: Truth, count: i64, step_ms: i64) -> Vec<(f64, f64)> {
        let one = |seed| {
            let mut receiver = Receiver::new(seed);
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

    #[test]
    fn percentiles_in_the_open_are_those_of_phones() {
        let mut metres: Vec<_> = errors(OPEN, 2_500, 15_000).iter().map(|e| e.0).collect();
        metres.sort_by(f64::total_cmp);
        for (p, low, high) in [(0.5, 2.0, 3.0), (0.68, 2.9, 4.4), (0.95, 6.5, 10.5), (0.99, 11.0, 20.0)] {
            let value = percentile(&metres, p);
            assert!((low..high).contains(&value), "p{p}: {value} m, expected {low} to {high}");
        }
        assert!(percentile(&metres, 0.999) > 22.0, "heavy tails");
    }

    #[test]
    fn the_error_remembers_as_measured() {
        // Errors are cut at 10 m: the variance of a Student-t of 3 degrees settles too slowly to measure.
        let mut series = Vec::new();
        for seed in 0..40 {
            let mut receiver = Receiver::new(seed);
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
        let errors = errors(OPEN, 2_500, 15_000);
        let beyond = |factor: f64| {
            errors.iter().filter(|(error, acc)| *error > factor * acc).count() as f64 / errors.len() as f64
        };
        assert!((0.02..0.17).contains(&beyond(2.0)), "beyond twice: {}", beyond(2.0));
        assert!(beyond(1.0) < 0.5, "beyond once: {}", beyond(1.0));
        assert!(errors.iter().all(|(_, acc)| *acc >= 2.0));
    }

    #[test]
    fn indoors_is_worse_and_sometimes_nothing() {
        let indoors = Truth { indoors: true, ..OPEN };
        let errors = errors(indoors, 1_000, 60_000);
        let mut metres: Vec<_> = errors.iter().map(|e| e.0).collect();
        metres.sort_by(f64::total_cmp);
        let found = errors.len() as f64 / 40_000.0;
        assert!((0.87..0.93).contains(&found), "{found} of the tries found something");
        assert!(percentile(&metres, 0.5) > 10.0 && percentile(&metres, 0.95) > 150.0);
    }

    #[test]
    fn a_seed_gives_the_same_fixes() {
        let fixes = |seed| {
            let mut receiver = Receiver::new(seed);
            Vec::from_iter((0..50).map(|n| receiver.fix(n * 1_000, &OPEN)))
        };
        assert!(fixes(3) == fixes(3) && fixes(3) != fixes(4));
    }
}
