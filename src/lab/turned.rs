//! Which of an input's positions brought a change about.

use crate::{
    domain::{Reason, Timestamp},
    engine::{Sight, StageChange},
};

/// The place of the position with the numbers of the change's reason, or of its time; else, as for what all of them say
/// together, of the last. Each position is given by when it was taken and what it says of the zone.
pub(super) fn place_of(change: &StageChange, found: &[(Timestamp, Option<Sight>)]) -> Option<usize> {
    let is_it = |(taken, sight): &(Timestamp, Option<Sight>)| match &change.reason {
        Reason::TrustedFix { p, border_m, .. } | Reason::Agreeing { p, border_m, .. } => {
            sight.is_some_and(|sight| (sight.p_inside, sight.border_m) == (*p, *border_m))
        }
        Reason::NearZone { .. } | Reason::TwoFixesOutside { .. } => *taken == change.true_time,
        _ => false,
    };
    found.iter().position(is_it).or(found.len().checked_sub(1))
}
