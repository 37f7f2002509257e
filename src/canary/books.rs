//! What the canary is made of: a unit with one member of staff, one wearer, one person and one case, all of one name.

use std::collections::BTreeMap;

use crate::{
    domain::{
        Area, Assignment, Basis, BasisKind, Book, CANARY, Case, Channel, Contact, ContactPlan,
        EscalationPolicy, IdError, Margin, Person, PersonStep, Risk, Staff, StaffStep, TagId, Timestamp,
        Unit, Wearer, WhenWeak, Zone, ZoneShape,
    },
    engine::Rulebook,
    geometry::{Circle, LatLon, Shape, offset},
};

/// Farther from any land than every other place, degrees.
const MIDDLE: (f64, f64) = (-48.876_667, -123.393_333);
/// Zones stand on a ring. Between two neighbours lies as much as somebody can go in the shortest interval, metres.
const APART_M: f64 = 160.0;
const RADIUS_M: f64 = 40.0;
/// The unit's area reaches so far from the middle, degrees: farther than the ring.
const AREA_DEG: f64 = 0.05;
/// Leaving a zone takes two fixes so far apart, seconds. The walk is back at a zone only after that, and one ping more.
const LEAVING_S: u32 = 60;
const SPARE_ZONES: u32 = 3;
/// Nobody is told twice: seconds.
const WAIT_S: u32 = 86_400;
/// The ring has been there for ever.
const SINCE: Timestamp = Timestamp::from_ms(0);

/// How many zones a canary needs that walks to the next one every `interval_s`.
pub(super) fn zones(interval_s: u32) -> u32 {
    LEAVING_S.div_ceil(interval_s.max(1)) + SPARE_ZONES
}

/// The id of a zone, from 0.
pub(super) fn zone_id(n: u32) -> String {
    format!("{CANARY}-{n:02}")
}

/// Its code name, which stands on the card.
pub(super) fn zone_code(n: u32) -> String {
    format!("CANARY {n:02}")
}

/// The middle of a zone on a ring of so many. To the centimetre: what is read back from the journal is the same.
pub(super) fn middle_of(n: u32, zones: u32) -> LatLon {
    let turn = std::f64::consts::PI / f64::from(zones);
    let from_middle_m = APART_M / (2.0 * turn.sin());
    let middle = LatLon::new(MIDDLE.0, MIDDLE.1).expect("within the bounds of a position");
    let exact = offset(middle, 360.0 / f64::from(zones) * f64::from(n), from_middle_m);
    let rounded = |deg: f64| (deg * 1e7).round() / 1e7;
    LatLon::new(rounded(exact.lat_deg()), rounded(exact.lon_deg())).unwrap_or(exact)
}

/// The revisions that are missing from `rulebook` for a canary with this tag, in the order of publishing.
pub(super) fn books(rulebook: &Rulebook, tag: &TagId, interval_s: u32) -> Vec<Book> {
    let all = made(tag, interval_s).expect("the name is an id, and a circle of 40 m a zone");
    all.into_iter().filter(|book| !is_in_force(rulebook, book)).collect()
}

/// The revision that ends a canary which is no longer wanted; `None` if there is none.
pub(super) fn ended(rulebook: &Rulebook, at: Timestamp) -> Option<Book> {
    let case = rulebook.case(&CANARY.parse().ok()?).filter(|case| case.basis.covers(at))?;
    Some(Book::Case(Case { basis: Basis { until: Some(at), ..case.basis.clone() }, ..case.clone() }))
}

fn is_in_force(rulebook: &Rulebook, book: &Book) -> bool {
    match book {
        Book::Unit(unit) => rulebook.unit(&unit.id) == Some(unit),
        Book::Wearer(wearer) => rulebook.wearer(&wearer.id) == Some(wearer),
        Book::Person(person) => rulebook.person(&person.id) == Some(person),
        Book::Case(case) => rulebook.case(&case.id) == Some(case),
    }
}

fn made(tag: &TagId, interval_s: u32) -> Result<Vec<Book>, Unsound> {
    let (lat, lon) = MIDDLE;
    let area =
        Area { south: lat - AREA_DEG, west: lon - AREA_DEG, north: lat + AREA_DEG, east: lon + AREA_DEG };
    let name = || "Cordon's canary".to_owned();
    let contact = || vec![Contact { channel: Channel::Loopback, address: CANARY.into() }];
    let step = || -> Result<_, IdError> {
        Ok(vec![StaffStep { to: CANARY.parse()?, channel: Channel::Loopback, wait_s: WAIT_S }])
    };
    let unit = Unit {
        id: CANARY.parse()?,
        name: name(),
        area,
        policy: CANARY.parse()?,
        staff: vec![Staff { id: CANARY.parse()?, name: name(), contacts: contact() }],
        policies: vec![EscalationPolicy {
            id: CANARY.parse()?,
            protected: vec![PersonStep { channel: Channel::Loopback, wait_s: WAIT_S, nominated: false }],
            danger: step()?,
            device: step()?,
            upkeep: step()?,
        }],
        zones: Vec::new(),
        policies_by_risk: BTreeMap::new(),
        roles: None,
        rotas: Vec::new(),
    };
    let wearer = Wearer {
        id: CANARY.parse()?,
        unit: unit.id.clone(),
        name: name(),
        tags: vec![Assignment { tag: tag.clone(), from: SINCE, until: None }],
    };
    let person = Person {
        id: CANARY.parse()?,
        unit: unit.id.clone(),
        name: name(),
        contacts: contact(),
        companions: Vec::new(),
        // A canary that does not come through is told by other ways.
        plan: ContactPlan { weak: WhenWeak::Never, ..ContactPlan::default() },
    };
    let count = zones(interval_s);
    let case = Case {
        id: CANARY.parse()?,
        unit: unit.id.clone(),
        wearer: wearer.id.clone(),
        persons: vec![person.id.clone()],
        basis: Basis { kind: BasisKind::Consent, from: SINCE, until: None },
        risk: Risk::Standard,
        withdrawal: None,
        assessed: None,
        plan: None,
        review_due: None,
        policy: Some(unit.policy.clone()),
        zones: (0..count).map(|n| zone(n, count)).collect::<Result<_, _>>()?,
        proximity_zones: Vec::new(),
    };
    Ok(vec![Book::Unit(unit), Book::Wearer(wearer), Book::Person(person), Book::Case(case)])
}

fn zone(n: u32, count: u32) -> Result<Zone, Unsound> {
    let circle = Circle::new(middle_of(n, count), RADIUS_M).map_err(|_| Unsound)?;
    Ok(Zone {
        id: zone_id(n).parse()?,
        code: zone_code(n),
        shape: ZoneShape(Shape::Circle(circle)),
        margin_m: Margin::try_from(0.0).map_err(|_| Unsound)?,
        schedule: None,
    })
}

/// Something in it is not what its type wants.
#[derive(Debug)]
struct Unsound;

impl From<IdError> for Unsound {
    fn from(_: IdError) -> Self {
        Self
    }
}
