//! A world as CSV files, in the format that `cordon evaluate --data` reads.
//!
//! | File | Columns |
//! |---|---|
//! | `TRAVELLER_CLASS_fixes.csv` | `t_s`, `lat`, `lon`, `accuracy_m`, `satellites`, `speed_mps`, `truth_lat`, `truth_lon`, `error_m` |
//! | `TRAVELLER_CLASS_truth.csv` | `t_s`, `lat`, `lon`, `speed_mps` |
//! | `scenarios.csv` | `id`, `track`, `kind`, `zone_lat`, `zone_lon`, `zone_radius_m`, `truth_first_entry_t_s`, `truth_first_exit_t_s`, `first_stay_s`, `truth_min_signed_distance_m` |
//! | `sim_home_CLASS_ROOF_borderNNm.csv` | `utc_s`, `lat`, `lon`, `accuracy_m`, `source` |
//!
//! A home is at 53.48 degrees north, 2.24 west, and all of the life is west of it: a zone whose border runs north-south
//! east of it is never entered.

use std::fmt::Write;

use tag_wire::Fix;

use super::city::City;
use super::life::{Life, LifePlan};
use super::part;
use super::scenario::{Kind, Scenario, scenarios};
use super::trip::{Row, Traveller, trip};
use crate::gnss::{Class, Receiver, Roof};
use crate::random::Random;
use crate::route::{Truth, metres_between};

/// Where homes are, degrees.
const HOME: (f64, f64) = (53.48, -2.24);

/// How far east of home the border is, metres.
const BORDERS_M: [u32; 3] = [30, 60, 120];

/// Between fixes at home, seconds.
const HOME_EVERY_S: u32 = 60;

/// A Monday in January 2026, 00:00, Unix seconds.
const MONDAY_S: i64 = 1_767_571_200;

/// When a track begins, seconds, and how long it lasts at least: on wheels and on foot.
const TRACK_BEGINS_S: i64 = 28_800;
const TRACK_S: i64 = 1_800;
const WALK_S: i64 = 3_600;

/// Between trips one stands so long, seconds.
const STANDS_S: (f64, f64) = (30.0, 300.0);

/// Circles over a track: breaches, and near misses in each band.
const BREACHES: usize = 30;
const NEAR_MISSES: usize = 12;

/// What to write.
#[derive(Clone, Copy, Debug)]
pub struct FolderPlan {
    /// Seed of everything.
    pub seed: u64,
    /// How many days the lives at home last.
    pub home_days: u32,
}

/// A file's name and its text.
pub type File = (String, String);

/// The files of a world. A track of each kind of traveller with each class of receiver, in a city of its own; the
/// circles over them; and for each class of receiver and each roof a life at each distance from a border.
pub fn files(plan: &FolderPlan) -> Vec<File> {
    let mut files = Vec::new();
    let mut table = String::from(
        "id,track,kind,zone_lat,zone_lon,zone_radius_m,truth_first_entry_t_s,truth_first_exit_t_s,\
         first_stay_s,truth_min_signed_distance_m\n",
    );
    let mut id = 0;
    for (nth, (by, class)) in pairs(&Traveller::ALL, &Class::ALL).enumerate() {
        let mut random = part(plan.seed, 100 + nth as u64);
        let name = format!("{}_{}", by.as_str(), class.as_str());
        let rows = track(by, &mut random);
        for circle in scenarios(&rows, BREACHES, NEAR_MISSES, &mut random) {
            scenario(&mut table, id, &name, &circle);
            id += 1;
        }
        // Nobody goes indoors there.
        let receiver = Receiver::new(class, Roof::Window, random.bits());
        files.push((format!("{name}_fixes.csv"), fixes(receiver, &rows)));
        files.push((format!("{name}_truth.csv"), truth(&rows)));
    }
    files.push(("scenarios.csv".to_owned(), table));
    let receivers = Vec::from_iter(pairs(&Class::ALL, &Roof::ALL));
    for (nth, ((class, roof), border_m)) in pairs(&receivers, &BORDERS_M).enumerate() {
        let mut random = part(plan.seed, 200 + nth as u64);
        let city = City::new(random.bits(), HOME);
        let life = LifePlan {
            seed: random.bits(),
            days: plan.home_days,
            neighbour: None,
            passes_a_day: 0.0,
            violations: Vec::new(),
        };
        let receiver = Receiver::new(class, roof, random.bits());
        let name = format!("sim_home_{}_{}_border{border_m}m.csv", class.as_str(), roof.as_str());
        files.push((name, home(receiver, &Life::new(&life, &city), plan.home_days)));
    }
    files
}

fn pairs<'a, A: Copy, B: Copy>(all: &'a [A], with: &'a [B]) -> impl Iterator<Item = (A, B)> + 'a {
    all.iter().flat_map(move |a| with.iter().map(move |b| (*a, *b)))
}

/// Trip after trip through some city, with rests between them.
fn track(by: Traveller, random: &mut Random) -> Vec<Row> {
    let place = (random.between(-55.0, 60.0), random.between(-170.0, 170.0));
    let city = City::new(random.bits(), place);
    let lasts_s = if by == Traveller::Walker { WALK_S } else { TRACK_S };
    let mut at = city.any(random);
    let (lat, lon) = city.place(at);
    let standing = Truth { lat, lon, speed_mps: 0.0, course_deg: 0.0, indoors: false };
    let mut rows = vec![Row { t_s: TRACK_BEGINS_S, truth: standing }];
    while rows[rows.len() - 1].t_s < TRACK_BEGINS_S + lasts_s {
        let last = rows[rows.len() - 1];
        let stands_s = random.between(STANDS_S.0, STANDS_S.1) as i64;
        let still = Truth { speed_mps: 0.0, ..last.truth };
        rows.extend((1..=stands_s).map(|second| Row { t_s: last.t_s + second, truth: still }));
        let to = city.any(random);
        let way = city.route(at, to, None, random);
        rows.extend(trip(by, &way, last.t_s + stands_s + 1, random));
        at = to;
    }
    rows
}

fn fixes(mut receiver: Receiver, rows: &[Row]) -> String {
    let mut csv = String::from("t_s,lat,lon,accuracy_m,satellites,speed_mps,truth_lat,truth_lon,error_m\n");
    for Row { t_s, truth } in rows {
        let Some(fix) = receiver.fix(t_s * 1_000, truth) else { continue };
        let error_m = metres_between((truth.lat, truth.lon), (fix.lat, fix.lon));
        let (accuracy_m, satellites) = (or_empty(fix.acc_m), or_empty(fix.sats));
        let speed_mps = or_empty(fix.speed_mps);
        line(
            &mut csv,
            format_args!(
                "{t_s},{},{accuracy_m},{satellites},{speed_mps},{:.8},{:.8},{error_m:.2}",
                place(&fix),
                truth.lat,
                truth.lon
            ),
        );
    }
    csv
}

fn truth(rows: &[Row]) -> String {
    let mut csv = String::from("t_s,lat,lon,speed_mps\n");
    for Row { t_s, truth } in rows {
        line(&mut csv, format_args!("{t_s},{:.8},{:.8},{:.2}", truth.lat, truth.lon, truth.speed_mps));
    }
    csv
}

fn scenario(csv: &mut String, id: usize, track: &str, circle: &Scenario) {
    let (kind, times) = match circle.kind {
        Kind::Breach { entry_s, exit_s, stay_s } => (
            "breach",
            format!("{entry_s}.0,{},{stay_s}.0", exit_s.map_or_else(String::new, |s| format!("{s}.0"))),
        ),
        Kind::NearMiss => ("near_miss", ",,".to_owned()),
    };
    let Scenario { centre, radius_m, nearest_m, .. } = circle;
    line(
        csv,
        format_args!("{id},{track},{kind},{:.7},{:.7},{radius_m},{times},{nearest_m:.1}", centre.0, centre.1),
    );
}

fn home(mut receiver: Receiver, life: &Life, days: u32) -> String {
    let mut csv = String::from("utc_s,lat,lon,accuracy_m,source\n");
    for second in (0..days * 86_400).step_by(HOME_EVERY_S as usize) {
        let t_s = MONDAY_S + i64::from(second);
        let truth = life.at(f64::from(second));
        let Some(fix) = receiver.fix(t_s * 1_000, &truth) else { continue };
        let (accuracy_m, source) = (or_empty(fix.acc_m), fix.source.as_str());
        line(&mut csv, format_args!("{t_s},{},{accuracy_m},{source}", place(&fix)));
    }
    csv
}

fn place(fix: &Fix) -> String {
    format!("{:.7},{:.7}", fix.lat, fix.lon)
}

fn or_empty<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn line(csv: &mut String, cells: std::fmt::Arguments<'_>) {
    // A string takes whatever is written to it.
    let _ = writeln!(csv, "{cells}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::read;

    const PLAN: FolderPlan = FolderPlan { seed: 1, home_days: 2 };

    #[test]
    fn what_is_written_can_be_read() {
        let files = files(&PLAN);
        assert_eq!(files.len(), 2 * 9 + 1 + 18);
        for (name, text) in files.iter().filter(|(name, _)| name != "scenarios.csv") {
            let fixes = read(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(fixes.len() > 1_000, "{name}: {} rows", fixes.len());
            if name.ends_with("_truth.csv") {
                assert!(fixes.windows(2).all(|pair| pair[1].t_ms == pair[0].t_ms + 1_000), "{name}");
            } else {
                assert!(fixes.iter().all(|fix| fix.acc_m.is_some()), "{name}");
            }
        }
    }

    #[test]
    fn every_track_has_its_circles() {
        let files = files(&PLAN);
        let (_, table) = files.iter().find(|(name, _)| name == "scenarios.csv").unwrap();
        let columns = |line: &str| line.split(',').count();
        assert!(table.lines().all(|line| columns(line) == 10), "every line has ten cells");
        for (by, class) in pairs(&Traveller::ALL, &Class::ALL) {
            let track = format!(",{}_{},", by.as_str(), class.as_str());
            let count = |kind: &str| {
                table.lines().filter(|line| line.contains(&track) && line.contains(kind)).count()
            };
            assert_eq!((count(",breach,"), count(",near_miss,")), (BREACHES, 2 * NEAR_MISSES), "{track}");
        }
    }

    #[test]
    fn a_seed_gives_the_same_files_and_another_one_others() {
        let first = files(&PLAN);
        assert!(first == files(&PLAN));
        let other = files(&FolderPlan { seed: 2, ..PLAN });
        assert!(first.iter().zip(&other).all(|(a, b)| a.0 == b.0 && a.1 != b.1));
    }
}
