//! How often Cordon misses, and how often it cries wolf: the production engine over recorded tracks with ground truth.
//!
//! | Part | What it does |
//! |---|---|
//! | `folder` | reads the files |
//! | `run` | one wearer, one zone, one engine, from the first ping to the last |
//! | `score`, `limits` | counts what came of it, and says how sure that is |
//! | `home` | lives beside a zone that is never entered |
//! | `report`, `drawing` | the same for people, with the operating curve and the worst cases drawn |

mod drawing;
mod folder;
mod home;
mod limits;
mod report;
mod run;
mod score;

use std::{
    collections::BTreeMap,
    num::NonZero,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use anyhow::anyhow;
use serde::Serialize;
use serde_json::{Value, json};

use crate::engine::Rule;
use folder::{Folder, Scenario, Track};
use home::HomeFigures;
use run::Run;
use score::{Figures, Score, Verdict};

/// A folder of tracks, and how often its tags send.
pub struct Study {
    folder: Folder,
    interval_s: u32,
}

/// What an evaluation came to.
#[derive(Debug, Serialize)]
pub struct Evaluation {
    interval_s: u32,
    #[serde(flatten)]
    all: Figures,
    home: Vec<HomeFigures>,
    tracks: BTreeMap<String, Figures>,
    #[serde(skip)]
    score: Score,
    /// By scenario, in the folder's order.
    #[serde(skip)]
    verdicts: Vec<Verdict>,
}

/// Told how many runs of how many are done.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

impl Study {
    /// Reads a folder whose tags send every so many seconds.
    ///
    /// # Errors
    /// What in the folder cannot be read, and where.
    pub fn read(folder: &Path, interval_s: u32) -> anyhow::Result<Self> {
        Ok(Self { folder: Folder::read(folder)?, interval_s })
    }

    /// Evaluates every scenario and every home, on every core.
    ///
    /// # Errors
    /// A zone that cannot be published.
    pub fn evaluate(&self, progress: Progress<'_>) -> anyhow::Result<Evaluation> {
        self.evaluate_by(Rule::default(), progress)
    }

    /// The report for people: the evaluation with confidence limits, the operating curve, the worst cases drawn.
    ///
    /// # Errors
    /// A zone that cannot be published.
    pub fn report(&self, evaluation: &Evaluation, progress: Progress<'_>) -> anyhow::Result<String> {
        report::html(self, evaluation, progress)
    }

    fn evaluate_by(&self, rule: Rule, progress: Progress<'_>) -> anyhow::Result<Evaluation> {
        let (scenarios, homes) = (&self.folder.scenarios, &self.folder.homes);
        let runs = scenarios.len() + homes.len();
        let outcomes = on_every_core(runs, progress, |nth| match scenarios.get(nth) {
            Some(scenario) => {
                let run = self.run(scenario, rule)?;
                let mut score = Score::default();
                let verdict = score.add(scenario, self.track(scenario), &run, self.interval_s);
                Ok(Outcome::Scenario(score, verdict))
            }
            None => Ok(Outcome::Home(home::figures(&homes[nth - scenarios.len()], rule)?)),
        })?;
        let (mut scores, mut verdicts, mut home) = (BTreeMap::<String, Score>::new(), Vec::new(), Vec::new());
        for (nth, outcome) in outcomes.into_iter().enumerate() {
            match outcome {
                Outcome::Scenario(score, verdict) => {
                    scores.entry(scenarios[nth].track.clone()).or_default().join(score);
                    verdicts.push(verdict);
                }
                Outcome::Home(figures) => home.push(figures),
            }
        }
        let tracks = scores.iter().map(|(track, score)| (track.clone(), score.figures())).collect();
        let mut score = Score::default();
        scores.into_values().for_each(|of_track| score.join(of_track));
        Ok(Evaluation { interval_s: self.interval_s, all: score.figures(), home, tracks, score, verdicts })
    }

    fn run(&self, scenario: &Scenario, rule: Rule) -> anyhow::Result<Run> {
        run::run(&self.track(scenario).fixes, self.interval_s, rule, &circle(scenario))
    }

    fn track(&self, scenario: &Scenario) -> &Track {
        &self.folder.tracks[&scenario.track]
    }
}

impl Evaluation {
    /// For a person at a terminal.
    #[must_use]
    pub fn summary(&self) -> String {
        let score = &self.score;
        let [near, far] = [0, 1].map(|band| score.band(band));
        let delay = score.delay_s();
        let seconds = |s: Option<f64>| s.map_or_else(|| "-".to_owned(), |s| format!("{s:.0} s"));
        let homes = self.home.iter().map(|life| {
            format!(
                "\n{}: {} false in {} days, border at {} m",
                life.file, life.false_count, life.days, life.border_m
            )
        });
        format!(
            "pings every {} s\nfound {} of {} violations, half of them within {}, 95 % within {}\n\
             false: {} of {} passes within 25 m, {} of {} at 25 to 100 m{}",
            self.interval_s,
            score.found(),
            score.must_detect,
            seconds(delay.p50),
            seconds(delay.p95),
            near[0],
            near[1],
            far[0],
            far[1],
            homes.collect::<String>(),
        )
    }
}

enum Outcome {
    Scenario(Score, Verdict),
    Home(HomeFigures),
}

/// Does `count` pieces of work and returns their results in order.
fn on_every_core<T: Send>(
    count: usize,
    progress: Progress<'_>,
    work: impl Fn(usize) -> anyhow::Result<T> + Sync,
) -> anyhow::Result<Vec<T>> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let take = || {
        let mut results = Vec::new();
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            if nth >= count {
                return Ok(results);
            }
            results.push((nth, work(nth)?));
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, count);
        }
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let results: Vec<anyhow::Result<Vec<(usize, T)>>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(take)).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|_| Err(anyhow!("an evaluation crashed")))
        };
        workers.into_iter().map(join).collect()
    });
    let mut all: Vec<(usize, T)> =
        results.into_iter().collect::<anyhow::Result<Vec<_>>>()?.into_iter().flatten().collect();
    all.sort_by_key(|(nth, _)| *nth);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}

fn circle(scenario: &Scenario) -> Value {
    json!({"circle": {"lat": scenario.lat, "lon": scenario.lon, "radius_m": scenario.radius_m}})
}
