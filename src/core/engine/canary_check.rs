//! Cordon's canary and everybody else have nothing in common: no id, no tag, no way to be told.
//!
//! The engine judges the canary like any other case. That is all it knows of it.

use super::rulebook_check::Problems;
use crate::domain::{Book, CANARY, Channel, Contact};

impl Problems<'_> {
    /// What is the canary's goes into its unit alone, and nothing else does.
    pub(super) fn canary(&mut self, book: &Book) {
        let its = book.unit().is_canary();
        for (id, is_canary) in ids(book) {
            self.add(is_canary == its, || {
                if its {
                    format!("{id}: unit {} is for Cordon's canary; choose another unit", book.unit())
                } else {
                    format!("{id}: ids that begin with {CANARY} are for Cordon's canary; choose another id")
                }
            });
        }
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

/// What a book is called and what it brings along, each with whether it is the canary's.
fn ids(book: &Book) -> Vec<(&str, bool)> {
    macro_rules! each {
        ($($ids:expr),+) => { [$($ids.map(|id| (id.as_str(), id.is_canary())).collect::<Vec<_>>()),+].concat() };
    }
    match book {
        Book::Unit(unit) => {
            each!(unit.staff.iter().map(|staff| &staff.id), unit.zones.iter().map(|zone| &zone.id))
        }
        Book::Wearer(wearer) => {
            each!([&wearer.id].into_iter(), wearer.tags.iter().map(|worn| &worn.tag))
        }
        Book::Person(person) => {
            each!([&person.id].into_iter(), person.companions.iter().map(|carried| &carried.tag))
        }
        Book::Case(case) => each!(
            [&case.id].into_iter(),
            case.zones.iter().map(|zone| &zone.id),
            case.proximity_zones.iter().map(|zone| &zone.id)
        ),
    }
}

fn contacts(book: &Book) -> Vec<&Contact> {
    match book {
        Book::Unit(unit) => unit.staff.iter().flat_map(|staff| &staff.contacts).collect(),
        Book::Person(person) => person.contacts.iter().collect(),
        Book::Wearer(_) | Book::Case(_) => Vec::new(),
    }
}
