//! Whether every alert ends at a person who can be reached, at every hour of the days to come.
//!
//! Nothing here knows how a policy, a plan or a rota is read: the engine's own steps are taken, for alerts raised at every
//! moment from which they could come out otherwise. Those are the moments at which a shift begins or ends, and as long
//! before each as a step is taken after the alert.
//!
//! | Part | What it does |
//! |---|---|
//! | `walks` | takes the steps of one escalation at every such moment |
//! | `judge` | what is wrong with what followed |
//! | `what` | everything that can be wrong, and how grave it is |
//! | `spans` | sets of instants |
//! | `words` | all of it for a person at a terminal |
//!
//! What can never work is refused when it is published. What is found here works at some hours and not at others, or
//! would fail where a provider, a phone or a person does.

mod judge;
mod spans;
mod walks;
mod what;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub use spans::Spans;
pub use what::{Grade, List, What};

use crate::{
    domain::{
        Audience, Case, CaseId, Channel, Contact, ContactPlan, EscalationPolicy, LocalTime, MessageClass,
        Person, PersonId, PolicyId, Priority, Recipient, Schedule, SenderLabel, StaffId, Timestamp, Unit,
        UnitId,
    },
    engine::{Addressee, Escalating, Rulebook},
};
use walks::Walks;

const DAY_MS: i64 = 24 * 3_600_000;

/// What is to be looked at.
#[derive(Debug, Clone)]
pub struct Asked {
    /// From when ...
    pub from: Timestamp,
    /// ... so many days on.
    pub days: u32,
    /// The channels that have a provider; `None` if that is not known: then all are taken to have one.
    pub carried: Option<BTreeSet<Channel>>,
    /// Senders that contact plans name and a channel's provider does not have.
    pub unknown_senders: BTreeSet<(Channel, SenderLabel)>,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The first instant looked at.
    #[serde(serialize_with = "rfc3339")]
    pub from: Timestamp,
    /// The first one no longer.
    #[serde(serialize_with = "rfc3339")]
    pub until: Timestamp,
    /// So many units were looked at ...
    pub units: usize,
    /// ... with so many cases.
    pub cases: usize,
    /// The gravest first, each cause once.
    pub findings: Vec<Finding>,
    #[serde(skip)]
    clocks: BTreeMap<UnitId, LocalTime>,
}

/// One cause, for all that it concerns.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// How grave.
    pub grade: Grade,
    /// In which unit.
    pub unit: UnitId,
    /// What.
    pub what: What,
    /// The same in words, and what to do about it.
    pub says: String,
    /// Whom it concerns.
    pub of: BTreeSet<Of>,
    /// When.
    pub when: Spans,
}

/// Whom a finding concerns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// Incidents that belong to no case.
    NoCase,
    /// The incidents of a case.
    Case(CaseId),
    /// A person whom a case protects.
    Person(CaseId, PersonId),
}

impl Report {
    /// How many of a grade there are.
    #[must_use]
    pub fn count(&self, grade: Grade) -> usize {
        self.findings.iter().filter(|finding| finding.grade == grade).count()
    }

    /// What is wrong with alerts of a case, or of none, at an instant.
    pub fn at(&self, of: &Of, at: Timestamp) -> impl Iterator<Item = &What> {
        let is_it = move |finding: &&Finding| finding.of.contains(of) && finding.when.covers(at);
        self.findings.iter().filter(is_it).map(|finding| &finding.what)
    }
}

/// Looks at everything that is in force.
#[must_use]
pub fn check(rulebook: &Rulebook, asked: &Asked) -> Report {
    let until = asked.from.plus_ms(i64::from(asked.days) * DAY_MS);
    let mut cases: BTreeMap<&UnitId, Vec<&Case>> = BTreeMap::new();
    for case in rulebook.cases() {
        cases.entry(&case.unit).or_default().push(case);
    }
    let mut found = Found::default();
    for unit in rulebook.units() {
        let cases = cases.remove(&unit.id).unwrap_or_default();
        let window = Spans::one(asked.from, until);
        Study { rulebook, unit, cases, window, asked }.look(&mut found);
    }
    let finding = |((grade, unit, what), (of, when)): (Key, (BTreeSet<Of>, Spans))| {
        let says = what.to_string();
        Finding { grade, unit, what, says, of, when }
    };
    Report {
        from: asked.from,
        until,
        units: rulebook.units().count(),
        cases: rulebook.cases().count(),
        findings: found.0.into_iter().map(finding).collect(),
        clocks: rulebook.units().map(|unit| (unit.id.clone(), clock_of(rulebook, unit))).collect(),
    }
}

type Key = (Grade, UnitId, What);

/// Each cause once, with all that it concerns, and when.
#[derive(Default)]
struct Found(BTreeMap<Key, (BTreeSet<Of>, Spans)>);

impl Found {
    fn add(&mut self, unit: &Unit, what: &What, of: &Of, when: &Spans) {
        if when.as_slice().is_empty() {
            return;
        }
        let (all, known) = self.0.entry((what.grade(), unit.id.clone(), what.clone())).or_default();
        all.insert(of.clone());
        if known != when {
            *known = known.and(when);
        }
    }
}

/// One unit.
struct Study<'r> {
    rulebook: &'r Rulebook,
    unit: &'r Unit,
    cases: Vec<&'r Case>,
    window: Spans,
    asked: &'r Asked,
}

/// Persons who are told alike at every hour: but for the numbers themselves.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Alike<'r> {
    policy: &'r PolicyId,
    shape: u8,
    nominated: &'r [StaffId],
    /// Each of their channels, and which of the contacts is the first with the same address.
    contacts: Vec<(Channel, Option<usize>)>,
}

impl<'r> Study<'r> {
    fn look(&self, found: &mut Found) {
        self.staff(found);
        self.persons(found);
        for case in &self.cases {
            self.basis(case, found);
        }
    }

    /// What staff are told of incidents of each priority, by each policy that anything goes by.
    fn staff(&self, found: &mut Found) {
        for policy in &self.unit.policies {
            let uses = |case: &&&Case| *self.unit.policy_for(case) == policy.id;
            let cases = self.cases.iter().filter(uses);
            let mut users: Vec<(Of, Spans)> =
                cases.map(|case| (Of::Case(case.id.clone()), self.in_force(case))).collect();
            if self.unit.policy == policy.id {
                users.push((Of::NoCase, self.window.clone()));
            }
            if users.is_empty() {
                continue;
            }
            for priority in [Priority::P1, Priority::P2, Priority::P3] {
                let escalating = self.escalating(policy, &Audience::Staff, priority);
                for (what, when) in self.walks(escalating).judged() {
                    for (of, force) in &users {
                        found.add(self.unit, &what, of, &when.within(force));
                    }
                }
            }
        }
    }

    /// What each protected person is told of danger.
    fn persons(&self, found: &mut Found) {
        let mut known: BTreeMap<Alike<'r>, Vec<(What, Spans)>> = BTreeMap::new();
        for case in &self.cases {
            let name = self.unit.policy_for(case);
            let Some(policy) = self.rulebook.policy(&self.unit.id, name) else { continue };
            let danger = self.in_danger(case);
            for person in case.persons.iter().filter_map(|id| self.rulebook.person(id)) {
                let of = Of::Person(case.id.clone(), person.id.clone());
                let judged = known.entry(alike(name, &person.plan, &person.contacts)).or_insert_with(|| {
                    let audience = Audience::Person(person.id.clone());
                    self.walks(self.escalating(policy, &audience, Priority::P1)).judged()
                });
                for (what, when) in judged.iter() {
                    found.add(self.unit, what, &of, &when.within(&danger));
                }
                // Where not even danger comes to a phone, that is all there is to say.
                let is_mute = |(what, _): &(What, Spans)| matches!(what, What::Nobody { .. });
                if !judged.iter().any(is_mute) {
                    self.beside_danger(person, policy, &of, &self.in_force(case), found);
                }
                for contact in person.contacts.iter().filter(|contact| contact.channel.is_phone()) {
                    for other in self.rulebook.recipients_at(&contact.address) {
                        if let Recipient::Staff(staff) = other {
                            let what = What::SharedNumber { person: person.id.clone(), staff: staff.clone() };
                            found.add(self.unit, &what, &of, &danger);
                        }
                    }
                }
            }
        }
    }

    /// Whether what a protected person is told beside danger comes to a phone, and from whom they expect it.
    fn beside_danger(
        &self,
        person: &Person,
        policy: &EscalationPolicy,
        of: &Of,
        in_force: &Spans,
        found: &mut Found,
    ) {
        let audience = Audience::Person(person.id.clone());
        // Weak protection and all clear go the same ways, and none of them depends on the hour.
        let notice = Some(MessageClass::Weak);
        let escalating = Escalating { notice, ..self.escalating(policy, &audience, Priority::P2) };
        let carried = |channel| self.asked.carried.as_ref().is_none_or(|all| all.contains(&channel));
        let taken = escalating.unanswered(carried);
        let channels: BTreeSet<Channel> = taken
            .iter()
            .flat_map(|taken| &taken.ways)
            .flat_map(|way| way.to.iter().filter_map(Addressee::channel))
            .collect();
        if !channels.iter().any(|channel| channel.is_phone() && carried(*channel)) {
            let channels = channels.into_iter().collect();
            found.add(self.unit, &What::NoticesUnheard { policy: policy.id.clone(), channels }, of, in_force);
        }
        let Some(sender) = person.plan.sender.clone() else { return };
        let unknown = self.asked.unknown_senders.iter();
        let channels: Vec<Channel> =
            unknown.filter(|(_, label)| *label == sender).map(|(channel, _)| *channel).collect();
        if !channels.is_empty() {
            found.add(self.unit, &What::NoSender { sender, channels }, of, in_force);
        }
    }

    fn basis(&self, case: &Case, found: &mut Found) {
        let until = case.basis.until.filter(|until| self.window.covers(*until));
        if let (Some(at), Some((_, end))) = (until, self.window.as_slice().first()) {
            let what = What::BasisEnds { case: case.id.clone() };
            found.add(self.unit, &what, &Of::Case(case.id.clone()), &Spans::one(at, *end));
        }
    }

    fn walks<'s>(&'s self, escalating: Escalating<'s>) -> Walks<'s> {
        Walks { escalating, unit: self.unit, window: &self.window, carried: self.asked.carried.as_ref() }
    }

    fn escalating<'s>(
        &'s self,
        policy: &'s EscalationPolicy,
        audience: &'s Audience,
        priority: Priority,
    ) -> Escalating<'s> {
        Escalating { rulebook: self.rulebook, policy, audience, priority, notice: None, at: Timestamp::MIN }
    }

    /// When the case's wearer may be watched.
    fn in_force(&self, case: &Case) -> Spans {
        self.window.within(&Spans::one(case.basis.from, case.basis.until.unwrap_or(Timestamp::MAX)))
    }

    /// When one of the case's zones applies; whenever it is in force, if it has none yet.
    fn in_danger(&self, case: &Case) -> Spans {
        let in_force = self.in_force(case);
        let drawn = case.zones.iter().map(|zone| zone.schedule.as_ref());
        let schedules: Option<Vec<&Schedule>> =
            drawn.chain(case.proximity_zones.iter().map(|zone| zone.schedule.as_ref())).collect();
        match (schedules, self.window.as_slice()) {
            (Some(schedules), [(from, until)]) if !schedules.is_empty() => {
                let periods = schedules.iter().flat_map(|schedule| schedule.periods(*from, *until));
                in_force.within(&Spans::of(periods.collect()))
            }
            _ => in_force,
        }
    }
}

fn alike<'r>(policy: &'r PolicyId, plan: &'r ContactPlan, contacts: &[Contact]) -> Alike<'r> {
    let first = |contact: &Contact| contacts.iter().position(|other| other.address == contact.address);
    Alike {
        policy,
        shape: plan.shape as u8,
        nominated: &plan.nominated,
        contacts: contacts.iter().map(|contact| (contact.channel, first(contact))).collect(),
    }
}

/// Whose clocks a unit's hours are told by: those of its first rota or schedule.
fn clock_of(rulebook: &Rulebook, unit: &Unit) -> LocalTime {
    let rota = unit.rotas.first().map(|rota| rota.local().name());
    let cases = || rulebook.cases().filter(|case| case.unit == unit.id);
    let zones = || unit.zones.iter().chain(cases().flat_map(|case| &case.zones));
    let schedule = || zones().find_map(|zone| zone.schedule.as_ref()).map(Schedule::time_zone);
    let named = rota.or_else(schedule).and_then(LocalTime::named);
    named.or_else(|| LocalTime::named("UTC")).expect("the bundled database has UTC")
}

fn rfc3339<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}
