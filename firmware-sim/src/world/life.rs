//! Somebody's days and nights: home, work, shops, friends, and a zone that they know to keep out of.

use super::city::{City, Keep};
use super::part;
use crate::random::Random;
use crate::route::{Leg, Route, Truth, Walker, metres_between, step_m};

const HOUR_S: f64 = 3_600.0;
const DAY_S: f64 = 24.0 * HOUR_S;

/// Nobody stays, and nobody goes from day to day, nearer than this to the border of their zone: metres.
const STAYS_AWAY_M: f64 = 600.0;
const DAILY_AWAY_M: f64 = 400.0;

/// Who passes it does so between these two from its border, metres.
const PASSES_M: (f64, f64) = (50.0, 150.0);

/// A zone's radius, metres, and how far its middle may lie from a crossing.
const RADIUS_M: (f64, f64) = (200.0, 400.0);
const BESIDE_M: f64 = 60.0;

/// Up to here one walks, metres; on foot and otherwise one is so fast, metres per second.
const WALKS_M: f64 = 900.0;
const WALKS_MPS: (f64, f64) = (1.1, 1.6);
const RIDES_MPS: (f64, f64) = (4.0, 10.0);

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

/// A life as it is put together.
struct Diary<'a> {
    plan: &'a LifePlan,
    city: &'a City,
    random: Random,
    legs: Vec<Leg>,
    now_s: f64,
    at: usize,
    home: usize,
    work: usize,
    /// Shops, friends, a park.
    haunts: [usize; 4],
    rides_mps: f64,
    violations: Vec<Span>,
}

impl<'a> Diary<'a> {
    fn new(plan: &'a LifePlan, city: &'a City) -> Self {
        let mut random = part(plan.seed, 3);
        let home = city.easternmost();
        let mut somewhere = || {
            let is_away = |crossing: usize| {
                let border_m = plan.neighbour.map(|neighbour| neighbour.border_m(city.place(crossing)));
                border_m.is_none_or(|border_m| border_m >= STAYS_AWAY_M)
            };
            let mut tries = std::iter::repeat_with(|| city.any(&mut random)).take(500);
            tries.find(|crossing| is_away(*crossing)).unwrap_or(home)
        };
        let (work, haunts) = (somewhere(), [0; 4].map(|_| somewhere()));
        let rides_mps = random.between(RIDES_MPS.0, RIDES_MPS.1);
        let (legs, violations) = (Vec::new(), Vec::new());
        Self { plan, city, random, legs, now_s: 0.0, at: home, home, work, haunts, rides_mps, violations }
    }

    fn day(&mut self, day: u32) {
        let midnight_s = f64::from(day) * DAY_S;
        let about = |random: &mut Random, hour: f64, give_h: f64| {
            midnight_s + (hour + random.between(-give_h, give_h)) * HOUR_S
        };
        if day % 7 < 5 {
            let (begins_s, ends_s) = (about(&mut self.random, 7.6, 0.6), about(&mut self.random, 16.8, 0.8));
            self.stay_until(begins_s, true);
            self.go_daily(self.work);
            self.stay_until(ends_s, true);
            if self.random.unit() < 0.4 {
                self.visit(0.3, 0.9, true);
            }
        } else {
            let begins_s = about(&mut self.random, 10.5, 1.0);
            self.stay_until(begins_s, true);
            self.visit(0.5, 2.0, true);
            if self.random.unit() < 0.5 {
                self.visit(0.5, 1.5, false);
            }
        }
        self.go_daily(self.home);
        let evening_s = about(&mut self.random, 18.9, 0.3);
        if self.plan.violations.contains(&day) {
            self.stay_until(evening_s, true);
            self.violate();
        } else if self.random.unit() < self.plan.passes_a_day {
            self.stay_until(evening_s, true);
            self.pass();
        } else if self.random.unit() < 0.25 {
            self.stay_until(evening_s, true);
            self.visit(1.0, 2.2, true);
            self.go_daily(self.home);
        }
    }

    fn stay_until(&mut self, t_s: f64, indoors: bool) {
        let seconds = t_s - self.now_s;
        if seconds > 0.0 {
            self.legs.push(Leg::Wait { seconds, indoors });
            self.now_s = t_s;
        }
    }

    /// Goes to one of the haunts for so many hours.
    fn visit(&mut self, low_h: f64, high_h: f64, indoors: bool) {
        let haunt = self.haunts[(self.random.bits() % 4) as usize];
        self.go_daily(haunt);
        let until_s = self.now_s + self.random.between(low_h, high_h) * HOUR_S;
        self.stay_until(until_s, indoors);
    }

    /// Past the zone to one of the haunts, and home another way.
    fn pass(&mut self) {
        let Some(neighbour) = self.plan.neighbour else { return };
        let is_near = |crossing: &usize| {
            let border_m = neighbour.border_m(self.city.place(*crossing));
            (PASSES_M.0..PASSES_M.1).contains(&border_m)
        };
        let near = Vec::from_iter((0..self.city.len()).filter(is_near));
        if near.is_empty() {
            return;
        }
        let corner = near[(self.random.bits() % near.len() as u64) as usize];
        let keep = neighbour.keep(PASSES_M.0);
        let haunt = self.haunts[0];
        let there = self.city.route(self.at, corner, Some(keep), &mut self.random);
        let on = self.city.route(corner, haunt, Some(keep), &mut self.random);
        if self.follow(&[there, on].concat(), Some(neighbour)) {
            self.at = haunt;
            let until_s = self.now_s + self.random.between(0.3, 1.0) * HOUR_S;
            self.stay_until(until_s, true);
        }
        self.go_daily(self.home);
    }

    fn violate(&mut self) {
        let Some(neighbour) = self.plan.neighbour else { return };
        let from_s = self.now_s;
        let nearest = |a: &usize, b: &usize| {
            let metres = |crossing| self.city.metres_to(neighbour.centre, crossing);
            metres(*a).total_cmp(&metres(*b))
        };
        let inside = (0..self.city.len()).min_by(nearest).unwrap_or(self.home);
        let there = self.city.route(self.at, inside, None, &mut self.random);
        self.follow(&there, None);
        self.stay_until(self.now_s + HOUR_S / 4.0, false);
        let back = self.city.route(inside, self.at, None, &mut self.random);
        self.follow(&back, None);
        self.violations.push(Span { from_s, until_s: self.now_s });
    }

    /// Goes where one goes from day to day, unless there is no way but past the zone.
    fn go_daily(&mut self, to: usize) {
        let keep = self.plan.neighbour.map(|neighbour| neighbour.keep(DAILY_AWAY_M));
        let way = self.city.route(self.at, to, keep, &mut self.random);
        if self.follow(&way, self.plan.neighbour) {
            self.at = to;
        }
    }

    /// Follows a way, unless it comes too near to a zone.
    fn follow(&mut self, way: &[(f64, f64)], shuns: Option<Neighbour>) -> bool {
        let mut way = way.to_vec();
        way.dedup();
        let length_m: f64 = way.windows(2).map(|street| metres_between(street[0], street[1])).sum();
        let walks_mps = self.random.between(WALKS_MPS.0, WALKS_MPS.1);
        let mps = if length_m < WALKS_M { walks_mps } else { self.rides_mps };
        let Some(route) = Route::new(way, mps) else { return false };
        let is_free = |neighbour: Neighbour| {
            let steps = (route.length_m() / 5.0).ceil() as u32;
            let mut points = (0..=steps).map(|step| route.at(f64::from(step) * 5.0 / mps));
            points.all(|truth| neighbour.border_m((truth.lat, truth.lon)) >= PASSES_M.0 - 1.0)
        };
        if !shuns.is_none_or(is_free) {
            return false;
        }
        self.now_s += route.duration_s();
        self.legs.push(Leg::Go(route));
        true
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
