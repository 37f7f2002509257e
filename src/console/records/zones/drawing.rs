//! Zones of a case or a unit as a drawing: as they are to be, over what is in force now.

use std::sync::Arc;

use super::Owner;
use crate::{
    console::map::Map,
    domain::{Timestamp, Zone},
    engine::Rulebook,
    sequencer::Board,
};

/// Draws `zones`, and behind them, as zones at rest, those that they take the place of.
pub(super) fn of(owner: &Owner, zones: &[Zone], before: &[Zone], now: Timestamp) -> Map {
    let old = |(n, zone): (usize, &Zone)| {
        let id = format!("before-{n}").parse().ok()?;
        Some(Zone { id, code: format!("{} now", zone.code), ..zone.clone() })
    };
    let old: Vec<Zone> = before.iter().enumerate().filter_map(old).collect();
    let drawn = old.iter().chain(zones).cloned().collect();
    let rulebook = Arc::new(Rulebook::default().published(owner.holding(drawn), now));
    let mut map = Map::new(&Board { rulebook, ..Board::default() }, now);
    for mark in &mut map.zones {
        mark.applies = !old.iter().any(|zone| zone.code == mark.code);
    }
    map
}
