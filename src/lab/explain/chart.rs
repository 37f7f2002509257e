//! The distance to the zone over time, and under it what was believed and what people did.

use super::{
    Explanation,
    drawing::{Labels, key},
    gather::{Area, Sighting},
    when::{clock, minute},
};
use crate::{
    domain::{
        AlertState, Happening, MINUTE_MS, Stage, Timestamp,
        words::{metres, stage},
    },
    lab::ticks,
};

/// The plot: from the left, to the right, from above, to below.
const LEFT: f64 = 62.0;
const RIGHT: f64 = 432.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 232.0;
/// Ticks of the time axis.
const TICKS_MAX: i64 = 5;
/// What people did is drawn up to so many times as long as the positions last.
const LONGER: i64 = 2;
/// A piece of the strip narrower than this does not bear its name.
const NAME_WIDTH: f64 = 58.0;
const STEPS_M: [f64; 14] = [10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6];

pub(super) struct Chart {
    pub(super) dots: Vec<Dot>,
    /// Where the border is, and where the warning zone begins.
    pub(super) border_y: String,
    pub(super) warning_y: Option<String>,
    pub(super) levels: Vec<Tick>,
    pub(super) times: Vec<Tick>,
    pub(super) strip: Vec<Piece>,
    pub(super) events: Vec<Event>,
    /// Where stays begin that are proven.
    pub(super) stays: Vec<String>,
    /// Positions that are farther away than the chart reaches.
    pub(super) outside: usize,
    /// Something happened later than the chart reaches.
    pub(super) goes_on_after: Option<String>,
}

/// A position: its distance, give or take its scale.
pub(super) struct Dot {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) low: String,
    pub(super) high: String,
    pub(super) key: &'static str,
    pub(super) label: Option<usize>,
}

/// A line of a scale.
pub(super) struct Tick {
    pub(super) at: String,
    pub(super) says: String,
}

/// A stretch of time in one stage.
pub(super) struct Piece {
    pub(super) x: String,
    pub(super) width: String,
    pub(super) middle: String,
    pub(super) key: &'static str,
    pub(super) name: Option<&'static str>,
    pub(super) says: String,
}

/// Something that people did, or were told.
pub(super) struct Event {
    pub(super) x: String,
    /// Which row of marks it stands in.
    pub(super) key: &'static str,
}

struct Axis {
    from: Timestamp,
    until: Timestamp,
}

impl Axis {
    #[expect(clippy::cast_precision_loss, reason = "days in milliseconds")]
    fn x(&self, at: Timestamp) -> f64 {
        let at = at.clamp(self.from, self.until);
        let share = at.ms_since(self.from) as f64 / self.until.ms_since(self.from).max(1) as f64;
        LEFT + share * (RIGHT - LEFT)
    }
}

/// `None` without positions.
pub(super) fn of(
    of: &Explanation,
    area: &Area,
    sightings: &[&Sighting],
    label: &dyn Fn(&Sighting) -> Option<usize>,
) -> Option<Chart> {
    let first = sightings.iter().map(|sighting| sighting.taken).min()?;
    let last = sightings.iter().map(|sighting| sighting.received).max()?;
    let latest = of.gathered.story.iter().map(|line| line.at).max().unwrap_or(last).max(last);
    let room_ms = (last.ms_since(first) * LONGER).max(MINUTE_MS);
    let until = latest.min(first.plus_ms(room_ms)).max(last);
    let axis = Axis { from: first, until };
    let margin_m = area.margin_m();
    let [low_m, high_m] = reach(sightings, margin_m);
    let height = |m: f64| {
        let share = (high_m - m.clamp(low_m, high_m)) / (high_m - low_m);
        TOP + share * (BOTTOM - TOP)
    };
    let y = |m: f64| format!("{:.1}", height(m));
    let mut labels = Labels::default();
    let is_shown = |sighting: &&&Sighting| sighting.sight.border_m <= high_m;
    let dots = sightings.iter().filter(is_shown).map(|sighting| {
        let (m, sigma_m) = (sighting.sight.border_m, sighting.sight.sigma_m);
        Dot {
            x: format!("{:.1}", axis.x(sighting.taken)),
            y: y(m),
            low: y(m - sigma_m),
            high: y(m + sigma_m),
            key: key(sighting.after),
            label: labels.fit(axis.x(sighting.taken), height(m), label(sighting)),
        }
    });
    let stays = of.incident.episodes.iter().filter(|stay| !stay.disproved && stay.from >= axis.from);
    Some(Chart {
        dots: dots.collect(),
        stays: stays.map(|stay| format!("{:.1}", axis.x(stay.from))).collect(),
        outside: sightings.iter().filter(|sighting| !is_shown(sighting)).count(),
        border_y: y(0.0),
        warning_y: (margin_m > 0.0 && margin_m < high_m).then(|| y(margin_m)),
        levels: levels(low_m, high_m, &y),
        times: times(&axis),
        strip: strip(of, &axis),
        events: events(of, &axis),
        goes_on_after: (latest > until).then(|| clock(until)),
    })
}

/// From the deepest to the farthest position, but no farther than makes sense beside the zone.
fn reach(sightings: &[&Sighting], margin_m: f64) -> [f64; 2] {
    let of = |m: fn(&Sighting) -> f64| sightings.iter().map(move |sighting| m(sighting));
    let low = of(|s| s.sight.border_m - s.sight.sigma_m).fold(-50.0, f64::min);
    let high = of(|s| s.sight.border_m + s.sight.sigma_m).fold(50.0, f64::max);
    let most = (3.0 * margin_m).max(300.0);
    [low.max(-most) * 1.08, high.min(most) * 1.08]
}

fn levels(low_m: f64, high_m: f64, y: &impl Fn(f64) -> String) -> Vec<Tick> {
    let step_m = STEPS_M.into_iter().find(|step| (high_m - low_m) / step <= 6.0).unwrap_or(STEPS_M[13]);
    let mut levels = Vec::new();
    let mut m = (low_m / step_m).ceil() * step_m;
    while m <= high_m {
        // The border has a name of its own.
        if m.abs() > step_m / 2.0 {
            let side = if m < 0.0 { " in" } else { "" };
            levels.push(Tick { at: y(m), says: format!("{}{side}", metres(m)) });
        }
        m += step_m;
    }
    levels
}

fn times(axis: &Axis) -> Vec<Tick> {
    let (step_ms, instants) = ticks(axis.from, axis.until, TICKS_MAX);
    let show = if step_ms < MINUTE_MS { clock } else { minute };
    instants.into_iter().map(|at| Tick { at: format!("{:.1}", axis.x(at)), says: show(at) }).collect()
}

/// What was believed, from when Cordon concluded it.
fn strip(of: &Explanation, axis: &Axis) -> Vec<Piece> {
    let changes = &of.gathered.changes;
    let first = changes.first().map_or(Stage::Clear, |changed| changed.change.from);
    let mut begins = vec![(axis.from, first)];
    begins.extend(changes.iter().map(|changed| (changed.at, changed.change.to)));
    let ends = begins.iter().skip(1).map(|(at, _)| *at).chain([axis.until]);
    let pieces = begins.iter().zip(ends).filter_map(|((begin, stage_then), end)| {
        let (x, end_x) = (axis.x(*begin), axis.x(end));
        let width = end_x - x;
        (width > 0.0).then(|| Piece {
            x: format!("{x:.1}"),
            width: format!("{width:.1}"),
            middle: format!("{:.1}", x + width / 2.0),
            key: key(*stage_then),
            name: (width >= NAME_WIDTH).then(|| short(*stage_then)),
            says: format!("{} from {}", stage(*stage_then), clock(*begin)),
        })
    });
    pieces.collect()
}

fn short(of: Stage) -> &'static str {
    match of {
        Stage::Left => "Left",
        other => stage(other),
    }
}

fn events(of: &Explanation, axis: &Axis) -> Vec<Event> {
    let events = of.gathered.story.iter().filter(|line| line.at <= axis.until).filter_map(|line| {
        let key = match &line.what {
            Happening::Alert { state: AlertState::Waiting, .. } => "told",
            Happening::Answered { .. } => "answered",
            Happening::Owned { .. }
            | Happening::Acted { .. }
            | Happening::Attends { .. }
            | Happening::Closed { .. } => "did",
            _ => return None,
        };
        Some(Event { x: format!("{:.1}", axis.x(line.at)), key })
    });
    events.collect()
}

impl Area {
    pub(super) fn margin_m(&self) -> f64 {
        match self {
            Self::Drawn(zone) => zone.margin_m.metres(),
            Self::Around(zone) => zone.margin_m.metres(),
        }
    }
}
