//! What is wrong with Cordon itself: a line for each cause, for people and for machines that watch it.

use super::words;
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

/// A line for each of them.
pub(super) fn lines(board: &Board, disk_pct: Option<u8>) -> Vec<String> {
    ongoing(board).map(|incident| line(incident, disk_pct)).collect()
}

/// The same but for sources that cannot be heard: of them the pages speak in words of their own.
pub(super) fn beside_deafness(board: &Board, disk_pct: Option<u8>) -> Vec<String> {
    let others = ongoing(board).filter(|incident| !matches!(incident.cause, Cause::Source(_)));
    others.map(|incident| line(incident, disk_pct)).collect()
}

/// The disk is as full as it is now, not as it was when the incident was raised: on a full one nothing is raised any more.
fn line(incident: &Incident, disk_pct: Option<u8>) -> String {
    match disk_pct {
        Some(pct) if incident.cause == Cause::Disk => words::disk(pct),
        _ => words::trouble(incident),
    }
}
