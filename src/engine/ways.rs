//! The steps of an escalation as they stand: whom each one reaches, by what, and how long it waits.

use std::collections::BTreeSet;

use super::{draft::Draft, rulebook::Rulebook};
use crate::domain::{
    AlertShape, Audience, Channel, Contact, ContactPlan, EscalationPolicy, IncidentId, MessageClass,
    PersonId, PersonStep, Priority, Recipient, SECOND_MS, StaffStep,
};

/// How long somebody is waited for about whom the policy does not say it, seconds: whoever is told beside it, and a step
/// that was meant to go together with the next and is the last, for lack of a contact.
const BESIDE_WAIT_S: u32 = 60;
/// A notice is on a phone within so many seconds, or goes the next way.
const NOTICE_WAIT_S: u32 = 20;
/// A test shows within so many seconds which ways work.
const TEST_WAIT_S: u32 = 120;
/// An advocate who is told first has so many seconds before the person is, too.
const HEAD_START_S: u32 = 20;

/// One step, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) recipient: Recipient,
    /// `None` for somebody without any contact.
    pub(super) contact: Option<Contact>,
    /// 0: the next one goes together with it.
    pub(super) wait_ms: i64,
}

impl Way {
    fn new(recipient: Recipient, contact: Option<Contact>, wait_s: u32) -> Self {
        Self { recipient, contact, wait_ms: i64::from(wait_s) * SECOND_MS }
    }
}

/// The steps of an escalation, in order. Empty where a policy has gone missing.
pub(super) fn ways(draft: &Draft<'_>, id: IncidentId, place: usize) -> Vec<Way> {
    let Some(incident) = draft.incident(id) else { return Vec::new() };
    let rulebook = &draft.rulebook;
    let policy = rulebook.policy_or_unit_s(&incident.unit, &incident.policy);
    let (Some(policy), Some(escalation)) = (policy, incident.escalations.get(place)) else {
        return Vec::new();
    };
    let mut ways = match &escalation.audience {
        Audience::Person(id) => {
            let person = rulebook.person(id);
            let contacts = person.map_or(&[][..], |person| &person.contacts);
            let plan = &person.map(|person| person.plan.clone()).unwrap_or_default();
            let towards = Towards { rulebook, id, contacts, plan };
            match incident.kind.notice() {
                None => towards.ways(&policy.protected),
                Some(MessageClass::Test) => towards.each(&policy.protected),
                Some(_) => towards.quiet(&policy.protected),
            }
        }
        Audience::Staff => {
            steps(policy, incident.priority).iter().map(|step| to_staff(rulebook, step)).collect()
        }
    };
    if let Some(last) = ways.last_mut().filter(|last| last.wait_ms == 0) {
        last.wait_ms = i64::from(BESIDE_WAIT_S) * SECOND_MS;
    }
    ways
}

/// The steps of a policy for staff.
fn steps(policy: &EscalationPolicy, priority: Priority) -> &[StaffStep] {
    match priority {
        Priority::P1 => &policy.danger,
        Priority::P2 => &policy.device,
        Priority::P3 => &policy.upkeep,
    }
}

/// By the step's channel; whoever has no contact there (any more) is reached by another.
fn to_staff(rulebook: &Rulebook, step: &StaffStep) -> Way {
    let contacts = rulebook.staff(&step.to).map_or(&[][..], |staff| &staff.contacts);
    let contact = on(contacts, step.channel).or_else(|| contacts.first().cloned());
    Way::new(Recipient::Staff(step.to.clone()), contact, step.wait_s)
}

/// A protected person, and what they have agreed.
struct Towards<'r> {
    rulebook: &'r Rulebook,
    id: &'r PersonId,
    contacts: &'r [Contact],
    plan: &'r ContactPlan,
}

impl Towards<'_> {
    /// Steps for which they have no contact, or which they do not want, are passed over; if none is left, another of their
    /// contacts is taken: danger is told.
    fn ways(&self, policy: &[PersonStep]) -> Vec<Way> {
        let mut ways: Vec<Way> = policy.iter().flat_map(|step| self.step(step)).collect();
        if !ways.iter().any(|way| matches!(way.recipient, Recipient::Person(_))) {
            ways.insert(0, self.own(self.beside(), BESIDE_WAIT_S));
        }
        if self.plan.shape == AlertShape::AdvocateFirst {
            let to_them = |way: &Way| matches!(way.recipient, Recipient::Staff(_));
            let (mut named, own): (Vec<Way>, Vec<Way>) = ways.into_iter().partition(to_them);
            if named.is_empty() {
                named = self.named(Channel::Sms, 0);
            }
            if let Some(last) = named.last_mut() {
                last.wait_ms = last.wait_ms.max(i64::from(HEAD_START_S) * SECOND_MS);
            }
            named.extend(own);
            return named;
        }
        ways
    }

    /// What is no danger rings nobody up who takes anything else.
    fn quiet(&self, policy: &[PersonStep]) -> Vec<Way> {
        let rings = self.plan.shape == AlertShape::CallOnly;
        let own = policy.iter().filter(|step| !step.nominated && (rings || step.channel != Channel::Voice));
        let wait_s = |step: &PersonStep| if step.wait_s == 0 { 0 } else { NOTICE_WAIT_S };
        let mut ways: Vec<Way> =
            own.flat_map(|step| self.step(&PersonStep { wait_s: wait_s(step), ..step.clone() })).collect();
        if ways.is_empty() {
            ways.push(self.own(self.beside(), NOTICE_WAIT_S));
        }
        if let Some(last) = ways.last_mut() {
            last.wait_ms = i64::from(NOTICE_WAIT_S) * SECOND_MS;
        }
        ways
    }

    /// Every way that the policy has for them, together.
    fn each(&self, policy: &[PersonStep]) -> Vec<Way> {
        let channels: BTreeSet<Channel> =
            policy.iter().filter(|step| !step.nominated).map(|step| step.channel).collect();
        let step = |channel| PersonStep { channel, wait_s: 0, nominated: false };
        let mut ways: Vec<Way> = channels.into_iter().flat_map(|channel| self.step(&step(channel))).collect();
        if let Some(last) = ways.last_mut() {
            last.wait_ms = i64::from(TEST_WAIT_S) * SECOND_MS;
        }
        ways
    }

    fn step(&self, step: &PersonStep) -> Vec<Way> {
        if step.nominated {
            return self.named(step.channel, step.wait_s);
        }
        let contact = on(self.contacts, step.channel).filter(|_| self.wants(step.channel));
        contact.map(|contact| self.own(Some(contact), step.wait_s)).into_iter().collect()
    }

    fn wants(&self, channel: Channel) -> bool {
        match self.plan.shape {
            AlertShape::Loud | AlertShape::AdvocateFirst => true,
            AlertShape::Silent => channel != Channel::Voice,
            AlertShape::CallOnly => channel == Channel::Voice,
        }
    }

    /// A way that the policy does not have: one that they want, or else whatever there is.
    fn beside(&self) -> Option<Contact> {
        let wanted = self.contacts.iter().find(|contact| self.wants(contact.channel));
        wanted.or(self.contacts.first()).cloned()
    }

    fn own(&self, contact: Option<Contact>, wait_s: u32) -> Way {
        Way::new(Recipient::Person(self.id.clone()), contact, wait_s)
    }

    /// All whom they have named, together.
    fn named(&self, channel: Channel, wait_s: u32) -> Vec<Way> {
        let named = &self.plan.nominated;
        let ways = named.iter().enumerate().map(|(n, staff)| {
            let wait_s = if n + 1 == named.len() { wait_s } else { 0 };
            to_staff(self.rulebook, &StaffStep { to: staff.clone(), channel, wait_s })
        });
        ways.collect()
    }
}

fn on(contacts: &[Contact], channel: Channel) -> Option<Contact> {
    let meant = contacts.iter().find(|contact| contact.channel == channel.address());
    meant.map(|contact| Contact { channel, ..contact.clone() })
}
