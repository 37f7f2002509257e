//! The queue: what a person must deal with now, the most urgent first.

use askama::Template;
use axum::{
    Router,
    extract::State,
    response::{Redirect, Response},
    routing::get,
};

use super::{
    App,
    caller::Officer,
    gate,
    handover::{self, Left},
    load::{self, Load},
    map::Map,
    names::Names,
    notices::Notices,
    page::{Frame, framed, html},
    records,
    refusal::Refusal,
    rights::Act,
    told::{self, Chain, Going, Next},
    wearers::{self, Seen, Wearers},
    when::When,
    words,
};
use crate::{
    domain::{Handling, Incident, Priority, Subject, Timestamp},
    sequencer::Board,
};

/// P2 and P3 beyond this many are counted, not drawn; P1 are always all drawn.
const CARDS_MAX: usize = 200;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(page))
        .route("/fragments/queue", get(queue_fragment))
        .route("/fragments/map", get(map_fragment))
        .route("/fragments/wearers", get(wearers_fragment))
}

/// Open incidents by priority.
pub(super) struct Queue {
    load: Load,
    /// Wearers who have withdrawn, for those who may see cases.
    withdrawn: Option<String>,
    sections: Vec<Section>,
    shelved: Vec<Card>,
    notices: Notices,
    /// Who left without a handover.
    left: Vec<Left>,
    may_take_over: bool,
    form_token: String,
}

struct Section {
    number: u8,
    word: &'static str,
    groups: Vec<Group>,
    open: usize,
    folded: usize,
}

/// Cards that are shown together.
struct Group {
    /// What they have in common, where so many came up at once that they are shown by cause.
    cause: Option<&'static str>,
    /// When the first of them, which is the newest, was raised.
    newest: When,
    cards: Vec<Card>,
}

impl Group {
    /// In an address within the page.
    fn key(&self) -> String {
        self.cause.unwrap_or_default().to_lowercase().replace(' ', "-")
    }
}

/// An incident as the queue shows it.
pub(super) struct Card {
    pub(super) id: i64,
    pub(super) number: u8,
    pub(super) kind: &'static str,
    pub(super) subject: String,
    pub(super) cause: String,
    pub(super) risk: Option<&'static str>,
    pub(super) raised: When,
    pub(super) handling: String,
    pub(super) handling_key: &'static str,
    pub(super) ongoing: bool,
    pub(super) late: bool,
    pub(super) is_open: bool,
    pub(super) chains: Vec<Chain>,
    pub(super) going: Vec<Going>,
    pub(super) shelf: Option<Shelved>,
    pub(super) seen: Option<Seen>,
    pub(super) can_own: bool,
    pub(super) can_act: bool,
    pub(super) can_call: bool,
    pub(super) can_send: bool,
    pub(super) can_shelve: bool,
    pub(super) can_note: bool,
    pub(super) can_close: bool,
}

/// What is put aside.
pub(super) struct Shelved {
    pub(super) by: String,
    pub(super) until: When,
    pub(super) reason: String,
}

impl Card {
    pub(super) fn new(incident: &Incident, board: &Board, now: Timestamp) -> Self {
        let names = Names(&board.rulebook);
        let dot = match &incident.subject {
            Subject::Wearer(id) => board.wearers.get(id),
            Subject::Person(_) | Subject::Service => None,
        };
        let case = incident.case.as_ref().and_then(|id| board.rulebook.case(id));
        Self {
            id: incident.id.0,
            number: incident.priority.number(),
            kind: words::kind(incident.kind),
            subject: names.subject(incident),
            cause: words::cause(&incident.cause, names),
            risk: case.map(|case| words::risk(case.risk)),
            raised: When::new(incident.raised_at, now),
            handling: words::handling(&incident.handling, incident.owner(), names),
            handling_key: incident.handling.as_str(),
            ongoing: incident.ongoing,
            late: incident.late,
            is_open: incident.is_open(),
            chains: told::chains(incident, names, now),
            going: told::going(incident, names, now),
            shelf: incident.shelf.as_ref().map(|shelf| Shelved {
                by: names.staff(&shelf.by),
                until: When::new(shelf.until, now),
                reason: shelf.reason.clone(),
            }),
            seen: dot.map(|dot| wearers::seen(dot, now)),
            can_own: matches!(incident.handling, Handling::Raised) || incident.shelf.is_some(),
            can_act: matches!(incident.handling, Handling::Raised | Handling::Owned { .. }),
            can_call: true,
            can_send: true,
            can_shelve: incident.priority != Priority::P1 && incident.shelf.is_none(),
            can_note: true,
            can_close: true,
        }
    }

    /// The same with buttons for what this person's roles include alone.
    pub(super) fn for_hands_of(mut self, officer: &Officer) -> Self {
        self.can_own &= officer.may(Act::Own);
        self.can_act &= officer.may(Act::Acted);
        self.can_call &= officer.may(Act::SeeNumbers);
        self.can_send &= officer.may(Act::Send);
        self.can_shelve &= officer.may(Act::Shelve);
        self.can_note &= officer.may(Act::Note);
        self.can_close &= officer.may(Act::Close);
        self
    }
}

impl Queue {
    /// How many open incidents are of somebody who is no longer here.
    fn left_open(&self) -> usize {
        self.left.iter().map(|left| left.incidents.len()).sum()
    }

    fn new(app: &App, board: &Board, now: Timestamp, officer: &Officer) -> Self {
        let section = |priority| section(board, now, priority, officer);
        let sections = [Priority::P1, Priority::P2, Priority::P3].map(section);
        let card = |incident: &&Incident| Card::new(incident, board, now).for_hands_of(officer);
        Self {
            load: Load::new(board, app.desks.count(), now),
            withdrawn: officer.reach_of(Act::SeeCases).and_then(|reach| {
                let (board, now) = app.look_at(&reach);
                records::withdrawn(&board.rulebook, now)
            }),
            sections: sections.into(),
            shelved: shelved(board).iter().map(card).collect(),
            notices: Notices::new(board, now),
            left: handover::leavers(app, board, |_| true),
            may_take_over: officer.may(Act::TakeOver),
            form_token: officer.signed.form_token(),
        }
    }
}

/// The open incidents of a priority in the queue's order, as many as are shown, and how many more there are. What is
/// shelved is none of them.
pub(super) fn open(board: &Board, priority: Priority) -> (Vec<&Incident>, usize) {
    let ours = |incident: &&Incident| {
        incident.is_open() && incident.priority == priority && incident.shelf.is_none()
    };
    let mut open: Vec<&Incident> = board.incidents.values().map(AsRef::as_ref).filter(ours).collect();
    open.sort_by_key(|incident| std::cmp::Reverse((incident.raised_at, incident.id)));
    let shown = if priority == Priority::P1 { open.len() } else { open.len().min(CARDS_MAX) };
    let folded = open.len() - shown;
    open.truncate(shown);
    (open, folded)
}

/// What is put aside, in the order in which it comes back.
pub(super) fn shelved(board: &Board) -> Vec<&Incident> {
    let open = board.incidents.values().map(AsRef::as_ref).filter(|incident| incident.is_open());
    let mut shelved: Vec<&Incident> = open.filter(|incident| incident.shelf.is_some()).collect();
    shelved.sort_by_key(|incident| incident.shelf.as_ref().map(|shelf| shelf.until));
    shelved
}

fn section(board: &Board, now: Timestamp, priority: Priority, officer: &Officer) -> Section {
    let (shown, folded) = open(board, priority);
    let card = |incident: &Incident| Card::new(incident, board, now).for_hands_of(officer);
    Section {
        number: priority.number(),
        word: words::priority(priority),
        groups: groups(&shown, load::is_crowd(priority, &shown, now), card),
        open: shown.len() + folded,
        folded,
    }
}

/// All in one; by cause if there are too many to read one by one, the causes in the order of their newest.
fn groups(open: &[&Incident], by_cause: bool, card: impl Fn(&Incident) -> Card) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for incident in open {
        let cause = by_cause.then(|| words::kind(incident.kind));
        match groups.iter_mut().find(|group| group.cause == cause) {
            Some(group) => group.cards.push(card(incident)),
            None => {
                let card = card(incident);
                groups.push(Group { cause, newest: card.raised, cards: vec![card] });
            }
        }
    }
    groups
}

#[derive(Template)]
#[template(path = "queue_page.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    queue: Queue,
    field: Option<MapFragment>,
}

#[derive(Template)]
#[template(path = "queue.html", config = ".askama.toml")]
struct QueueFragment {
    queue: Queue,
}

#[derive(Template)]
#[template(path = "map.html", config = ".askama.toml")]
struct MapFragment {
    map: Map,
    wearers: Wearers,
}

/// For a page on which the moving map shows what is drawn otherwise.
#[derive(Template)]
#[template(path = "wearers.html", config = ".askama.toml")]
struct WearersFragment {
    wearers: Wearers,
}

async fn page(State(app): State<App>, officer: Officer) -> Result<Response, Refusal> {
    let (board, now, mut frame) = framed(&app, &officer, "Queue", "queue");
    frame.reload_s = 5;
    let queue = Queue::new(&app, &board, now, &officer);
    // Where wearers are is for fewer than what is open.
    let reach = officer.reach_of(Act::SeeMap);
    if let Some(reach) = &reach {
        gate::shows(&app, &officer, Act::SeeMap, gate::units(reach, &board.rulebook)).await?;
    }
    let field = reach.map(|reach| {
        let (board, now) = app.look_at(&reach);
        MapFragment { map: Map::new(&board, now), wearers: Wearers::new(&board, now) }
    });
    Ok(html(&Page { frame, queue, field }))
}

async fn queue_fragment(State(app): State<App>, officer: Officer) -> Response {
    let (board, now) = app.look_as(&officer);
    html(&QueueFragment { queue: Queue::new(&app, &board, now, &officer) })
}

async fn map_fragment(State(app): State<App>, officer: Officer) -> Response {
    let (board, now) = app.look_as(&officer);
    html(&MapFragment { map: Map::new(&board, now), wearers: Wearers::new(&board, now) })
}

async fn wearers_fragment(State(app): State<App>, officer: Officer) -> Response {
    let (board, now) = app.look_as(&officer);
    html(&WearersFragment { wearers: Wearers::new(&board, now) })
}

/// Where `/incidents` without `?closed` leads.
pub(super) fn redirect() -> Redirect {
    Redirect::to("/")
}
