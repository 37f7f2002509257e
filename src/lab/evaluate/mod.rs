//! How often Cordon misses, and how often it cries wolf: the production engine over recorded tracks with ground truth.
//!
//! | Part | What it does |
//! |---|---|
//! | `folder` | reads the files |
//! | `run` | one wearer, one zone, one engine, from the first ping to the last |
//! | `score`, `limits` | counts what came of it, and says how sure that is |
//! | `home` | lives beside a zone that is never entered |

mod folder;
mod home;
mod limits;
mod run;
mod score;

use std::{collections::BTreeMap, path::Path};

use serde::Serialize;
use serde_json::json;

use folder::{Folder, Scenario};
use home::HomeFigures;
use score::{Figures, Score};

/// What an evaluation came to.
#[derive(Debug, Serialize)]
pub struct Evaluation {
    interval_s: u32,
    #[serde(flatten)]
    all: Figures,
    home: Vec<HomeFigures>,
    tracks: BTreeMap<String, Figures>,
}

/// Evaluates every scenario and every home of a folder, at pings so many seconds apart. `progress` is told how many
/// runs of how many are done.
///
/// # Errors
/// What in the folder cannot be read, and where.
pub fn evaluate(
    folder: &Path,
    interval_s: u32,
    progress: &mut dyn FnMut(usize, usize),
) -> anyhow::Result<Evaluation> {
    let folder = Folder::read(folder)?;
    let runs = folder.scenarios.len() + folder.homes.len();
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    for (done, scenario) in folder.scenarios.iter().enumerate() {
        progress(done, runs);
        let track = &folder.tracks[&scenario.track];
        let run = run::run(&track.fixes, interval_s, &circle(scenario))?;
        scores.entry(scenario.track.clone()).or_default().add(scenario, track, &run, interval_s);
    }
    let mut home = Vec::new();
    for (nth, life) in folder.homes.iter().enumerate() {
        progress(folder.scenarios.len() + nth, runs);
        home.push(home::figures(life)?);
    }
    progress(runs, runs);
    let tracks = scores.iter().map(|(track, score)| (track.clone(), score.figures())).collect();
    let mut all = Score::default();
    scores.into_values().for_each(|score| all.join(score));
    Ok(Evaluation { interval_s, all: all.figures(), home, tracks })
}

fn circle(scenario: &Scenario) -> serde_json::Value {
    json!({"circle": {"lat": scenario.lat, "lon": scenario.lon, "radius_m": scenario.radius_m}})
}
