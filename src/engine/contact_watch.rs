//! Whether a tag can be heard and can see where it is: LostContact and Blind.
//!
//! A tag promises when its next ping comes at the latest. Past that it is lost; and as soon as its wearer could have
//! reached a zone since the last trustworthy fix, Cordon is blind: an incident before any fix proves a Violation.

use super::{decision::quantised, nearness::nearest_border_m, rulebook::Rulebook, trail::Ground};
use crate::{
    domain::{IncidentKind, Motion, Priority, Reason, Risk, Timestamp, WearerId},
    geometry::LatLon,
};

/// A tag is lost after this many promised intervals ...
const PROMISES: i64 = 3;
/// ... of a high-risk wearer after three minutes at the latest, unless it promised less often.
const HIGH_RISK_MS: i64 = 180_000;
/// A promise is judged with this much grace for the network.
const GRACE_MS: i64 = 15_000;
/// How fast a wearer nobody sees may move: a car in a city.
const REACH_MPS: f64 = 15.0;
/// How far a wearer whose tag reports no motion may be from where it was seen.
const STILL_M: f64 = 100.0;
/// How far around the last fix zones are looked for: half an hour by car.
const LOOK_M: f64 = 30_000.0;
/// A fix with a worse scale than this does not say where a wearer is.
const SIGHT_SIGMA_M: f64 = 150.0;

/// What is known of the contact with a wearer's tag.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Contact {
    pub(super) heard_at: Timestamp,
    promised_s: u32,
    pub(super) motion: Motion,
    pub(super) source: String,
    /// When it was first heard.
    known_since: Timestamp,
    sight: Option<Sight>,
}

/// The last trustworthy fix.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sight {
    at: Timestamp,
    position: LatLon,
    sigma_m: f64,
}

/// What is wrong with the contact, and when to look again.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    pub(super) wrong: Option<(IncidentKind, Priority, Reason)>,
    pub(super) look_again: Option<Timestamp>,
}

impl Contact {
    pub(super) fn new(at: Timestamp, promised_s: u32, motion: Motion, source: &str) -> Self {
        Self { heard_at: at, promised_s, motion, source: source.into(), known_since: at, sight: None }
    }

    /// A ping has come.
    pub(super) fn heard(&mut self, at: Timestamp, promised_s: u32, motion: Motion, source: &str) {
        let (known_since, sight) = (self.known_since, self.sight);
        *self = Self { known_since, sight, ..Self::new(at, promised_s, motion, source) };
    }

    /// A fix has come.
    pub(super) fn seen(&mut self, at: Timestamp, position: LatLon, sigma_m: f64) {
        if sigma_m <= SIGHT_SIGMA_M && self.sight.is_none_or(|sight| sight.at < at) {
            self.sight = Some(Sight { at, position, sigma_m });
        }
    }

    /// When silence is judged, going by the tag's promise alone.
    pub(super) fn limit_ms(&self, risk: Option<Risk>) -> i64 {
        let promised_ms = i64::from(self.promised_s) * 1_000;
        let limit_ms = if risk == Some(Risk::High) {
            (PROMISES * promised_ms).min(HIGH_RISK_MS)
        } else {
            PROMISES * promised_ms
        };
        limit_ms.max(promised_ms + GRACE_MS)
    }

    /// What is wrong at `now`. `judged_from`: silence is not judged before this time, `None` while Cordon itself is
    /// deaf.
    pub(super) fn judge(
        &self,
        ground: Ground<'_>,
        now: Timestamp,
        judged_from: Option<Timestamp>,
    ) -> Verdict {
        let Some(judged_from) = judged_from else {
            return Verdict { wrong: None, look_again: None };
        };
        let risk = ground.rulebook.risk(ground.wearer, now);
        if risk.is_none() {
            return Verdict { wrong: None, look_again: None };
        }
        let limit_ms = self.limit_ms(risk);
        let lost_at = self.heard_at.plus_ms(limit_ms).max(judged_from);
        let lost = now >= lost_at;
        let blind = match self.sight {
            Some(sight) => Some(self.blind(ground, sight, limit_ms, [lost_at, judged_from], now)),
            // Never seen: the wearer may be anywhere.
            None => ground.rulebook.is_bound(ground.wearer, now).then(|| {
                let reason =
                    Reason::OutOfSight { for_s: quantised(now.s_since(self.known_since), 0), border_m: 0.0 };
                let unseen_at = self.known_since.plus_ms(limit_ms).max(judged_from);
                (Some(unseen_at), reason)
            }),
        };
        let blind_at = blind.as_ref().and_then(|(at, _)| *at);
        let wrong = match blind {
            Some((Some(at), reason)) if now >= at => {
                let priority = if risk == Some(Risk::High) { Priority::P1 } else { Priority::P2 };
                Some((IncidentKind::Blind, priority, reason))
            }
            _ if lost => {
                let for_s = quantised(now.s_since(self.heard_at), 0);
                let reason = Reason::Silent { for_s, promised_s: self.promised_s };
                Some((IncidentKind::LostContact, Priority::P2, reason))
            }
            _ => None,
        };
        let ahead = [Some(lost_at), blind_at];
        Verdict { wrong, look_again: ahead.into_iter().flatten().filter(|at| *at > now).min() }
    }

    /// When the wearer can be in a zone without having been seen, and why.
    fn blind(
        &self,
        ground: Ground<'_>,
        sight: Sight,
        limit_ms: i64,
        [lost_at, judged_from]: [Timestamp; 2],
        now: Timestamp,
    ) -> (Option<Timestamp>, Reason) {
        let border_m = nearest_border_m(ground.rulebook, ground.wearer, sight.position, LOOK_M, [now, now]);
        let gap_m = border_m.map(|border_m| (border_m - sight.sigma_m).max(0.0));
        // Unseen from here on: no fix for as long as a silence would be tolerated, however often the tag is heard.
        let unseen_at = sight.at.plus_ms(limit_ms).max(judged_from);
        #[expect(clippy::cast_possible_truncation, reason = "30 km at 15 m/s are 2,000,000 ms")]
        let reached_at = gap_m.map(|gap_m| sight.at.plus_ms((gap_m / REACH_MPS * 1_000.0) as i64));
        let at = match (gap_m, self.motion) {
            (None, _) => None,
            // It says that it lies still: it stays where it was, until it falls silent.
            (Some(gap_m), Motion::Still) if gap_m > STILL_M => reached_at.map(|at| at.max(lost_at)),
            _ => reached_at.map(|at| at.max(unseen_at)),
        };
        let reason = Reason::OutOfSight {
            for_s: quantised(now.s_since(sight.at), 0),
            border_m: quantised(border_m.unwrap_or(LOOK_M), 0),
        };
        (at, reason)
    }
}

/// How urgent a cut strap is: danger where the risk is high.
pub(super) fn tamper_priority(rulebook: &Rulebook, wearer: &WearerId, now: Timestamp) -> Priority {
    if rulebook.risk(wearer, now) == Some(Risk::High) { Priority::P1 } else { Priority::P2 }
}
