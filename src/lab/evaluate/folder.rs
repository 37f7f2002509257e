//! A folder of recorded tracks with ground truth, of zones laid over them, and of lives at home.
//!
//! | File | What is in it |
//! |---|---|
//! | `NAME_fixes.csv` | what a receiver said: `t_s`, `lat`, `lon`, and `accuracy_m` or `hdop` |
//! | `NAME_truth.csv` | where it really was: `t_s`, `lat`, `lon` |
//! | `scenarios.csv` | circles over the tracks, each breached or nearly missed |
//! | `sim_home_*.csv` | fixes of somebody at home beside a zone that they never enter |

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use firmware_sim::track;
use tag_wire::Fix;

/// Everything in a folder.
pub(super) struct Folder {
    pub(super) tracks: BTreeMap<String, Track>,
    pub(super) scenarios: Vec<Scenario>,
    pub(super) homes: Vec<Home>,
}

/// A recorded track.
pub(super) struct Track {
    pub(super) fixes: Vec<Fix>,
    /// The true path, its times by the same clock.
    pub(super) truth: Vec<Fix>,
}

/// A circle over a track.
#[derive(Debug, Clone)]
pub(super) struct Scenario {
    pub(super) id: String,
    pub(super) track: String,
    pub(super) lat: f64,
    pub(super) lon: f64,
    pub(super) radius_m: f64,
    pub(super) kind: Kind,
}

/// What the true path does to a circle. Times in milliseconds by the track's clock.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Breach {
        entry_ms: i64,
        /// `None`: the track ends inside.
        exit_ms: Option<i64>,
        stay_ms: i64,
    },
    /// It comes this close to the border.
    NearMiss { nearest_m: f64 },
}

/// Somebody who lives beside a zone.
pub(super) struct Home {
    pub(super) file: String,
    pub(super) fixes: Vec<Fix>,
    /// How far east of home the border is, metres, from the file's name.
    pub(super) border_m: f64,
}

impl Folder {
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let names = names(folder)?;
        let mut tracks = BTreeMap::new();
        let mut homes = Vec::new();
        for (name, path) in &names {
            if let Some(track) = name.strip_suffix("_fixes") {
                let truth = folder.join(format!("{track}_truth.csv"));
                tracks.insert(track.to_owned(), Track { fixes: fixes(path)?, truth: fixes(&truth)? });
            } else if name.starts_with("sim_home_") {
                let border_m = border_m(name).with_context(|| {
                    format!("{name}.csv: its name says how far the border is, as in sim_home_A_border40m.csv")
                })?;
                homes.push(Home { file: format!("{name}.csv"), fixes: fixes(path)?, border_m });
            }
        }
        let path = folder.join("scenarios.csv");
        let scenarios = if path.is_file() { scenarios(&path)? } else { Vec::new() };
        for scenario in &scenarios {
            let track = &scenario.track;
            ensure!(tracks.contains_key(track), "{}: there is no {track}_fixes.csv", path.display());
        }
        if scenarios.is_empty() && homes.is_empty() {
            bail!("nothing to evaluate in {}: no scenarios.csv and no sim_home_*.csv", folder.display());
        }
        Ok(Self { tracks, scenarios, homes })
    }
}

/// The CSV files by name without their ending, sorted.
fn names(folder: &Path) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        if path.extension().is_some_and(|ext| ext == "csv")
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
        {
            names.push((name.to_owned(), path));
        }
    }
    names.sort();
    Ok(names)
}

fn fixes(path: &Path) -> anyhow::Result<Vec<Fix>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    track::read(&text).with_context(|| path.display().to_string())
}

/// 40 for `sim_home_D_border40m`.
fn border_m(name: &str) -> Option<f64> {
    let (_, border) = name.rsplit_once("border")?;
    let digits = border.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(border.len());
    border[..digits].parse().ok().filter(|border_m| (1.0..=10_000.0).contains(border_m))
}

fn scenarios(path: &Path) -> anyhow::Result<Vec<Scenario>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').map(str::trim).collect();
    let rows = lines.enumerate().filter(|(_, line)| !line.trim().is_empty());
    rows.map(|(i, line)| {
        let cells = line.split(',').map(str::trim);
        let row: BTreeMap<&str, &str> = header.iter().copied().zip(cells).collect();
        scenario(&row).with_context(|| format!("{} line {}", path.display(), i + 2))
    })
    .collect()
}

fn scenario(row: &BTreeMap<&str, &str>) -> anyhow::Result<Scenario> {
    let text = |column| row.get(column).copied().with_context(|| format!("column {column} is missing"));
    let number = |column| -> anyhow::Result<Option<f64>> {
        let cell = text(column)?;
        let number = (!cell.is_empty()).then(|| cell.parse::<f64>()).transpose();
        let number = number.ok().filter(|number| number.is_none_or(f64::is_finite));
        number.with_context(|| format!("column {column}: a number"))
    };
    let needed = |column| number(column)?.with_context(|| format!("column {column}: a number is needed"));
    let kind = match text("kind")? {
        "breach" => Kind::Breach {
            entry_ms: ms(needed("truth_first_entry_t_s")?),
            exit_ms: number("truth_first_exit_t_s")?.map(ms),
            stay_ms: ms(needed("first_stay_s")?),
        },
        "near_miss" => Kind::NearMiss { nearest_m: needed("truth_min_signed_distance_m")? },
        _ => bail!("column kind: breach or near_miss"),
    };
    Ok(Scenario {
        id: text("id")?.into(),
        track: text("track")?.into(),
        lat: needed("zone_lat")?,
        lon: needed("zone_lon")?,
        radius_m: needed("zone_radius_m")?,
        kind,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "saturates, far beyond any track")]
fn ms(s: f64) -> i64 {
    (s * 1e3).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_border_is_in_the_name() {
        assert_eq!(border_m("sim_home_D_border40m"), Some(40.0));
        assert_eq!(border_m("sim_home_E_border7.5m_b"), Some(7.5));
        assert_eq!(border_m("sim_home_D"), None);
        assert_eq!(border_m("sim_home_border0m"), None);
    }

    #[test]
    fn a_folder_that_cannot_be_evaluated_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let said = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).unwrap();
            let error = Folder::read(folder.path()).err().map(|error| format!("{error:#}"));
            fs::remove_file(folder.path().join(name)).unwrap();
            error.unwrap_or_default()
        };
        assert!(said("readme.txt", "").starts_with("nothing to evaluate in "));
        assert!(said("sim_home_A.csv", "utc_s,lat,lon\n1,2,3\n").contains("its name says how far"));
        let header = "id,track,kind,zone_lat,zone_lon,zone_radius_m,truth_first_entry_t_s,truth_first_exit_t_s,\
                      first_stay_s,truth_min_signed_distance_m\n";
        let scenario = |row: &str| said("scenarios.csv", &format!("{header}{row}\n"));
        assert!(scenario("0,a,near_miss,1,2,100,,,,7").contains("there is no a_fixes.csv"));
        assert!(scenario("0,a,visit,1,2,100,,,,7").contains("line 2: column kind: breach or near_miss"));
        assert!(scenario("0,a,breach,1,2,100,,,3,7").contains("truth_first_entry_t_s: a number is needed"));
        assert!(scenario("0,a,near_miss,1,2,x,,,,7").contains("zone_radius_m: a number"));
        assert!(said("scenarios.csv", "id\n0\n").contains("column kind is missing"));
    }
}
