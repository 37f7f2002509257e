//! Where a wearer is and was, by all fixes together.
//!
//! A Kalman filter over position, velocity and the receiver's present error, with three things that position fixes need
//! and the textbook filter lacks. Errors hang together over time (0.84 after one second, 0.33 after half a minute), so
//! that part of the error is a state of its own: ten fixes a second apart are hardly more than one. Errors have heavy
//! tails, so a fix that fits badly counts for less (Student-t weights: Roth, Ozkan and Gustafsson, "A Student's t filter
//! for heavy tailed process and measurement noise", ICASSP 2013). And what comes later says more of what was before: the
//! last fixes are smoothed (Rauch, Tung and Striebel, AIAA Journal 3, 1965), between them, too, which is how a wearer is
//! seen who was inside only between two fixes, or while fixes were poor.
//!
//! East and north err alike and share one covariance. Numbers chosen on the recorded tracks (`cordon evaluate`).

use serde::{Deserialize, Serialize};

use super::trail::Point;
use crate::{
    domain::{Source, Timestamp},
    geometry::{LatLon, Plane, offset},
};

/// Fixes that are smoothed: about two minutes at one every 15 s.
const FIXES: usize = 8;
/// What is longer ago says nothing of a path.
const LAG_MS: i64 = 130_000;
/// After a longer gap, or farther from where it began, the belief begins anew.
const GAP_MS: i64 = 30 * 60_000;
const FAR_M: f64 = 20_000.0;
/// The part of a fix's variance that hangs together with the next fix's.
const SHARED: f64 = 0.8;
/// How long it does, of a receiver that moves, and of one that stands among the same reflections; seconds.
const MOVING_S: f64 = 27.0;
const STANDING_S: f64 = 240.0;
/// Slower is standing, m/s.
const STANDING_MPS: f64 = 1.5;
/// How soon a velocity is forgotten, seconds, and its scale where nothing is known, m/s.
const VELOCITY_S: f64 = 60.0;
const VELOCITY_MPS: f64 = 15.0;
/// White acceleration, m^2/s^3: a car in a city, and anybody on foot.
const ACCELERATION: f64 = 1.0;
/// No more than this of a gap, seconds, adds to the doubt about the velocity.
const DOUBT_S: f64 = 120.0;
/// Degrees of freedom of the Student-t.
const DOF: f64 = 4.0;
/// Between two fixes the path is looked at about this often, seconds, and so many times at most.
const BETWEEN_S: f64 = 6.0;
const BETWEEN_MAX: u32 = 4;
/// Roads bend: so far may the path be from where it seems to be, for each second from both fixes, m/s.
const BEND_MPS: f64 = 4.0;

/// The middles of the fifths of a normal distribution.
const QUINTILES: [f64; 5] = [-1.2816, -0.5244, 0.0, 0.5244, 1.2816];

/// The last fixes as the filter took them, the newest last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Belief {
    /// All metres are from here.
    origin: Option<LatLon>,
    known: Vec<Known>,
}

/// The belief just after a fix.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Known {
    at: Timestamp,
    source: Source,
    sigma_m: f64,
    state: State,
}

/// Position in metres, velocity in m/s and the receiver's error in metres, for each axis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct State {
    east: Vector,
    north: Vector,
    covariance: Matrix,
}

type Vector = [f64; 3];
type Matrix = [[f64; 3]; 3];

/// Where the wearer was at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Instant {
    pub(super) at: Timestamp,
    pub(super) position: LatLon,
    /// The scale of the doubt about it, metres.
    pub(super) sigma_m: f64,
}

/// Where the wearer is and where they are going.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Heading {
    pub(super) now: Instant,
    state: State,
    origin: LatLon,
}

impl Belief {
    /// Takes the next fix in fix order.
    pub(super) fn take(&mut self, fix: &Point) {
        let plane_fix = |origin: LatLon| Plane::about(origin).project(fix.position);
        let goes_on = self.known.last().zip(self.origin).and_then(|(last, origin)| {
            let [east, north] = plane_fix(origin);
            let near = fix.at.ms_since(last.at) <= GAP_MS && east.hypot(north) <= FAR_M;
            near.then_some((*last, [east, north]))
        });
        let sigma_m = fix.sigma_m();
        let state = match goes_on {
            Some((last, place)) => {
                let mut state = last.state;
                let (count, leg) = legs(&last, fix.at, fix.source, sigma_m);
                for _ in 0..count {
                    state = leg.predict(&state);
                }
                state.updated(place, sigma_m)
            }
            None => {
                (self.origin, self.known) = (Some(fix.position), Vec::new());
                State::first(sigma_m)
            }
        };
        self.known.retain(|known| fix.at.ms_since(known.at) <= LAG_MS);
        if self.known.len() == FIXES {
            self.known.remove(0);
        }
        self.known.push(Known { at: fix.at, source: fix.source, sigma_m, state });
    }

    /// Where the wearer is by the newest fix and all before it, and how they move.
    pub(super) fn heading(&self) -> Option<Heading> {
        let (origin, last) = self.origin.zip(self.known.last())?;
        let state = last.state;
        let now = Instant {
            at: last.at,
            position: position(origin, &state),
            sigma_m: state.covariance[0][0].max(0.0).sqrt(),
        };
        Some(Heading { now, state, origin })
    }

    /// Where the wearer was at the fixes before the newest and between them, by all fixes, rising in time.
    pub(super) fn past(&self) -> Vec<Instant> {
        let Some(origin) = self.origin else { return Vec::new() };
        let mut instants = Vec::new();
        let mut later = self.known.last().map(|known| known.state);
        for pair in self.known.windows(2).rev() {
            let [before, after] = pair else { break };
            let Some(smoothed) = later else { break };
            let (count, leg) = legs(before, after.at, after.source, after.sigma_m);
            let mut states = vec![before.state];
            for _ in 0..count {
                let last = states[states.len() - 1];
                states.push(leg.predict(&last));
            }
            later = None;
            let (mut smoothed, mut at) = (smoothed, after.at);
            for nth in (0..states.len() - 1).rev() {
                let Some(earlier) = leg.smoothed(&states[nth], &states[nth + 1], &smoothed) else {
                    return rising(instants);
                };
                (smoothed, at) = (earlier, at.plus_ms(-leg.ms()));
                let at = if nth == 0 { before.at } else { at };
                let bend_m = BEND_MPS * between_s(before.at, at, after.at);
                let sigma_m = (smoothed.covariance[0][0].max(1.0) + bend_m * bend_m).sqrt();
                instants.push(Instant { at, position: position(origin, &smoothed), sigma_m });
                later = Some(smoothed);
            }
        }
        rising(instants)
    }
}

impl Heading {
    /// Where they are so many seconds on, with the doubt about it.
    pub(super) fn in_s(&self, seconds: f64) -> Instant {
        let state = Leg::new(seconds.max(1e-3), 1.0, 0.0).predict(&self.state);
        let sigma_m = state.covariance[0][0].max(0.0).sqrt();
        Instant { at: self.now.at, position: position(self.origin, &state), sigma_m }
    }

    /// Where they may be so many seconds on by going straight, each as likely as the others.
    pub(super) fn ends(&self, seconds: f64) -> Vec<LatLon> {
        let spread_mps = (self.state.covariance[1][1].max(0.0) + ACCELERATION * seconds / 3.0).sqrt();
        let end = |east: f64, north: f64| {
            let mut state = self.state;
            state.east[0] += seconds * (state.east[1] + east * spread_mps);
            state.north[0] += seconds * (state.north[1] + north * spread_mps);
            position(self.origin, &state)
        };
        QUINTILES.into_iter().flat_map(|east| QUINTILES.map(|north| end(east, north))).collect()
    }
}

fn rising(mut instants: Vec<Instant>) -> Vec<Instant> {
    instants.reverse();
    instants
}

fn position(origin: LatLon, state: &State) -> LatLon {
    let (east_m, north_m) = (state.east[0], state.north[0]);
    offset(origin, east_m.atan2(north_m).to_degrees(), east_m.hypot(north_m))
}

/// Half the harmonic mean of the seconds to both fixes: 0 at a fix.
fn between_s(before: Timestamp, at: Timestamp, after: Timestamp) -> f64 {
    let (since_s, until_s) = (at.s_since(before), after.s_since(at));
    if since_s <= 0.0 || until_s <= 0.0 { 0.0 } else { since_s * until_s / (since_s + until_s) }
}

/// A stretch of time over which the belief is carried on.
struct Leg {
    seconds: f64,
    transition: Matrix,
    /// What it adds to the doubt about place, place with velocity, velocity, and the receiver's error.
    noise: [f64; 4],
}

/// From a fix to the next one, in as many equal legs as the path is looked at.
fn legs(last: &Known, at: Timestamp, source: Source, sigma_m: f64) -> (u32, Leg) {
    let gap_ms = at.ms_since(last.at);
    let gap_s = at.s_since(last.at).max(1e-3);
    let is_path = gap_ms <= LAG_MS;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 22, not negative")]
    let count = if is_path { ((gap_s / BETWEEN_S).round() as u32).clamp(1, BETWEEN_MAX) } else { 1 };
    let seconds = gap_s / f64::from(count);
    let speed_mps = last.state.east[1].hypot(last.state.north[1]);
    let lasts_s = if speed_mps > STANDING_MPS { MOVING_S } else { STANDING_S };
    // Another kind of receiver errs in its own way.
    let renewal = if source == last.source { 1.0 - (-seconds / lasts_s).exp() } else { 1.0 };
    (count, Leg::new(seconds, renewal, sigma_m))
}

impl Leg {
    /// `renewal`: how much of the receiver's error is another one afterwards, 0 to 1. `sigma_m`: the scale of the next fix.
    fn new(seconds: f64, renewal: f64, sigma_m: f64) -> Self {
        let kept = (-seconds / VELOCITY_S).exp();
        let doubt_s = seconds.min(DOUBT_S);
        let velocity = (ACCELERATION * doubt_s).min(VELOCITY_MPS * VELOCITY_MPS * (1.0 - kept * kept));
        let place = (ACCELERATION * doubt_s.powi(3) / 3.0).min((VELOCITY_MPS * seconds).powi(2));
        let both = (ACCELERATION * doubt_s * doubt_s / 2.0).min((velocity * place).sqrt());
        let error = SHARED * sigma_m * sigma_m * (1.0 - (1.0 - renewal).powi(2));
        Self {
            seconds,
            transition: [[1.0, VELOCITY_S * (1.0 - kept), 0.0], [0.0, kept, 0.0], [0.0, 0.0, 1.0 - renewal]],
            noise: [place, both, velocity, error],
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "half an hour")]
    fn ms(&self) -> i64 {
        (self.seconds * 1e3).round() as i64
    }

    fn predict(&self, state: &State) -> State {
        let transition = &self.transition;
        let [place, both, velocity, error] = self.noise;
        let mut covariance = product(&product(transition, &state.covariance), &transposed(transition));
        covariance[0][0] += place;
        covariance[0][1] += both;
        covariance[1][0] += both;
        covariance[1][1] += velocity;
        covariance[2][2] += error;
        State { east: applied(transition, &state.east), north: applied(transition, &state.north), covariance }
    }

    /// What is known of the beginning of the leg (`before`) once more is known of its end than was predicted.
    fn smoothed(&self, before: &State, predicted: &State, end: &State) -> Option<State> {
        let gain = product(
            &product(&before.covariance, &transposed(&self.transition)),
            &inverse(&predicted.covariance)?,
        );
        let corrected = |before: &Vector, predicted: &Vector, end: &Vector| {
            let step = applied(&gain, &std::array::from_fn(|i| end[i] - predicted[i]));
            std::array::from_fn(|i| before[i] + step[i])
        };
        let change: Matrix = std::array::from_fn(|i| {
            std::array::from_fn(|j| end.covariance[i][j] - predicted.covariance[i][j])
        });
        let change = product(&product(&gain, &change), &transposed(&gain));
        Some(State {
            east: corrected(&before.east, &predicted.east, &end.east),
            north: corrected(&before.north, &predicted.north, &end.north),
            covariance: std::array::from_fn(|i| {
                std::array::from_fn(|j| before.covariance[i][j] + change[i][j])
            }),
        })
    }
}

impl State {
    /// After the first fix, which is the origin.
    fn first(sigma_m: f64) -> Self {
        let shared = SHARED * sigma_m * sigma_m;
        // Where the receiver errs to the east, the wearer is to the west.
        let covariance = [[sigma_m * sigma_m, 0.0, -shared], [0.0, 100.0, 0.0], [-shared, 0.0, shared]];
        Self { east: [0.0; 3], north: [0.0; 3], covariance }
    }

    /// What is believed once a fix says that the wearer is at a place (east, north), give or take `sigma_m`.
    fn updated(&self, [east_m, north_m]: [f64; 2], sigma_m: f64) -> Self {
        let variance = sigma_m * sigma_m;
        let seen = |state: &Vector| state[0] + state[2];
        let (off_east, off_north) = (east_m - seen(&self.east), north_m - seen(&self.north));
        // Covariance of each part with what a fix shows, and the variance of that.
        let with_seen: Vector = std::array::from_fn(|i| self.covariance[i][0] + self.covariance[i][2]);
        let expected = with_seen[0] + with_seen[2] + (1.0 - SHARED) * variance;
        let misfit = (off_east * off_east + off_north * off_north) / expected;
        let weight = ((DOF + 2.0) / (DOF + misfit)).min(1.0);
        let expected = expected + variance * (1.0 / weight - 1.0);
        let gain = with_seen.map(|with| with / expected);
        Self {
            east: std::array::from_fn(|i| self.east[i] + gain[i] * off_east),
            north: std::array::from_fn(|i| self.north[i] + gain[i] * off_north),
            covariance: std::array::from_fn(|i| {
                std::array::from_fn(|j| self.covariance[i][j] - gain[i] * expected * gain[j])
            }),
        }
    }
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    std::array::from_fn(|i| {
        std::array::from_fn(|j| a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j])
    })
}

fn transposed(a: &Matrix) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| a[j][i]))
}

fn applied(a: &Matrix, v: &Vector) -> Vector {
    std::array::from_fn(|i| a[i][0] * v[0] + a[i][1] * v[1] + a[i][2] * v[2])
}

/// By cofactors; `None` if there is none.
fn inverse(a: &Matrix) -> Option<Matrix> {
    let minor = |i: usize, j: usize| {
        let (r, s) = ((i + 1) % 3, (i + 2) % 3);
        let (c, d) = ((j + 1) % 3, (j + 2) % 3);
        a[r][c] * a[s][d] - a[r][d] * a[s][c]
    };
    let determinant: f64 = (0..3).map(|j| a[0][j] * minor(0, j)).sum();
    let inverse = 1.0 / determinant;
    inverse.is_finite().then(|| std::array::from_fn(|i| std::array::from_fn(|j| minor(j, i) * inverse)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Accuracy;

    fn fix(ms: i64, east_m: f64, accuracy_m: f64) -> Point {
        let position = offset(LatLon::new(53.0, -2.0).unwrap(), 90.0, east_m);
        let accuracy = Accuracy::Stated(accuracy_m);
        Point { at: Timestamp::from_ms(ms), position, accuracy, source: Source::Gnss }
    }

    fn after(fixes: impl IntoIterator<Item = Point>) -> Belief {
        let mut belief = Belief::default();
        fixes.into_iter().for_each(|fix| belief.take(&fix));
        belief
    }

    fn sigma_m(belief: &Belief) -> f64 {
        belief.heading().unwrap().now.sigma_m
    }

    #[test]
    fn ten_fixes_a_second_apart_are_hardly_more_than_one() {
        let one = sigma_m(&after([fix(0, 0.0, 20.0)]));
        let ten = sigma_m(&after((0..10).map(|n| fix(n * 1_000, 0.0, 20.0))));
        assert!(ten > 0.85 * one, "{ten} of {one}");
        let another = |n: i64| Point {
            source: [Source::Gnss, Source::Wifi][n as usize % 2],
            ..fix(n * 1_000, 0.0, 20.0)
        };
        let two_kinds = sigma_m(&after((0..10).map(another)));
        assert!(two_kinds < 0.85 * ten, "two receivers are two witnesses: {two_kinds} of {ten}");
    }

    #[test]
    fn a_wild_fix_moves_the_belief_little_and_two_that_agree_move_it() {
        let east_m = |belief: &Belief| {
            let now = belief.heading().unwrap().now.position;
            crate::geometry::distance_m(now, fix(0, 0.0, 5.0).position)
        };
        let quiet: Vec<Point> = (0..6).map(|n| fix(n * 15_000, 0.0, 5.0)).collect();
        let wild = |count: i64| (0..count).map(|n| fix(90_000 + n * 15_000, 2_000.0, 5.0));
        assert!(east_m(&after(quiet.iter().copied().chain(wild(1)))) < 300.0);
        assert!(east_m(&after(quiet.iter().copied().chain(wild(4)))) > 1_500.0);
    }

    #[test]
    fn what_comes_later_says_where_the_wearer_was_between_two_fixes() {
        let drive = after((0..5).map(|n| fix(n * 15_000, 150.0 * n as f64, 5.0)));
        let past = drive.past();
        assert!(past.windows(2).all(|pair| pair[0].at < pair[1].at));
        assert!(past.iter().all(|instant| instant.at < Timestamp::from_ms(60_000)));
        let between = past.iter().find(|instant| instant.at == Timestamp::from_ms(35_000)).unwrap();
        let expected = fix(0, 350.0, 5.0).position;
        assert!(crate::geometry::distance_m(between.position, expected) < 10.0);
        assert!(between.sigma_m > 13.0, "roads bend: {}", between.sigma_m);
    }

    proptest! {
        /// Whatever comes, at whatever interval: it stays finite, bounded and small.
        #[test]
        fn no_fixes_break_the_belief(
            fixes in prop::collection::vec((0_i64..400_000, 0.0_f64..50_000.0, 0.5_f64..10_000.0), 1..60),
        ) {
            let mut belief = Belief::default();
            let mut ms = 0;
            for (gap_ms, east_m, accuracy_m) in fixes {
                ms += gap_ms;
                belief.take(&fix(ms, east_m, accuracy_m));
                let heading = belief.heading().unwrap();
                prop_assert!(heading.now.sigma_m.is_finite() && heading.now.sigma_m >= 0.0);
                for instant in belief.past() {
                    prop_assert!(instant.sigma_m.is_finite() && instant.sigma_m >= 1.0);
                    prop_assert!(instant.position.lat_deg().is_finite());
                }
                let bytes = size_of::<Belief>() + belief.known.len() * size_of::<Known>();
                prop_assert!(bytes < 2_048, "{} bytes", bytes);
            }
        }
    }
}
