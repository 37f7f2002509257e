//! The steps of an escalation as they stand: whom each one reaches, by what, and how long it waits.

use super::{draft::Draft, rulebook::Rulebook};
use crate::domain::{
    Audience, Channel, Contact, EscalationPolicy, IncidentId, Person, PersonId, PersonStep, Priority,
    Recipient, SECOND_MS, AlertShape, StaffStep,
};

/// The last step waits at least this long before it comes again, seconds: one that is meant to go together with the next
/// may have become the last, for lack of a contact.
const LAST_WAIT_S_MIN: u32 = 30;
/// How long somebody is waited for who is told beside what the policy says, seconds.
const BESIDE_WAIT_S: u32 = 60;

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
        Audience::Person(person) => to_person(rulebook, person, &policy.protected),
        Audience::Staff => {
            steps(policy, incident.priority).iter().map(|step| to_staff(rulebook, step)).collect()
        }
    };
    if let Some(last) = ways.last_mut() {
        last.wait_ms = last.wait_ms.max(i64::from(LAST_WAIT_S_MIN) * SECOND_MS);
    }
    ways
}

/// The steps of a policy for staff.
pub(super) fn steps(policy: &EscalationPolicy, priority: Priority) -> &[StaffStep] {
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

/// Steps for which the person has no contact, or which they do not want, are passed over; if none is left, the first of
/// their contacts is taken: danger is told.
fn to_person(rulebook: &Rulebook, id: &PersonId, policy: &[PersonStep]) -> Vec<Way> {
    let person = rulebook.person(id);
    let shape = person.map_or(AlertShape::Loud, |person| person.plan.shape);
    let nominated = |step: &PersonStep| match person {
        Some(person) => to_nominated(rulebook, person, step),
        None => Vec::new(),
    };
    let (theirs, others): (Vec<&PersonStep>, Vec<&PersonStep>) =
        policy.iter().partition(|step| !step.nominated);
    let wanted = |channel: Channel| match shape {
        AlertShape::Loud | AlertShape::AdvocateFirst => true,
        AlertShape::Silent => channel != Channel::Voice,
        AlertShape::CallOnly => channel == Channel::Voice,
    };
    let contacts = person.map_or(&[][..], |person| &person.contacts);
    let own = |channel, wait_s| {
        let contact = on(contacts, channel).filter(|_| wanted(channel))?;
        Some(Way::new(Recipient::Person(id.clone()), Some(contact), wait_s))
    };
    let has_own = theirs.iter().any(|step| own(step.channel, step.wait_s).is_some());
    let mut first = Vec::new();
    if shape == AlertShape::AdvocateFirst {
        let step = others.first().map_or(
            PersonStep { channel: Channel::Sms, wait_s: BESIDE_WAIT_S, nominated: true },
            |step| PersonStep::clone(step),
        );
        first = nominated(&step);
    }
    if !has_own {
        // A call, where they want nothing else and the policy has none; else whatever there is.
        let contact = on(contacts, Channel::Voice).filter(|_| wanted(Channel::Voice));
        let contact = contact.or_else(|| contacts.first().cloned());
        first.push(Way::new(Recipient::Person(id.clone()), contact, BESIDE_WAIT_S));
    }
    let rest = policy.iter().flat_map(|step| {
        if step.nominated && shape != AlertShape::AdvocateFirst {
            nominated(step)
        } else if step.nominated {
            Vec::new()
        } else {
            own(step.channel, step.wait_s).into_iter().collect()
        }
    });
    first.extend(rest);
    first
}

/// All whom a person has named, together.
fn to_nominated(rulebook: &Rulebook, person: &Person, step: &PersonStep) -> Vec<Way> {
    let named = &person.plan.nominated;
    let ways = named.iter().enumerate().map(|(n, staff)| {
        let wait_s = if n + 1 == named.len() { step.wait_s } else { 0 };
        to_staff(rulebook, &StaffStep { to: staff.clone(), channel: step.channel, wait_s })
    });
    ways.collect()
}

fn on(contacts: &[Contact], channel: Channel) -> Option<Contact> {
    let meant = contacts.iter().find(|contact| contact.channel == channel.address());
    meant.map(|contact| Contact { channel, ..contact.clone() })
}
