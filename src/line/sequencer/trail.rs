//! The way a wearer came, as the board shows it.

use std::sync::Arc;

use super::board::Dot;
use crate::{
    domain::{Stage, Timestamp, WearerId, ZoneId},
    engine::{Engine, Sighting},
    geometry::LatLon,
};

/// Fixes of a trail: a quarter of an hour at one every 15 s, and fewer than the engine keeps.
const FIXES_MAX: usize = 60;

/// A fix on a wearer's way.
#[derive(Debug, Clone, PartialEq)]
pub struct Passed {
    /// When the position was taken.
    pub at: Timestamp,
    /// Where.
    pub position: LatLon,
    /// The scale of the error, metres.
    pub sigma_m: f64,
    /// The zones that were then believed not to be clear; `None` where nobody drew a picture then: before this service
    /// started, and of a fix that came late.
    pub believed: Option<Believed>,
}

impl Passed {
    /// The same with these zones alone.
    #[must_use]
    pub fn only(&self, known: impl Fn(&ZoneId) -> bool) -> Self {
        let is_whole = |believed: &Believed| believed.iter().all(|(zone, _)| known(zone));
        let part = |believed: &Believed| believed.iter().filter(|(zone, _)| known(zone)).cloned().collect();
        let believed = self.believed.as_ref().map(|it| if is_whole(it) { Arc::clone(it) } else { part(it) });
        Self { believed, ..self.clone() }
    }
}

/// Zones with their stages.
pub type Believed = Arc<[(ZoneId, Stage)]>;

/// A wearer's newest fixes, the newest last. Most pictures show most wearers as the one before did, and share its trail.
pub(super) fn of(engine: &Engine, id: &WearerId, seen: &Sighting, before: Option<&Dot>) -> Arc<[Passed]> {
    if let Some(before) = before
        && before.fix_at == seen.fix_at
        && before.stages == seen.stages
    {
        return Arc::clone(&before.trail);
    }
    let known = before.map(|dot| dot.trail.as_ref()).unwrap_or_default();
    let now = known.last().and_then(|last| last.believed.clone()).filter(|last| **last == *seen.stages);
    let now = now.unwrap_or_else(|| seen.stages.as_slice().into());
    let mut trail: Vec<Passed> = engine
        .newest_fixes(id)
        .take(FIXES_MAX)
        .map(|(at, position, accuracy)| {
            let as_before = known.iter().find(|passed| passed.at == at && passed.position == position);
            let is_news = known.last().is_some_and(|last| at > last.at);
            let believed = match as_before {
                Some(passed) => passed.believed.clone(),
                None => is_news.then(|| Arc::clone(&now)),
            };
            Passed { at, position, sigma_m: accuracy.sigma_m(), believed }
        })
        .collect();
    trail.reverse();
    if let Some(newest) = trail.last_mut() {
        newest.believed = Some(now);
    }
    trail.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        course::Course,
        domain::{Accuracy, Book, Fix, Motion, Ping, Source, TagId},
    };

    const START: Timestamp = Timestamp::from_ms(1_772_330_000_000);

    /// A wearer, and a zone of 200 m about 54 north, 3 east.
    fn course() -> Course {
        let books = [
            json!({"unit": {"id": "unit", "name": "Unit", "default_policy": "usual",
                "area": {"south": 53.0, "west": 2.0, "north": 55.0, "east": 4.0},
                "staff": [{"id": "amy", "name": "Amy", "contact": [{"channel": "sms", "address": "+447700900011"}]}],
                "policy": [{"id": "usual", "protected": [{"channel": "sms", "wait_s": 60}],
                    "danger": [{"to": "amy", "channel": "sms", "wait_s": 60}],
                    "device": [{"to": "amy", "channel": "sms", "wait_s": 60}],
                    "upkeep": [{"to": "amy", "channel": "sms", "wait_s": 60}]}]}}),
            json!({"wearer": {"id": "w-1", "unit": "unit", "name": "Robin Vale",
                "tag": [{"id": "sim/tag-1", "from": "2026-01-01T00:00:00Z"}]}}),
            json!({"person": {"id": "p-1", "unit": "unit", "name": "Sam Rivers",
                "contact": [{"channel": "sms", "address": "+447700900001"}]}}),
            json!({"case": {"id": "c-1", "unit": "unit", "wearer": "w-1", "persons": ["p-1"], "risk": "high",
                "policy": "usual", "basis": {"kind": "order", "from": "2026-01-01T00:00:00Z"},
                "zone": [{"id": "z-1", "code": "CURLEW", "margin_m": 0.0,
                    "shape": {"circle": {"lat": 54.0, "lon": 3.0, "radius_m": 200.0}}}]}}),
        ];
        let books = books.map(|book| serde_json::from_value::<Book>(book).expect("a sound book"));
        Course::with(&books, START).expect("sound books")
    }

    /// One ping with one fix so far north of the zone's middle, taken `at_s` and heard at once, or later.
    fn go(course: &mut Course, seq: u64, at_s: i64, heard_s: i64, north_deg: f64) {
        let (at, tag) = (START.plus_ms(at_s * 1_000), "sim/tag-1".parse::<TagId>().expect("an id"));
        let fix = Fix {
            at,
            position: LatLon::new(54.0 + north_deg, 3.0).expect("on earth"),
            accuracy: Accuracy::Stated(5.0),
            source: Source::Gnss,
            speed_mps: None,
        };
        let heard = START.plus_ms(heard_s * 1_000);
        let ping = Ping {
            boot: 1,
            seq,
            oldest_kept: 1,
            next_within_s: 600,
            sent: heard,
            battery_pct: 80,
            charging: false,
            motion: Motion::Moving,
            fixes: vec![fix],
            events: vec![],
        };
        course.ping(heard, &tag, ping);
    }

    fn dot(course: &Course, at_s: i64, before: Option<&Dot>) -> Dot {
        let (id, seen) = course.engine.sightings().next().expect("somebody was seen");
        Dot::of(&course.engine, id, seen, START.plus_ms(at_s * 1_000), before)
    }

    /// When each fix was taken, and the stage that was believed then.
    fn told(dot: &Dot) -> Vec<(i64, Option<Stage>)> {
        let stage = |it: &Believed| it.first().map_or(Stage::Clear, |(_, stage)| *stage);
        let row = |it: &Passed| (it.at.ms_since(START) / 1_000, it.believed.as_ref().map(stage));
        dot.trail.iter().map(row).collect()
    }

    #[test]
    fn a_trail_says_what_was_believed_at_each_fix_as_far_as_somebody_looked() {
        let mut course = course();
        go(&mut course, 1, 10, 10, 0.05);
        go(&mut course, 2, 40, 40, 0.04);
        let first = dot(&course, 41, None);
        assert_eq!(told(&first), [(10, None), (40, Some(Stage::Clear))]);

        go(&mut course, 3, 400, 400, 0.0);
        let second = dot(&course, 401, Some(&first));
        let expected = [(10, None), (40, Some(Stage::Clear)), (400, Some(Stage::Violation))];
        assert_eq!(told(&second), expected);

        // One that comes late goes to its place once there is another picture of the wearer.
        go(&mut course, 4, 200, 402, 0.02);
        go(&mut course, 5, 430, 430, 0.0);
        let third = dot(&course, 431, Some(&second));
        assert_eq!(
            told(&third),
            [
                (10, None),
                (40, Some(Stage::Clear)),
                (200, None),
                (400, Some(Stage::Violation)),
                (430, Some(Stage::Violation))
            ]
        );
        assert_eq!(third.trail.last().map(|last| last.position), Some(third.position));
    }

    #[test]
    fn a_picture_without_news_shares_the_trail_and_no_trail_grows_without_end() {
        let mut course = course();
        go(&mut course, 1, 10, 10, 0.05);
        let mut last = dot(&course, 11, None);
        let same = dot(&course, 20, Some(&last));
        assert!(Arc::ptr_eq(&last.trail, &same.trail));
        for seq in 2..100 {
            let at_s = 10 + 15 * i64::try_from(seq).expect("small");
            go(&mut course, seq, at_s, at_s, 0.05);
            last = dot(&course, at_s, Some(&last));
        }
        assert_eq!(last.trail.len(), FIXES_MAX);
        assert!(last.trail.iter().all(|passed| passed.believed.is_some()));
    }

    #[test]
    fn a_part_of_what_was_believed_names_no_other_zone() {
        let believed = |zones: &[&str]| -> Believed {
            zones.iter().map(|zone| (zone.parse().expect("an id"), Stage::Watch)).collect()
        };
        let position = LatLon::new(54.0, 3.0).expect("on earth");
        let all = Passed { at: START, position, sigma_m: 5.0, believed: Some(believed(&["a", "b"])) };
        let part = all.only(|zone| zone.as_str() == "b");
        assert_eq!(part.believed, Some(believed(&["b"])));
        let unknown = Passed { believed: None, ..all };
        assert_eq!(unknown.only(|_| false).believed, None);
    }
}
