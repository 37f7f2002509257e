//! What is wrong with Cordon itself: a line for each cause, for people and for machines that watch it.

use super::{App, words};
use crate::{
    domain::{Cause, Incident, Subject},
    sequencer::Board,
};

/// Open incidents about the service that still last.
fn ongoing(board: &Board) -> impl Iterator<Item = &Incident> {
    let incidents = board.incidents.values().map(AsRef::as_ref);
    incidents.filter(|incident: &&Incident| {
        incident.subject == Subject::Service && incident.ongoing && incident.is_open()
    })
}

/// What is known of Cordon itself without the engine: it goes on while nothing can be written any more.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Measured {
    /// How full the disk is that the records are on, percent.
    pub(super) disk_pct: Option<u8>,
    /// The audit log's head could not be written to its second place.
    pub(super) heads_fail: bool,
    /// What is in the files of the console's own certificate cannot be used.
    pub(super) renewal_fails: bool,
}

impl App {
    pub(super) fn measured(&self) -> Measured {
        Measured {
            disk_pct: *self.disk.borrow(),
            heads_fail: self.access.second_place().is_failing,
            renewal_fails: self.renewal.fails(),
        }
    }
}

/// A line for each of them.
pub(super) fn lines(board: &Board, measured: Measured) -> Vec<String> {
    all(ongoing(board), measured)
}

/// The same but for sources that cannot be heard: of them the pages speak in words of their own.
pub(super) fn beside_deafness(board: &Board, measured: Measured) -> Vec<String> {
    all(ongoing(board).filter(|incident| !matches!(incident.cause, Cause::Source(_))), measured)
}

fn all<'i>(incidents: impl Iterator<Item = &'i Incident>, measured: Measured) -> Vec<String> {
    let beside = [(measured.heads_fail, words::HEADS_FAIL), (measured.renewal_fails, words::RENEWAL_FAILS)];
    let beside = beside.into_iter().filter(|(is_so, _)| *is_so).map(|(_, what)| what.to_owned());
    incidents.map(|incident| line(incident, measured.disk_pct)).chain(beside).collect()
}

/// The disk is as full as it is now, not as it was when the incident was raised: on a full one nothing is raised any more.
fn line(incident: &Incident, disk_pct: Option<u8>) -> String {
    match disk_pct {
        Some(pct) if incident.cause == Cause::Disk => words::disk(pct),
        _ => words::trouble(incident),
    }
}
