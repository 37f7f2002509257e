//! The kinds of records, and what each form stands on.

use std::{collections::BTreeSet, fmt::Display, str::FromStr};

use super::{
    case, person,
    read::{Reader, Wrong},
    sheet::{Choice, Control, Field, Section},
    unit,
    values::Values,
    wearer,
};
use crate::{
    access::Reach,
    console::{refusal::Refusal, rights::Act},
    domain::{
        Book, Case, CaseId, Channel, IdError, PersonId, Scope, StaffId, Timestamp, Unit, UnitId, WearerId,
    },
    engine::Rulebook,
};

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Wearer,
    Person,
    Case,
    Unit,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Wearer, Self::Person, Self::Case, Self::Unit];

    /// As subjects of drafts begin.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Wearer => "wearer",
            Self::Person => "person",
            Self::Case => "case",
            Self::Unit => "unit",
        }
    }

    /// Where its records are.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Wearer => "/records/wearers",
            Self::Person => "/records/persons",
            Self::Case => "/records/cases",
            Self::Unit => "/records/units",
        }
    }

    pub(super) fn see(self) -> Act {
        match self {
            Self::Wearer => Act::SeeWearers,
            Self::Person => Act::SeePersons,
            Self::Case => Act::SeeCases,
            Self::Unit => Act::SeeUnits,
        }
    }

    pub(super) fn change(self) -> Act {
        match self {
            Self::Wearer => Act::ChangeWearers,
            Self::Person => Act::ChangePersons,
            Self::Case => Act::ChangeCases,
            Self::Unit => Act::ChangeUnits,
        }
    }

    /// Whether somebody whose changes reach so far may make a new one: a unit is nobody's before it is there.
    pub(super) fn may_be_made(self, rulebook: &Rulebook, reach: &Reach) -> bool {
        match self {
            Self::Unit => reach.everything,
            Self::Wearer | Self::Person | Self::Case => rulebook.units().any(|unit| reach.has_unit(&unit.id)),
        }
    }

    /// What the form of a new one says already.
    pub(super) fn fresh(self) -> Values {
        match self {
            Self::Person => person::fresh(),
            Self::Wearer | Self::Case | Self::Unit => Values::default(),
        }
    }

    /// The record of that id, if there is one within the rulebook.
    pub(super) fn find(self, rulebook: &Rulebook, id: &str) -> Option<Book> {
        match self {
            Self::Wearer => rulebook.wearer(&id.parse::<WearerId>().ok()?).cloned().map(Book::Wearer),
            Self::Person => rulebook.person(&id.parse::<PersonId>().ok()?).cloned().map(Book::Person),
            Self::Case => rulebook.case(&id.parse::<CaseId>().ok()?).cloned().map(Book::Case),
            Self::Unit => rulebook.unit(&id.parse::<UnitId>().ok()?).cloned().map(Book::Unit),
        }
    }

    pub(super) fn sheet(self, of: &Of<'_>, values: &Values) -> Vec<Section> {
        match self {
            Self::Wearer => wearer::sheet(of, values),
            Self::Person => person::sheet(of, values),
            Self::Case => case::sheet(of, values),
            Self::Unit => unit::sheet(of, values),
        }
    }

    pub(super) fn read(self, of: &Of<'_>, values: &Values) -> Result<Book, Wrong> {
        match (self, of.base) {
            (Self::Wearer, Some(Book::Wearer(base))) => {
                wearer::read(of, values, Some(base)).map(Book::Wearer)
            }
            (Self::Wearer, _) => wearer::read(of, values, None).map(Book::Wearer),
            (Self::Case, Some(Book::Case(base))) => case::read(of, values, Some(base)).map(Book::Case),
            (Self::Case, _) => case::read(of, values, None).map(Book::Case),
            (Self::Person, Some(Book::Person(base))) => {
                person::read(of, values, Some(base)).map(Book::Person)
            }
            (Self::Person, _) => person::read(of, values, None).map(Book::Person),
            (Self::Unit, Some(Book::Unit(base))) => unit::read(of, values, Some(base)).map(Book::Unit),
            (Self::Unit, _) => unit::read(of, values, None).map(Book::Unit),
        }
    }
}

/// Where a place in a book stands in its form.
pub(super) fn beside(book: &Book, at: &str) -> String {
    match book {
        Book::Unit(unit) => unit::beside(unit, at),
        Book::Person(person) => person::beside(person, at),
        Book::Wearer(_) | Book::Case(_) => at.into(),
    }
}

/// A record as its form holds it.
pub(super) fn write(book: &Book) -> Values {
    match book {
        Book::Wearer(wearer) => wearer::write(wearer),
        Book::Person(person) => person::write(person),
        Book::Case(case) => case::write(case),
        Book::Unit(unit) => unit::write(unit),
    }
}

/// Its id, and what people call it.
pub(super) fn names(book: &Book) -> (String, String) {
    match book {
        Book::Wearer(wearer) => (wearer.id.to_string(), wearer.name.clone()),
        Book::Case(case) => (case.id.to_string(), format!("Case {}", case.id)),
        Book::Unit(unit) => (unit.id.to_string(), unit.name.clone()),
        Book::Person(person) => (person.id.to_string(), person.name.clone()),
    }
}

/// What a form stands on.
pub(super) struct Of<'a> {
    /// As far as whoever writes may see.
    pub(super) rulebook: &'a Rulebook,
    /// How far they may change.
    pub(super) reach: &'a Reach,
    /// Who writes.
    pub(super) by: &'a StaffId,
    pub(super) now: Timestamp,
    /// The channels that have a provider.
    pub(super) channels: &'a BTreeSet<Channel>,
    /// The record in force; none for a new one.
    pub(super) base: Option<&'a Book>,
    /// Of a new one: what the form says already.
    pub(super) chosen_unit: Option<UnitId>,
}

/// What identifies a record.
pub(super) struct Fresh<I> {
    pub(super) id: Option<I>,
    pub(super) unit: Option<UnitId>,
}

impl<'a> Of<'a> {
    /// The fields that only a new record has: they are given once and for ever.
    pub(super) fn fresh_fields(&self) -> Vec<Field> {
        if self.base.is_some() {
            return Vec::new();
        }
        let units = self.rulebook.units().filter(|unit| self.reach.has_unit(&unit.id));
        let units = units.map(|unit| Choice::new(unit.id.as_str(), &unit.name)).collect();
        vec![
            Field::line("id", "Id").hint("A name for records: small letters, digits and '-', such as c-1024. It says nothing about anybody, and never changes."),
            Field::new("unit", "Unit", Control::Choice(units)),
        ]
    }

    /// Reads what identifies a record: of one that there is, nothing can change it.
    pub(super) fn fresh<I: Clone + FromStr<Err = IdError> + Display>(
        &self,
        reader: &mut Reader<'_>,
        base: Option<(&I, &UnitId)>,
    ) -> Fresh<I> {
        if let Some((id, unit)) = base {
            return Fresh { id: Some(id.clone()), unit: Some(unit.clone()) };
        }
        let id = reader.parsed("id", "Give it an id.");
        let unit: Option<UnitId> = reader.parsed("unit", "Choose the unit.");
        let unit = unit.filter(|unit| {
            let ours = self.reach.has_unit(unit);
            if !ours {
                reader.wrong.add("unit", "You can make records in your own units alone.");
            }
            ours
        });
        Fresh { id, unit }
    }

    /// The unit that the record belongs to, as far as that is known.
    pub(super) fn unit(&self) -> Option<&'a Unit> {
        let id = self.base.map(Book::unit).or(self.chosen_unit.as_ref());
        match id {
            Some(id) => self.rulebook.unit(id),
            None => self.rulebook.units().find(|unit| self.reach.has_unit(&unit.id)),
        }
    }

    pub(super) fn in_unit(&self, unit: &UnitId) -> bool {
        self.unit().is_some_and(|own| own.id == *unit)
    }
}

/// The subject of a draft about a record, or about one that is still to be made.
pub(super) fn subject(kind: Kind, id: Option<&str>) -> String {
    format!("{}:{}", kind.word(), id.unwrap_or_default())
}

/// Whether a record is there already: a new one must not take its place.
pub(super) fn is_taken(rulebook: &Rulebook, scope: &Scope) -> bool {
    rulebook.revision(scope) > 0
}

/// The case of that id, if it is within reach.
pub(super) fn case(rulebook: &Rulebook, id: &str) -> Result<Case, Refusal> {
    match Kind::Case.find(rulebook, id) {
        Some(Book::Case(case)) => Ok(case),
        _ => Err(Refusal::no_record()),
    }
}
