//! A book as it is kept beside the journal, with what the rulebook knows of it that the book itself does not say.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{BoundZone, Rulebook};
use crate::domain::{Book, Scope, TagId, Timestamp, ZoneId};

/// See the module's documentation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in super::super) struct KeptBook {
    book: Book,
    /// How often its scope was published.
    revision: u64,
    /// Of each of its zones since when it stands as it stands, and since when it binds whom it binds.
    drawn: Vec<(ZoneId, Timestamp, Timestamp)>,
    /// Of each of its proximity zones since when it stands as it stands.
    around: Vec<(ZoneId, Timestamp)>,
    /// Of a person every Companion that they ever carried.
    carried: Vec<TagId>,
}

impl KeptBook {
    pub(in super::super) fn scope(&self) -> Scope {
        self.book.scope()
    }
}

impl Rulebook {
    /// Everything in force, book by book.
    pub(in super::super) fn kept(&self) -> impl Iterator<Item = KeptBook> {
        let units = self.units().cloned().map(Book::Unit);
        let wearers = self.wearers().cloned().map(Book::Wearer);
        let persons = self.persons().cloned().map(Book::Person);
        let cases = self.cases().cloned().map(Book::Case);
        let mut carried = self.proximity.carried();
        units.chain(wearers).chain(persons).chain(cases).map(move |book| {
            let carried = match &book {
                Book::Person(person) => carried.remove(&person.id).unwrap_or_default(),
                Book::Unit(_) | Book::Wearer(_) | Book::Case(_) => Vec::new(),
            };
            self.keep(book, carried)
        })
    }

    fn keep(&self, book: Book, carried: Vec<TagId>) -> KeptBook {
        let (drawn, around) = match &book {
            Book::Unit(unit) => (&unit.zones[..], &[][..]),
            Book::Case(case) => (&case.zones[..], &case.proximity_zones[..]),
            Book::Wearer(_) | Book::Person(_) => (&[][..], &[][..]),
        };
        let drawn = drawn.iter().filter_map(|zone| self.bound_zone(&zone.id));
        let around = around.iter().filter_map(|zone| self.proximity_zone(&zone.id));
        KeptBook {
            revision: self.revision(&book.scope()),
            drawn: drawn.map(|bound| (bound.zone.id.clone(), bound.since, bound.binds_since)).collect(),
            around: around.map(|bound| (bound.zone.id.clone(), bound.since)).collect(),
            carried,
            book,
        }
    }

    /// Puts a book in force as it was; in whichever order, the same books make the same rulebook.
    pub(in super::super) fn take_up(&mut self, kept: KeptBook) {
        let KeptBook { book, revision, drawn, around, carried } = kept;
        let scope = book.scope();
        if let Scope::Person(person) = &scope {
            self.proximity.learn_carried(person, &carried);
        }
        *self = self.published(book, Timestamp::MIN);
        self.revisions.insert_mut(scope, revision);
        for (id, since, binds_since) in drawn {
            if let Some(bound) = self.zones.get(&id) {
                let bound = BoundZone { since, binds_since, ..bound.as_ref().clone() };
                self.zones.insert_mut(id, Arc::new(bound));
            }
        }
        for (id, since) in around {
            self.proximity.stands_since(&id, since);
        }
    }
}
