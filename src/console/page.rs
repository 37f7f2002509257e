//! What all pages share.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

use super::{
    App, assets, caller::Officer, names::Names, rights::Act, sign_in, trouble, trouble::Measured, when::When,
    words,
};
use crate::{
    domain::{Outcome, Priority, Timestamp},
    sequencer::Board,
};

/// A page without scripts is loaded again so long after its session may have become idle, seconds.
const AFTER_IDLE_S: u32 = 5;

/// The frame around a page's content.
pub(super) struct Frame {
    pub(super) title: String,
    /// Which entry of the menu is current.
    pub(super) here: &'static str,
    /// The pages for this person's roles: key, address, word.
    pub(super) menu: Vec<(&'static str, &'static str, &'static str)>,
    /// They came by a one-time link, and may say who they are anew.
    pub(super) by_link: bool,
    /// There is a feed to listen to.
    pub(super) is_live: bool,
    pub(super) officer: String,
    pub(super) form_token: String,
    pub(super) now: When,
    /// Microseconds of the picture shown.
    pub(super) version: i64,
    /// Open P1 that nobody has taken.
    pub(super) waiting: usize,
    /// Without a script the page shows what is new after this many seconds; 0 for never (a form may be half filled).
    pub(super) reload_s: u32,
    pub(super) deaf: Vec<String>,
    /// What else is wrong with Cordon itself.
    pub(super) trouble: Vec<String>,
    /// This installation counts on armed consoles.
    pub(super) wants_armed: bool,
}

const MENU: [(Act, &str, &str, &str); 8] = [
    (Act::SeeQueue, "queue", "/", "Queue"),
    (Act::SeeClosed, "closed", "/incidents?closed", "Closed"),
    (Act::SeeHandover, "handover", "/handover", "Handover"),
    (Act::SeeQuality, "quality", "/quality", "Alarms"),
    (Act::SeeRecords, "records", "/records", "Records"),
    (Act::SeeDevices, "enrolments", "/enrolments", "Devices"),
    (Act::SeeAccounts, "accounts", "/accounts", "Accounts"),
    (Act::SeeAudit, "audit", "/audit", "Audit"),
];

impl Frame {
    pub(super) fn new(
        title: impl Into<String>,
        here: &'static str,
        officer: &Officer,
        board: &Board,
        measured: Measured,
        wants_armed: bool,
        now: Timestamp,
    ) -> Self {
        Self {
            title: title.into(),
            here,
            menu: MENU
                .into_iter()
                .filter(|(act, ..)| officer.may(*act))
                .map(|(_, key, at, word)| (key, at, word))
                .collect(),
            by_link: officer.signed.generation.is_none(),
            is_live: officer.may(Act::Follow),
            officer: match board.rulebook.staff(&officer.id) {
                Some(staff) => staff.name.clone(),
                None if officer.signed.generation.is_some() => officer.name.clone(),
                None => Names(&board.rulebook).staff(&officer.id),
            },
            form_token: officer.signed.form_token(),
            now: When::new(now, now),
            version: version(board),
            waiting: if officer.may(Act::Follow) { waiting(board) } else { 0 },
            reload_s: 0,
            deaf: board.deaf.clone(),
            trouble: trouble::beside_deafness(board, measured),
            wants_armed,
        }
    }

    /// Whether this program was built with the scripts that keep a page live.
    pub(super) fn has_scripts(&self) -> bool {
        assets::has_scripts()
    }

    /// After how many seconds a page without scripts loads itself again: a session that is idle by then sees nobody's data.
    /// What is half filled in is refused by then anyway.
    pub(super) fn again_s(&self) -> Option<u32> {
        match self.reload_s {
            0 => (!self.by_link).then_some(sign_in::IDLE_S + AFTER_IDLE_S),
            s => Some(s),
        }
    }

    /// What an incident may turn out to be: the key of each, its value, its name and the sentence that helps to choose.
    pub(super) fn outcomes(&self) -> Vec<(usize, &'static str, &'static str, &'static str)> {
        let row = |(n, outcome): (usize, Outcome)| {
            let (name, hint) = words::outcome(outcome);
            (n + 1, outcome.as_str(), name, hint)
        };
        Outcome::ALL.into_iter().enumerate().map(row).collect()
    }
}

/// Which picture this is: the engine's time, which rises with every commit.
pub(super) fn version(board: &Board) -> i64 {
    board.at.map_or(0, Timestamp::as_us)
}

/// How many open P1 incidents nobody has taken.
pub(super) fn waiting(board: &Board) -> usize {
    let untaken = |incident: &&std::sync::Arc<crate::domain::Incident>| {
        incident.priority == Priority::P1 && matches!(incident.handling, crate::domain::Handling::Raised)
    };
    board.incidents.values().filter(untaken).count()
}

/// A rendered page, or an apology.
pub(super) fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be drawn. The queue is at /.")
                .into_response()
        }
    }
}

/// Reads the board for a page: the picture, the time, the frame.
pub(super) fn framed(
    app: &App,
    officer: &Officer,
    title: &str,
    here: &'static str,
) -> (std::sync::Arc<Board>, Timestamp, Frame) {
    let (board, now) = app.look_as(officer);
    let frame = Frame::new(title, here, officer, &board, app.measured(), app.armed.is_wanted(), now);
    (board, now, frame)
}
