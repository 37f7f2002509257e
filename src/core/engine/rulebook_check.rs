//! What a rulebook revision must not contradict: the others, itself, and the ground it stands on.

use std::collections::BTreeSet;

use super::rulebook::Rulebook;
use crate::{
    domain::{
        Area, Assignment, Book, Case, CaseId, Person, ProximityZone, StaffId, Unit, UnitId, Wearer, Zone,
        ZoneId,
    },
    geometry::{LatLon, Shape},
};

const NAME_CHARS_MAX: usize = 100;
const CODE_CHARS_MAX: usize = 24;
const PLAN_CHARS_MAX: usize = 4_000;
const REASON_CHARS_MAX: usize = 1_000;

/// What is wrong with a book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where in the book, by the names of rulebook files and the place in each list: `name`, `tag.0`, `contact.1.address`.
    /// Empty for the book as a whole.
    pub at: String,
    /// In a sentence that says whose book it is, what is wrong, and how to put it right.
    pub says: String,
}

/// See [`Rulebook::problems`].
pub(super) fn check(rulebook: &Rulebook, book: &Book) -> Vec<Problem> {
    let mut problems = Problems { rulebook, found: Vec::new(), at: String::new() };
    problems.canary(book);
    match book {
        Book::Unit(unit) => problems.unit(unit),
        Book::Wearer(wearer) => problems.wearer(wearer),
        Book::Person(person) => problems.person(person),
        Book::Case(case) => problems.case(case),
    }
    problems.found
}

/// What is wrong, as far as it has been looked at.
pub(super) struct Problems<'r> {
    pub(super) rulebook: &'r Rulebook,
    found: Vec<Problem>,
    /// Where in the book is being looked: see [`Problem::at`].
    at: String,
}

impl Problems<'_> {
    pub(super) fn add(&mut self, sound: bool, problem: impl FnOnce() -> String) {
        if !sound {
            self.found.push(Problem { at: self.at.clone(), says: problem() });
        }
    }

    /// From here on `at` is looked at, until something else is.
    pub(super) fn look_at(&mut self, at: impl Into<String>) {
        self.at = at.into();
    }

    fn unit(&mut self, unit: &Unit) {
        let id = &unit.id;
        self.name(&format!("unit {id}"), &unit.name);
        self.look_at("area");
        let area = unit.area;
        let sound = area.south < area.north
            && area.west < area.east
            && [area.south, area.north].iter().all(|lat| (-90.0..=90.0).contains(lat))
            && [area.west, area.east].iter().all(|lon| (-180.0..=180.0).contains(lon));
        self.add(sound, || {
            format!("unit {id}: area needs south < north and west < east in degrees, not crossing 180")
        });
        self.look_at("policy");
        self.distinct(&format!("unit {id}: policy"), unit.policies.iter().map(|policy| policy.id.as_str()));
        for (i, staff) in unit.staff.iter().enumerate() {
            let place = format!("unit {id}: staff {}", staff.id);
            self.look_at(format!("staff.{i}.name"));
            self.named(&place, &staff.name);
            self.look_at(format!("staff.{i}.id"));
            let twice = unit.staff[..i].iter().any(|earlier| earlier.id == staff.id);
            self.once(id, &staff.id, twice);
            self.free_staff_id(&place, id, &staff.id);
            self.contacts(&place, &format!("staff.{i}.contact"), &staff.contacts);
        }
        self.rotas(unit);
        self.policies(unit);
        self.zones(&format!("unit {id}"), &unit.zones, &area, None, id);
        for case in self.rulebook.cases().filter(|case| case.unit == *id) {
            self.still_kept(unit, case);
        }
    }

    /// What a case relies on must not vanish from under it.
    fn still_kept(&mut self, unit: &Unit, case: &Case) {
        let name = unit.policy_for(case);
        let at = match (&case.policy, unit.policies_by_risk.contains_key(&case.risk)) {
            (Some(_), _) => "policy".into(),
            (None, true) => format!("policies_by_risk.{}", case.risk.as_str()),
            (None, false) => "default_policy".into(),
        };
        self.look_at(&at);
        let policy = unit.policies.iter().find(|policy| policy.id == *name);
        self.add(policy.is_some(), || {
            format!(
                "unit {}: case {} uses policy '{name}'; keep it, or change the case first",
                unit.id, case.id
            )
        });
        self.still_nominated(unit, case);
        self.look_at(at);
        for person in &case.persons {
            if let (Some(policy), Some(person)) = (policy, self.rulebook.person(person)) {
                self.reachable(case, policy, person);
            }
        }
    }

    /// A step of a policy names either: no two of them have the same id.
    pub(super) fn once(&mut self, unit: &UnitId, id: &StaffId, twice: bool) {
        self.add(!twice, || format!("unit {unit}: staff or rota '{id}' stands there twice"));
    }

    /// Whether no other unit has a member of staff or a rota of that id.
    pub(super) fn free_staff_id(&mut self, place: &str, unit: &UnitId, id: &StaffId) {
        let mut others = self.rulebook.units().filter(|other| other.id != *unit);
        let taken = others.any(|other| {
            other.staff.iter().any(|staff| staff.id == *id) || other.rotas.iter().any(|rota| rota.id == *id)
        });
        self.add(!taken, || {
            format!("{place}: another unit has staff or a rota of that id; choose another id")
        });
    }

    fn wearer(&mut self, wearer: &Wearer) {
        let place = format!("wearer {}", wearer.id);
        self.name(&place, &wearer.name);
        self.known_unit(&place, &wearer.unit);
        for (i, assignment) in wearer.tags.iter().enumerate() {
            self.look_at(format!("tag.{i}"));
            let tag = &assignment.tag;
            let sound = assignment.until.is_none_or(|until| assignment.from < until);
            self.add(sound, || format!("{place}: tag {tag} is removed before it is fitted"));
            let twice = wearer.tags[..i].iter().any(|a| a.tag == *tag && overlap(a, assignment));
            let others = self.rulebook.wearers_with(tag).filter(|other| other.id != wearer.id);
            let taken = others.flat_map(|other| &other.tags).any(|a| a.tag == *tag && overlap(a, assignment));
            self.add(!twice && !taken, || {
                format!(
                    "{place}: tag {tag} is already worn during that time; end the earlier assignment first"
                )
            });
            let free = !self.rulebook.was_of_somebody_erased(tag, assignment.from);
            self.add(free, || {
                format!("{place}: tag {tag} was somebody else's until later, whose record is erased; let it begin then")
            });
            // A tag's pings are kept, and those that a Companion has in its buffer must not be.
            self.add(!self.rulebook.is_companion(tag), || {
                format!("{place}: {tag} is or was a protected person's companion; fit another tag")
            });
        }
    }

    fn person(&mut self, person: &Person) {
        let place = format!("person {}", person.id);
        self.name(&place, &person.name);
        self.known_unit(&place, &person.unit);
        self.contacts(&place, "contact", &person.contacts);
        self.companions(&place, person);
        self.plan(&place, person);
        self.look_at("contact");
        let rulebook = self.rulebook;
        for case in rulebook.cases_for(&person.id) {
            let name = rulebook.policy_for(case);
            if let Some(policy) = name.and_then(|name| rulebook.policy(&case.unit, name)) {
                self.reachable(case, policy, person);
            }
        }
    }

    fn companions(&mut self, place: &str, person: &Person) {
        for (i, companion) in person.companions.iter().enumerate() {
            self.look_at(format!("companion.{i}"));
            let device = &companion.tag;
            let sound = companion.until.is_none_or(|until| companion.from < until);
            self.add(sound, || format!("{place}: companion {device} ends before it begins"));
            let alone = !person.companions[..i].iter().any(|earlier| overlap(earlier, companion));
            self.add(alone, || {
                format!("{place}: companion {device} begins while another goes on; end the earlier one first")
            });
            let others = self.rulebook.carriers_of(device).filter(|other| other.id != person.id);
            let taken = others
                .flat_map(|other| &other.companions)
                .any(|one| one.tag == *device && overlap(one, companion));
            self.add(!taken, || {
                format!("{place}: companion {device} is another person's during that time; end theirs first")
            });
            let worn = self.rulebook.wearers_with(device).next().is_some();
            self.add(!worn, || {
                format!("{place}: companion {device} is or was a wearer's tag; take another device")
            });
        }
    }

    fn case(&mut self, case: &Case) {
        let place = format!("case {}", case.id);
        self.known_unit(&place, &case.unit);
        self.look_at("wearer");
        let wearer = self.rulebook.wearer(&case.wearer);
        self.add(wearer.is_some_and(|wearer| wearer.unit == case.unit), || {
            format!("{place}: the unit has no wearer '{}'; publish the wearer first", case.wearer)
        });
        self.look_at("persons");
        self.add(!case.persons.is_empty(), || format!("{place}: protects nobody; name at least one person"));
        let rulebook = self.rulebook;
        let name = rulebook.policy_for(case);
        let policy = name.and_then(|name| rulebook.policy(&case.unit, name));
        self.look_at("policy");
        // Without a unit there is no other name.
        if let Some(name) = name {
            self.add(policy.is_some(), || format!("{place}: the unit has no policy '{name}'"));
        }
        self.written(&place, case);
        self.look_at("basis.until");
        self.add(case.basis.until.is_none_or(|until| case.basis.from < until), || {
            format!("{place}: the basis ends before it begins")
        });
        self.withdrawal(&place, case);
        self.look_at("persons");
        for id in &case.persons {
            let person = self.rulebook.person(id).filter(|person| person.unit == case.unit);
            self.add(person.is_some(), || {
                format!("{place}: the unit has no person '{id}'; publish the person first")
            });
            if let (Some(policy), Some(person)) = (policy, person) {
                self.reachable(case, policy, person);
            }
        }
        let area = self.rulebook.unit(&case.unit).map(|unit| unit.area);
        if let Some(area) = area {
            self.zones(&place, &case.zones, &area, Some(&case.id), &case.unit);
        }
        self.proximity_zones(&place, case);
    }

    /// What the team says of the case in its own words.
    fn written(&mut self, place: &str, case: &Case) {
        self.look_at("plan");
        let fits = |text: &str, max| (1..=max).contains(&text.trim().chars().count());
        self.add(case.plan.as_deref().is_none_or(|plan| fits(plan, PLAN_CHARS_MAX)), || {
            format!("{place}: a plan has 1 to {PLAN_CHARS_MAX} characters")
        });
        self.look_at("assessed.reason");
        let sound = case.assessed.as_ref().is_none_or(|assessed| fits(&assessed.reason, REASON_CHARS_MAX));
        self.add(sound, || format!("{place}: the reason for a risk has 1 to {REASON_CHARS_MAX} characters"));
    }

    fn proximity_zones(&mut self, place: &str, case: &Case) {
        for (i, ProximityZone { id, code, person, .. }) in case.proximity_zones.iter().enumerate() {
            self.look_at(format!("proximity_zone.{i}"));
            let place = format!("{place}: proximity zone {id}");
            self.code(&place, code);
            self.add(case.persons.contains(person), || {
                format!("{place}: the case does not protect '{person}'; name one of its persons")
            });
            let mut earlier = case.proximity_zones[..i].iter().map(|zone| &zone.id);
            let twice = earlier.any(|known| known == id) || case.zones.iter().any(|zone| zone.id == *id);
            self.add(!twice, || format!("{place}: the case has another zone of that id; choose another id"));
            self.free_id(&place, id, Some(&case.id), &case.unit);
        }
    }

    fn code(&mut self, place: &str, code: &str) {
        self.add(is_neutral(code), || {
            format!("{place}: a code is 1 to {CODE_CHARS_MAX} letters, digits, blanks and '-': it is texted")
        });
    }

    /// Whether nobody but `owner`, or the unit itself, has a zone of that id.
    fn free_id(&mut self, place: &str, id: &ZoneId, owner: Option<&CaseId>, unit: &UnitId) {
        let drawn = self.rulebook.bound_zone(id);
        let around = self.rulebook.proximity_zone(id);
        let own = drawn
            .is_none_or(|bound| bound.case.as_ref() == owner && (owner.is_some() || bound.unit == *unit))
            && around.is_none_or(|bound| Some(&bound.case) == owner);
        self.add(own, || format!("{place}: another case or unit has a zone of that id; choose another id"));
    }

    fn zones(&mut self, place: &str, zones: &[Zone], area: &Area, owner: Option<&CaseId>, unit: &UnitId) {
        self.look_at("zone");
        self.distinct(&format!("{place}: zone"), zones.iter().map(|zone| zone.id.as_str()));
        for (i, zone) in zones.iter().enumerate() {
            self.look_at(format!("zone.{i}"));
            let place = format!("{place}: zone {}", zone.id);
            self.code(&place, &zone.code);
            self.free_id(&place, &zone.id, owner, unit);
            let outside: Vec<LatLon> = corners(&zone.shape.0)
                .into_iter()
                .filter(|p| !area.contains(p.lat_deg(), p.lon_deg()))
                .collect();
            let swapped =
                !outside.is_empty() && outside.iter().all(|p| area.contains(p.lon_deg(), p.lat_deg()));
            self.add(outside.is_empty(), || {
                if swapped {
                    format!("{place}: latitude and longitude are swapped; write the latitude first")
                } else {
                    format!("{place}: lies outside the unit's area; check the coordinates, or widen the area")
                }
            });
        }
    }

    fn known_unit(&mut self, place: &str, unit: &UnitId) {
        self.look_at("unit");
        let known = self.rulebook.unit(unit).is_some();
        self.add(known, || format!("{place}: there is no unit '{unit}'; publish the unit first"));
    }

    /// The name of the book itself.
    fn name(&mut self, place: &str, name: &str) {
        self.look_at("name");
        self.named(place, name);
    }

    pub(super) fn named(&mut self, place: &str, name: &str) {
        let length = name.chars().count();
        let sound = (1..=NAME_CHARS_MAX).contains(&length) && !name.chars().any(char::is_control);
        self.add(sound, || format!("{place}: a name has 1 to {NAME_CHARS_MAX} printable characters"));
    }

    pub(super) fn distinct<'t>(&mut self, place: &str, names: impl Iterator<Item = &'t str>) {
        let mut seen = BTreeSet::new();
        for name in names {
            self.add(seen.insert(name), || format!("{place} '{name}' stands there twice"));
        }
    }
}

/// Two of them go on at the same time.
fn overlap(one: &Assignment, other: &Assignment) -> bool {
    let begins_within = |a: &Assignment, b: &Assignment| a.until.is_none_or(|until| b.from < until);
    begins_within(one, other) && begins_within(other, one)
}

/// Fit to be texted and spoken.
fn is_neutral(code: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == ' ' || c == '-';
    (1..=CODE_CHARS_MAX).contains(&code.len()) && code.chars().all(fits)
}

fn corners(shape: &Shape) -> Vec<LatLon> {
    match shape {
        Shape::Circle(circle) => vec![circle.centre()],
        Shape::Polygon(polygon) => polygon.rings().iter().flatten().copied().collect(),
    }
}
