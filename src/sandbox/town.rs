//! Doggerhaven: a town that is nowhere, with forty wearers and the people protected from them, all made from a seed.
//!
//! It lies in the open North Sea, over the Devil's Hole trenches: a zone in the demo, in a screenshot or in a bug
//! report can then never be somebody's home. Phone numbers are from the range that Ofcom reserves for drama
//! (+44 7700 900000 to 900999), which is never given to anybody.

mod names;
mod staff;
mod streets;
mod zones;

use std::{fmt::Debug, str::FromStr};

use firmware_sim::random::Random;

pub(crate) use staff::give_pagers;
pub(crate) use streets::{Net, Spot, apart_m};

use crate::{
    domain::{
        Assignment, Basis, BasisKind, Book, Case, Channel, Contact, ContactPlan, Person, PersonId, Risk,
        StaffId, TagId, Timestamp, UnitId, Wearer, WearerId, Zone,
    },
    geometry::{LatLon, offset},
};
use streets::step;

/// How many wearers live in the town.
pub const WEARERS: usize = 40;
/// The number that texts and calls come from: one of Ofcom's for drama.
pub const OUR_NUMBER: &str = "+447700900999";
/// The vendor of all their tags.
pub const VENDOR: &str = "demo";

/// The market square: open sea, far from any coast, platform or wind farm.
const MARKET_DEG: (f64, f64) = (56.4, 0.6);
/// A home is at least this far from the refuge, so that their warning zones leave streets between them.
const REFUGE_APART_M: f64 = 1_000.0;
/// How far from the market people live.
const HOME_M: std::ops::Range<f64> = 300.0..2_100.0;
const DAY_MS: i64 = 86_400_000;
const PLAN: &str =
    "A weekly meeting with the case worker; the persons know what Cordon sees and what it does not.";

/// What a wearer does in the demo's script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Drives up to the protected person's home.
    Intrudes,
    /// Rides into the refuge, which is out of bounds for everybody.
    Trespasses,
    /// Cuts the strap.
    CutsStrap,
    /// Wraps the tag in foil not far from the protected person's home.
    GoesDark,
    /// Forgets to charge the tag.
    RunsLow,
    /// Goes about their day, away from every zone.
    Keeps,
}

impl Part {
    /// The part of the `i`-th wearer.
    pub(crate) fn of(i: usize) -> Self {
        match i {
            4 => Self::Intrudes,
            11 => Self::Trespasses,
            18 => Self::CutsStrap,
            25 => Self::GoesDark,
            32 => Self::RunsLow,
            _ => Self::Keeps,
        }
    }
}

/// A town, its people and their cases.
#[derive(Debug, Clone)]
pub struct Town {
    seed: u64,
    net: Net,
    streets: Vec<Vec<LatLon>>,
    street_names: Vec<String>,
    river: Vec<LatLon>,
    refuge: Zone,
    files: Vec<File>,
}

/// One wearer and the case about them.
#[derive(Debug, Clone)]
struct File {
    wearer: Wearer,
    persons: Vec<Person>,
    case: Case,
}

impl Town {
    /// The town of a seed. Tags were fitted and cases opened a month before `start`.
    #[must_use]
    pub fn new(seed: u64, start: Timestamp) -> Self {
        let mut random = Random::new(seed);
        let net = Net::new(&mut random);
        let places = |line: &Vec<Spot>| line.iter().copied().map(place).collect();
        let spot = spot_between(&net, 1_000.0..1_700.0, &mut random, |_| true);
        let refuge = zones::refuge(spot, &mut random);
        let files = (0..WEARERS).map(|i| File::new(i, &net, spot, start, &mut random)).collect();
        Self {
            seed,
            streets: net.streets.iter().map(places).collect(),
            street_names: (0..net.streets.len()).map(names::street).collect(),
            river: places(&net.river),
            net,
            refuge,
            files,
        }
    }

    /// All revisions, in an order in which each may be published. Staff are reached through `cordon phones` at
    /// `phones_base_url`.
    #[must_use]
    pub fn books(&self, phones_base_url: &str) -> Vec<Book> {
        let unit = staff::unit(area(), self.refuge.clone(), phones_base_url);
        let mut books = vec![Book::Unit(unit)];
        for file in &self.files {
            books.push(Book::Wearer(file.wearer.clone()));
            books.extend(file.persons.iter().cloned().map(Book::Person));
            books.push(Book::Case(file.case.clone()));
        }
        books
    }

    /// The streets, for a map's background.
    #[must_use]
    pub fn streets(&self) -> &[Vec<LatLon>] {
        &self.streets
    }

    /// The streets' names, in the order of [`Town::streets`].
    #[must_use]
    pub fn street_names(&self) -> &[String] {
        &self.street_names
    }

    /// The river, from west to east.
    #[must_use]
    pub fn river(&self) -> &[LatLon] {
        &self.river
    }

    /// The tag of the `i`-th wearer, from 0.
    #[must_use]
    pub fn tag_of(&self, i: usize) -> TagId {
        tag(i)
    }

    /// The `i`-th wearer, from 0.
    #[must_use]
    pub fn wearer_of(&self, i: usize) -> WearerId {
        wearer(i)
    }

    /// Whom the `i`-th wearer's case protects.
    pub(crate) fn persons_of(&self, i: usize) -> &[PersonId] {
        &self.files[i].case.persons
    }

    /// The zones of the `i`-th wearer's own case, the home first.
    pub(crate) fn zones_of(&self, i: usize) -> &[Zone] {
        &self.files[i].case.zones
    }

    /// The zone that binds everybody.
    pub(crate) fn refuge(&self) -> &Zone {
        &self.refuge
    }

    pub(crate) fn net(&self) -> &Net {
        &self.net
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }
}

impl File {
    fn new(i: usize, net: &Net, refuge: Spot, start: Timestamp, random: &mut Random) -> Self {
        let unit = staff::unit_id();
        let from = start.plus_ms(-30 * DAY_MS);
        let risk = match (Part::of(i), i % 5) {
            (Part::Intrudes | Part::GoesDark, _) => Risk::High,
            (Part::CutsStrap, _) | (Part::Keeps, 0 | 3) => Risk::Medium,
            (Part::Keeps, 4) => Risk::High,
            _ => Risk::Standard,
        };
        let persons: Vec<Person> = (0..=usize::from(i % 4 == 1)).map(|n| person(i, n, &unit)).collect();
        let case = Case {
            id: id(&format!("case-{:02}", i + 1)),
            unit: unit.clone(),
            wearer: wearer(i),
            persons: persons.iter().map(|person| person.id.clone()).collect(),
            basis: Basis {
                kind: [BasisKind::Consent, BasisKind::Order][i % 2],
                from,
                until: i.is_multiple_of(3).then(|| start.plus_ms(180 * DAY_MS)),
            },
            risk,
            withdrawal: None,
            assessed: None,
            // As in any town: most are looked after as they should be.
            plan: (i % 7 != 3).then(|| PLAN.into()),
            review_due: (i % 9 != 5).then(|| start.plus_ms((i as i64 % 30 - 2) * DAY_MS)),
            policy: Some(staff::policy_for(risk)),
            zones: case_zones(i, net, refuge, random),
            proximity_zones: Vec::new(),
        };
        let assignment = Assignment { tag: tag(i), from, until: None };
        let wearer = Wearer { id: wearer(i), unit, name: names::person(i), tags: vec![assignment] };
        Self { wearer, persons, case }
    }
}

/// The home, and for every third of those who only go about their day a place of work.
fn case_zones(i: usize, net: &Net, refuge: Spot, random: &mut Random) -> Vec<Zone> {
    let away = |spot: Spot| apart_m(spot, refuge) >= REFUGE_APART_M;
    let home = spot_between(net, HOME_M, random, away);
    let mut zones = vec![zones::home(i, home, random)];
    if Part::of(i) == Part::Keeps && i % 3 == 1 {
        let work = spot_between(net, HOME_M, random, away);
        zones.push(zones::work(i, work, random));
    }
    zones
}

/// A crossing at a distance from the market, chosen at random among those that will do. There always is one: each of
/// the rings between 1 and 1.7 km has crossings all around, and no refuge forbids more than one side of the town.
fn spot_between(
    net: &Net,
    from_market_m: std::ops::Range<f64>,
    random: &mut Random,
    will_do: impl Fn(Spot) -> bool,
) -> Spot {
    let all = (0..net.len()).map(|crossing| net.spot(crossing));
    let fit: Vec<Spot> =
        all.filter(|spot| from_market_m.contains(&apart_m(*spot, [0.0, 0.0])) && will_do(*spot)).collect();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "below the count of crossings"
    )]
    let chosen = random.between(0.0, fit.len() as f64) as usize;
    fit[chosen]
}

/// The `n`-th person that the `i`-th wearer's case protects; a second one lives in the same home.
fn person(i: usize, n: usize, unit: &UnitId) -> Person {
    let phone = |channel| Contact { channel, address: phone_number(100 + 2 * i + n) };
    Person {
        id: id(&format!("person-{:02}-{}", i + 1, n + 1)),
        unit: unit.clone(),
        name: names::person(100 + 2 * i + n),
        contacts: vec![phone(Channel::Sms), phone(Channel::Voice)],
        companions: Vec::new(),
        plan: ContactPlan::default(),
    }
}

/// One of Ofcom's numbers for drama, 0 to 999.
fn phone_number(n: usize) -> String {
    format!("+447700900{n:03}")
}

/// Who of the staff goes out and must hear of every danger.
pub(crate) fn responder() -> StaffId {
    staff::responder()
}

/// A spot on Earth.
pub(crate) fn place([east_m, north_m]: Spot) -> LatLon {
    let (lat, lon) = MARKET_DEG;
    let market = LatLon::new(lat, lon).expect("the market is on Earth");
    offset(market, east_m.atan2(north_m).to_degrees(), east_m.hypot(north_m))
}

/// A box around the town and its exit roads.
fn area() -> crate::domain::Area {
    let (lat, lon) = MARKET_DEG;
    crate::domain::Area { south: lat - 0.05, west: lon - 0.1, north: lat + 0.05, east: lon + 0.1 }
}

fn tag(i: usize) -> TagId {
    id(&format!("{VENDOR}/tag-{:02}", i + 1))
}

fn wearer(i: usize) -> WearerId {
    id(&format!("wearer-{:02}", i + 1))
}

fn id<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("the town's ids are short, of small letters, digits and dashes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Rulebook;

    const START: Timestamp = Timestamp::from_ms(1_767_225_600_000);

    #[test]
    fn every_revision_is_accepted_in_its_order() {
        for seed in 0..8 {
            let mut rulebook = Rulebook::default();
            let books = Town::new(seed, START).books("http://127.0.0.1:8099/");
            for book in books {
                assert_eq!(rulebook.check(&book), [""; 0], "seed {seed}");
                rulebook = rulebook.published(book, START);
            }
            assert_eq!(rulebook.cases().count(), WEARERS);
            for i in 0..WEARERS {
                let worn_by = rulebook.wearer_of(&tag(i), START);
                assert_eq!(worn_by, Some(&wearer(i)));
                assert!(rulebook.may_watch(&wearer(i), START));
            }
        }
    }

    #[test]
    fn a_seed_gives_the_same_town_and_another_seed_another() {
        let books = |seed| Town::new(seed, START).books("http://127.0.0.1:8090");
        assert!(books(3) == books(3) && books(3) != books(4));
    }

    #[test]
    fn every_number_is_reserved_for_drama_and_belongs_to_one() {
        let contacts: Vec<Contact> = Town::new(1, START)
            .books("http://127.0.0.1:8090")
            .into_iter()
            .flat_map(|book| match book {
                Book::Unit(unit) => unit.staff.into_iter().flat_map(|s| s.contacts).collect(),
                Book::Person(person) => person.contacts,
                _ => Vec::new(),
            })
            .collect();
        let numbers = contacts.iter().filter(|c| c.channel == Channel::Sms);
        let mut numbers: Vec<&str> = numbers.map(|c| c.address.as_str()).collect();
        assert!(numbers.iter().all(|n| n.starts_with("+447700900") && n.len() == 13));
        let count = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert!(numbers.len() == count && count > WEARERS);
    }

    #[test]
    fn the_town_has_all_kinds_of_cases() {
        let town = Town::new(1, START);
        let cases = || town.files.iter().map(|file| &file.case);
        for risk in [Risk::Standard, Risk::Medium, Risk::High] {
            assert!(cases().filter(|case| case.risk == risk).count() >= 5);
        }
        assert!(cases().filter(|case| case.persons.len() == 2).count() >= 5);
        let zones = || cases().flat_map(|case| &case.zones);
        assert!(zones().filter(|zone| zone.schedule.is_some()).count() >= 5);
        let corners = |zone: &&Zone| matches!(zone.shape.0, crate::geometry::Shape::Polygon(_));
        assert!(zones().filter(corners).count() >= 5);
        assert_eq!(town.streets().len(), town.street_names().len());
    }
}
