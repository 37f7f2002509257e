//! What the decision rule finds, and what it cries wolf about, on recorded tracks with ground truth.

use cordon::domain::{IncidentKind, Ping, Timestamp};
use firmware_sim::track::{PingPlan, TimedPing, pings};

use crate::{
    line::Line,
    recorded::{self, Scenario},
};

const START: i64 = 1_700_000_000_000;

/// Seconds of the track at which the first Violation was raised, going by arrival.
fn run(scenario: &Scenario, pings: &[TimedPing], track_start_s: f64) -> Option<f64> {
    let start = Timestamp::from_ms(START);
    let mut line = Line::with(
        &recorded::rulebook(std::slice::from_ref(scenario), "http://127.0.0.1:1/"),
        start.plus_ms(-60_000),
    );
    let tag = format!("sim/tag-{}", scenario.id).parse().unwrap();
    for ping in pings {
        line.ping(Timestamp::from_ms(ping.at_ms), &tag, Ping::from(ping.ping.clone()));
    }
    let violation = line.incident(IncidentKind::Violation);
    violation.map(|incident| {
        let raised = incident.timeline.iter().find(|entry| {
            matches!(&entry.what, cordon::domain::Happening::Raised { kind: IncidentKind::Violation, .. })
        });
        #[expect(clippy::cast_precision_loss, reason = "an hour of milliseconds")]
        let raised_s = raised.map_or(0, |entry| entry.at.ms_since(start)) as f64 / 1_000.0;
        track_start_s + raised_s
    })
}

fn evaluate(track: &str, interval_s: u32) -> Option<Score> {
    let folder = recorded::folder("tracks")?;
    let fixes = recorded::fixes(&folder, &format!("{track}_fixes"));
    let plan = PingPlan { interval_s, start_ms: START, boot: 1 };
    let pings = pings(&fixes, &plan);
    let track_start_s = fixes[0].t_ms as f64 / 1_000.0;
    let mut score = Score::default();
    for scenario in recorded::scenarios(&folder).iter().filter(|s| s.track == track) {
        let raised_s = run(scenario, &pings, track_start_s);
        score.add(scenario, raised_s, interval_s);
    }
    println!("{track} at {interval_s} s: {score:?}");
    Some(score)
}

#[derive(Debug, Default)]
struct Score {
    must: usize,
    missed: Vec<usize>,
    near: usize,
    false_near: Vec<usize>,
    far: usize,
    false_far: Vec<usize>,
    delays_s: Vec<i64>,
}

impl Score {
    fn add(&mut self, scenario: &Scenario, raised_s: Option<f64>, interval_s: u32) {
        if scenario.is_breach {
            if scenario.first_stay_s.unwrap_or(f64::MAX) < f64::from(2 * interval_s + 5) {
                return;
            }
            self.must += 1;
            match raised_s {
                Some(raised_s) => {
                    #[expect(clippy::cast_possible_truncation, reason = "seconds of a track")]
                    self.delays_s.push((raised_s - scenario.first_entry_s.unwrap()) as i64);
                }
                None => self.missed.push(scenario.id),
            }
            self.delays_s.sort_unstable();
        } else if scenario.nearest_m <= 25.0 {
            self.near += 1;
            self.false_near.extend(raised_s.map(|_| scenario.id));
        } else {
            self.far += 1;
            self.false_far.extend(raised_s.map(|_| scenario.id));
        }
    }
}

/// At most this many missed, and no false alarm at any near miss.
fn check(score: &Score, missed_max: usize) {
    assert!(score.must > 10 && score.near > 20 && score.far > 20, "the scenarios are there: {score:?}");
    assert!(score.missed.len() <= missed_max, "{score:?}");
    assert!(score.false_near.is_empty() && score.false_far.is_empty(), "{score:?}");
}

#[test]
fn nagoya_at_15_s() {
    let Some(score) = evaluate("nagoya_2023-07-11", 15) else {
        return;
    };
    check(&score, 2);
}

#[test]
fn mountain_view_at_15_s() {
    let Some(score) = evaluate("mountain_view_2020-02-07", 15) else {
        return;
    };
    check(&score, 0);
}

#[test]
fn at_60_s() {
    for track in ["nagoya_2023-07-11", "mountain_view_2020-02-07"] {
        let Some(score) = evaluate(track, 60) else {
            return;
        };
        check(&score, 1);
    }
}
