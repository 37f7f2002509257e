//! What the rulebook says of zones around protected persons and of their Companions.
//!
//! A device is a tag or a Companion, never both; and one that has once been a Companion counts as one for ever: what it
//! says after its person no longer agrees is where they are all the same, and must not be kept as a stray tag's is.

use std::{collections::BTreeMap, sync::Arc};

use rpds::RedBlackTreeMapSync as Map;

use super::rulebook::{Rulebook, learn};
use crate::domain::{
    Assignment, Case, CaseId, Person, PersonId, ProximityZone, TagId, Timestamp, WearerId, ZoneId,
};

/// A proximity zone and the case that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundProximity {
    /// The zone.
    pub zone: ProximityZone,
    /// The case whose wearer it binds.
    pub case: CaseId,
    /// Since when it stands as it stands.
    pub since: Timestamp,
}

/// The look-ups for them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Proximity {
    zones: Map<ZoneId, Arc<BoundProximity>>,
    /// Who carries, or ever carried, a Companion; nobody if only those did whose records are erased.
    carried: Map<TagId, Vec<PersonId>>,
}

impl Proximity {
    pub(super) fn put_person(&mut self, person: &Person) {
        for companion in &person.companions {
            learn(&mut self.carried, &companion.tag, &person.id);
        }
    }

    /// Of each person every Companion that they ever carried.
    pub(super) fn carried(&self) -> BTreeMap<PersonId, Vec<TagId>> {
        let mut carried = BTreeMap::<_, Vec<TagId>>::new();
        for (tag, persons) in &self.carried {
            for person in persons {
                carried.entry(person.clone()).or_default().push(tag.clone());
            }
        }
        carried
    }

    pub(super) fn learn_carried(&mut self, person: &PersonId, tags: &[TagId]) {
        for tag in tags {
            learn(&mut self.carried, tag, person);
        }
    }

    /// A person's record is erased. What they carried stays a Companion.
    pub(super) fn forget_person(&mut self, person: &PersonId) {
        for tag in self.carried().remove(person).unwrap_or_default() {
            let others = self.carried.get(&tag).into_iter().flatten().filter(|other| *other != person);
            self.carried.insert_mut(tag.clone(), others.cloned().collect());
        }
    }

    /// Companions that only those carried whose records are erased.
    pub(super) fn carried_by_nobody(&self) -> impl Iterator<Item = &TagId> {
        self.carried.iter().filter(|(_, persons)| persons.is_empty()).map(|(tag, _)| tag)
    }

    pub(super) fn was_carried(&mut self, tag: TagId) {
        if !self.carried.contains_key(&tag) {
            self.carried.insert_mut(tag, Vec::new());
        }
    }

    pub(super) fn forget_case(&mut self, case: &Case) {
        for zone in &case.proximity_zones {
            self.zones.remove_mut(&zone.id);
        }
    }

    /// A zone has stood as it stands since this time.
    pub(super) fn stands_since(&mut self, id: &ZoneId, since: Timestamp) {
        if let Some(bound) = self.zones.get(id) {
            let bound = BoundProximity { since, ..bound.as_ref().clone() };
            self.zones.insert_mut(id.clone(), Arc::new(bound));
        }
    }

    /// Only the zones of the cases that `has` says.
    pub(super) fn keep(&mut self, has: impl Fn(&CaseId) -> bool) {
        self.zones = self
            .zones
            .iter()
            .filter(|(_, it)| has(&it.case))
            .map(|(id, it)| (id.clone(), it.clone()))
            .collect();
    }

    pub(super) fn put_case(&mut self, before: Option<&Case>, case: &Case, at: Timestamp) {
        let zones_before = before.map_or(&[][..], |before| &before.proximity_zones);
        let known: Vec<Arc<BoundProximity>> =
            zones_before.iter().filter_map(|zone| self.zones.get(&zone.id).cloned()).collect();
        for bound in &known {
            self.zones.remove_mut(&bound.zone.id);
        }
        for zone in &case.proximity_zones {
            let since = known.iter().find(|old| old.zone == *zone).map_or(at, |old| old.since);
            let bound = BoundProximity { zone: zone.clone(), case: case.id.clone(), since };
            self.zones.insert_mut(zone.id.clone(), Arc::new(bound));
        }
    }
}

impl Rulebook {
    /// A proximity zone.
    #[must_use]
    pub fn proximity_zone(&self, id: &ZoneId) -> Option<&BoundProximity> {
        self.proximity.zones.get(id).map(Arc::as_ref)
    }

    /// All proximity zones, by id.
    pub fn proximity_zones(&self) -> impl Iterator<Item = &BoundProximity> {
        self.proximity.zones.values().map(Arc::as_ref)
    }

    /// The proximity zones of a wearer's cases.
    pub fn proximity_of(&self, wearer: &WearerId) -> impl Iterator<Item = &BoundProximity> {
        let zones = self.cases_of(wearer).flat_map(|case| &case.proximity_zones);
        zones.filter_map(|zone| self.proximity_zone(&zone.id))
    }

    /// The proximity zones around a person, each with the wearer whom it binds.
    pub fn proximity_around<'r>(
        &'r self,
        person: &'r PersonId,
    ) -> impl Iterator<Item = (&'r WearerId, &'r BoundProximity)> {
        let zones =
            self.cases_for(person).flat_map(|case| case.proximity_zones.iter().map(move |zone| (case, zone)));
        zones
            .filter(|(_, zone)| zone.person == *person)
            .filter_map(|(case, zone)| Some((&case.wearer, self.proximity_zone(&zone.id)?)))
    }

    /// Whether a proximity zone binds `wearer` and applies at `at`, as far as the rulebook goes: not without a Companion
    /// that its person has agreed to.
    #[must_use]
    pub fn proximity_applies(&self, bound: &BoundProximity, wearer: &WearerId, at: Timestamp) -> bool {
        let case = self.case(&bound.case).filter(|case| case.wearer == *wearer);
        case.is_some_and(|case| case.basis.covers(at))
            && bound.since <= at
            && bound.zone.applies(at)
            && self.companion(&bound.zone.person, at).is_some()
    }

    /// Whether anybody carries or ever carried `tag` as their Companion: what it says must not be kept.
    #[must_use]
    pub fn is_companion(&self, tag: &TagId) -> bool {
        self.proximity.carried.contains_key(tag)
    }

    /// Everybody who carries or ever carried `tag`.
    pub(super) fn carriers_of(&self, tag: &TagId) -> impl Iterator<Item = &Person> {
        self.proximity.carried.get(tag).into_iter().flatten().filter_map(|id| self.person(id))
    }

    /// The Companion that a person has agreed to at `at`.
    #[must_use]
    pub fn companion(&self, person: &PersonId, at: Timestamp) -> Option<&Assignment> {
        self.person(person)?.companions.iter().find(|companion| companion.covers(at))
    }

    /// Who has agreed at `at` that `tag` says where they are, if anybody is to be kept away from them.
    #[must_use]
    pub fn accompanied_by(&self, tag: &TagId, at: Timestamp) -> Option<&PersonId> {
        let carries =
            |person: &&Person| person.companions.iter().any(|one| one.tag == *tag && one.covers(at));
        let person = &self.carriers_of(tag).find(carries)?.id;
        self.is_accompanied(person, at).then_some(person)
    }

    /// Whether a person has agreed to a Companion at `at`, and a case in force has a zone around them.
    #[must_use]
    pub fn is_accompanied(&self, person: &PersonId, at: Timestamp) -> bool {
        let mut around = self.cases_for(person).filter(|case| case.basis.covers(at));
        self.companion(person, at).is_some()
            && around.any(|case| case.proximity_zones.iter().any(|zone| zone.person == *person))
    }
}
