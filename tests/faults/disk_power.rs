//! What a power cut leaves behind: the files as they were after every sync and every single write of a violation, and
//! with any of the writes that were not synced yet missing or torn.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use cordon::{
    engine::{Input, Told},
    sequencer::input_of,
    store::{JournalRow, Store},
};
use firmware_sim::random::Random;
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::{
    nth::{self, AT_ONCE, Run},
    script::{MARKS, Scene},
    shim::{self, Change, Disk},
};
use crate::report;

/// States between two syncs that are looked at, of each kind, where not all are.
const SAMPLED: usize = 150;

/// The files below the folder, by name.
#[derive(Debug, Clone, Default)]
struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    fn apply(&mut self, change: &Change) {
        match change {
            Change::Written { name, at, bytes } => self.write(name, *at, bytes),
            Change::Cut { name, to } => self.0.entry(name.clone()).or_default().resize(*to, 0),
            Change::Removed { name } => drop(self.0.remove(name)),
            Change::Synced { .. } => {}
        }
    }

    fn write(&mut self, name: &str, at: usize, bytes: &[u8]) {
        let file = self.0.entry(name.into()).or_default();
        file.resize(file.len().max(at + bytes.len()), 0);
        file[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// After all of these changes.
    fn after(changes: &[Change]) -> Self {
        let mut files = Self::default();
        changes.iter().for_each(|change| files.apply(change));
        files
    }

    /// After these changes and a power cut: of what was written and not synced afterwards, each write may be there, be
    /// missing, or be there in part.
    fn scattered(changes: &[Change], random: &mut Random) -> Self {
        let (mut files, mut synced) = (Self::default(), BTreeSet::new());
        let mut durable = vec![false; changes.len()];
        for (i, change) in changes.iter().enumerate().rev() {
            match change {
                Change::Synced { name } => drop(synced.insert(name)),
                // The marks are the test's own.
                Change::Written { name, .. } => durable[i] = name == MARKS || synced.contains(name),
                // SQLite orders these by a sync of its own where it matters.
                Change::Cut { .. } | Change::Removed { .. } => durable[i] = true,
            }
        }
        for (change, durable) in changes.iter().zip(durable) {
            match change {
                Change::Written { name, at, bytes } if !durable => match random.between(0.0, 3.0) as u8 {
                    0 => {}
                    1 => files.write(name, *at, &bytes[..bytes.len() / 2]),
                    _ => files.apply(change),
                },
                _ => files.apply(change),
            }
        }
        files
    }

    /// As they lie on a disk that starts again: nothing of what was in memory.
    fn put_into(&self, folder: &Path) {
        for (name, bytes) in &self.0 {
            if name.starts_with("cordon.db") && !name.ends_with("-shm") {
                fs::write(folder.join(name), bytes).unwrap();
            }
        }
    }

    /// The numbers of the messages that had been acknowledged.
    fn acknowledged(&self) -> BTreeSet<u64> {
        let marks = self.0.get(MARKS).map_or(&[][..], Vec::as_slice);
        marks.as_chunks().0.iter().map(|seq| u64::from_ne_bytes(*seq)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_at_any_moment_leaves_a_whole_journal_with_everything_acknowledged() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("log");
    let scenes = [Scene::Opening, Scene::Quiet(8_192), Scene::Violation];
    let whole = Run::of(None, &scenes, Disk { log: Some(log.clone()), ..Disk::default() }, true).await;
    let full = rows(nth::is_sound(&whole.data(), "the whole").await.as_ref()).await;
    let changes = shim::changes(&log);
    let mut random = Random::new(report::seed());

    let syncs: Vec<usize> = (1..=changes.len()).filter(|n| is_sync(&changes[n - 1])).collect();
    let moments = moments(&changes, &syncs, &mut random);
    let looked = stream::iter(&moments).map(|moment| recovers(moment, &changes, &full));
    let rows: Vec<usize> = looked.buffer_unordered(AT_ONCE).collect().await;
    let different: BTreeSet<_> = rows.iter().collect();
    assert!(different.len() > full.len() / 2, "the states must be many: {different:?}");
    assert_eq!(Files::after(&changes).acknowledged().len(), numbers(&full).len(), "every message was marked");
    report::shown(
        9,
        "every state that a power cut leaves recovers",
        json!({
            "changes": changes.len(), "syncs": syncs.len(), "states": moments.len(),
            "journal_rows": full.len(), "different_ends": different.len(), "lost": 0,
        }),
    );
}

/// A power cut after so many changes.
#[derive(Debug)]
struct Moment {
    changes: usize,
    /// The seed by which writes that were not synced are missing or torn; `None` if all are there.
    scattered: Option<u64>,
}

/// Power cuts after all syncs and between them: after every change or some.
fn moments(changes: &[Change], syncs: &[usize], random: &mut Random) -> Vec<Moment> {
    let mut moments: Vec<_> =
        syncs.iter().map(|changes| Moment { changes: *changes, scattered: None }).collect();
    let between: Vec<usize> = (0..changes.len()).filter(|n| *n == 0 || !is_sync(&changes[n - 1])).collect();
    let sampled: Vec<usize> = if report::is_long() {
        between
    } else {
        let mut one = || between[random.between(0.0, between.len() as f64) as usize];
        (0..SAMPLED).map(|_| one()).collect()
    };
    for changes in sampled {
        moments.push(Moment { changes, scattered: None });
        moments.push(Moment { changes, scattered: Some(random.bits()) });
    }
    moments
}

fn is_sync(change: &Change) -> bool {
    matches!(change, Change::Synced { .. })
}

/// Panics unless the store opens as it lies there, and holds a beginning of the journal with everything that had been
/// acknowledged. Returns how many rows it holds.
async fn recovers(moment: &Moment, changes: &[Change], full: &[JournalRow]) -> usize {
    let (changes, folder) = (&changes[..moment.changes], nth::folder());
    let files = match moment.scattered {
        Some(seed) => Files::scattered(changes, &mut Random::new(seed)),
        None => Files::after(changes),
    };
    files.put_into(folder.path());
    let rows = rows(nth::is_sound(folder.path(), &format!("{moment:?}")).await.as_ref()).await;
    assert!(full.starts_with(&rows), "{moment:?}: its {} rows are no beginning of the journal", rows.len());
    let (held, acknowledged) = (numbers(&rows), files.acknowledged());
    let lost: Vec<_> = acknowledged.difference(&held).collect();
    assert!(lost.is_empty(), "{moment:?}: acknowledged and lost: {lost:?}");
    rows.len()
}

async fn rows(store: &dyn Store) -> Vec<JournalRow> {
    store.journal(0, 100_000).await.unwrap()
}

/// The numbers of the messages in these rows.
fn numbers(rows: &[JournalRow]) -> BTreeSet<u64> {
    let number = |row: &JournalRow| match input_of(row).unwrap() {
        Input::Ping { ping, .. } => Some(ping.seq),
        Input::Told(Told::Unreadable { .. }) => {
            String::from_utf8_lossy(&row.payload).rsplit(' ').next()?.parse().ok()
        }
        Input::Told(_) => None,
    };
    rows.iter().filter_map(number).collect()
}
