//! Which kills come, in which order: all of it from a seed.

use cordon::crash::POINTS;
use firmware_sim::random::Random;

/// A service lives this long before it is killed at random, milliseconds: also while it still starts.
const LIFE_MS: (f64, f64) = (10.0, 900.0);
/// A point kills after it was passed up to this often.
const PASSED_MAX: f64 = 6.0;

/// One kill.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kill {
    /// At some moment.
    Random { after_ms: i64 },
    /// When the service comes to a point, after it was passed so often.
    At { point: &'static str, passed: u32 },
}

/// The kills still to come, the next one last: each point so often, and at random moments what is left.
pub(super) fn plan(random: &mut Random, kills: usize, each: usize) -> Vec<Kill> {
    let points = POINTS.iter().cycle().take(each * POINTS.len());
    let mut plan: Vec<Kill> = points.map(|point| at(random, point)).collect();
    while plan.len() < kills {
        plan.push(Kill::Random { after_ms: random.between(LIFE_MS.0, LIFE_MS.1) as i64 });
    }
    // Fisher and Yates, 1938.
    for last in (1..plan.len()).rev() {
        plan.swap(last, random.between(0.0, last as f64 + 1.0) as usize);
    }
    plan
}

/// A kill at a point.
pub(super) fn at(random: &mut Random, point: &'static str) -> Kill {
    Kill::At { point, passed: random.between(0.0, PASSED_MAX + 1.0) as u32 }
}

impl Kill {
    /// As `FAILPOINTS` arms it.
    pub(super) fn failpoints(self) -> String {
        match self {
            Self::Random { .. } => String::new(),
            Self::At { point, passed: 0 } => format!("{point}=1*return"),
            Self::At { point, passed } => format!("{point}={passed}*off->1*return"),
        }
    }
}
