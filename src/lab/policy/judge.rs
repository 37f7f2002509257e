//! What is wrong with one way through an escalation.

use std::collections::BTreeSet;

use super::{List, What, walks::Walks};
use crate::{
    domain::{Audience, Channel, PolicyId, Priority, Recipient, SECOND_MS, StaffId, Timestamp},
    engine::{Addressee, Taken, Way},
};

/// In danger the first phone has rung within so many milliseconds: an urgent alarm is to be in somebody's hands within a
/// minute (EN 50518).
const PROMISE_MS: i64 = 60 * SECOND_MS;

/// See the module's documentation.
pub(super) struct Judge<'w> {
    walks: &'w Walks<'w>,
    list: List,
}

/// A cause, and since when.
type Cause = (What, Timestamp);

impl<'w> Judge<'w> {
    pub(super) fn of(walks: &'w Walks<'w>) -> Self {
        let list = match (walks.escalating.audience, walks.escalating.priority) {
            (Audience::Person(_), _) => List::Protected,
            (Audience::Staff, Priority::P1) => List::Danger,
            (Audience::Staff, Priority::P2) => List::Device,
            (Audience::Staff, Priority::P3) => List::Upkeep,
        };
        Self { walks, list }
    }

    /// All that is wrong if an alert is raised at `start`.
    pub(super) fn judge(&self, start: Timestamp, walk: &[Taken]) -> Vec<Cause> {
        let mut causes = self.reached(start, walk);
        causes.extend(self.one_phone(walk).map(|what| (what, start)));
        if self.names_nobody() {
            causes.push((What::NobodyNominated { policy: self.policy() }, start));
        }
        for taken in walk {
            for way in &taken.ways {
                causes.extend(self.step(way, taken.at).into_iter().map(|what| (what, taken.at)));
            }
        }
        causes
    }

    /// Whether, and how soon, it comes before a person: a protected person on their own phone. And whether it still does
    /// when it repeats.
    fn reached(&self, start: Timestamp, walk: &[Taken]) -> Vec<Cause> {
        let (policy, list) = (self.policy(), self.list);
        let ways = || walk.iter().flat_map(|taken| taken.ways.iter().map(move |way| (taken.at, way)));
        let Some((at, way)) =
            ways().find(|(_, way)| way.to.iter().any(|to| self.is_meant(to) && self.counts(to)))
        else {
            let meant = ways().flat_map(|(_, way)| &way.to).filter(|to| self.is_meant(to));
            let channels = meant.filter_map(Addressee::channel).filter(|channel| list.counts(*channel));
            let unprovided = channels.collect::<BTreeSet<_>>().into_iter().collect();
            return vec![(What::Nobody { policy, list, unprovided }, start)];
        };
        let mut causes = Vec::new();
        if list.is_danger() && at.ms_since(start) > PROMISE_MS {
            let after_s = at.ms_since(start) / SECOND_MS;
            causes.push((What::Late { policy: policy.clone(), list, step: number(way), after_s }, start));
        }
        if let Some(last) = walk.last()
            && !last.ways.iter().flat_map(|way| &way.to).any(|to| self.counts(to))
        {
            let channels = last.ways.iter().flat_map(|way| &way.to).filter_map(Addressee::channel);
            let channels = channels.collect::<BTreeSet<_>>().into_iter().collect();
            let step = last.ways.last().and_then(number);
            causes.push((What::LastStep { policy, list, step, channels }, last.at));
        }
        causes
    }

    /// What is wrong with one step.
    fn step(&self, way: &Way, at: Timestamp) -> Vec<What> {
        let (policy, list) = (self.policy(), self.list);
        let mut found = Vec::new();
        for to in &way.to {
            let Recipient::Staff(staff) = &to.recipient else { continue };
            if let (Some(place), Some(channel), Some(instead)) = (way.step, self.channel(way), to.channel())
                && channel != instead
            {
                let (policy, staff, step) = (policy.clone(), staff.clone(), place + 1);
                found.push(What::NoContact { policy, list, step, staff, channel, instead });
            }
            match (&to.rota, way.step) {
                (Some(rota), _) if to.stands_in => {
                    let (rota, staff) = (rota.clone(), staff.clone());
                    found.push(match self.is_off(&staff, at) {
                        true => What::StandInOff { rota, staff },
                        false => What::NobodyOnDuty { rota, stand_in: staff },
                    });
                }
                (None, Some(place)) if list != List::Protected && self.is_off(staff, at) => {
                    let (policy, staff) = (policy.clone(), staff.clone());
                    found.push(What::OffDuty { policy, list, step: place + 1, staff });
                }
                _ => {}
            }
        }
        found.extend(self.nominated_off(way, at));
        let channels: BTreeSet<Channel> = way.to.iter().filter_map(Addressee::channel).collect();
        let unprovided = channels.into_iter().filter(|channel| !self.walks.is_carried(*channel));
        found.extend(unprovided.map(|channel| What::NoProvider { channel }));
        found
    }

    /// A protected person has named members of staff, and all who are told work shifts and are off duty.
    fn nominated_off(&self, way: &Way, at: Timestamp) -> Option<What> {
        let mut staff = Vec::new();
        for to in &way.to {
            match &to.recipient {
                Recipient::Staff(id) if to.rota.is_none() && self.is_off(id, at) => staff.push(id.clone()),
                _ => return None,
            }
        }
        (self.list == List::Protected && !staff.is_empty()).then_some(What::NominatedOff { staff })
    }

    /// In danger: every phone that rings has the same number.
    fn one_phone(&self, walk: &[Taken]) -> Option<What> {
        let ways = walk.iter().flat_map(|taken| &taken.ways).flat_map(|way| &way.to);
        let phones = ways.filter(|to| self.list.is_danger() && self.counts(to));
        // Of a protected person only whether it is their own: a number that they share with staff is told apart from this.
        let is_other = |to: &Addressee| self.list == List::Protected && !self.is_meant(to);
        let numbers: BTreeSet<(bool, &str)> =
            phones.filter_map(|to| Some((is_other(to), to.contact.as_ref()?.address.as_str()))).collect();
        let is_one = numbers.len() == 1 && numbers.first().is_some_and(|(is_other, _)| !is_other);
        is_one.then(|| What::OnePhone { policy: self.policy(), list: self.list })
    }

    fn names_nobody(&self) -> bool {
        let Audience::Person(id) = self.walks.escalating.audience else { return false };
        let person = self.walks.escalating.rulebook.person(id);
        person.is_some_and(|person| person.plan.nominated.is_empty())
            && self.walks.escalating.policy.protected.iter().any(|step| step.nominated)
    }

    /// Whether it is for whom the escalation is: those whom a protected person has named are told instead of them.
    fn is_meant(&self, to: &Addressee) -> bool {
        self.list != List::Protected || matches!(to.recipient, Recipient::Person(_))
    }

    fn counts(&self, to: &Addressee) -> bool {
        to.channel().is_some_and(|channel| self.list.counts(channel) && self.walks.is_carried(channel))
    }

    /// They work shifts, and none at that time.
    fn is_off(&self, staff: &StaffId, at: Timestamp) -> bool {
        let theirs = || self.walks.unit.rotas.iter().filter(|rota| rota.members().contains(staff));
        theirs().next().is_some() && !theirs().any(|rota| rota.on_duty(at).contains(&staff))
    }

    /// What the policy says of a step.
    fn channel(&self, way: &Way) -> Option<Channel> {
        let (escalating, place) = (self.walks.escalating, way.step?);
        match self.list {
            List::Protected => escalating.policy.protected.get(place).map(|step| step.channel),
            _ => escalating.staff_steps().get(place).map(|step| step.channel),
        }
    }

    fn policy(&self) -> PolicyId {
        self.walks.escalating.policy.id.clone()
    }
}

fn number(way: &Way) -> Option<usize> {
    way.step.map(|place| place + 1)
}
