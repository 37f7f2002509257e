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
    gate::Officer,
    map::Map,
    names::Names,
    page::{Frame, framed, html},
    rights::Act,
    told::{self, Chain, Next},
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
    sections: Vec<Section>,
    form_token: String,
}

struct Section {
    number: u8,
    word: &'static str,
    cards: Vec<Card>,
    open: usize,
    folded: usize,
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
    pub(super) seen: Option<Seen>,
    pub(super) can_own: bool,
    pub(super) can_act: bool,
    pub(super) can_call: bool,
    pub(super) can_note: bool,
    pub(super) can_close: bool,
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
            handling: words::handling(&incident.handling, names),
            handling_key: incident.handling.as_str(),
            ongoing: incident.ongoing,
            late: incident.late,
            is_open: incident.is_open(),
            chains: told::chains(incident, names, now),
            seen: dot.map(|dot| wearers::seen(dot, now)),
            can_own: matches!(incident.handling, Handling::Raised),
            can_act: matches!(incident.handling, Handling::Raised | Handling::Owned { .. }),
            can_call: true,
            can_note: true,
            can_close: true,
        }
    }

    /// The same with buttons for what this person's roles include alone.
    pub(super) fn for_hands_of(mut self, officer: &Officer) -> Self {
        self.can_own &= officer.may(Act::Own);
        self.can_act &= officer.may(Act::Acted);
        self.can_call &= officer.may(Act::SeeNumbers);
        self.can_note &= officer.may(Act::Note);
        self.can_close &= officer.may(Act::Close);
        self
    }
}

impl Queue {
    fn new(board: &Board, now: Timestamp, officer: &Officer) -> Self {
        let section = |priority| section(board, now, priority, officer);
        let sections = [Priority::P1, Priority::P2, Priority::P3].map(section);
        Self { sections: sections.into(), form_token: officer.signed.form_token() }
    }
}

fn section(board: &Board, now: Timestamp, priority: Priority, officer: &Officer) -> Section {
    let ours = |incident: &&Incident| incident.is_open() && incident.priority == priority;
    let mut open: Vec<&Incident> = board.incidents.values().map(AsRef::as_ref).filter(ours).collect();
    open.sort_by_key(|incident| std::cmp::Reverse((incident.raised_at, incident.id)));
    let drawn = if priority == Priority::P1 { open.len() } else { open.len().min(CARDS_MAX) };
    Section {
        number: priority.number(),
        word: words::priority(priority),
        cards: open[..drawn]
            .iter()
            .map(|incident| Card::new(incident, board, now).for_hands_of(officer))
            .collect(),
        open: open.len(),
        folded: open.len() - drawn,
    }
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

async fn page(State(app): State<App>, officer: Officer) -> Response {
    let (board, now, mut frame) = framed(&app, &officer, "Queue", "queue");
    frame.reload_s = 5;
    let queue = Queue::new(&board, now, &officer);
    // Where wearers are is for fewer than what is open.
    let field = officer.reach_of(Act::SeeMap).map(|reach| {
        let (board, now) = app.look_at(&reach);
        MapFragment { map: Map::new(&board, now), wearers: Wearers::new(&board, now) }
    });
    html(&Page { frame, queue, field })
}

async fn queue_fragment(State(app): State<App>, officer: Officer) -> Response {
    let (board, now) = app.look_as(&officer);
    html(&QueueFragment { queue: Queue::new(&board, now, &officer) })
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
