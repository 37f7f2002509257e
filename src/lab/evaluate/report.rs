//! The report: figures with their limits, what other choices would have cost, and the worst cases.

use askama::Template;

use super::{
    Evaluation, Progress, Study,
    drawing::{self, Drawing},
    home::HomeFigures,
    limits::limits_95,
    score::{Score, Verdict},
};
use crate::engine::Rule;

/// Cases drawn.
const WORST: usize = 10;
/// Points of the operating curve: how much more evidence is asked for, as the logarithm of its odds.
const CAUTIONS: [f64; 9] = [-1.5, -1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 2.0];

#[derive(Template)]
#[template(path = "evaluate.html", config = ".askama.toml")]
struct Report<'a> {
    interval_s: u32,
    found: Rate,
    by_blind: usize,
    missed: String,
    near: Rate,
    far: Rate,
    rows: Vec<Row>,
    early: usize,
    flaps: usize,
    blind_share: String,
    home: &'a [HomeFigures],
    curve: Curve,
    worst: Vec<Worst>,
}

/// A share with its limits at 95 %.
struct Rate {
    hits: usize,
    trials: usize,
    percent: String,
    limits: String,
}

/// Delays, counted from something.
struct Row {
    from: &'static str,
    p50: String,
    p95: String,
    max: String,
}

/// The operating curve as a drawing of 640 x 300.
struct Curve {
    points: Vec<CurvePoint>,
    line: String,
}

struct CurvePoint {
    x: String,
    y: String,
    is_usual: bool,
    caution: String,
    found: String,
    near: String,
    far: String,
}

struct Worst {
    title: String,
    drawing: Drawing,
}

pub(super) fn html(study: &Study, evaluation: &Evaluation, progress: Progress<'_>) -> anyhow::Result<String> {
    let score = &evaluation.score;
    let [near, far] = [0, 1].map(|band| score.band(band));
    let delays =
        [("the true entry", score.delay_s()), ("the first fix sent from inside", score.after_first_s())];
    let seconds = |s: Option<f64>| s.map_or_else(|| "–".to_owned(), |s| format!("{s:.0} s"));
    let rows = delays.into_iter().map(|(from, spread)| Row {
        from,
        p50: seconds(spread.p50),
        p95: seconds(spread.p95),
        max: seconds(spread.max),
    });
    let report = Report {
        interval_s: study.interval_s,
        found: Rate::of(score.found(), score.must_detect),
        by_blind: score.by_blind,
        missed: score.missed.join(", "),
        near: Rate::of(near[0], near[1]),
        far: Rate::of(far[0], far[1]),
        rows: rows.collect(),
        early: score.early,
        flaps: score.flaps,
        blind_share: format!("{:.1} %", 100.0 * score.blind_share()),
        home: &evaluation.home,
        curve: curve(study, progress)?,
        worst: worst(study, evaluation)?,
    };
    Ok(report.render()?)
}

impl Rate {
    fn of(hits: usize, trials: usize) -> Self {
        let (low, high) = limits_95(hits, trials);
        Self {
            hits,
            trials,
            percent: percent(hits, trials),
            limits: format!("{:.1} to {:.1} %", 100.0 * low, 100.0 * high),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts")]
fn share(hits: usize, trials: usize) -> f64 {
    if trials == 0 { 0.0 } else { hits as f64 / trials as f64 }
}

fn percent(hits: usize, trials: usize) -> String {
    if trials == 0 { "–".into() } else { format!("{:.1} %", 100.0 * share(hits, trials)) }
}

fn curve(study: &Study, progress: Progress<'_>) -> anyhow::Result<Curve> {
    let mut scores = Vec::new();
    for caution in CAUTIONS {
        scores.push((caution, study.evaluate_by(Rule::with_caution(caution), progress)?.score));
    }
    // The plot begins at the worst share found, so that differences can be seen.
    let lowest = scores.iter().map(|(_, score)| share(score.found(), score.must_detect)).fold(1.0, f64::min);
    let floor = (lowest - 0.02).max(0.0);
    let widest = scores.iter().map(|(_, score)| false_share(score)).fold(0.05, f64::max);
    let place = |score: &Score| {
        let x = 60.0 + 560.0 * false_share(score) / widest;
        let y = 20.0 + 230.0 * (1.0 - (share(score.found(), score.must_detect) - floor) / (1.0 - floor));
        (format!("{x:.1}"), format!("{y:.1}"))
    };
    let points: Vec<CurvePoint> = scores
        .iter()
        .map(|(caution, score)| {
            let ((x, y), [near, far]) = (place(score), [0, 1].map(|band| score.band(band)));
            CurvePoint {
                x,
                y,
                is_usual: caution.abs() < f64::EPSILON,
                caution: format!("{caution:+.2}"),
                found: format!("{} of {}", score.found(), score.must_detect),
                near: format!("{} of {}", near[0], near[1]),
                far: format!("{} of {}", far[0], far[1]),
            }
        })
        .collect();
    let line = points.iter().map(|point| format!("{},{}", point.x, point.y)).collect::<Vec<_>>().join(" ");
    Ok(Curve { points, line })
}

/// Of the passes within 25 m, how many raised a Violation.
fn false_share(score: &Score) -> f64 {
    let [hits, passes] = score.band(0);
    share(hits, passes)
}

/// What was missed first, then what was false, then what was found latest.
fn worst(study: &Study, evaluation: &Evaluation) -> anyhow::Result<Vec<Worst>> {
    let badness = |verdict: &Verdict| match verdict {
        Verdict::Missed => i64::MAX,
        Verdict::False => i64::MAX - 1,
        Verdict::Found(delay_ms) | Verdict::Blind(delay_ms) => *delay_ms,
        Verdict::Quiet => i64::MIN,
    };
    let mut order: Vec<usize> = (0..evaluation.verdicts.len()).collect();
    order.sort_by_key(|nth| std::cmp::Reverse(badness(&evaluation.verdicts[*nth])));
    order.truncate(WORST);
    let draw = |nth: usize| {
        let (scenario, verdict) = (&study.folder.scenarios[nth], evaluation.verdicts[nth]);
        let run = study.run(scenario, Rule::default())?;
        let said = match verdict {
            Verdict::Missed => "missed".to_owned(),
            Verdict::False => "a false violation".to_owned(),
            Verdict::Found(ms) => format!("found {:.0} s after the true entry", ms_to_s(ms)),
            Verdict::Blind(ms) => format!("known as Blind {:.0} s after the true entry", ms_to_s(ms)),
            Verdict::Quiet => "nothing to find".to_owned(),
        };
        let title = format!("{} {}: {said}", scenario.track, scenario.id);
        Ok(Worst { title, drawing: drawing::of(scenario, study.track(scenario), &run)? })
    };
    order.into_iter().map(draw).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a track's milliseconds")]
fn ms_to_s(ms: i64) -> f64 {
    ms as f64 / 1e3
}
