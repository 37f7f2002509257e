//! The zones in which two revisions of a case or a unit differ: in words, and drawn over each other.

use crate::{
    console::{
        names::Names,
        records::{
            owner::Owner,
            zones::{
                Difference,
                words::{self, Change},
            },
        },
    },
    domain::{ProximityZone, Zone, ZoneId},
};

/// More are listed with what differs, and neither drawn nor measured.
const DRAWN_MAX: usize = 12;

/// A zone that is another in the later revision.
pub(super) struct Changed {
    pub(super) title: String,
    pub(super) changes: Vec<Change>,
    /// What a drawing shows, in sentences.
    pub(super) facts: Vec<String>,
    pub(super) drawn: Option<Difference>,
}

/// The zones that differ: of the earlier revision in its order, then the new ones.
pub(super) fn zones(before: &Owner, after: &Owner, names: Names<'_>) -> Vec<Changed> {
    let mut changed = Vec::new();
    for [old, new] in pairs(before.zones(), after.zones(), |zone| &zone.id) {
        let key = changed.len();
        let is_drawn = key < DRAWN_MAX;
        changed.push(Changed {
            title: title(old.map(|zone| &zone.code), new.map(|zone| &zone.code)),
            changes: words::changes(old, new),
            facts: old
                .zip(new)
                .filter(|_| is_drawn)
                .map(|(old, new)| words::facts(old, new))
                .unwrap_or_default(),
            drawn: is_drawn.then(|| Difference::of(key, old, new)).flatten(),
        });
    }
    for [old, new] in pairs(before.around(), after.around(), |zone| &zone.id) {
        changed.push(Changed {
            title: title(old.map(|zone| &zone.code), new.map(|zone| &zone.code)),
            changes: words::changes_around(old, new, names),
            facts: Vec::new(),
            drawn: None,
        });
    }
    changed
}

/// What differs, in the fewest words: for a list.
pub(super) fn named(before: &Owner, after: &Owner) -> Vec<String> {
    let drawn = pairs(before.zones(), after.zones(), |zone: &Zone| &zone.id);
    let around = pairs(before.around(), after.around(), |zone: &ProximityZone| &zone.id);
    let drawn = drawn.into_iter().map(|both| both.map(|zone| zone.map(|zone| &zone.code)));
    let around = around.into_iter().map(|both| both.map(|zone| zone.map(|zone| &zone.code)));
    drawn.chain(around).map(|[old, new]| title(old, new)).collect()
}

fn title(before: Option<&String>, after: Option<&String>) -> String {
    match (before, after) {
        (None, Some(code)) => format!("Zone {code} is new"),
        (Some(code), None) => format!("Zone {code} was taken out"),
        (Some(before), Some(after)) if before != after => {
            format!("Zone {before} is now {after}, and changed")
        }
        (Some(code), _) => format!("Zone {code} was changed"),
        (None, None) => String::new(),
    }
}

/// Those that are not the same in both.
fn pairs<'z, Z: PartialEq>(
    before: &'z [Z],
    after: &'z [Z],
    id: impl Fn(&Z) -> &ZoneId,
) -> Vec<[Option<&'z Z>; 2]> {
    let find = |zones: &'z [Z], of: &Z| zones.iter().find(|zone| id(zone) == id(of));
    let old = before.iter().map(|old| [Some(old), find(after, old)]);
    let new = after.iter().filter(|new| find(before, new).is_none()).map(|new| [None, Some(new)]);
    old.chain(new).filter(|[old, new]| old != new).collect()
}
