//! The steps of an escalation as they stand: whom each one reaches, by what, and how long it waits.

use std::{collections::BTreeSet, ops::Range};

use super::{draft::Draft, rulebook::Rulebook};
use crate::domain::{
    AlertShape, Audience, Channel, Contact, ContactPlan, EscalationPolicy, IncidentId, IncidentKind,
    MessageClass, PersonId, PersonStep, Priority, Recipient, SECOND_MS, StaffId, StaffStep, Timestamp,
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
pub struct Way {
    /// Which of the policy's steps for this audience it is, from 0; `None` for one that stands beside them.
    pub step: Option<usize>,
    /// Who is told, all of them at once.
    pub to: Vec<Addressee>,
    /// How long until the next one, milliseconds; 0 takes that together with this.
    pub wait_ms: i64,
}

/// Somebody whom a step reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// Who.
    pub recipient: Recipient,
    /// Where; `None` for somebody without any contact.
    pub contact: Option<Contact>,
    /// The rota by which they are told, if the step names one.
    pub rota: Option<StaffId>,
    /// Nobody of the rota is on duty, and they stand in.
    pub stands_in: bool,
}

impl Addressee {
    /// By which channel.
    #[must_use]
    pub fn channel(&self) -> Option<Channel> {
        self.contact.as_ref().map(|contact| contact.channel)
    }
}

impl Way {
    fn new(step: Option<usize>, to: Vec<Addressee>, wait_s: u32) -> Self {
        Self { step, to, wait_ms: i64::from(wait_s) * SECOND_MS }
    }

    fn is_to_staff(&self) -> bool {
        self.to.iter().all(|to| matches!(to.recipient, Recipient::Staff(_)))
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
    let (audience, priority, notice) = (&escalation.audience, incident.priority, incident.kind.notice());
    let ways = Escalating { rulebook, policy, audience, priority, notice, at: draft.at }.ways();
    if incident.kind == IncidentKind::NoConsoleArmed { from_first_call(ways) } else { ways }
}

/// Without the screens at which nobody sits: from the first call, with what goes together with it; without any call from
/// the first message to a phone; without that either, all.
fn from_first_call(mut ways: Vec<Way>) -> Vec<Way> {
    let goes_by =
        |way: &Way, fits: fn(Channel) -> bool| way.to.iter().any(|to| to.channel().is_some_and(fits));
    let is_call = |way: &Way| goes_by(way, |channel| channel == Channel::Voice);
    let is_phone = |way: &Way| goes_by(way, Channel::is_phone);
    if let Some(first) = ways.iter().position(is_call).or_else(|| ways.iter().position(is_phone)) {
        let together = ways[..first].iter().rev().take_while(|way| way.wait_ms == 0).count();
        ways.drain(..first - together);
    }
    ways
}

/// The steps that are taken together with the one at `step`: the last of them is the one that is waited for. Beyond the
/// last, that one repeats.
pub(super) fn together(ways: &[Way], step: usize) -> Range<usize> {
    let first = step.min(ways.len().saturating_sub(1));
    let last = (first..ways.len()).find(|place| ways[*place].wait_ms > 0);
    first..last.map_or(first, |last| last + 1)
}

/// Who is told of an incident.
#[derive(Debug, Clone, Copy)]
pub struct Escalating<'r> {
    /// What is in force.
    pub rulebook: &'r Rulebook,
    /// By which policy.
    pub policy: &'r EscalationPolicy,
    /// Towards whom.
    pub audience: &'r Audience,
    /// How urgent.
    pub priority: Priority,
    /// What a protected person is told beside danger; `None` for danger.
    pub notice: Option<MessageClass>,
    /// When.
    pub at: Timestamp,
}

/// Steps that are taken together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// When.
    pub at: Timestamp,
    /// The steps.
    pub ways: Vec<Way>,
}

impl<'r> Escalating<'r> {
    /// All that follows if nobody answers, up to the last step, which repeats. Every alert is on its phone or screen at
    /// once, if its channel is carried; what is not is refused at once, and a step that waits for nothing else is over.
    #[must_use]
    pub fn unanswered(mut self, is_carried: impl Fn(Channel) -> bool) -> Vec<Taken> {
        let (mut all, mut step) = (Vec::new(), 0);
        loop {
            let ways = self.ways();
            let steps = together(&ways, step);
            let is_last = steps.end >= ways.len();
            step = steps.end;
            let ways = ways[steps].to_vec();
            let heard = |way: &&Way| way.to.iter().any(|to| to.channel().is_some_and(&is_carried));
            let wait_ms = ways.last().filter(heard).map_or(0, |way| way.wait_ms);
            all.push(Taken { at: self.at, ways });
            if is_last {
                return all;
            }
            self.at = self.at.plus_ms(wait_ms);
        }
    }

    /// The policy's steps for staff.
    #[must_use]
    pub fn staff_steps(self) -> &'r [StaffStep] {
        match self.priority {
            Priority::P1 => &self.policy.danger,
            Priority::P2 => &self.policy.device,
            Priority::P3 => &self.policy.upkeep,
        }
    }

    fn ways(self) -> Vec<Way> {
        let mut ways = match self.audience {
            Audience::Person(id) => {
                let person = self.rulebook.person(id);
                let contacts = person.map_or(&[][..], |person| &person.contacts);
                let plan = &person.map(|person| person.plan.clone()).unwrap_or_default();
                let towards = Towards { within: self, id, contacts, plan };
                match self.notice {
                    None => towards.ways(),
                    Some(MessageClass::Test) => towards.each(),
                    Some(_) => towards.quiet(),
                }
            }
            Audience::Staff => {
                self.staff_steps().iter().enumerate().map(|step| self.to_staff(step)).collect()
            }
        };
        if let Some(last) = ways.last_mut().filter(|last| last.wait_ms == 0) {
            last.wait_ms = i64::from(BESIDE_WAIT_S) * SECOND_MS;
        }
        ways
    }

    fn to_staff(self, (place, step): (usize, &StaffStep)) -> Way {
        Way::new(Some(place), self.addressees(&step.to, step.channel), step.wait_s)
    }

    /// A member of staff; of a rota all who are on duty, or whoever stands in while nobody is. By a channel; whoever has
    /// no contact there (any more) is reached by another, on a phone if a phone was meant.
    fn addressees(self, named: &StaffId, channel: Channel) -> Vec<Addressee> {
        let rota = self.rulebook.rota(named);
        let mut told = rota.map_or(vec![named], |rota| rota.on_duty(self.at));
        let stands_in = told.is_empty();
        if let Some(rota) = rota.filter(|_| stands_in) {
            told.push(&rota.otherwise);
        }
        let addressee = |staff: &StaffId| {
            let contacts = self.rulebook.staff(staff).map_or(&[][..], |staff| &staff.contacts);
            let is_like = |contact: &&Contact| contact.channel.is_phone() == channel.is_phone();
            let other = || contacts.iter().find(is_like).or(contacts.first()).cloned();
            let contact = on(contacts, channel).or_else(other);
            Addressee {
                recipient: Recipient::Staff(staff.clone()),
                contact,
                rota: rota.map(|rota| rota.id.clone()),
                stands_in,
            }
        };
        told.into_iter().map(addressee).collect()
    }
}

/// A protected person, and what they have agreed.
struct Towards<'r> {
    within: Escalating<'r>,
    id: &'r PersonId,
    contacts: &'r [Contact],
    plan: &'r ContactPlan,
}

impl Towards<'_> {
    /// Steps for which they have no contact, or which they do not want, are passed over; if none is left, another of their
    /// contacts is taken: danger is told.
    fn ways(&self) -> Vec<Way> {
        let steps = self.within.policy.protected.iter().enumerate();
        let mut ways: Vec<Way> = steps.filter_map(|step| self.step(step)).collect();
        if ways.iter().all(Way::is_to_staff) {
            ways.insert(0, self.own(None, self.beside(), BESIDE_WAIT_S));
        }
        if self.plan.shape == AlertShape::AdvocateFirst {
            let (mut named, own): (Vec<Way>, Vec<Way>) = ways.into_iter().partition(Way::is_to_staff);
            if named.is_empty() {
                named.extend(self.named(None, Channel::Sms, 0));
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
    fn quiet(&self) -> Vec<Way> {
        let rings = self.plan.shape == AlertShape::CallOnly;
        let is_quiet = |step: &PersonStep| !step.nominated && (rings || step.channel != Channel::Voice);
        let own = self.within.policy.protected.iter().enumerate().filter(|(_, step)| is_quiet(step));
        let wait_s = |step: &PersonStep| if step.wait_s == 0 { 0 } else { NOTICE_WAIT_S };
        let way = |(place, step): (usize, &PersonStep)| {
            self.step((place, &PersonStep { wait_s: wait_s(step), ..step.clone() }))
        };
        let mut ways: Vec<Way> = own.filter_map(way).collect();
        if ways.is_empty() {
            ways.push(self.own(None, self.beside(), NOTICE_WAIT_S));
        }
        if let Some(last) = ways.last_mut() {
            last.wait_ms = i64::from(NOTICE_WAIT_S) * SECOND_MS;
        }
        ways
    }

    /// Every way that the policy has for them, together.
    fn each(&self) -> Vec<Way> {
        let own = self.within.policy.protected.iter().filter(|step| !step.nominated);
        let channels: BTreeSet<Channel> = own.map(|step| step.channel).collect();
        let contacts = channels.into_iter().filter_map(|channel| self.wanted(channel));
        let mut ways: Vec<Way> = contacts.map(|contact| self.own(None, Some(contact), 0)).collect();
        if let Some(last) = ways.last_mut() {
            last.wait_ms = i64::from(TEST_WAIT_S) * SECOND_MS;
        }
        ways
    }

    fn step(&self, (place, step): (usize, &PersonStep)) -> Option<Way> {
        if step.nominated {
            return self.named(Some(place), step.channel, step.wait_s);
        }
        Some(self.own(Some(place), Some(self.wanted(step.channel)?), step.wait_s))
    }

    /// Their contact on a channel, if they want to be told by it.
    fn wanted(&self, channel: Channel) -> Option<Contact> {
        on(self.contacts, channel).filter(|_| self.wants(channel))
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

    fn own(&self, place: Option<usize>, contact: Option<Contact>, wait_s: u32) -> Way {
        let addressee = Addressee {
            recipient: Recipient::Person(self.id.clone()),
            contact,
            rota: None,
            stands_in: false,
        };
        Way::new(place, vec![addressee], wait_s)
    }

    /// All whom they have named, together; each once, although they may have been named and be on duty. `None` if they
    /// have named nobody.
    fn named(&self, place: Option<usize>, channel: Channel, wait_s: u32) -> Option<Way> {
        let mut to: Vec<Addressee> = Vec::new();
        for named in &self.plan.nominated {
            for addressee in self.within.addressees(named, channel) {
                if !to.iter().any(|known| known.recipient == addressee.recipient) {
                    to.push(addressee);
                }
            }
        }
        (!to.is_empty()).then(|| Way::new(place, to, wait_s))
    }
}

fn on(contacts: &[Contact], channel: Channel) -> Option<Contact> {
    let meant = contacts.iter().find(|contact| contact.channel == channel.address());
    meant.map(|contact| Contact { channel, ..contact.clone() })
}
