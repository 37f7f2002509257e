//! Somebody's days and nights: home, work, shops, friends, and a zone that they know to keep out of.

mod diary;

use super::city::{City, Keep};
use super::part;
use crate::route::{Leg, Route, Truth, Walker, metres_between, step_m};
use diary::Diary;

const HOUR_S: f64 = 3_600.0;
const DAY_S: f64 = 24.0 * HOUR_S;

/// Nobody stays nearer than this to the border of their zone: metres.
const STAYS_AWAY_M: f64 = 600.0;

/// Who passes it does so between these two from its border, metres.
const PASSES_M: (f64, f64) = (50.0, 150.0);

/// A zone's radius, metres, and how far its middle may lie from a crossing.
const RADIUS_M: (f64, f64) = (200.0, 400.0);
const BESIDE_M: f64 = 60.0;

/// Indoors, between seven and eleven, one is on one's feet for this share of the minutes.
const ON_FEET: f64 = 0.2;
const ON_FEET_H: (f64, f64) = (7.0, 23.0);
/// ... so fast, and within so many metres.
const ON_FEET_MPS: f64 = 0.6;
const ROOMS_M: f64 = 4.0;

/// The tag is on its charger for the first hours of every day.
const CHARGES_H: f64 = 5.0;

/// A circle around somebody else's home.
#[derive(Clone, Copy)]
pub struct Neighbour {
    /// Its middle, degrees.
    pub centre: (f64, f64),
    /// Its radius, metres.
    pub radius_m: f64,
}

/// What somebody's life is like.
#[derive(Clone)]
pub struct LifePlan {
    /// Seed of places, habits and days.
    pub seed: u64,
    /// How many days, from a Monday on.
    pub days: u32,
    /// The zone to keep out of.
    pub neighbour: Option<Neighbour>,
    /// How often, a day, the way leads past it at 50 to 150 m from its border; other ways are 400 m from it, where the
    /// city is large enough.
    pub passes_a_day: f64,
    /// The evenings (days from 0) of a true violation: there, fifteen minutes, and back.
    pub violations: Vec<u32>,
}

/// Seconds of a life, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// First.
    pub from_s: f64,
    /// Last.
    pub until_s: f64,
}

/// A life from the first midnight on. Home is the city's easternmost crossing.
#[derive(Clone)]
pub struct Life {
    walker: Walker,
    seed: u64,
    violations: Vec<Span>,
}

impl Neighbour {
    /// Somebody who lives in the city, well away from its easternmost crossing. `None` if it is too small.
    pub fn find(city: &City, seed: u64) -> Option<Self> {
        let mut random = part(seed, 2);
        (0..200).find_map(|_| {
            let (lat, lon) = city.place(city.any(&mut random));
            let radius_m = random.between(RADIUS_M.0, RADIUS_M.1);
            let beside_m = [0; 2].map(|_| random.between(-1.0, 1.0) * BESIDE_M / 2.0);
            let neighbour = Self { centre: step_m(lat, lon, beside_m[0], beside_m[1]), radius_m };
            let is_within = city.surrounds(neighbour.centre, radius_m + PASSES_M.1);
            (neighbour.border_m(city.place(city.easternmost())) > STAYS_AWAY_M && is_within)
                .then_some(neighbour)
        })
    }

    /// Metres from the border to a point; negative inside.
    pub fn border_m(&self, point: (f64, f64)) -> f64 {
        metres_between(self.centre, point) - self.radius_m
    }

    const fn keep(&self, away_m: f64) -> Keep {
        Keep { centre: self.centre, out_m: self.radius_m + away_m }
    }
}

impl Life {
    /// A life in a city.
    pub fn new(plan: &LifePlan, city: &City) -> Self {
        let mut diary = Diary::new(plan, city);
        for day in 0..plan.days {
            diary.day(day);
        }
        diary.stay_until(f64::from(plan.days) * DAY_S, true);
        let home = vec![city.place(diary.home)];
        // A life without a way would have no place.
        diary.legs.extend(Route::new(home, 1.0).map(Leg::Go));
        let walker = Walker::new(diary.legs, false).expect("there is a route, the one just put in");
        Self { walker, seed: plan.seed, violations: diary.violations }
    }

    /// The truth `t_s` seconds after the first midnight.
    pub fn at(&self, t_s: f64) -> Truth {
        let truth = self.walker.at(t_s);
        let hour = t_s.rem_euclid(DAY_S) / HOUR_S;
        let is_up = (ON_FEET_H.0..ON_FEET_H.1).contains(&hour);
        let mut random = part(self.seed, 1_000 + (t_s / 60.0).max(0.0) as u64);
        if !truth.indoors || !is_up || random.unit() >= ON_FEET {
            return truth;
        }
        let [east_m, north_m] = [0; 2].map(|_| random.between(-ROOMS_M, ROOMS_M));
        let (lat, lon) = step_m(truth.lat, truth.lon, east_m, north_m);
        Truth { lat, lon, speed_mps: ON_FEET_MPS, ..truth }
    }

    /// Whether the tag is on its charger.
    pub fn is_charging(&self, t_s: f64) -> bool {
        t_s.rem_euclid(DAY_S) < CHARGES_H * HOUR_S
    }

    /// The outings into the zone, from leaving home to coming back.
    pub fn violations(&self) -> &[Span] {
        &self.violations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: (f64, f64) = (53.48, -2.24);

    fn life(seed: u64) -> (Neighbour, Life) {
        let (city, neighbour) = (0..)
            .map(|nth| City::new(seed * 100 + nth, HOME))
            .find_map(|city| Neighbour::find(&city, seed).map(|neighbour| (city, neighbour)))
            .unwrap();
        let plan = LifePlan {
            seed,
            days: 14,
            neighbour: Some(neighbour),
            passes_a_day: 0.5,
            violations: vec![3, 9],
        };
        (neighbour, Life::new(&plan, &city))
    }

    #[test]
    fn days_are_spent_away_from_home_and_nights_at_home() {
        for seed in 0..10 {
            let (_, life) = life(seed);
            let mut away = 0;
            for minute in 0..14 * 1_440 {
                let t_s = f64::from(minute) * 60.0;
                let truth = life.at(t_s);
                let from_home_m = metres_between((truth.lat, truth.lon), HOME);
                let is_night = t_s % DAY_S < CHARGES_H * HOUR_S;
                assert!(!is_night || truth.indoors && from_home_m < 0.1, "seed {seed}, minute {minute}");
                assert!(truth.lon < HOME.1 + 1e-4, "nobody is ever east of home");
                away += usize::from(from_home_m > 100.0);
            }
            assert!((14 * 60..14 * 900).contains(&away), "seed {seed}: {away} minutes away from home");
        }
    }

    #[test]
    fn the_zone_is_passed_at_50_m_and_entered_only_where_it_is_planned() {
        let mut passes = 0;
        for seed in 0..10 {
            let (neighbour, life) = life(seed);
            assert_eq!(life.violations().len(), 2, "seed {seed}");
            let mut was_near = false;
            let mut deepest_m = [f64::INFINITY; 2];
            for second in (0..14 * 86_400).step_by(10) {
                let t_s = f64::from(second);
                let truth = life.at(t_s);
                let border_m = neighbour.border_m((truth.lat, truth.lon));
                let within = |span: &Span| (span.from_s..=span.until_s).contains(&t_s);
                if let Some(nth) = life.violations().iter().position(within) {
                    deepest_m[nth] = deepest_m[nth].min(border_m);
                    continue;
                }
                assert!(border_m >= PASSES_M.0 - 2.0, "seed {seed}: {border_m} m at {t_s} s");
                let is_near = border_m < PASSES_M.1 + 100.0;
                passes += usize::from(is_near && !was_near);
                was_near = is_near;
            }
            assert!(deepest_m.iter().all(|depth_m| *depth_m < -20.0), "seed {seed}: {deepest_m:?}");
        }
        assert!((30..140).contains(&passes), "{passes} passes in 140 days");
    }
}
