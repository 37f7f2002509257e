//! What raises an incident, carries it on and ends its situation.

use super::{draft::Draft, escalation};
use crate::domain::{
    CaseId, Cause, Entry, Episode, Handling, Happening, Incident, IncidentId, IncidentKind, PersonId,
    PolicyId, Priority, Reason, Subject, Timestamp, UnitId, WearerId, ZoneId,
};

/// Entries an incident keeps; the journal has the others.
const TIMELINE_MAX: usize = 200;
/// Episodes an incident keeps.
const EPISODES_MAX: usize = 64;

/// A situation that the watches have found.
pub(super) struct Situation {
    pub(super) subject: Subject,
    pub(super) cause: Cause,
    pub(super) kind: IncidentKind,
    pub(super) priority: Priority,
    pub(super) true_time: Timestamp,
    pub(super) reason: Reason,
    /// Found in late fixes: the protected person is not disturbed.
    pub(super) late: bool,
    /// It still lasts.
    pub(super) ongoing: bool,
}

/// Whose an incident is.
struct Owner {
    unit: UnitId,
    case: Option<CaseId>,
    policy: PolicyId,
}

impl Draft<'_> {
    /// Raises an incident, or carries on the open one of the same subject and cause: worse or back after it was over,
    /// it is raised again with new alerts; otherwise nothing changes.
    pub(super) fn raise(&mut self, situation: Situation) {
        let Some(id) = self.open_incident(&situation.subject, &situation.cause) else {
            return self.raise_new(situation);
        };
        let Some(incident) = self.incident_mut(id) else {
            return;
        };
        // Coming near again says nothing new about somebody who has been inside.
        if situation.kind == IncidentKind::Approach && incident.kind != IncidentKind::Approach {
            return;
        }
        let worse = situation.priority < incident.priority
            || situation.priority == incident.priority
                && situation.kind != incident.kind
                && is_graver(situation.kind);
        // A stay that has just ended is news like one that lasts.
        let stays = situation.ongoing || situation.kind == IncidentKind::Violation && !situation.late;
        let back = !incident.ongoing && stays;
        let no_longer_late = incident.late && !situation.late;
        // Whoever calls again has not been helped.
        let calls_again =
            matches!(situation.kind, IncidentKind::Sos | IncidentKind::CallForHelp | IncidentKind::Duress);
        let disturbs =
            worse || no_longer_late || calls_again || back && situation.kind != IncidentKind::Approach;
        // A violation found in the past is over although the wearer, near, was raised as one who still is.
        let was_lesser = worse && situation.kind != incident.kind;
        incident.ongoing = situation.ongoing || incident.ongoing && !was_lesser;
        note_episode(incident, &situation);
        if !(disturbs || back) {
            return;
        }
        // What was only near so far is as late as what it turned out to be.
        incident.late = situation.late && (incident.late || worse);
        incident.kind = situation.kind;
        incident.priority = incident.priority.min(situation.priority);
        // A notice is nothing to the staff until it does not get through.
        if disturbs && situation.kind.notice().is_none() {
            incident.hand(Handling::Raised);
        }
        self.tell_story(id, raised(&situation));
        if disturbs {
            escalation::start(self, id);
        }
    }

    fn raise_new(&mut self, situation: Situation) {
        let Some(owner) = self.owner(&situation) else {
            return;
        };
        let id = self.new_incident_id();
        let happening = raised(&situation);
        let mut incident = Incident {
            id,
            unit: owner.unit,
            subject: situation.subject.clone(),
            cause: situation.cause.clone(),
            case: owner.case,
            policy: owner.policy,
            kind: situation.kind,
            priority: situation.priority,
            handling: Handling::Raised,
            ongoing: situation.ongoing,
            raised_at: self.at,
            late: situation.late,
            episodes: Vec::new(),
            escalations: Vec::new(),
            attendances: Vec::new(),
            shelf: None,
            keeper: None,
            timeline: Vec::new(),
        };
        note_episode(&mut incident, &situation);
        self.put_incident(incident);
        self.tell_story(id, happening);
        escalation::start(self, id);
    }

    /// The situation has ended; the incident stays until a person closes it.
    pub(super) fn over(&mut self, subject: &Subject, cause: &Cause, reason: Reason) {
        if let Some(id) = self.open_incident(subject, cause)
            && let Some(incident) = self.incident_mut(id)
            && incident.ongoing
        {
            incident.ongoing = false;
            self.tell_story(id, Happening::Over { reason });
        }
    }

    /// An episode in the past has come to light. It joins the open incident if that says no less: it is of a later stay,
    /// or the wearer is inside now. Else it raises one that is over already. `late`: it is too long ago to disturb the
    /// protected person.
    pub(super) fn found(
        &mut self,
        wearer: &WearerId,
        zone: &ZoneId,
        from: Timestamp,
        reason: Reason,
        late: bool,
    ) {
        let (subject, cause) = (Subject::Wearer(wearer.clone()), Cause::Zone(zone.clone()));
        let situation = Situation {
            subject: subject.clone(),
            cause: cause.clone(),
            kind: IncidentKind::Violation,
            priority: Priority::P1,
            true_time: from,
            reason,
            late,
            ongoing: false,
        };
        let known = self.open_incident(&subject, &cause).and_then(|id| self.incident_mut(id));
        let says_no_more = |incident: &&mut Incident| {
            // Of the same time or a later one, even if it was disproved since: that was told.
            let known_later = incident.episodes.iter().any(|episode| episode.from >= from);
            let is_told = !incident.late && (incident.ongoing || known_later);
            incident.kind == IncidentKind::Violation && (late || is_told)
        };
        match known.filter(says_no_more) {
            Some(incident) => {
                let (id, happening) = (incident.id, raised(&situation));
                note_episode(incident, &situation);
                self.tell_story(id, happening);
            }
            None => self.raise(situation),
        }
    }

    /// Later fixes no longer prove an episode. Its incident says so, and stays.
    pub(super) fn disproved(&mut self, wearer: &WearerId, zone: &ZoneId, from: Timestamp) {
        let id = self.open_incident(&Subject::Wearer(wearer.clone()), &Cause::Zone(zone.clone()));
        let Some(incident) = id.and_then(|id| self.incident_mut(id)) else {
            return;
        };
        let id = incident.id;
        if let Some(episode) = incident.episodes.iter_mut().find(|episode| episode.from == from) {
            episode.disproved = true;
            self.tell_story(id, Happening::Disproved { from });
        }
    }

    /// A stay in the past began earlier than was known: its episode is the same one.
    pub(super) fn began_earlier(
        &mut self,
        wearer: &WearerId,
        zone: &ZoneId,
        began: Timestamp,
        from: Timestamp,
    ) {
        let id = self.open_incident(&Subject::Wearer(wearer.clone()), &Cause::Zone(zone.clone()));
        let Some(incident) = id.and_then(|id| self.incident_mut(id)) else {
            return;
        };
        let Some(episode) = incident.episodes.iter_mut().find(|episode| episode.from == began) else {
            return;
        };
        (episode.from, episode.disproved) = (from, false);
        // One that was thought to begin then, and was disproved, is this one after all.
        incident.episodes.sort_by_key(|episode| (episode.from, episode.disproved));
        incident.episodes.dedup_by_key(|episode| episode.from);
        let id = incident.id;
        self.lines.push(format!("incident {id} episode of {began} began at {from}"));
    }

    /// Adds a line to an incident's story, and to the decision's record.
    pub(super) fn tell_story(&mut self, id: IncidentId, what: Happening) {
        let entry = Entry { at: self.at, what };
        let Some(incident) = self.incident_mut(id) else {
            return;
        };
        if incident.timeline.len() == TIMELINE_MAX {
            // The first entry says how it began.
            incident.timeline.remove(1);
        }
        incident.timeline.push(entry.clone());
        let what = serde_json::to_string(&entry.what).unwrap_or_else(|error| error.to_string());
        self.lines.push(format!("incident {id} {what}"));
    }

    fn owner(&self, situation: &Situation) -> Option<Owner> {
        let wearer = match &situation.subject {
            Subject::Wearer(wearer) => wearer,
            Subject::Person(person) => return self.owner_for(person),
            Subject::Service => {
                // The installation's own incidents go to its first unit.
                let unit = self.rulebook.first_unit()?;
                return Some(Owner { unit: unit.id.clone(), case: None, policy: unit.policy.clone() });
            }
        };
        let by_risk = || {
            let cases = self.rulebook.cases_in_force(wearer, situation.true_time);
            cases.max_by(|a, b| a.risk.cmp(&b.risk).then(b.id.cmp(&a.id)))
        };
        let case = match &situation.cause {
            Cause::Zone(zone) if self.rulebook.zone_code(zone).is_some() => {
                self.rulebook.case_of_zone(zone).and_then(|case| self.rulebook.case(case))
            }
            _ => by_risk(),
        };
        if let Some(case) = case {
            return Some(Owner {
                unit: case.unit.clone(),
                case: Some(case.id.clone()),
                policy: self.rulebook.policy_for(case)?.clone(),
            });
        }
        let unit = self.rulebook.unit(&self.rulebook.wearer(wearer)?.unit)?;
        Some(Owner { unit: unit.id.clone(), case: None, policy: unit.policy.clone() })
    }
}

impl Draft<'_> {
    /// Whoever looks after the gravest of a protected person's cases; their unit, if none is in force any more.
    fn owner_for(&self, person: &PersonId) -> Option<Owner> {
        let in_force = self.rulebook.cases_for(person).filter(|case| case.basis.covers(self.at));
        if let Some(case) = in_force.max_by(|a, b| a.risk.cmp(&b.risk).then(b.id.cmp(&a.id))) {
            let (case_id, policy) = (Some(case.id.clone()), self.rulebook.policy_for(case)?.clone());
            return Some(Owner { unit: case.unit.clone(), case: case_id, policy });
        }
        let unit = self.rulebook.unit(&self.rulebook.person(person)?.unit)?;
        Some(Owner { unit: unit.id.clone(), case: None, policy: unit.policy.clone() })
    }
}

fn is_graver(kind: IncidentKind) -> bool {
    matches!(kind, IncidentKind::Violation | IncidentKind::Blind)
}

fn raised(situation: &Situation) -> Happening {
    Happening::Raised {
        kind: situation.kind,
        true_time: situation.true_time,
        reason: situation.reason.clone(),
    }
}

fn note_episode(incident: &mut Incident, situation: &Situation) {
    if situation.kind != IncidentKind::Violation {
        return;
    }
    if let Some(known) = incident.episodes.iter_mut().find(|episode| episode.from == situation.true_time) {
        known.disproved = false;
        return;
    }
    if incident.episodes.len() == EPISODES_MAX {
        incident.episodes.remove(0);
    }
    incident.episodes.push(Episode { from: situation.true_time, disproved: false });
    incident.episodes.sort_by_key(|episode| episode.from);
}
