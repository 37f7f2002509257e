//! Who is told next. Each audience of an incident has its own escalation; the last step repeats until a person acts.

use std::sync::Arc;

use super::{
    attending,
    contact_check::may_stand,
    draft::Draft,
    notices, reach,
    rulebook::Rulebook,
    ways::{Addressee, together, ways},
};
use crate::domain::{
    Alert, AlertId, AlertShape, AlertState, Audience, Cause, Channel, Contact, Escalation, EscalationState,
    Handling, Happening, Incident, IncidentId, IncidentKind, Language, MINUTE_MS, MessageClass, Recipient,
    SenderLabel, SentAlert, Subject, Timestamp,
};

/// Whoever owns an incident has this long to act before it goes back to the queue.
const OWNED_MS: i64 = 3 * MINUTE_MS;
/// Alerts that an escalation remembers one by one, beside those of the last moment.
const ALERTS_KEPT: usize = 16;
/// Where a policy has gone missing the engine still comes back to the incident.
const WITHOUT_POLICY_MS: i64 = MINUTE_MS;

/// Starts (or starts again) the escalations that an incident as it stands needs.
pub(super) fn start(draft: &mut Draft<'_>, id: IncidentId) {
    let Some(incident) = draft.incident_mut(id) else {
        return;
    };
    let danger = incident.kind == IncidentKind::Violation && !incident.late;
    let (case, subject, is_notice) =
        (incident.case.clone(), incident.subject.clone(), incident.kind.notice().is_some());
    let mut audiences = vec![Audience::Staff];
    if danger && let Some(case) = case.and_then(|id| draft.rulebook.case(&id)) {
        audiences.extend(case.persons.iter().cloned().map(Audience::Person));
    }
    if is_notice && let Subject::Person(person) = subject {
        audiences = vec![Audience::Person(person)];
    }
    for audience in audiences {
        if danger && let Audience::Person(person) = &audience {
            notices::told_of_danger(draft, person);
        }
        let Some(incident) = draft.incident_mut(id) else {
            return;
        };
        let running = EscalationState::Running { next_at: Timestamp::MAX };
        let place = place_for(incident, audience);
        finish_alerts(draft, id, place, |_| AlertState::Withdrawn);
        if let Some(escalation) = escalation_mut(draft, id, place) {
            escalation.step = 0;
            escalation.state = running;
        }
        run_step(draft, id, place);
    }
}

/// The place of an audience's escalation in an incident, which begins it if there is none.
fn place_for(incident: &mut Incident, audience: Audience) -> usize {
    if let Some(place) = incident.escalations.iter().position(|known| known.audience == audience) {
        return place;
    }
    let (alerts, counts) = (Vec::new(), Vec::new());
    let state = EscalationState::Running { next_at: Timestamp::MAX };
    incident.escalations.push(Escalation { audience, step: 0, state, alerts, counts, unreached: false });
    incident.escalations.len() - 1
}

/// Somebody owns the incident: the staff's escalation waits for them, if it has not ended.
pub(super) fn owned(draft: &mut Draft<'_>, id: IncidentId) {
    let until = draft.at.plus_ms(OWNED_MS);
    let escalations = draft.incident(id).map_or(&[][..], |incident| &incident.escalations);
    let of_staff = escalations.iter().find(|escalation| escalation.audience == Audience::Staff);
    if of_staff.is_some_and(|escalation| escalation.state != EscalationState::Ended) {
        wait_until(draft, id, until);
    }
}

/// The staff's escalation waits until then, whether or not it had ended.
pub(super) fn wait_until(draft: &mut Draft<'_>, id: IncidentId, until: Timestamp) {
    let Some(incident) = draft.incident_mut(id) else {
        return;
    };
    let place = place_for(incident, Audience::Staff);
    if let Some(escalation) = escalation_mut(draft, id, place) {
        escalation.state = EscalationState::Paused { until };
    }
    finish_alerts(draft, id, place, done);
}

/// Nobody is waited for any more: whoever is next is told.
pub(super) fn back_to_queue(draft: &mut Draft<'_>, id: IncidentId, place: usize) {
    let Some(incident) = draft.incident_mut(id) else {
        return;
    };
    let was_shelved = incident.shelf.is_some();
    let was_sent = attending::is_unanswered(incident);
    incident.hand(Handling::Raised);
    match (was_shelved, was_sent) {
        (true, _) => draft.tell_story(id, Happening::Unshelved),
        (false, true) => attending::give_up(draft, id),
        (false, false) => draft.tell_story(id, Happening::BackToQueue),
    }
    advance(draft, id, place);
}

/// Somebody has acted: the staff's escalation has done its work.
pub(super) fn acted(draft: &mut Draft<'_>, id: IncidentId) {
    if let Some(place) = place_of(draft, id, &Audience::Staff) {
        end(draft, id, place, done);
    }
}

/// The incident is closed: nobody is told any more.
pub(super) fn closed(draft: &mut Draft<'_>, id: IncidentId) {
    let count = draft.incident(id).map_or(0, |incident| incident.escalations.len());
    for place in 0..count {
        end(draft, id, place, done);
    }
}

/// The incident's deadline has passed: whatever is due goes on to its next step.
pub(super) fn deadline(draft: &mut Draft<'_>, id: IncidentId) {
    let Some(incident) = draft.incident(id).filter(|incident| incident.is_open()) else {
        return;
    };
    for place in 0..incident.escalations.len() {
        let now = draft.at;
        let Some(escalation) = escalation_mut(draft, id, place) else {
            return;
        };
        match escalation.state {
            EscalationState::Running { next_at } if next_at <= now => pass(draft, id, place),
            EscalationState::Paused { until } if until <= now => back_to_queue(draft, id, place),
            _ => {}
        }
        reach::overdue(draft, id, place);
    }
}

/// A step has had its time. A notice has no more after its last; danger repeats it.
fn pass(draft: &mut Draft<'_>, id: IncidentId, place: usize) {
    let count = ways(draft, id, place).len();
    let is_last = |incident: &Incident| {
        let escalation = &incident.escalations[place];
        escalation.audience != Audience::Staff && escalation.step + 1 >= count
    };
    match draft.incident(id) {
        Some(incident) if incident.kind.notice().is_some() && is_last(incident) => notices::tried(draft, id),
        _ => advance(draft, id, place),
    }
}

/// Whatever was due by now is due at `until` instead.
pub(super) fn put_off(draft: &mut Draft<'_>, id: IncidentId, until: Timestamp) {
    let now = draft.at;
    let Some(incident) = draft.incident_mut(id) else {
        return;
    };
    for escalation in &mut incident.escalations {
        match &mut escalation.state {
            EscalationState::Running { next_at: at } | EscalationState::Paused { until: at }
                if *at <= now =>
            {
                *at = until;
            }
            _ => {}
        }
        let overdue = |sent: &&mut SentAlert| sent.due.is_some_and(|due| due <= now);
        escalation.alerts.iter_mut().filter(overdue).for_each(|sent| sent.due = Some(until));
    }
}

/// When the incident next needs the engine.
pub(super) fn next_deadline(incident: &Incident) -> Option<Timestamp> {
    let times = incident.escalations.iter().filter_map(|escalation| match escalation.state {
        EscalationState::Running { next_at } => {
            Some(reach::next_due(escalation).map_or(next_at, |due| due.min(next_at)))
        }
        EscalationState::Paused { until } => Some(until),
        EscalationState::Ended => None,
    });
    times.min().filter(|_| incident.is_open())
}

/// Begins the next step now. After the last one there is none: it repeats when its time has come.
pub(super) fn hasten(draft: &mut Draft<'_>, id: IncidentId, place: usize) {
    let count = ways(draft, id, place).len();
    if escalation_mut(draft, id, place).is_some_and(|escalation| escalation.step + 1 < count) {
        advance(draft, id, place);
    }
}

/// Tells the staff again, whatever they have done so far. While they are being told already, whoever is next is told
/// at once: beginning again would put them off with every call for help.
pub(super) fn rouse(draft: &mut Draft<'_>, id: IncidentId) {
    let Some(incident) = draft.incident_mut(id) else {
        return;
    };
    incident.hand(Handling::Raised);
    // A notice has been nothing to them so far.
    let is_new = !incident.concerns_staff();
    let place = place_for(incident, Audience::Staff);
    let Some(escalation) = escalation_mut(draft, id, place) else {
        return;
    };
    if !is_new && matches!(escalation.state, EscalationState::Running { .. }) {
        return hasten(draft, id, place);
    }
    escalation.step = 0;
    run_step(draft, id, place);
}

pub(super) fn advance(draft: &mut Draft<'_>, id: IncidentId, place: usize) {
    let last = ways(draft, id, place).len().saturating_sub(1);
    if let Some(escalation) = escalation_mut(draft, id, place) {
        escalation.step = (escalation.step + 1).min(last);
    }
    run_step(draft, id, place);
}

/// Takes the step that the escalation has come to, and those that go together with it. The last of them is the one that
/// is waited for.
pub(super) fn run_step(draft: &mut Draft<'_>, id: IncidentId, place: usize) {
    let (ways, now) = (ways(draft, id, place), draft.at);
    let Some(escalation) = escalation_mut(draft, id, place) else {
        return;
    };
    let steps = together(&ways, escalation.step);
    let waits_for = ways[steps.clone()].last();
    let wait_ms = waits_for.map_or(WITHOUT_POLICY_MS, |way| way.wait_ms);
    escalation.step = steps.start;
    escalation.state = EscalationState::Running { next_at: now.plus_ms(wait_ms) };
    let (is_any, mut is_heard) = (waits_for.is_some(), false);
    for (step, way) in steps.clone().zip(&ways[steps]) {
        if let Some(escalation) = escalation_mut(draft, id, place) {
            escalation.step = step;
        }
        is_heard = false;
        for addressee in &way.to {
            is_heard |= tell(draft, id, place, addressee);
        }
    }
    if is_any && !is_heard {
        // Nobody hears of what is waited for.
        hasten(draft, id, place);
        reach::judge(draft, id, place);
    }
}

/// Tells somebody of an incident by a way; whether anything is known that may carry it.
fn tell(draft: &mut Draft<'_>, id: IncidentId, place: usize, to: &Addressee) -> bool {
    let Addressee { recipient, contact: Some(contact), .. } = to.clone() else {
        return false;
    };
    let trying = still_trying(draft, id, place, &recipient, contact.channel);
    let (same, stale): (Vec<AlertId>, Vec<AlertId>) = trying
        .into_iter()
        .partition(|id| draft.alert(*id).is_some_and(|alert| alert.address == contact.address));
    // Their contact was corrected: nothing more goes to the wrong one.
    for id in stale {
        set_state(draft, id, AlertState::Withdrawn);
    }
    // The same message to the same phone is not put in twice while the first is still being tried.
    if !same.is_empty() {
        if let Some(Escalation { step, alerts, .. }) = escalation_mut(draft, id, place) {
            // What becomes of it is what becomes of this step.
            alerts.iter_mut().filter(|sent| same.contains(&sent.id)).for_each(|sent| sent.step = *step);
        }
        return !same.iter().all(|id| reach::is_in_vain(draft, *id));
    }
    let Contact { channel, address } = contact;
    let alert = raise_alert(draft, id, place, recipient, channel, address);
    let refuses = draft.open_incident(&Subject::Service, &Cause::Provider(channel));
    let is_down = refuses.and_then(|id| draft.incident(id)).is_some_and(|incident| incident.ongoing);
    if let Some(alert) = alert.filter(|_| is_down) {
        // It is tried all the same: its provider may be back by then.
        reach::bar(draft, id, alert);
    }
    !is_down
}

/// The escalation's alerts to somebody on a channel that nobody has taken yet.
pub(super) fn still_trying(
    draft: &Draft<'_>,
    id: IncidentId,
    place: usize,
    to: &Recipient,
    on: Channel,
) -> Vec<AlertId> {
    let trying =
        |sent: &&SentAlert| sent.recipient == *to && sent.channel == on && sent.state == AlertState::Waiting;
    let escalation = draft.incident(id).and_then(|incident| incident.escalations.get(place));
    let alerts = escalation.into_iter().flat_map(|e| &e.alerts);
    alerts.filter(trying).map(|sent| sent.id).collect()
}

/// What staff are told an incident is: its kind, the code name of its zone, and whether somebody must be called.
pub(super) fn summary(rulebook: &Rulebook, incident: &Incident) -> String {
    let mut text = incident.kind.as_str().replace('_', " ");
    if let Cause::Zone(id) = &incident.cause
        && let Some(code) = rulebook.zone_code(id)
    {
        text = format!("{text} at {code}");
    }
    if incident.escalations.iter().any(|escalation| escalation.unreached) {
        text.push_str(", person not reached: call them");
    }
    text
}

/// How somebody is told.
#[derive(Default)]
struct Manner {
    language: Language,
    own_words: Option<String>,
    sender: Option<SenderLabel>,
    silent: bool,
}

/// Which class of message somebody gets, and how they want to be told.
fn manner(rulebook: &Rulebook, incident: &Incident, to: &Recipient) -> (MessageClass, Manner) {
    let person = match to {
        Recipient::Person(id) => rulebook.person(id),
        Recipient::Staff(id) => {
            let is_sent = incident.attendance(id).is_some_and(|one| one.stage().is_asked());
            let class = if is_sent { MessageClass::Sent } else { MessageClass::Card };
            return (class, Manner::default());
        }
    };
    let class = incident.kind.notice().unwrap_or(MessageClass::Danger);
    let Some(person) = person else { return (class, Manner::default()) };
    let plan = &person.plan;
    let own = plan.words.danger.as_ref().filter(|_| class == MessageClass::Danger);
    let own_words = own.filter(|text| may_stand(rulebook, person, text).is_ok()).cloned();
    let silent = plan.shape == AlertShape::Silent;
    (class, Manner { language: plan.language, own_words, sender: plan.sender.clone(), silent })
}

pub(super) fn raise_alert(
    draft: &mut Draft<'_>,
    id: IncidentId,
    place: usize,
    recipient: Recipient,
    channel: Channel,
    address: String,
) -> Option<AlertId> {
    let alert_id = draft.new_alert_id();
    let at = draft.at;
    let rulebook = Arc::clone(&draft.rulebook);
    let incident = draft.incident_mut(id)?;
    let summary = match recipient {
        Recipient::Person(_) => String::new(),
        Recipient::Staff(_) => summary(&rulebook, incident),
    };
    let (class, Manner { language, own_words, sender, silent }) = manner(&rulebook, incident, &recipient);
    let escalation = incident.escalations.get_mut(place)?;
    let nth = escalation.count(&recipient);
    let sent = SentAlert {
        id: alert_id,
        recipient: recipient.clone(),
        channel,
        step: escalation.step,
        state: AlertState::Waiting,
        due: reach::due(&AlertState::Waiting, channel, at),
        in_vain: false,
    };
    escalation.alerts.push(sent);
    let alert = Alert {
        id: alert_id,
        incident: id,
        unit: incident.unit.clone(),
        class,
        language,
        own_words,
        sender,
        silent,
        recipient: recipient.clone(),
        channel,
        address,
        priority: incident.priority,
        nth,
        summary,
        raised_at: at,
        state: AlertState::Waiting,
    };
    draft.put_alert(alert);
    draft
        .tell_story(id, Happening::Alert { alert: alert_id, recipient, channel, state: AlertState::Waiting });
    forget_oldest(draft, id, place);
    Some(alert_id)
}

/// The oldest of too many alerts has been repeated since. Those of one moment are all kept: many may be on duty.
fn forget_oldest(draft: &mut Draft<'_>, id: IncidentId, place: usize) {
    let escalation = draft.incident(id).and_then(|incident| incident.escalations.get(place));
    let oldest =
        escalation.filter(|escalation| escalation.alerts.len() > ALERTS_KEPT).map(|e| e.alerts[0].id);
    let is_of_now = |id| draft.alert(id).is_some_and(|alert| alert.raised_at == draft.at);
    let Some(oldest) = oldest.filter(|oldest| !is_of_now(*oldest)) else {
        return;
    };
    if let Some(escalation) = escalation_mut(draft, id, place) {
        let old = escalation.alerts.remove(0);
        if old.state.is_open() {
            set_state(draft, oldest, AlertState::Expired("repeated".into()));
        }
    }
}

pub(super) fn end(draft: &mut Draft<'_>, id: IncidentId, place: usize, state: fn(&AlertState) -> AlertState) {
    let Some(escalation) = escalation_mut(draft, id, place) else {
        return;
    };
    escalation.state = EscalationState::Ended;
    if let Audience::Person(person) = escalation.audience.clone() {
        draft.concern(&person);
    }
    finish_alerts(draft, id, place, state);
}

/// A person answered: what had reached a provider did its work, what had not is not needed any more.
pub(super) fn done(state: &AlertState) -> AlertState {
    if *state == AlertState::Waiting { AlertState::Withdrawn } else { AlertState::Acknowledged }
}

fn finish_alerts(draft: &mut Draft<'_>, id: IncidentId, place: usize, state: fn(&AlertState) -> AlertState) {
    let Some(escalation) = escalation_mut(draft, id, place) else {
        return;
    };
    let open: Vec<SentAlert> =
        escalation.alerts.iter().filter(|sent| sent.state.is_open()).cloned().collect();
    for sent in open {
        set_state(draft, sent.id, state(&sent.state));
    }
}

pub(super) fn set_state(draft: &mut Draft<'_>, id: AlertId, state: AlertState) {
    let Some(alert) = draft.alert_mut(id) else {
        return;
    };
    if alert.state == state {
        return;
    }
    alert.state = state.clone();
    let (incident, recipient, channel) = (alert.incident, alert.recipient.clone(), alert.channel);
    let due = reach::due(&state, channel, draft.at);
    let Some(known) = draft.incident_mut(incident) else {
        return;
    };
    for sent in
        known.escalations.iter_mut().flat_map(|escalation| &mut escalation.alerts).filter(|s| s.id == id)
    {
        (sent.state, sent.due, sent.in_vain) = (state.clone(), due, false);
    }
    draft.tell_story(incident, Happening::Alert { alert: id, recipient, channel, state });
}

pub(super) fn place_of(draft: &Draft<'_>, id: IncidentId, audience: &Audience) -> Option<usize> {
    draft.incident(id)?.escalations.iter().position(|escalation| escalation.audience == *audience)
}

pub(super) fn escalation_mut<'d>(
    draft: &'d mut Draft<'_>,
    id: IncidentId,
    place: usize,
) -> Option<&'d mut Escalation> {
    draft.incident_mut(id)?.escalations.get_mut(place)
}
