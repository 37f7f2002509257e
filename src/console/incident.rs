//! One incident: what, why, who was told, and what to do about it.

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};

use super::{
    App,
    caller::Officer,
    live_map,
    names::Names,
    notices::{self, Notice},
    page::{Frame, framed, html},
    posts,
    queue::Card,
    refusal::Refusal,
    rights::Act,
    scope,
    told::Next,
    when::When,
    words,
};
use crate::{
    domain::{Alert, Cause, Channel, Happening, Incident, IncidentId, Outcome, Subject, Timestamp},
    sequencer::Board,
    store::{Attempt, StoreError},
};

/// Alerts whose tries are listed, the newest ones: each costs a query.
const ALERTS_MAX: usize = 40;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/incidents/{id}", get(page)).route("/fragments/incidents/{id}", get(fragment))
}

/// What was wrong with a form on this page.
pub(super) enum FormError {
    /// The incident was to be closed as nothing.
    Outcome,
    /// The note was refused.
    Note {
        /// What was wrong.
        message: String,
        /// What had been written, so that it is not lost.
        text: String,
    },
    /// There was no time to shelve it for, or no reason.
    Shelf {
        /// What had been written.
        reason: String,
    },
}

struct Story {
    card: Card,
    form_token: String,
    meaning: &'static str,
    unit: String,
    /// There are positions to play back.
    is_of_wearer: bool,
    case: Option<CaseLine>,
    why: Vec<Why>,
    /// Of a zone around a person: whether it is known where they are.
    companion: Option<String>,
    /// What those whom it endangers have been told beside it.
    notices: Vec<Notice>,
    episodes: Vec<Stay>,
    timeline: Vec<Line>,
    alerts: Vec<AlertLine>,
    alerts_folded: usize,
    /// The alerts could not be read just now.
    records_away: bool,
}

struct CaseLine {
    id: String,
    basis: &'static str,
    protected: String,
}

struct Why {
    kind: &'static str,
    true_time: When,
    reason: String,
}

struct Stay {
    from: When,
    disproved: bool,
}

struct Line {
    at: When,
    what: String,
    detail: String,
}

struct AlertLine {
    id: i64,
    reference: u16,
    to: String,
    channel: &'static str,
    address: String,
    raised: When,
    state: String,
    state_key: &'static str,
    tries: Vec<String>,
}

#[derive(Template)]
#[template(path = "incident_page.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    story: Story,
    outcomes: Vec<(&'static str, &'static str, &'static str)>,
    outcome_error: bool,
    note_error: String,
    note: String,
    shelf_error: bool,
    shelf_reason: String,
    shelve_minutes: [u16; 4],
    can_see_readers: bool,
    can_play: bool,
    /// The wearer and zone that the map shows; none, where nobody is to be seen.
    map: Option<MapOf>,
}

/// What of the map is about an incident.
struct MapOf {
    /// As scripts tell wearers apart.
    wearer: u64,
    /// The zone's code; empty where the incident is of none.
    zone: String,
}

#[derive(Template)]
#[template(path = "incident.html", config = ".askama.toml")]
struct Fragment {
    story: Story,
}

async fn page(State(app): State<App>, officer: Officer, Path(id): Path<String>) -> Result<Response, Refusal> {
    let known = parse_id(&id).ok_or_else(|| Refusal::no_incident(&id))?;
    page_with(&app, &officer, known, None).await
}

/// The page, after a form was refused with what was wrong.
pub(super) async fn page_with(
    app: &App,
    officer: &Officer,
    id: IncidentId,
    error: Option<FormError>,
) -> Result<Response, Refusal> {
    let story = story(app, officer, id).await?;
    let map = map_of(app, officer, id);
    let can_play = story.is_of_wearer && officer.may(Act::SeePlayback);
    let prefix = if error.is_some() { "Error: " } else { "" };
    let title = format!("{prefix}{}, {}", story.card.kind, story.card.subject);
    let (_, _, frame) = framed(app, officer, &title, "incident");
    let (mut outcome_error, mut note_error, mut note) = (false, String::new(), String::new());
    let (mut shelf_error, mut shelf_reason) = (false, String::new());
    match error {
        Some(FormError::Shelf { reason }) => (shelf_error, shelf_reason) = (true, reason),
        Some(FormError::Outcome) => outcome_error = true,
        Some(FormError::Note { message, text }) => (note_error, note) = (message, text),
        None => {}
    }
    let outcomes = Outcome::ALL.map(|outcome| {
        let (name, hint) = words::outcome(outcome);
        (outcome.as_str(), name, hint)
    });
    Ok(html(&Page {
        frame,
        story,
        outcomes: outcomes.into(),
        outcome_error,
        note_error,
        note,
        shelf_error,
        shelf_reason,
        shelve_minutes: posts::SHELVE_MINUTES,
        can_see_readers: officer.may(Act::SeeReaders),
        can_play,
        map,
    }))
}

/// While an incident is open, whoever may see where wearers are sees its own.
fn map_of(app: &App, officer: &Officer, id: IncidentId) -> Option<MapOf> {
    let (board, _) = app.look_at(&officer.reach_of(Act::SeeMap)?);
    let incident = board.incidents.get(&id).filter(|incident| incident.is_open())?;
    let Subject::Wearer(wearer) = &incident.subject else {
        return None;
    };
    let zone = match &incident.cause {
        Cause::Zone(zone) => Names(&board.rulebook).zone(zone),
        _ => String::new(),
    };
    Some(MapOf { wearer: live_map::key(wearer), zone })
}

async fn fragment(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let known = parse_id(&id).ok_or_else(|| Refusal::no_incident(&id))?;
    Ok(html(&Fragment { story: story(&app, &officer, known).await? }))
}

/// The number in an incident's address: digits only.
pub(super) fn parse_id(text: &str) -> Option<IncidentId> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok().map(IncidentId)).flatten()
}

async fn story(app: &App, officer: &Officer, id: IncidentId) -> Result<Story, Refusal> {
    let (board, now) = app.look_as(officer);
    let live = board.incidents.get(&id).map(|incident| incident.as_ref().clone());
    let incident = match live {
        Some(incident) => incident,
        None => {
            let known = app.store.incident(id).await?.filter(|incident| {
                !incident.unit.is_canary() && scope::has_incident(&officer.reach, &board.rulebook, incident)
            });
            known.ok_or_else(|| Refusal::no_incident(&id.to_string()))?
        }
    };
    let (alerts, alerts_folded, records_away) = match records(app, id).await {
        Ok(Records { alerts, folded }) => {
            let line = |(alert, tries): &(Alert, Vec<Attempt>)| alert_line(alert, tries, &board, now);
            (alerts.iter().map(line).collect(), folded, false)
        }
        Err(error) => {
            // What is happening now does not wait for the records.
            tracing::error!(%error, "the console could not read an incident's alerts");
            (Vec::new(), 0, true)
        }
    };
    let told = tell(&incident, &board, now);
    let form_token = officer.signed.form_token();
    Ok(Story {
        form_token,
        alerts,
        alerts_folded,
        records_away,
        card: told.card.for_hands_of(officer),
        ..told
    })
}

/// What the store has of an incident's alerts.
pub(super) struct Records {
    /// The newest, each with its tries.
    pub(super) alerts: Vec<(Alert, Vec<Attempt>)>,
    /// How many older ones there are.
    pub(super) folded: usize,
}

pub(super) async fn records(app: &App, id: IncidentId) -> Result<Records, StoreError> {
    let all = app.store.alerts_of(id).await?;
    let folded = all.len().saturating_sub(ALERTS_MAX);
    let mut alerts = Vec::new();
    for alert in all.into_iter().rev().take(ALERTS_MAX) {
        let attempts = app.store.attempts_of(alert.id).await?;
        alerts.push((alert, attempts));
    }
    Ok(Records { alerts, folded })
}

fn tell(incident: &Incident, board: &Board, now: Timestamp) -> Story {
    let names = Names(&board.rulebook);
    let when = |at| When::new(at, now);
    let raised = incident.timeline.iter().rev().filter_map(|entry| match &entry.what {
        Happening::Raised { kind, true_time, reason } => {
            Some(Why { kind: words::kind(*kind), true_time: when(*true_time), reason: words::reason(reason) })
        }
        _ => None,
    });
    let timeline = incident.timeline.iter().rev().map(|entry| {
        let (what, detail) = words::happening(&entry.what, names);
        Line { at: when(entry.at), what, detail }
    });
    let case = incident.case.as_ref().map(|id| CaseLine {
        id: id.to_string(),
        basis: board.rulebook.case(id).map(|case| words::basis(case.basis.kind)).unwrap_or_default(),
        protected: names.protected(id).join(", "),
    });
    Story {
        card: Card::new(incident, board, now),
        form_token: String::new(),
        meaning: words::meaning(incident.kind),
        unit: board
            .rulebook
            .unit(&incident.unit)
            .map_or_else(|| incident.unit.to_string(), |unit| unit.name.clone()),
        is_of_wearer: matches!(incident.subject, Subject::Wearer(_)),
        case,
        why: raised.collect(),
        companion: companion(incident, board, now),
        notices: notices::lines(incident, board, now),
        episodes: incident
            .episodes
            .iter()
            .map(|stay| Stay { from: when(stay.from), disproved: stay.disproved })
            .collect(),
        timeline: timeline.collect(),
        alerts: Vec::new(),
        alerts_folded: 0,
        records_away: false,
    }
}

fn companion(incident: &Incident, board: &Board, now: Timestamp) -> Option<String> {
    let Cause::Zone(zone) = &incident.cause else { return None };
    let person = &board.rulebook.proximity_zone(zone)?.zone.person;
    Some(words::companionship(board.companions.get(person)?, now))
}

fn alert_line(alert: &Alert, attempts: &[Attempt], board: &Board, now: Timestamp) -> AlertLine {
    let attempt = |one: &Attempt| {
        let reason = if one.reason.is_empty() { String::new() } else { format!(" ({})", one.reason) };
        format!("{} {}{reason}, {} ms", When::new(one.at, now).clock(), one.result, one.took_ms)
    };
    AlertLine {
        id: alert.id.0,
        reference: alert.reference(),
        to: words::recipient(&alert.recipient, Names(&board.rulebook)),
        channel: words::channel(alert.channel),
        address: masked(alert),
        raised: When::new(alert.raised_at, now),
        state: words::alert_state(alert.channel, &alert.state),
        state_key: alert.state.as_str(),
        tries: attempts.iter().map(attempt).collect(),
    }
}

/// Enough of an alert's address to tell it from another, too little to reach or find anybody.
pub(super) fn masked(alert: &Alert) -> String {
    match alert.channel {
        // Of a browser it would say nothing to anybody.
        Channel::Push => String::new(),
        _ => end_of(&alert.address),
    }
}

fn end_of(address: &str) -> String {
    let shown: Vec<char> = address.chars().rev().take(3).collect();
    if address.chars().count() < 8 {
        return "…".into();
    }
    std::iter::once('…').chain(shown.into_iter().rev()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_masked() {
        assert_eq!(end_of("+447700900123"), "…123");
        assert_eq!(end_of("999"), "…");
    }

    #[test]
    fn an_incident_is_named_by_digits() {
        assert_eq!(parse_id("17"), Some(IncidentId(17)));
        for bad in ["", "-1", "+1", "1a", "99999999999999999999"] {
            assert_eq!(parse_id(bad), None, "{bad}");
        }
    }
}
