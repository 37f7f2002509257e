//! The rulebook in force: what was published, joined and indexed for the questions the engine asks.

mod erased;
mod kept;

use std::{collections::BTreeSet, sync::Arc};

use rpds::RedBlackTreeMapSync as Map;

pub(super) use erased::Formerly;
pub(super) use kept::KeptBook;

use super::{proximity::Proximity, rulebook_check::Problem};
use crate::{
    domain::{
        Book, Case, CaseId, Contact, EscalationPolicy, Person, PersonId, PolicyId, Recipient, Risk, Rota,
        Scope, Staff, StaffId, TagId, Timestamp, Unit, UnitId, Wearer, WearerId, Zone, ZoneId,
    },
    geometry::{Index, LatLon},
};

/// Everything in force. The maps are persistent: a revision shares all that it does not touch with the one before, so
/// that publishing costs the same among ten cases as among a hundred thousand.
#[derive(Debug, Clone, Default)]
pub struct Rulebook {
    units: Map<UnitId, Arc<Unit>>,
    wearers: Map<WearerId, Arc<Wearer>>,
    persons: Map<PersonId, Arc<Person>>,
    cases: Map<CaseId, Arc<Case>>,
    zones: Map<ZoneId, Arc<BoundZone>>,
    cases_of: Map<WearerId, Vec<CaseId>>,
    cases_for: Map<PersonId, Vec<CaseId>>,
    worn: Map<TagId, Vec<WearerId>>,
    reached_at: Map<String, Vec<Recipient>>,
    // Members of staff and rotas.
    staff: Map<StaffId, UnitId>,
    // A wearer's own zones, and beside them those that bind everybody of a unit: one tree for all would find mostly
    // other people's zones around any city ping, and throw them away (1,500 times slower at a million zones).
    own: Map<WearerId, Arc<Index<ZoneId>>>,
    shared: Map<UnitId, Arc<Index<ZoneId>>>,
    pub(super) proximity: Proximity,
    revisions: Map<Scope, u64>,
    // Until when a tag was worn by somebody whose record is erased.
    worn_by_erased: Map<TagId, Timestamp>,
}

/// A zone and whom it binds.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundZone {
    /// The zone.
    pub zone: Zone,
    /// The case whose wearer it binds; `None` for every wearer of the unit.
    pub case: Option<CaseId>,
    /// The unit that owns it.
    pub unit: UnitId,
    /// Since when it stands as it stands. Fixes from before are not judged by it.
    pub since: Timestamp,
    /// Since when it binds whom it binds, by its last revision: whoever was inside by then is in Violation from then on.
    pub binds_since: Timestamp,
}

/// The same books, published as often, the same zones in force since the same times, and the same known of devices whose
/// people are erased; the look-ups follow.
impl PartialEq for Rulebook {
    fn eq(&self, other: &Self) -> bool {
        let books = self.units == other.units
            && self.wearers == other.wearers
            && self.persons == other.persons
            && self.cases == other.cases;
        books
            && self.zones == other.zones
            && self.proximity == other.proximity
            && self.revisions == other.revisions
            && self.worn_by_erased == other.worn_by_erased
    }
}

impl Rulebook {
    /// A unit.
    #[must_use]
    pub fn unit(&self, id: &UnitId) -> Option<&Unit> {
        self.units.get(id).map(Arc::as_ref)
    }

    /// A wearer.
    #[must_use]
    pub fn wearer(&self, id: &WearerId) -> Option<&Wearer> {
        self.wearers.get(id).map(Arc::as_ref)
    }

    /// A protected person.
    #[must_use]
    pub fn person(&self, id: &PersonId) -> Option<&Person> {
        self.persons.get(id).map(Arc::as_ref)
    }

    /// A case.
    #[must_use]
    pub fn case(&self, id: &CaseId) -> Option<&Case> {
        self.cases.get(id).map(Arc::as_ref)
    }

    /// A member of staff.
    #[must_use]
    pub fn staff(&self, id: &StaffId) -> Option<&Staff> {
        self.unit(self.staff.get(id)?)?.staff.iter().find(|staff| staff.id == *id)
    }

    /// A rota.
    #[must_use]
    pub fn rota(&self, id: &StaffId) -> Option<&Rota> {
        self.unit(self.staff.get(id)?)?.rotas.iter().find(|rota| rota.id == *id)
    }

    /// The code name of a zone, drawn or around a person.
    #[must_use]
    pub fn zone_code(&self, id: &ZoneId) -> Option<&str> {
        let drawn = self.bound_zone(id).map(|bound| bound.zone.code.as_str());
        drawn.or_else(|| self.proximity_zone(id).map(|bound| bound.zone.code.as_str()))
    }

    /// The case that a zone belongs to, drawn or around a person; `None` for a zone that binds everybody of a unit.
    pub(super) fn case_of_zone(&self, id: &ZoneId) -> Option<&CaseId> {
        let drawn = self.bound_zone(id).and_then(|bound| bound.case.as_ref());
        drawn.or_else(|| self.proximity_zone(id).map(|bound| &bound.case))
    }

    /// A drawn zone and whom it binds.
    #[must_use]
    pub fn bound_zone(&self, id: &ZoneId) -> Option<&BoundZone> {
        self.zones.get(id).map(Arc::as_ref)
    }

    /// All units, by id.
    pub fn units(&self) -> impl Iterator<Item = &Unit> {
        self.units.values().map(Arc::as_ref)
    }

    /// The unit that the installation's own incidents go to: the first one that is not Cordon's canary.
    #[must_use]
    pub fn first_unit(&self) -> Option<&Unit> {
        self.units().find(|unit| !unit.id.is_canary())
    }

    /// The same without Cordon's canary, for whoever shows it to people.
    #[must_use]
    pub fn without_canary(&self) -> Self {
        let mut shown = self.clone();
        for unit in self.units().filter(|unit| unit.id.is_canary()) {
            shown.units.remove_mut(&unit.id);
            for staff in &unit.staff {
                shown.staff.remove_mut(&staff.id);
            }
        }
        for case in self.cases_of_canary() {
            for zone in &case.zones {
                shown.zones.remove_mut(&zone.id);
            }
            for person in &case.persons {
                shown.persons.remove_mut(person);
            }
            shown.wearers.remove_mut(&case.wearer);
            shown.cases.remove_mut(&case.id);
        }
        shown
    }

    /// The same with what somebody may see alone: whole units, and cases with their wearers and persons. Of a unit that
    /// only a case of theirs is of, they see what names the unit and its staff, and the zones that bind everybody of it.
    #[must_use]
    pub fn only(&self, has_unit: impl Fn(&UnitId) -> bool, has_case: impl Fn(&Case) -> bool) -> Self {
        let mut shown = self.clone();
        for case in self.cases().filter(|case| !has_case(case)) {
            shown.cases.remove_mut(&case.id);
        }
        let kept: Vec<&Case> = shown.cases.values().map(Arc::as_ref).collect();
        let units: BTreeSet<&UnitId> = kept.iter().map(|case| &case.unit).collect();
        let wearers: BTreeSet<&WearerId> = kept.iter().map(|case| &case.wearer).collect();
        let persons: BTreeSet<&PersonId> = kept.iter().flat_map(|case| &case.persons).collect();
        let units = self.units().filter(|unit| has_unit(&unit.id) || units.contains(&unit.id));
        shown.units = units.map(|unit| (unit.id.clone(), self.units[&unit.id].clone())).collect();
        let wearers = self.wearers().filter(|it| has_unit(&it.unit) || wearers.contains(&it.id));
        shown.wearers = wearers.map(|it| (it.id.clone(), self.wearers[&it.id].clone())).collect();
        let persons = self.persons().filter(|it| has_unit(&it.unit) || persons.contains(&it.id));
        shown.persons = persons.map(|it| (it.id.clone(), self.persons[&it.id].clone())).collect();
        let zones = self.zones.iter().filter(|(_, bound)| match &bound.case {
            Some(case) => shown.cases.contains_key(case),
            None => shown.units.contains_key(&bound.unit),
        });
        shown.zones = zones.map(|(id, bound)| (id.clone(), bound.clone())).collect();
        let staff = self.staff.iter().filter(|(_, unit)| shown.units.contains_key(unit));
        shown.staff = staff.map(|(id, unit)| (id.clone(), unit.clone())).collect();
        shown.proximity.keep(|case| shown.cases.contains_key(case));
        shown.reached_at = Map::default();
        shown
    }

    fn cases_of_canary(&self) -> impl Iterator<Item = &Case> {
        let wearers = self.worn.iter().filter(|(tag, _)| tag.is_canary()).flat_map(|(_, wearers)| wearers);
        wearers.flat_map(|wearer| self.cases_of(wearer))
    }

    /// All wearers, by id.
    pub fn wearers(&self) -> impl Iterator<Item = &Wearer> {
        self.wearers.values().map(Arc::as_ref)
    }

    /// All protected persons, by id.
    pub fn persons(&self) -> impl Iterator<Item = &Person> {
        self.persons.values().map(Arc::as_ref)
    }

    /// All cases, by id.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.values().map(Arc::as_ref)
    }

    /// All drawn zones, by id.
    pub fn zones(&self) -> impl Iterator<Item = &Zone> {
        self.zones.values().map(|bound| &bound.zone)
    }

    /// How often a scope was published.
    #[must_use]
    pub fn revision(&self, scope: &Scope) -> u64 {
        self.revisions.get(scope).copied().unwrap_or(0)
    }

    /// Who wore `tag` at `at`.
    #[must_use]
    pub fn wearer_of(&self, tag: &TagId, at: Timestamp) -> Option<&WearerId> {
        self.worn.get(tag)?.iter().find(|id| {
            self.wearer(id).is_some_and(|wearer| wearer.tags.iter().any(|a| a.tag == *tag && a.covers(at)))
        })
    }

    /// Whether anybody wears or wore `tag`, or carries or carried it.
    #[must_use]
    pub fn is_assigned(&self, tag: &TagId) -> bool {
        self.worn.contains_key(tag) || self.is_companion(tag)
    }

    /// Everybody who wears or wore `tag`.
    pub(super) fn wearers_with(&self, tag: &TagId) -> impl Iterator<Item = &Wearer> {
        self.worn.get(tag).into_iter().flatten().filter_map(|id| self.wearer(id))
    }

    /// The cases that protect a person.
    pub(super) fn cases_for(&self, person: &PersonId) -> impl Iterator<Item = &Case> {
        self.cases_for.get(person).into_iter().flatten().filter_map(|id| self.case(id))
    }

    /// The wearer's cases whose basis is in force at `at`.
    pub fn cases_in_force(&self, wearer: &WearerId, at: Timestamp) -> impl Iterator<Item = &Case> {
        self.cases_of(wearer).filter(move |case| case.basis.covers(at))
    }

    /// All cases of a wearer.
    pub fn cases_of(&self, wearer: &WearerId) -> impl Iterator<Item = &Case> {
        let ids = self.cases_of.get(wearer).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| self.case(id))
    }

    /// Whether anybody may watch the wearer at `at`.
    #[must_use]
    pub fn may_watch(&self, wearer: &WearerId, at: Timestamp) -> bool {
        self.cases_in_force(wearer, at).next().is_some()
    }

    /// The highest risk of the wearer's cases in force.
    #[must_use]
    pub fn risk(&self, wearer: &WearerId, at: Timestamp) -> Option<Risk> {
        self.cases_in_force(wearer, at).map(|case| case.risk).max()
    }

    /// Whether `zone` binds `wearer` and applies at `at`.
    #[must_use]
    pub fn applies(&self, bound: &BoundZone, wearer: &WearerId, at: Timestamp) -> bool {
        let in_force = match &bound.case {
            Some(case) => self.case(case).is_some_and(|case| case.basis.covers(at)),
            None => self.may_watch(wearer, at),
        };
        in_force && bound.since <= at && bound.zone.applies(at)
    }

    /// The zones that bind `wearer` and whose warning zone may lie within `within_m` metres of the path from `from`
    /// (if any) to `to`, by id. A superset: the caller measures.
    #[must_use]
    pub fn zones_near(
        &self,
        wearer: &WearerId,
        from: Option<LatLon>,
        to: LatLon,
        within_m: f64,
    ) -> Vec<ZoneId> {
        let near = |tree: &Arc<Index<ZoneId>>| match from {
            Some(from) => tree.near_segment(from, to, within_m),
            None => tree.near(to, within_m),
        };
        let mut ids = self.own.get(wearer).map_or_else(Vec::new, near);
        if let Some(shared) = self.shared_with(wearer) {
            ids.extend(near(shared));
            ids.sort();
            ids.dedup();
        }
        ids
    }

    /// The zones of a wearer's unit, which bind everybody there.
    fn shared_with(&self, wearer: &WearerId) -> Option<&Arc<Index<ZoneId>>> {
        // With none of them it does not matter whose the wearer is.
        if self.shared.is_empty() {
            return None;
        }
        self.shared.get(&self.wearer(wearer)?.unit)
    }

    /// How many zones there are that may bind `wearer`.
    pub(super) fn zones_around(&self, wearer: &WearerId) -> usize {
        self.own.get(wearer).into_iter().chain(self.shared_with(wearer)).map(|tree| tree.len()).sum()
    }

    /// Whether any zone of a case in force, or of the unit, binds `wearer`.
    #[must_use]
    pub fn is_bound(&self, wearer: &WearerId, at: Timestamp) -> bool {
        let by_unit = self.wearer(wearer).is_some_and(|wearer| self.shared.contains_key(&wearer.unit));
        let mut cases = self.cases_in_force(wearer, at);
        cases.any(|case| by_unit || !case.zones.is_empty())
    }

    /// Whether a zone binds `wearer`.
    #[must_use]
    pub fn binds(&self, bound: &BoundZone, wearer: &WearerId) -> bool {
        match &bound.case {
            Some(case) => self.case(case).is_some_and(|case| case.wearer == *wearer),
            None => self.wearer(wearer).is_some_and(|wearer| wearer.unit == bound.unit),
        }
    }

    /// A unit's policy.
    #[must_use]
    pub fn policy(&self, unit: &UnitId, id: &PolicyId) -> Option<&EscalationPolicy> {
        self.unit(unit)?.policies.iter().find(|policy| policy.id == *id)
    }

    /// The policy that a case goes by.
    #[must_use]
    pub fn policy_for<'r>(&'r self, case: &'r Case) -> Option<&'r PolicyId> {
        case.policy.as_ref().or_else(|| Some(self.unit(&case.unit)?.policy_for(case)))
    }

    /// What an incident goes by: its own policy or, where that has been taken out meanwhile, the unit's.
    #[must_use]
    pub fn policy_or_unit_s(&self, unit: &UnitId, id: &PolicyId) -> Option<&EscalationPolicy> {
        self.policy(unit, id).or_else(|| self.policy(unit, &self.unit(unit)?.policy))
    }

    /// Whose address this is.
    #[must_use]
    pub fn recipients_at(&self, address: &str) -> &[Recipient] {
        self.reached_at.get(address).map_or(&[], Vec::as_slice)
    }

    /// What a revision contradicts, each line with where and how to put it right. Empty: it can be published.
    #[must_use]
    pub fn check(&self, book: &Book) -> Vec<String> {
        self.problems(book).into_iter().map(|problem| problem.says).collect()
    }

    /// The same, each with where in the book it is.
    #[must_use]
    pub fn problems(&self, book: &Book) -> Vec<Problem> {
        super::rulebook_check::check(self, book)
    }

    /// The rulebook after a revision that [`Rulebook::check`] finds nothing against, published at `at`. Only the
    /// look-ups that the revision touches are made anew.
    #[must_use]
    pub fn published(&self, book: Book, at: Timestamp) -> Self {
        let mut next = self.clone();
        let scope = book.scope();
        next.revisions.insert_mut(scope.clone(), next.revision(&scope) + 1);
        match book {
            Book::Unit(unit) => next.put_unit(unit, at),
            Book::Wearer(wearer) => next.put_wearer(wearer),
            Book::Person(person) => next.put_person(person),
            Book::Case(case) => next.put_case(case, at),
        }
        next
    }

    fn put_unit(&mut self, unit: Unit, at: Timestamp) {
        let before = self.units.get(&unit.id).cloned();
        for staff in before.iter().flat_map(|unit| &unit.staff) {
            self.staff.remove_mut(&staff.id);
            self.forget_addresses(&staff.contacts, &Recipient::Staff(staff.id.clone()));
        }
        for rota in before.iter().flat_map(|unit| &unit.rotas) {
            self.staff.remove_mut(&rota.id);
        }
        for rota in &unit.rotas {
            self.staff.insert_mut(rota.id.clone(), unit.id.clone());
        }
        for staff in &unit.staff {
            self.staff.insert_mut(staff.id.clone(), unit.id.clone());
            self.learn_addresses(&staff.contacts, &Recipient::Staff(staff.id.clone()));
        }
        let zones_before = before.as_ref().map_or(&[][..], |unit| &unit.zones);
        self.replace_zones(zones_before, None, &unit.id, &unit.zones, at, false);
        match self.index_of(unit.zones.iter().map(|zone| &zone.id)) {
            Some(index) => self.shared.insert_mut(unit.id.clone(), index),
            None => drop(self.shared.remove_mut(&unit.id)),
        }
        self.units.insert_mut(unit.id.clone(), Arc::new(unit));
    }

    fn put_wearer(&mut self, wearer: Wearer) {
        let before = self.wearers.get(&wearer.id).cloned();
        for assignment in before.iter().flat_map(|wearer| &wearer.tags) {
            forget(&mut self.worn, &assignment.tag, &wearer.id);
        }
        for assignment in &wearer.tags {
            learn(&mut self.worn, &assignment.tag, &wearer.id);
        }
        self.wearers.insert_mut(wearer.id.clone(), Arc::new(wearer));
    }

    fn put_person(&mut self, person: Person) {
        let recipient = Recipient::Person(person.id.clone());
        if let Some(before) = self.persons.get(&person.id).cloned() {
            self.forget_addresses(&before.contacts, &recipient);
        }
        self.learn_addresses(&person.contacts, &recipient);
        self.proximity.put_person(&person);
        self.persons.insert_mut(person.id.clone(), Arc::new(person));
    }

    fn put_case(&mut self, case: Case, at: Timestamp) {
        let before = self.cases.get(&case.id).cloned();
        let zones_before = before.as_ref().map_or(&[][..], |case| &case.zones);
        // Unchanged zones bind anew when the case moves to another wearer, or is put in force again.
        let bound = |before: &Case| before.wearer == case.wearer && before.basis.covers(at);
        let anew = !before.as_ref().is_some_and(|before| bound(before));
        self.replace_zones(zones_before, Some(&case.id), &case.unit, &case.zones, at, anew);
        self.proximity.put_case(before.as_deref(), &case, at);
        let wearers: Vec<WearerId> =
            before.iter().map(|case| case.wearer.clone()).chain([case.wearer.clone()]).collect();
        if let Some(before) = &before {
            forget(&mut self.cases_of, &before.wearer, &case.id);
            for person in &before.persons {
                forget(&mut self.cases_for, person, &case.id);
            }
        }
        learn(&mut self.cases_of, &case.wearer, &case.id);
        for person in &case.persons {
            learn(&mut self.cases_for, person, &case.id);
        }
        self.cases.insert_mut(case.id.clone(), Arc::new(case));
        wearers.iter().for_each(|wearer| self.index_own(wearer));
    }

    /// Makes the tree of a wearer's own zones anew.
    fn index_own(&mut self, wearer: &WearerId) {
        let cases = self.cases_of.get(wearer).into_iter().flatten().filter_map(|id| self.cases.get(id));
        match self.index_of(cases.flat_map(|case| &case.zones).map(|zone| &zone.id)) {
            Some(index) => self.own.insert_mut(wearer.clone(), index),
            None => drop(self.own.remove_mut(wearer)),
        }
    }

    fn replace_zones(
        &mut self,
        before: &[Zone],
        case: Option<&CaseId>,
        unit: &UnitId,
        zones: &[Zone],
        at: Timestamp,
        anew: bool,
    ) {
        let before: Vec<Arc<BoundZone>> =
            before.iter().filter_map(|zone| self.zones.get(&zone.id).cloned()).collect();
        for bound in &before {
            self.zones.remove_mut(&bound.zone.id);
        }
        for zone in zones {
            let same = before.iter().find(|old| old.zone == *zone);
            let since = same.map_or(at, |old| old.since);
            let binds_since = same.filter(|_| !anew).map_or(at, |old| old.binds_since);
            let (zone, case, unit) = (zone.clone(), case.cloned(), unit.clone());
            let bound = BoundZone { zone: zone.clone(), case, unit, since, binds_since };
            self.zones.insert_mut(zone.id.clone(), Arc::new(bound));
        }
    }

    fn index_of<'z>(&self, ids: impl Iterator<Item = &'z ZoneId>) -> Option<Arc<Index<ZoneId>>> {
        let zones = ids.filter_map(|id| self.zones.get(id)).map(|bound| &bound.zone);
        let index = Index::build(zones.map(|zone| (zone.id.clone(), &zone.shape.0, zone.margin_m.metres())));
        (!index.is_empty()).then(|| Arc::new(index))
    }

    fn learn_addresses(&mut self, contacts: &[Contact], recipient: &Recipient) {
        for contact in contacts {
            learn(&mut self.reached_at, &contact.address, recipient);
        }
    }

    fn forget_addresses(&mut self, contacts: &[Contact], recipient: &Recipient) {
        for contact in contacts {
            forget(&mut self.reached_at, &contact.address, recipient);
        }
    }
}

/// Adds a value to a key's sorted list, once.
pub(super) fn learn<K: Ord + Clone, V: Ord + Clone>(map: &mut Map<K, Vec<V>>, key: &K, value: &V) {
    let mut values = map.get(key).cloned().unwrap_or_default();
    if let Err(place) = values.binary_search(value) {
        values.insert(place, value.clone());
        map.insert_mut(key.clone(), values);
    }
}

/// Takes a value out of a key's list.
fn forget<K: Ord + Clone, V: PartialEq + Clone>(map: &mut Map<K, Vec<V>>, key: &K, value: &V) {
    let Some(values) = map.get(key) else { return };
    let left: Vec<V> = values.iter().filter(|known| *known != value).cloned().collect();
    if left.is_empty() {
        map.remove_mut(key);
    } else {
        map.insert_mut(key.clone(), left);
    }
}
