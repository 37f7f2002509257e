//! Names that belong to nobody.

/// Made-up given names.
const GIVEN: [&str; 24] = [
    "Aldren", "Beshka", "Corvin", "Dellith", "Ebbrin", "Fennet", "Gwillo", "Harrik", "Ismeld", "Jorvan",
    "Kestry", "Lumina", "Morwick", "Nessarin", "Orrit", "Pellam", "Quenby", "Rosker", "Sillan", "Tamsel",
    "Ulvera", "Velda", "Wystan", "Yorrel",
];

/// Made-up family names.
const FAMILY: [&str; 20] = [
    "Ashgrind",
    "Brackwater",
    "Cobblemarsh",
    "Driftholm",
    "Eelgarth",
    "Foamsby",
    "Gullwick",
    "Haddermoor",
    "Inkwater",
    "Kelpson",
    "Lanternby",
    "Marrowsea",
    "Netterby",
    "Oakumsey",
    "Pebbleford",
    "Quayhurst",
    "Rimesalt",
    "Saltmarrow",
    "Tidewell",
    "Wrackley",
];

const STREETS: [&str; 32] = [
    "Anchor",
    "Barnacle",
    "Beacon",
    "Capstan",
    "Chandler",
    "Cockle",
    "Compass",
    "Cormorant",
    "Driftwood",
    "Eider",
    "Fathom",
    "Gannet",
    "Halyard",
    "Herring",
    "Kelp",
    "Keel",
    "Lantern",
    "Mariner",
    "Mussel",
    "Net",
    "Oar",
    "Oyster",
    "Petrel",
    "Plover",
    "Rigging",
    "Rope",
    "Sandpiper",
    "Scallop",
    "Spindrift",
    "Starfish",
    "Tern",
    "Windlass",
];

const KINDS: [&str; 6] = ["Street", "Lane", "Row", "Road", "Walk", "Way"];

/// Code words for zones: they say nothing of the place.
const CODES: [&str; 16] = [
    "Amber", "Basalt", "Cedar", "Dune", "Ember", "Fern", "Granite", "Hazel", "Iris", "Juniper", "Lichen",
    "Maple", "Nettle", "Opal", "Quartz", "Rowan",
];

/// The `n`-th person's name; the first 480 differ.
pub(super) fn person(n: usize) -> String {
    let family = FAMILY[(n + 3 * (n / GIVEN.len())) % FAMILY.len()];
    format!("{} {family}", GIVEN[n * 7 % GIVEN.len()])
}

/// The `n`-th street's name; the first 192 differ.
pub(super) fn street(n: usize) -> String {
    let kind = KINDS[(n + 3 * (n / STREETS.len())) % KINDS.len()];
    format!("{} {kind}", STREETS[n * 5 % STREETS.len()])
}

/// The `n`-th zone's code name; all differ.
pub(super) fn zone_code(n: usize) -> String {
    format!("{} {}", CODES[n % CODES.len()], n / CODES.len() + 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_do_not_repeat() {
        let distinct = |names: Vec<String>| names.iter().collect::<BTreeSet<_>>().len();
        assert_eq!(distinct((0..480).map(person).collect()), 480);
        assert_eq!(distinct((0..192).map(street).collect()), 192);
        assert_eq!(distinct((0..120).map(zone_code).collect()), 120);
    }
}
