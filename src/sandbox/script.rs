//! Who moves how in the demo, and what Cordon must make of it.
//!
//! | After about | What happens | What Cordon must raise |
//! |---|---|---|
//! | 4 s | a wearer drives into the warning zone around a home | Approach by 12 s |
//! | 8 s | a tag is wrapped in foil outside of another warning zone | Blind by 48 s |
//! | 15 s | a battery falls to 20 per cent | LowBattery by 40 s |
//! | 17 s | the first wearer is in the exclusion zone, and leaves it a minute later | Violation by 27 s |
//! | 20 s | a strap is cut, and the tag lies where it fell | StrapTamper by 26 s |
//! | 21 s | a wearer rides towards the refuge, out of bounds for everybody | Approach by 30 s |
//! | 34 s | the rider is in the refuge | Violation by 45 s |
//!
//! Everybody else walks about town on streets away from every zone that binds them, and must raise nothing.

#[cfg(test)]
mod tests;
mod verdict;
mod walks;

use firmware_sim::{
    Tag, TagConfig,
    random::Random,
    route::{Truth, Walker},
    source::World,
};

pub use verdict::Verdict;

use super::town::{Part, Town, WEARERS, responder};
use crate::domain::{IncidentKind, Recipient, TagId, WearerId, Zone};
use walks::Ground;

/// Pings of those who only walk around, and of those who must be seen to move.
const INTERVAL_S: u32 = 5;
const INTERVAL_CLOSE_S: u32 = 2;
/// The tag that goes dark promised a ping every 11 s: three of them pass before silence is judged.
const INTERVAL_DARK_S: u32 = 1;
/// A ping that was not acknowledged is sent again after this long.
const RESEND_S: u32 = 10;
/// The script's moments.
const DARK_MS: i64 = 8_000;
const STRAP_MS: i64 = 20_000;
const TRESPASS_S: f64 = 17.0;
/// How far outside of the warning zone the tag goes dark: near enough to be in the zone before silence is judged.
const DARK_OFF_M: f64 = 150.0;
/// A moving tag loses 4 per cent an hour: it shows 20 after 15 s.
const LOW_BATTERY_PCT: f64 = 21.0 + 4.0 * 15.0 / 3_600.0;

/// Where a wearer truly is, and what is done to the tag.
pub type Motion = Box<dyn FnMut(i64, &mut Tag) -> Truth + Send>;

/// The demo's script.
pub struct Script {
    /// Every wearer's tag in its world, in the order of the town's wearers.
    pub tags: Vec<ScriptedTag>,
    /// What must be raised.
    pub expected: Vec<Expected>,
}

/// A tag and what happens to it.
pub struct ScriptedTag {
    /// Which tag.
    pub tag: TagId,
    /// A source of pings for [`firmware_sim::link::Link::run`].
    pub world: World<Motion>,
}

/// An incident that the script must lead to, exactly once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// About whom.
    pub wearer: WearerId,
    /// What is happening.
    pub kind: IncidentKind,
    /// When it must have been raised, Unix milliseconds of the script's time.
    pub by_ms: i64,
    /// Who must get a text about it within [`Expected::TOLD_WITHIN_MS`] more.
    pub told: Vec<Recipient>,
}

/// A town in which somebody's streets lead nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the streets of this town leave {0} no way to go; choose another seed")]
pub struct NoWay(pub WearerId);

impl Script {
    /// The script for a town. Everything happens relative to `start_ms` (Unix milliseconds), however late a tag is
    /// first woken; the same town and start give the same script.
    ///
    /// # Errors
    /// [`NoWay`], for very few seeds.
    pub fn new(town: &Town, start_ms: i64) -> Result<Self, NoWay> {
        let tags = (0..WEARERS)
            .map(|i| scripted(town, i, start_ms).ok_or_else(|| NoWay(town.wearer_of(i))))
            .collect::<Result<_, _>>()?;
        let expected = (0..WEARERS).flat_map(|i| expected(town, i, start_ms)).collect();
        Ok(Self { tags, expected })
    }
}

impl Expected {
    /// How long after `by_ms` a text may take: the duty desk has five seconds before the responder hears.
    pub const TOLD_WITHIN_MS: i64 = 10_000;
}

fn scripted(town: &Town, i: usize, start_ms: i64) -> Option<ScriptedTag> {
    let mut random = Random::new(town.seed().wrapping_mul(1_000_003).wrapping_add(i as u64));
    let (own, refuge) = (town.zones_of(i), town.refuge());
    let away_from_refuge = || Ground::new(town.net(), &[refuge]);
    let clock = Since(start_ms);
    let (interval_s, battery_pct, motion) = match Part::of(i) {
        Part::Intrudes => {
            let walker = away_from_refuge().approach(&own[0])?.visit(0.0)?;
            (INTERVAL_CLOSE_S, 78.0, clock.follow(walker))
        }
        Part::Trespasses => {
            let own: Vec<&Zone> = own.iter().collect();
            let way = Ground::new(town.net(), &own).approach(refuge)?;
            (INTERVAL_CLOSE_S, 64.0, clock.follow(way.visit(TRESPASS_S)?))
        }
        Part::GoesDark => {
            let way = away_from_refuge().approach(&own[0])?;
            (INTERVAL_DARK_S, 91.0, clock.go_dark(way.stand_off(DARK_OFF_M)?))
        }
        part => {
            let all: Vec<&Zone> = own.iter().chain([refuge]).collect();
            let walker = Ground::new(town.net(), &all).stroll(&mut random)?;
            let battery_pct = random.between(45.0, 100.0);
            match part {
                Part::CutsStrap => (INTERVAL_S, battery_pct, clock.cut_strap(walker)),
                Part::RunsLow => (INTERVAL_S, LOW_BATTERY_PCT, clock.follow(walker)),
                _ => (INTERVAL_S, battery_pct, clock.follow(walker)),
            }
        }
    };
    let (boot, seed) = (boot(start_ms), random.bits());
    let config = TagConfig {
        interval_moving_s: interval_s,
        interval_still_s: interval_s,
        resend_after_s: RESEND_S,
        battery_pct,
        // Tags are not started in the same instant, so they do not send in the same one.
        ..TagConfig::new(boot, seed, start_ms + 50 * i as i64)
    };
    Some(ScriptedTag { tag: town.tag_of(i), world: World::new(Tag::new(config), motion) })
}

/// Another number for every start of the demo: its tags begin again at ping 1.
fn boot(start_ms: i64) -> u32 {
    u32::try_from(start_ms.div_euclid(1_000) & 0x7fff_ffff).unwrap_or(1)
}

/// When the script began, Unix milliseconds.
#[derive(Clone, Copy)]
struct Since(i64);

impl Since {
    #[expect(clippy::cast_precision_loss, reason = "a demo does not last that long")]
    fn seconds(self, now_ms: i64) -> f64 {
        (now_ms - self.0) as f64 / 1e3
    }

    fn follow(self, walker: Walker) -> Motion {
        Box::new(move |now_ms, _| walker.at(self.seconds(now_ms)))
    }

    /// Cut when it is time to; then the tag lies where it fell.
    fn cut_strap(self, walker: Walker) -> Motion {
        let cut_ms = self.0 + STRAP_MS;
        let mut cut = false;
        Box::new(move |now_ms, tag| {
            if now_ms >= cut_ms && !cut {
                cut = true;
                tag.cut_strap(now_ms);
            }
            let truth = walker.at(self.seconds(now_ms.min(cut_ms)));
            Truth { speed_mps: if cut { 0.0 } else { truth.speed_mps }, ..truth }
        })
    }

    /// Dark when it is time to, but not before Cordon has heard of the tag: nobody misses what they never knew.
    fn go_dark(self, walker: Walker) -> Motion {
        let dark_ms = self.0 + DARK_MS;
        Box::new(move |now_ms, tag| {
            if now_ms >= dark_ms && tag.kept().counts().acked >= 2 {
                tag.go_dark(true);
            }
            walker.at(self.seconds(now_ms))
        })
    }
}

fn expected(town: &Town, i: usize, start_ms: i64) -> Vec<Expected> {
    let responder = || Recipient::Staff(responder());
    let persons = || town.persons_of(i).iter().cloned().map(Recipient::Person);
    let incident = |kind, by_s: i64, told: Vec<Recipient>| Expected {
        wearer: town.wearer_of(i),
        kind,
        by_ms: start_ms + by_s * 1_000,
        told,
    };
    match Part::of(i) {
        Part::Intrudes => vec![
            incident(IncidentKind::Approach, 12, vec![]),
            incident(IncidentKind::Violation, 27, persons().chain([responder()]).collect()),
        ],
        // The refuge is nobody's case: nobody in particular is warned, and the unit's own policy holds.
        Part::Trespasses => vec![
            incident(IncidentKind::Approach, 30, vec![]),
            incident(IncidentKind::Violation, 45, vec![responder()]),
        ],
        Part::CutsStrap => vec![incident(IncidentKind::StrapTamper, 26, vec![])],
        Part::GoesDark => vec![incident(IncidentKind::Blind, 48, vec![responder()])],
        Part::RunsLow => vec![incident(IncidentKind::LowBattery, 40, vec![])],
        Part::Keeps => vec![],
    }
}
