//! The line stood still: the process was stopped, or had no time.
//!
//! What tags sent meanwhile waits in front of the door, and many a deadline has passed. Without a word about it, silence
//! would be judged before what was sent is read. So the engine is told that nothing was heard since the last beat, before
//! it is asked about deadlines, and that all is heard again.

use super::inbox::Arrival;
use crate::{
    domain::Timestamp,
    engine::{Engine, Told},
};

/// The line beats at least every half second. It stood still if it did not for this long, microseconds of real time.
const PAUSE_US: i64 = 3_000_000;

/// When the line was last seen to move.
#[derive(Debug)]
pub(super) struct Pulse {
    beat_at: Timestamp,
    real_us: i64,
}

/// A time in which the line stood still.
#[derive(Debug)]
pub(super) struct Pause {
    /// The last beat before it.
    pub(super) since: Timestamp,
    /// To be told as of then: the sources that were heard are not.
    pub(super) unheard: Vec<Arrival>,
    /// To be told now, before all else that arrives: they are.
    pub(super) heard: Vec<Arrival>,
}

impl Pulse {
    /// The first beat, by the engine's time and by `Clock::real_us`.
    pub(super) fn new(beat_at: Timestamp, real_us: i64) -> Self {
        Self { beat_at, real_us }
    }

    /// Another one. Returns the pause before it, if there was one and anything could have been heard.
    pub(super) fn beat(&mut self, engine: &Engine, at: Timestamp, real_us: i64) -> Option<Pause> {
        let before = std::mem::replace(self, Self::new(at, real_us));
        let (since, us) = (before.beat_at, real_us.saturating_sub(before.real_us));
        if us < PAUSE_US {
            return None;
        }
        tracing::warn!(ms = us / 1_000, "the line stood still");
        let told = |up| -> Vec<Arrival> {
            let heard = engine.heard_sources().map(str::to_owned);
            heard.map(|name| Arrival::Told(Told::Source { name, up }, None)).collect()
        };
        let (unheard, heard) = (told(false), told(true));
        (!heard.is_empty()).then_some(Pause { since, unheard, heard })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Input;

    fn told(engine: &mut Engine, at: Timestamp, told: Told) {
        let decision = engine.decide(at, &Input::Told(told));
        engine.apply(&decision);
    }

    #[test]
    fn after_a_pause_what_was_heard_is_unheard_and_heard_again() {
        let (mut engine, start) = (Engine::default(), Timestamp::from_ms(1_000));
        let mut pulse = Pulse::new(start, 0);
        let mut beat = |engine: &Engine, ms: i64| pulse.beat(engine, start.plus_ms(ms), ms * 1_000);
        assert!(beat(&engine, 60_000).is_none(), "nothing could be heard anyway");
        let sources = ["a", "b"].map(Into::into).to_vec();
        told(&mut engine, start, Told::Started { sources });
        told(&mut engine, start.plus_ms(1), Told::Source { name: "b".into(), up: true });
        assert!(beat(&engine, 62_999).is_none());
        let pause = beat(&engine, 65_999).unwrap();
        assert_eq!(pause.since, start.plus_ms(62_999));
        let is_b = |arrivals: &[Arrival], expected| matches!(arrivals, [Arrival::Told(Told::Source { name, up }, None)] if name == "b" && *up == expected);
        assert!(is_b(&pause.unheard, false) && is_b(&pause.heard, true));
        assert!(beat(&engine, 66_500).is_none());
    }
}
