//! The span as bars over time: a lane for each zone that the wearer was not clear of, one for what was not known, and one for
//! people.

use super::{
    look::Shown,
    story::{Said, code},
};
use crate::{
    console::{
        map::units,
        wearers::{rank, stage_key},
        when::When,
        words,
    },
    domain::{Stage, Timestamp, ZoneId},
    lab::ticks,
};

/// The plot, from its left to its right, in the picture's units.
pub(super) const LEFT: f64 = 150.0;
pub(super) const RIGHT: f64 = 788.0;
/// Of a lane, and of what stands below the lanes.
const LANE: f64 = 36.0;
const TOP: f64 = 6.0;
const FOOT: f64 = 26.0;
const TICKS_MAX: i64 = 7;
/// A bar is as high as its stage is dangerous.
const HEIGHTS: [f64; 5] = [3.0, 9.0, 14.0, 19.0, 26.0];
/// A letter of a bar's name takes so much.
const LETTER: f64 = 8.2;
const LANES_MAX: usize = 12;
/// Of more bars in a lane, those that are too narrow to be seen are in the list alone.
const BARS_MAX: usize = 500;
const SEEN: f64 = 0.5;

pub(super) struct Strip {
    pub(super) lanes: Vec<Lane>,
    pub(super) lanes_folded: usize,
    pub(super) gaps: Vec<Bar>,
    pub(super) gaps_at: String,
    pub(super) people_at: String,
    pub(super) marks: Vec<Mark>,
    pub(super) ticks: Vec<Tick>,
    pub(super) bottom: String,
    pub(super) height: String,
}

pub(super) struct Lane {
    pub(super) code: String,
    pub(super) at: String,
    pub(super) bars: Vec<Bar>,
}

pub(super) struct Bar {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) width: String,
    pub(super) height: String,
    pub(super) key: &'static str,
    /// Its word, where there is room, and its middle.
    pub(super) name: Option<(String, &'static str)>,
    pub(super) says: String,
    pub(super) from_ms: i64,
}

pub(super) struct Mark {
    pub(super) x: String,
    pub(super) key: &'static str,
    pub(super) at_ms: i64,
}

pub(super) struct Tick {
    pub(super) x: String,
    pub(super) says: String,
}

struct Axis {
    from: Timestamp,
    until: Timestamp,
    now: Timestamp,
}

impl Axis {
    fn x(&self, at: Timestamp) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a week, in milliseconds")]
        let share = at.ms_since(self.from) as f64 / self.until.ms_since(self.from).max(1) as f64;
        LEFT + share.clamp(0.0, 1.0) * (RIGHT - LEFT)
    }

    fn bar(
        &self,
        [from, until]: [Timestamp; 2],
        middle: f64,
        height: f64,
        key: &'static str,
        word: &'static str,
    ) -> Bar {
        let (x, width) = (self.x(from), (self.x(until) - self.x(from)).max(1.0));
        #[expect(clippy::cast_precision_loss, reason = "a word's letters")]
        let has_room = height >= 14.0 && width >= word.len() as f64 * LETTER;
        Bar {
            x: units(x),
            y: units(middle - height / 2.0),
            width: units(width),
            height: units(height),
            key,
            name: has_room.then(|| (units(x + width / 2.0), word)),
            says: format!("{word}, {} to {} UTC", self.clock(from), self.clock(until)),
            from_ms: from.as_ms(),
        }
    }

    fn clock(&self, at: Timestamp) -> String {
        When::new(at, self.now).date()
    }
}

impl Strip {
    pub(super) fn new(shown: &Shown, story: &[Said]) -> Self {
        let playback = &shown.playback;
        let axis = Axis { from: playback.span.from(), until: playback.until, now: shown.now };
        let mut zones = zones(shown);
        let lanes_folded = zones.len().saturating_sub(LANES_MAX);
        zones.truncate(LANES_MAX);
        #[expect(clippy::cast_precision_loss, reason = "few lanes")]
        let middle = |nth: usize| TOP + LANE * (nth as f64 + 0.5);
        let lane = |(nth, zone): (usize, &ZoneId)| {
            let stretches = stretches(shown, zone);
            let are_few = stretches.len() <= BARS_MAX;
            let is_seen = |span: &[Timestamp; 2]| are_few || axis.x(span[1]) - axis.x(span[0]) >= SEEN;
            let drawn = stretches.into_iter().filter(|(span, _)| is_seen(span));
            let bars = drawn.map(|(span, stage)| {
                let height = HEIGHTS[usize::from(rank(stage))];
                axis.bar(span, middle(nth), height, stage_key(stage), words::stage(stage))
            });
            Lane { code: code(playback, zone), at: units(middle(nth) + 4.0), bars: bars.collect() }
        };
        let (gaps, people) = (middle(zones.len()), middle(zones.len() + 1));
        let bottom = people + LANE / 2.0;
        let marks = story.iter().filter(|said| !matches!(said.key, "believed" | "sent"));
        Self {
            lanes: zones.iter().enumerate().map(lane).collect(),
            lanes_folded,
            gaps: playback.gaps.iter().map(|gap| axis.bar(*gap, gaps, 16.0, "gap", "No position")).collect(),
            gaps_at: units(gaps + 4.0),
            people_at: units(people + 4.0),
            marks: marks
                .map(|said| Mark { x: units(axis.x(said.at)), key: said.key, at_ms: said.at.as_ms() })
                .collect(),
            ticks: tick(&axis),
            bottom: units(bottom),
            height: units(bottom + FOOT),
        }
    }
}

fn tick(axis: &Axis) -> Vec<Tick> {
    let (step_ms, instants) = ticks(axis.from, axis.until, TICKS_MAX);
    let show = |at: Timestamp| {
        let clock = axis.clock(at);
        // `1 Mar 02:14:07`
        match clock.rsplit_once(' ') {
            Some((day, _)) if step_ms >= 86_400_000 => day.to_owned(),
            Some((_, clock)) if step_ms >= 60_000 => clock[..5].to_owned(),
            Some((_, clock)) => clock.to_owned(),
            None => clock,
        }
    };
    instants.into_iter().map(|at| Tick { x: units(axis.x(at)), says: show(at) }).collect()
}

/// The zones that the wearer was not clear of at some time, the most dangerous first.
fn zones(shown: &Shown) -> Vec<ZoneId> {
    let playback = &shown.playback;
    let turned = playback.turns.iter().flat_map(|turn| [(&turn.zone, turn.to)]);
    let mut worst: Vec<(u8, ZoneId)> = Vec::new();
    for (zone, stage) in playback.before.iter().map(|(zone, stage)| (zone, *stage)).chain(turned) {
        match worst.iter_mut().find(|(_, known)| known == zone) {
            Some((known, _)) => *known = (*known).max(rank(stage)),
            None => worst.push((rank(stage), zone.clone())),
        }
    }
    worst.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    worst.into_iter().map(|(_, zone)| zone).collect()
}

/// What was believed of a zone, from when to when.
pub(super) fn stretches(shown: &Shown, zone: &ZoneId) -> Vec<([Timestamp; 2], Stage)> {
    let playback = &shown.playback;
    let before = playback.before.iter().find(|(known, _)| known == zone).map_or(Stage::Clear, |(_, it)| *it);
    let mut begins = vec![(playback.span.from(), before)];
    begins.extend(playback.turns.iter().filter(|turn| turn.zone == *zone).map(|turn| (turn.at, turn.to)));
    let ends = begins.iter().skip(1).map(|(at, _)| *at).chain([playback.until]).collect::<Vec<_>>();
    let pairs = begins.into_iter().zip(ends);
    pairs
        .filter(|((from, _), until)| from < until)
        .map(|((from, stage), until)| ([from, until], stage))
        .collect()
}
