//! Day after day: where one goes, by which way, and how long one stays.

use super::{DAY_S, HOUR_S, LifePlan, Neighbour, PASSES_M, STAYS_AWAY_M, Span};
use crate::random::Random;
use crate::route::{Leg, Route, metres_between};
use crate::world::City;
use crate::world::part;

/// Nobody goes, from day to day, nearer than this to the border of their zone: metres.
const DAILY_AWAY_M: f64 = 400.0;

/// Up to here one walks, metres; on foot and otherwise one is so fast, metres per second.
const WALKS_M: f64 = 900.0;
const WALKS_MPS: (f64, f64) = (1.1, 1.6);
const RIDES_MPS: (f64, f64) = (4.0, 10.0);

/// A life as it is put together.
pub(super) struct Diary<'a> {
    plan: &'a LifePlan,
    city: &'a City,
    random: Random,
    pub(super) legs: Vec<Leg>,
    now_s: f64,
    at: usize,
    pub(super) home: usize,
    work: usize,
    /// Shops, friends, a park.
    haunts: [usize; 4],
    rides_mps: f64,
    pub(super) violations: Vec<Span>,
}

impl<'a> Diary<'a> {
    pub(super) fn new(plan: &'a LifePlan, city: &'a City) -> Self {
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

    pub(super) fn day(&mut self, day: u32) {
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

    pub(super) fn stay_until(&mut self, t_s: f64, indoors: bool) {
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
        let near = Vec::from_iter((0..self.city.count()).filter(is_near));
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
        let inside = (0..self.city.count()).min_by(nearest).unwrap_or(self.home);
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
