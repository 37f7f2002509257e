//! What a protected person is told beside danger: that protection is weak, that all is as usual again, that this is a
//! test.
//!
//! A notice is an incident that concerns nobody but them, and ends by itself once they have been told. If it does not get
//! through, the response team is told to call them. Danger always goes first: while a person is told of it they get no
//! notice, and any that is under way is given up.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    draft::Draft,
    escalation::{done, end, escalation_mut},
    incidents::Situation,
    input::DeadlineKey,
    reach, way_watch,
};
use crate::domain::{
    Audience, Cause, EscalationState, Handling, Incident, IncidentId, IncidentKind, MINUTE_MS, MessageClass,
    PersonId, Priority, Reason, Stage, Subject, Timestamp, WearerId, WhenWeak,
};

/// All has been quiet for this long before it is said to be over: a wearer who turns round comes back within it.
const QUIET_MS: i64 = 5 * MINUTE_MS;
/// Whoever has been told something that holds is looked at again within this time, whatever happens.
const LOOK_MS: i64 = 10 * MINUTE_MS;
/// A notice that nobody takes is looked at again after this.
const AGAIN_MS: i64 = MINUTE_MS;
/// A test that falls into trouble is put off by this.
const PUT_OFF_MS: i64 = 24 * 60 * MINUTE_MS;

/// What a protected person has been told, and what they are about to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Standing {
    advice: Advice,
    /// Since when protection has been weak, while they have not been told.
    weak_since: Option<Timestamp>,
    /// Since when there has been nothing more to fear, while they have not been told.
    quiet_since: Option<Timestamp>,
    /// When their ways are tried out next.
    test_at: Option<Timestamp>,
}

/// What a protected person goes by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Advice {
    /// Nothing has been said, or that all is as usual again.
    #[default]
    Usual,
    /// Protection is weak.
    Weak,
    /// Danger.
    Danger,
}

/// How things stand around a protected person.
#[derive(Debug, Clone, Copy, Default)]
struct View {
    /// A case with a basis in force protects them.
    is_watched: bool,
    /// A wearer could come near without being seen.
    is_weak: bool,
    /// Something lasts that they could be in danger from.
    is_troubled: bool,
    /// They are being told of danger and have not answered.
    is_called: bool,
}

/// A protected person is told of danger.
pub(super) fn told_of_danger(draft: &mut Draft<'_>, person: &PersonId) {
    let standing = draft.standing(person);
    let (advice, weak_since, quiet_since) = (Advice::Danger, None, None);
    draft.put_standing(person, Standing { advice, weak_since, quiet_since, ..standing });
}

/// Looks at everybody whom this decision concerns.
pub(super) fn follow(draft: &mut Draft<'_>) {
    for person in concerned(draft) {
        look(draft, &person);
    }
}

fn concerned(draft: &Draft<'_>) -> BTreeSet<PersonId> {
    let mut persons: BTreeSet<PersonId> = draft.concerned_persons().cloned().collect();
    let mut wearers: BTreeSet<WearerId> = draft.changes.iter().map(|change| change.wearer.clone()).collect();
    for incident in draft.turned_incidents() {
        match (&incident.subject, &incident.cause) {
            (Subject::Wearer(wearer), _) => drop(wearers.insert(wearer.clone())),
            (Subject::Person(person), _) => drop(persons.insert(person.clone())),
            (Subject::Service, Cause::Source(name)) => wearers.extend(draft.heard_through(name)),
            (Subject::Service, _) => {}
        }
    }
    let cases = wearers.iter().flat_map(|wearer| draft.rulebook.cases_in_force(wearer, draft.at));
    persons.extend(cases.flat_map(|case| case.persons.iter().cloned()));
    persons
}

/// Judges what a protected person is to be told now, and when to look again.
pub(super) fn look(draft: &mut Draft<'_>, person: &PersonId) {
    let (now, rulebook) = (draft.at, Arc::clone(&draft.rulebook));
    let view = View::of(draft, person);
    let known = rulebook.person(person).filter(|_| view.is_watched);
    let Some(plan) = known.map(|person| &person.plan) else {
        // Whoever is no longer watched over has heard of it from a person.
        give_up(draft, person);
        return draft.put_standing(person, Standing::default());
    };
    let mut standing = draft.standing(person);
    if standing.advice == Advice::Danger {
        give_up(draft, person);
    }
    // Whoever has asked to be left alone for now is told afterwards, if it still holds. Danger never waits.
    let held_until = plan.quiet.as_ref().and_then(|quiet| quiet.end(now)).unwrap_or(now);
    let weak_at = weak_at(&mut standing, view, plan.weak, now).map(|at| at.max(held_until));
    if weak_at.is_some_and(|at| at <= now) {
        (standing.advice, standing.weak_since) = (Advice::Weak, None);
        notify(draft, person, MessageClass::Weak);
    }
    let quiet_at = quiet_at(&mut standing, view, now).map(|at| at.max(held_until));
    if quiet_at.is_some_and(|at| at <= now) {
        (standing.advice, standing.quiet_since) = (Advice::Usual, None);
        give_up(draft, person);
        notify(draft, person, MessageClass::AllClear);
    }
    let next_test = |after: Timestamp| plan.test.as_ref().and_then(|booking| booking.next_after(after));
    if standing.test_at.is_none() || plan.test.is_none() {
        standing.test_at = next_test(now);
    }
    if standing.test_at.is_some_and(|at| at <= now) {
        if held_until > now {
            standing.test_at = Some(held_until);
        } else if standing.advice == Advice::Usual && !view.is_troubled {
            standing.test_at = next_test(now);
            notify(draft, person, MessageClass::Test);
        } else {
            standing.test_at = Some(now.plus_ms(PUT_OFF_MS));
        }
    }
    let holds = (standing.advice != Advice::Usual).then(|| now.plus_ms(LOOK_MS));
    let to_come = [weak_at, quiet_at, standing.test_at, holds];
    let wake = to_come.into_iter().flatten().filter(|at| *at > now).min();
    draft.put_standing(person, standing);
    draft.wake(DeadlineKey::Person(person.clone()), wake.unwrap_or(Timestamp::MAX));
}

/// When they are to be told that protection is weak.
fn weak_at(standing: &mut Standing, view: View, when: WhenWeak, now: Timestamp) -> Option<Timestamp> {
    let WhenWeak::AfterS(after_s) = when else { return None };
    if !view.is_weak || standing.advice != Advice::Usual {
        standing.weak_since = None;
        return None;
    }
    let since = *standing.weak_since.get_or_insert(now);
    Some(since.plus_ms(i64::from(after_s) * 1_000))
}

/// When they are to be told that it is over. Never while somebody still tries to reach them about it.
fn quiet_at(standing: &mut Standing, view: View, now: Timestamp) -> Option<Timestamp> {
    if view.is_troubled || view.is_called || standing.advice == Advice::Usual {
        standing.quiet_since = None;
        return None;
    }
    Some(standing.quiet_since.get_or_insert(now).plus_ms(QUIET_MS))
}

impl View {
    fn of(draft: &Draft<'_>, person: &PersonId) -> Self {
        let mut view = Self::default();
        let rulebook = Arc::clone(&draft.rulebook);
        for case in rulebook.cases_for(person).filter(|case| case.basis.covers(draft.at)) {
            view.is_watched = true;
            view.is_weak |= draft.is_behind_deaf_source(&case.wearer);
            view.is_troubled |= view.is_weak || draft.is_near_any_zone(&case.wearer);
            for incident in draft.open_about(&Subject::Wearer(case.wearer.clone())) {
                view.see(incident, person);
            }
        }
        for incident in draft.open_about(&Subject::Person(person.clone())) {
            view.is_troubled |= incident.ongoing && incident.kind.notice().is_none() && is_grave(incident);
        }
        view
    }

    fn see(&mut self, incident: &Incident, person: &PersonId) {
        self.is_weak |= incident.ongoing && hides(incident.kind);
        self.is_troubled |= incident.ongoing && is_grave(incident);
        let theirs = Audience::Person(person.clone());
        let calls = incident.escalations.iter().find(|escalation| escalation.audience == theirs);
        self.is_called |= calls.is_some_and(|escalation| escalation.state != EscalationState::Ended);
    }
}

/// Whether a wearer could come near without being seen: nothing is seen of them, or the tag may be where they are not.
fn hides(kind: IncidentKind) -> bool {
    matches!(kind, IncidentKind::Blind | IncidentKind::StrapTamper)
}

/// A battery that runs low is no reason to stay away from home.
fn is_grave(incident: &Incident) -> bool {
    incident.priority < Priority::P3 || matches!(incident.kind, IncidentKind::Approach)
}

/// Begins to tell a protected person something.
fn notify(draft: &mut Draft<'_>, person: &PersonId, class: MessageClass) {
    let (kind, priority, reason) = match class {
        MessageClass::Weak => (IncidentKind::ProtectionWeak, Priority::P2, Reason::Unseen),
        MessageClass::AllClear => (IncidentKind::AllClear, Priority::P3, Reason::Quiet),
        _ => (IncidentKind::TestAlert, Priority::P3, Reason::Booked),
    };
    let (subject, cause, true_time) = (Subject::Person(person.clone()), Cause::Notice(class), draft.at);
    let (late, ongoing) = (false, true);
    draft.raise(Situation { subject, cause, kind, priority, true_time, reason, late, ongoing });
}

/// Whatever a protected person is being told holds no more.
fn give_up(draft: &mut Draft<'_>, person: &PersonId) {
    for class in [MessageClass::Weak, MessageClass::AllClear, MessageClass::Test] {
        let subject = Subject::Person(person.clone());
        if let Some(id) = draft.open_incident(&subject, &Cause::Notice(class)) {
            end(draft, id, 0, done);
            over(draft, id);
        }
    }
}

/// How a notice does, now that one of its alerts has come further.
pub(super) fn arrived(draft: &mut Draft<'_>, id: IncidentId) {
    let Some(incident) = draft.incident(id).filter(|incident| incident.is_open()) else { return };
    let Some(class) = incident.kind.notice() else { return };
    let mut alerts = incident.escalations.iter().flat_map(|escalation| &escalation.alerts);
    if class == MessageClass::Test {
        // Each of the ways is looked at when its time is over, or all have shown how they do.
        if alerts.all(|sent| way_watch::works(sent) || !sent.state.is_open()) {
            tried(draft, id);
        }
    } else if alerts.any(|sent| sent.state.is_there()) {
        told(draft, id);
    }
}

/// They have answered: it is on their phone. Which of their ways brought a test is not known by it.
pub(super) fn answered(draft: &mut Draft<'_>, id: IncidentId) {
    if draft.incident(id).is_some_and(|incident| incident.kind != IncidentKind::TestAlert) {
        reach::within_reach(draft, id, 0);
        told(draft, id);
    }
}

/// All the ways of a notice have had their time.
pub(super) fn tried(draft: &mut Draft<'_>, id: IncidentId) {
    let (again_at, incident) = (draft.at.plus_ms(AGAIN_MS), draft.incident(id));
    let Some(incident) = incident else { return };
    let is_test = incident.kind == IncidentKind::TestAlert;
    let escalation = incident.escalations.iter().find(|e| e.audience != Audience::Staff);
    let alerts = escalation.map(|escalation| escalation.alerts.clone()).unwrap_or_default();
    if is_test {
        way_watch::tested(draft, id, &alerts);
        return told(draft, id);
    }
    if alerts.iter().any(|sent| sent.state.is_taken()) {
        told(draft, id);
    } else if let Some(escalation) = escalation_mut(draft, id, 0) {
        // It is still being tried, and the staff have been told.
        escalation.state = EscalationState::Running { next_at: again_at };
    }
}

/// They have been told. That protection is weak holds until it is over; nothing else does.
fn told(draft: &mut Draft<'_>, id: IncidentId) {
    end(draft, id, 0, done);
    if draft.incident(id).is_some_and(|incident| incident.kind != IncidentKind::ProtectionWeak) {
        over(draft, id);
    }
}

/// It ends; if it has become a matter for the staff, they close it.
fn over(draft: &mut Draft<'_>, id: IncidentId) {
    let Some(incident) = draft.incident(id).filter(|incident| incident.is_open()) else { return };
    if incident.ongoing {
        let (subject, cause) = (incident.subject.clone(), incident.cause.clone());
        draft.over(&subject, &cause, Reason::Told);
    }
    draft.told(id);
}

impl Draft<'_> {
    /// A notice was no trouble to anybody: it is closed.
    fn told(&mut self, id: IncidentId) {
        if let Some(incident) = self.incident_mut(id).filter(|incident| !incident.concerns_staff()) {
            incident.hand(Handling::Told);
        }
    }

    /// Whether nothing is heard of a wearer because Cordon itself is deaf.
    fn is_behind_deaf_source(&self, wearer: &WearerId) -> bool {
        let Some(state) = self.wearer(wearer) else { return false };
        let deaf = self.open_incident(&Subject::Service, &Cause::Source(state.contact.source.clone()));
        deaf.and_then(|id| self.incident(id)).is_some_and(|incident| incident.ongoing)
    }

    /// Whether a wearer is in, or near, or has hardly left, a zone.
    fn is_near_any_zone(&self, wearer: &WearerId) -> bool {
        let Some(state) = self.wearer(wearer) else { return false };
        let drawn = state.track.zones.values().map(|zone| zone.stage);
        let around_persons = state.meetings.values().map(|meeting| meeting.stage());
        let is_near = |stage| matches!(stage, Stage::Approach | Stage::Violation | Stage::Left);
        drawn.chain(around_persons).any(is_near)
    }
}
