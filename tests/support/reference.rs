//! What a journal must hold and what must come of it, going by what the tags sent alone.
#![allow(dead_code, reason = "no test uses all of it")]

use std::{collections::BTreeSet, path::Path};

use cordon::{
    domain::TagId,
    engine::{Input, Told},
    lab::Course,
    rulebook_file,
    sequencer::input_of,
    store::{JournalRow, Store},
};
use firmware_sim::track::TimedPing;

use crate::{crowd, outcome::Outcome};

/// Tags with their pings.
pub(crate) type Sent = [(TagId, Vec<TimedPing>)];

/// Every row of the journal.
pub(crate) async fn journal(store: &dyn Store) -> Vec<JournalRow> {
    let mut rows: Vec<JournalRow> = Vec::new();
    loop {
        let page = store.journal(rows.last().map_or(0, |row| row.no), 1_000).await.unwrap();
        if page.is_empty() {
            return rows;
        }
        rows.extend(page);
    }
}

/// Panics unless the journal holds every ping that was sent, and no other. Returns how often the service started.
pub(crate) fn assert_holds(journal: &[JournalRow], sent: &Sent) -> u32 {
    let (mut held, mut starts) = (BTreeSet::new(), 0);
    for row in journal {
        match input_of(row).unwrap() {
            Input::Ping { tag, ping, .. } => drop(held.insert((tag, ping.boot, ping.seq))),
            Input::Told(Told::Started { .. }) => starts += 1,
            Input::Told(_) => {}
        }
    }
    let expected = crowd::numbers(sent);
    let lost: Vec<_> = expected.difference(&held).collect();
    assert!(lost.is_empty(), "acknowledged and not in the journal: {lost:?}");
    assert_eq!(held.len(), expected.len());
    starts
}

/// What the engine makes of the pings as they were sent, without broker, faults and duplicates.
pub(crate) fn offline(rulebook: &Path, sent: &Sent) -> Outcome {
    let pings = crowd::in_order(sent);
    let books = rulebook_file::read(rulebook).unwrap();
    let mut line = Course::with(&books, pings[0].0.plus_ms(-1_000)).unwrap();
    for (at, tag, ping) in pings {
        line.ping(at, tag, ping);
    }
    Outcome::of(line.incidents.values(), line.alerts.values())
}
