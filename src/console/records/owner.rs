//! Whose zones or history are at hand: a case's, whose zones bind its wearer, or a unit's, whose zones bind everybody it
//! monitors.

use axum::{extract::FromRequestParts, http::request::Parts};

use super::{kind::Kind, sheet};
use crate::{
    access::{Reach, ZonesOf},
    console::{App, caller::Officer, refusal::Refusal},
    domain::{AnyZone, Book, Case, ProximityZone, Unit, WearerId, Zone, ZoneId},
    engine::Rulebook,
};

#[derive(Clone)]
pub(super) enum Owner {
    Case(Case),
    Unit(Unit),
}

impl Owner {
    /// The case or unit that a book is of.
    pub(super) fn of_book(book: Book) -> Option<Self> {
        match book {
            Book::Case(case) => Some(Self::Case(case)),
            Book::Unit(unit) => Some(Self::Unit(unit)),
            Book::Wearer(_) | Book::Person(_) => None,
        }
    }

    /// Whether all of it is within reach: whoever sees a case sees its unit's name, and no more of the unit.
    pub(super) fn is_within(&self, reach: &Reach) -> bool {
        match self {
            Self::Case(case) => reach.has_case(&case.id, &case.unit),
            Self::Unit(unit) => reach.has_unit(&unit.id),
        }
    }

    pub(super) fn book(&self) -> Book {
        match self {
            Self::Case(case) => Book::Case(case.clone()),
            Self::Unit(unit) => Book::Unit(unit.clone()),
        }
    }

    /// As the journal names whom a row is about.
    pub(super) fn subject(&self) -> String {
        match self {
            Self::Case(case) => format!("case:{}", case.id),
            Self::Unit(unit) => format!("unit:{}", unit.id),
        }
    }

    /// Where its record is.
    pub(super) fn path(&self) -> String {
        match self {
            Self::Case(case) => format!("{}/{}", Kind::Case.path(), case.id),
            Self::Unit(unit) => format!("{}/{}", Kind::Unit.path(), unit.id),
        }
    }

    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Case(_) => "case",
            Self::Unit(_) => "unit",
        }
    }

    /// `case c-1`.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Case(case) => format!("case {}", case.id),
            Self::Unit(unit) => format!("unit {}", unit.name),
        }
    }

    pub(super) fn of(&self) -> ZonesOf {
        match self {
            Self::Case(case) => ZonesOf::Case { case: case.id.clone(), wearer: case.wearer.clone() },
            Self::Unit(unit) => ZonesOf::Unit(unit.id.clone()),
        }
    }

    pub(super) fn case(&self) -> Option<&Case> {
        match self {
            Self::Case(case) => Some(case),
            Self::Unit(_) => None,
        }
    }

    pub(super) fn is_unit(&self) -> bool {
        self.case().is_none()
    }

    pub(super) fn zones(&self) -> &[Zone] {
        match self {
            Self::Case(case) => &case.zones,
            Self::Unit(unit) => &unit.zones,
        }
    }

    /// A unit has none: nobody is kept from everybody.
    pub(super) fn around(&self) -> &[ProximityZone] {
        self.case().map_or(&[], |case| &case.proximity_zones)
    }

    /// The zone of that id as it is in force.
    pub(super) fn zone(&self, id: &str) -> Option<AnyZone> {
        let drawn = self.zones().iter().find(|zone| zone.id.as_str() == id).cloned().map(AnyZone::Drawn);
        let around =
            || self.around().iter().find(|zone| zone.id.as_str() == id).cloned().map(AnyZone::Around);
        drawn.or_else(around)
    }

    /// Where the zone stands among those of its sort; a new one comes last.
    pub(super) fn place(&self, zone: &AnyZone) -> usize {
        let ids: Vec<&ZoneId> = match zone {
            AnyZone::Drawn(_) => self.zones().iter().map(|zone| &zone.id).collect(),
            AnyZone::Around(_) => self.around().iter().map(|zone| &zone.id).collect(),
        };
        ids.iter().position(|id| *id == zone.id()).unwrap_or(ids.len())
    }

    /// The wearers whom a zone of it binds.
    pub(super) fn wearers(&self, rulebook: &Rulebook) -> Vec<WearerId> {
        match self {
            Self::Case(case) => vec![case.wearer.clone()],
            Self::Unit(unit) => {
                let of_unit = rulebook.wearers().filter(|wearer| wearer.unit == unit.id);
                of_unit.map(|wearer| wearer.id.clone()).collect()
            }
        }
    }

    /// The same with these zones on the ground alone.
    pub(super) fn holding(&self, zones: Vec<Zone>) -> Book {
        match self.clone() {
            Self::Case(case) => Book::Case(Case { zones, proximity_zones: Vec::new(), ..case }),
            Self::Unit(unit) => Book::Unit(Unit { zones, ..unit }),
        }
    }

    /// The same with one zone put in, changed or taken out; the others keep their places.
    pub(super) fn with(&self, id: &ZoneId, zone: Option<&AnyZone>) -> Book {
        let (mut zones, mut around) = (self.zones().to_vec(), self.around().to_vec());
        put(&mut zones, |zone| &zone.id, id, zone.and_then(AnyZone::drawn));
        put(&mut around, |zone| &zone.id, id, zone.and_then(AnyZone::around));
        match self.clone() {
            Self::Case(case) => Book::Case(Case { zones, proximity_zones: around, ..case }),
            Self::Unit(unit) => Book::Unit(Unit { zones, ..unit }),
        }
    }
}

fn put<Z: Clone>(zones: &mut Vec<Z>, id_of: impl Fn(&Z) -> &ZoneId, id: &ZoneId, zone: Option<&Z>) {
    match (zones.iter().position(|known| id_of(known) == id), zone) {
        (Some(at), Some(zone)) => zones[at] = zone.clone(),
        (Some(at), None) => drop(zones.remove(at)),
        (None, Some(zone)) => zones.push(zone.clone()),
        (None, None) => {}
    }
}

/// The case or unit in the address, as far as whoever asks reaches, and the number of its revision in force.
pub(super) struct Whose(pub(super) Owner, pub(super) u64);

impl FromRequestParts<App> for Whose {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let officer = Officer::from_request_parts(parts, app).await?;
        let (board, _) = app.look_as(&officer);
        let path = parts.uri.path();
        let kind = if path.starts_with(Kind::Unit.path()) { Kind::Unit } else { Kind::Case };
        let id = path.split('/').nth(3).unwrap_or_default();
        let owner = kind.find(&board.rulebook, id).and_then(Owner::of_book);
        let owner = owner.filter(|owner| owner.is_within(&officer.reach)).ok_or_else(Refusal::no_record)?;
        let revision = board.rulebook.revision(&owner.book().scope());
        Ok(Self(owner, revision))
    }
}

/// What every page says of whose zones or history it shows.
pub(super) struct OwnerPage {
    pub(super) path: String,
    /// `case c-1`, and the same with a capital.
    pub(super) name: String,
    pub(super) head: String,
    pub(super) title: String,
    pub(super) is_unit: bool,
}

impl OwnerPage {
    pub(super) fn new(owner: &Owner, title: String) -> Self {
        let (path, name, is_unit) = (owner.path(), owner.name(), owner.is_unit());
        Self { path, head: sheet::capital(&name), name, title, is_unit }
    }
}
