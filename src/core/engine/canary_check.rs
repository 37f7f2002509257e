//! Cordon's canary and everybody else have nothing in common: no id, no tag, no way to be told.
//!
//! The engine judges the canary like any other case. That is all it knows of it.

use super::rulebook_check::Problems;
use crate::domain::{Book, CANARY, Channel, Contact};

impl Problems<'_> {
    /// What is the canary's goes into its unit alone, and nothing else does.
    pub(super) fn canary(&mut self, book: &Book) {
        let its = book.unit().is_canary();
        for (at, id, is_canary) in ids(book) {
            self.look_at(at);
            self.add(is_canary == its, || {
                if its {
                    format!("{id}: unit {} is for Cordon's canary; choose another unit", book.unit())
                } else {
                    format!("{id}: ids that begin with {CANARY} are for Cordon's canary; choose another id")
                }
            });
        }
        self.look_at("");
        for Contact { channel, .. } in contacts(book) {
            self.add((*channel == Channel::Loopback) == its, || {
                format!(
                    "unit {}: channel loopback reaches Cordon itself, and nobody but its canary; choose another",
                    book.unit()
                )
            });
        }
    }
}

/// What a book is called and what it brings along: where each stands, and whether it is the canary's.
fn ids(book: &Book) -> Vec<(String, &str, bool)> {
    macro_rules! each {
        ($($list:literal: $ids:expr),+) => {
            [$($ids.enumerate().map(|(i, id)| (format!("{}.{i}", $list), id.as_str(), id.is_canary())).collect::<Vec<_>>()),+]
                .concat()
        };
    }
    macro_rules! own {
        ($id:expr) => {
            vec![("id".into(), $id.as_str(), $id.is_canary())]
        };
    }
    match book {
        Book::Unit(unit) => {
            each!("staff": unit.staff.iter().map(|staff| &staff.id), "zone": unit.zones.iter().map(|zone| &zone.id))
        }
        Book::Wearer(wearer) => {
            [own!(wearer.id), each!("tag": wearer.tags.iter().map(|worn| &worn.tag))].concat()
        }
        Book::Person(person) => {
            [own!(person.id), each!("companion": person.companions.iter().map(|carried| &carried.tag))]
                .concat()
        }
        Book::Case(case) => [
            own!(case.id),
            each!(
                "zone": case.zones.iter().map(|zone| &zone.id),
                "proximity_zone": case.proximity_zones.iter().map(|zone| &zone.id)
            ),
        ]
        .concat(),
    }
}

fn contacts(book: &Book) -> Vec<&Contact> {
    match book {
        Book::Unit(unit) => unit.staff.iter().flat_map(|staff| &staff.contacts).collect(),
        Book::Person(person) => person.contacts.iter().collect(),
        Book::Wearer(_) | Book::Case(_) => Vec::new(),
    }
}
