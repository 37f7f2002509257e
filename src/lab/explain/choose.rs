//! Which of many positions are listed: those at which something changed and their neighbours, the first and the last, and
//! of the others as many as there is room for, evenly.

use std::collections::BTreeSet;

/// The places, rising, of at most `room` out of `count` things; those in `matter` and their neighbours go first.
pub(super) fn chosen(count: usize, matter: &BTreeSet<usize>, room: usize) -> Vec<usize> {
    if count <= room {
        return (0..count).collect();
    }
    let around = |place: &usize| [Some(*place), place.checked_sub(1), Some(place + 1)];
    let ends = [0, count - 1];
    let first = matter.iter().copied().chain(ends);
    let beside = matter.iter().flat_map(around).flatten();
    let spread = (0..room).map(|nth| nth * (count - 1) / room.max(2).saturating_sub(1));
    let mut chosen = BTreeSet::new();
    for place in first.chain(beside).chain(spread).filter(|place| *place < count) {
        if chosen.len() == room {
            break;
        }
        chosen.insert(place);
    }
    chosen.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_matters_is_among_them_and_there_is_no_more_than_room(
            count in 0_usize..500,
            matter in prop::collection::btree_set(0_usize..500, 0..10),
            room in 30_usize..80,
        ) {
            let matter: BTreeSet<usize> = matter.into_iter().filter(|place| *place < count).collect();
            let chosen = chosen(count, &matter, room);
            prop_assert!(chosen.len() <= room && chosen.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(matter.iter().all(|place| chosen.contains(place)));
            prop_assert!(count == 0 || chosen.contains(&0) && chosen.contains(&(count - 1)));
            prop_assert_eq!(chosen.len() == count, count <= room || chosen.len() == count);
        }
    }
}
