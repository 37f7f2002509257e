//! The picture as somebody may see it: what is beyond their reach is not in it, so no page can show it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{
    access::Reach,
    domain::{Incident, Subject},
    engine::Rulebook,
    sequencer::Board,
};

/// Pictures kept, one for each reach that was asked for last.
const KEPT_MAX: usize = 64;

/// Pictures by reach, made anew when the whole one changes.
#[derive(Default)]
pub(super) struct Scoped(Mutex<Vec<Kept>>);

struct Kept {
    reach: Reach,
    whole: Arc<Board>,
    part: Arc<Board>,
}

impl Scoped {
    /// What of `whole` is within `reach`.
    pub(super) fn part(&self, whole: &Arc<Board>, reach: &Reach) -> Arc<Board> {
        if reach.everything {
            return Arc::clone(whole);
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.iter().position(|kept| kept.reach == *reach).map(|at| kept.remove(at));
        let part = match &known {
            Some(known) if Arc::ptr_eq(&known.whole, whole) => Arc::clone(&known.part),
            Some(known) if Arc::ptr_eq(&known.whole.rulebook, &whole.rulebook) => {
                Arc::new(part(whole, Arc::clone(&known.part.rulebook), reach))
            }
            _ => Arc::new(part(whole, Arc::new(rulebook(&whole.rulebook, reach)), reach)),
        };
        kept.truncate(KEPT_MAX - 1);
        kept.insert(0, Kept { reach: reach.clone(), whole: Arc::clone(whole), part: Arc::clone(&part) });
        part
    }
}

/// Whether an incident is within reach: of one's unit; of one of one's cases; or, where it is of no case, about the wearer
/// or a person of one of them.
pub(super) fn has_incident(reach: &Reach, rulebook: &Rulebook, incident: &Incident) -> bool {
    if reach.has_unit(&incident.unit) {
        return true;
    }
    if let Some(case) = &incident.case {
        return reach.has_case(case, &incident.unit);
    }
    let own = reach.cases.iter().filter(|(_, unit)| unit.as_ref().is_none_or(|unit| *unit == incident.unit));
    own.filter_map(|(case, _)| rulebook.case(case)).any(|case| match &incident.subject {
        Subject::Wearer(id) => case.wearer == *id,
        Subject::Person(id) => case.persons.contains(id),
        Subject::Service => false,
    })
}

fn rulebook(whole: &Rulebook, reach: &Reach) -> Rulebook {
    whole.only(|unit| reach.has_unit(unit), |case| reach.has_case(&case.id, &case.unit))
}

fn part(whole: &Board, rulebook: Arc<Rulebook>, reach: &Reach) -> Board {
    let known = |id: &crate::domain::ZoneId| rulebook.zone_code(id).is_some();
    let wearers = whole.wearers.iter().filter(|(id, _)| rulebook.wearer(id).is_some()).map(|(id, dot)| {
        let mut dot = dot.clone();
        dot.stages.retain(|(zone, _)| known(zone));
        dot.outlooks.retain(|(zone, _)| known(zone));
        dot.trail = dot.trail.iter().map(|passed| passed.only(known)).collect();
        (id.clone(), dot)
    });
    let wearers = wearers.collect();
    let incidents = whole.incidents.iter().filter(|(_, it)| has_incident(reach, &whole.rulebook, it));
    let closed = whole.closed.iter().filter(|(_, it)| has_incident(reach, &whole.rulebook, it));
    let notices = whole.notices.iter().filter(|(_, it)| has_incident(reach, &whole.rulebook, it));
    let companions = whole.companions.iter().filter(|(id, _)| rulebook.person(id).is_some());
    Board {
        at: whole.at,
        wearers,
        companions: companions.map(|(id, it)| (id.clone(), *it)).collect(),
        // They are nobody's: whoever watches a whole unit looks after them.
        strays: if reach.units.is_empty() { Default::default() } else { whole.strays.clone() },
        incidents: incidents.map(|(id, it)| (*id, Arc::clone(it))).collect(),
        closed: closed.map(|(id, it)| (*id, Arc::clone(it))).collect(),
        notices: notices.map(|(id, it)| (*id, Arc::clone(it))).collect(),
        canary: Default::default(),
        deaf: whole.deaf.clone(),
        store_fails: whole.store_fails,
        gaps: whole.gaps.clone(),
        rulebook,
    }
}
