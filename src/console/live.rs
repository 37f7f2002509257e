//! The live feed: a heartbeat each second, and word of every new picture.
//!
//! An event's id is the picture that it speaks of. A feed that is opened again with the last one it has heard says what
//! was raised since.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Query, State},
    http::HeaderMap,
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
    routing::get,
};
use futures_util::stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::{
    sync::watch,
    time::{Interval, MissedTickBehavior, interval},
};

use super::{
    App,
    caller::{Caller, Officer},
    load::Seat,
    page,
    rights::Act,
    sign_in::Signed,
};
use crate::{
    domain::{Happening, Incident, Timestamp},
    sequencer::Board,
};

/// Real time, not the Clock's: the beat tells a person whether the line lives, however fast a demo's clock runs.
const BEAT: Duration = Duration::from_secs(1);
/// At most four pictures a second are announced.
const BOARD_EVERY: Duration = Duration::from_millis(250);

pub(super) fn routes() -> Router<App> {
    Router::new().route("/live", get(live))
}

/// What an event carries.
#[derive(Serialize, JsonSchema)]
pub(super) struct FeedData {
    /// The service's time, milliseconds since 1970.
    now_ms: i64,
    /// Which picture it speaks of; the event's id, too.
    version: i64,
    /// How many open P1 incidents nobody has taken.
    waiting: usize,
    /// The priorities of the open incidents that were raised since the event before, or since `after`.
    raised: Vec<u8>,
}

/// The last picture that a page has heard of, where a browser does not say so itself.
#[derive(Deserialize)]
struct Resume {
    after: Option<i64>,
}

async fn live(
    State(app): State<App>,
    officer: Officer,
    Query(resume): Query<Resume>,
    headers: HeaderMap,
) -> Response {
    feed(app, (*officer).clone(), Some(officer.signed), resume.after, &headers)
}

/// The feed of a person with a session, or of a machine with a token.
pub(super) fn feed(
    app: App,
    caller: Caller,
    signed: Option<Signed>,
    after: Option<i64>,
    headers: &HeaderMap,
) -> Response {
    let last_event = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    // A browser that goes on by itself repeats the address, which is older.
    let after = last_event.or(after);
    let events = stream::unfold(Feed::new(app, caller, signed, after), async |mut feed: Feed| {
        feed.next().await.map(|event| (Ok::<_, Infallible>(event), feed))
    });
    Sse::new(events).into_response()
}

struct Feed {
    app: App,
    caller: Caller,
    signed: Option<Signed>,
    board: watch::Receiver<Arc<Board>>,
    closing: watch::Receiver<bool>,
    beat: Interval,
    gate: Interval,
    gate_open: bool,
    /// The picture up to which everything has been said; `None` before the first word to a page that says nothing.
    said: Option<Timestamp>,
    over: bool,
    /// The page has been told that its reader has done nothing for so long that it shows nobody's data.
    is_locked: bool,
    /// Whoever deals with alarms sits at a console while their feed is open.
    _seat: Option<Seat>,
}

impl Feed {
    fn new(app: App, caller: Caller, signed: Option<Signed>, after: Option<i64>) -> Self {
        let (mut beat, mut gate) = (interval(BEAT), interval(BOARD_EVERY));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        gate.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut board = app.board.clone();
        // The page may have been drawn before this feed began: say at once which picture there is.
        board.mark_changed();
        let closing = app.closing.clone();
        let said = after.map(Timestamp::from_us);
        let seat = caller.may(Act::Arm).then(|| app.desks.sit(&caller.id));
        Self {
            app,
            caller,
            signed,
            board,
            closing,
            beat,
            gate,
            gate_open: false,
            said,
            over: false,
            is_locked: false,
            _seat: seat,
        }
    }

    /// The next event; `None` when the service closes.
    async fn next(&mut self) -> Option<Event> {
        if self.over {
            return None;
        }
        loop {
            tokio::select! {
                biased;
                () = closed(&mut self.closing) => return None,
                _ = self.beat.tick() => return Some(self.heartbeat()),
                _ = self.gate.tick(), if !self.gate_open => self.gate_open = true,
                changed = self.board.changed(), if self.gate_open => {
                    changed.ok()?;
                    self.gate_open = false;
                    self.gate.reset();
                    return Some(self.picture("board"));
                }
            }
        }
    }

    fn heartbeat(&mut self) -> Event {
        if !self.app.is_live(&self.caller, self.signed.as_ref()) {
            self.over = true;
            return Event::default().event("signed-out").data("{}");
        }
        let is_idle = |signed| self.app.sign_in.is_idle(signed, self.app.clock.real_us());
        if !self.is_locked && self.signed.as_ref().is_some_and(is_idle) {
            self.is_locked = true;
            // The beat itself follows.
            self.beat.reset_immediately();
            return Event::default().event("locked").data("{}");
        }
        self.picture("heartbeat")
    }

    fn picture(&mut self, name: &str) -> Event {
        if name == "board" {
            self.board.mark_unchanged();
        }
        let (board, now) = self.app.look_as(&self.caller);
        let version = page::version(&board);
        let raised = self.said.filter(|said| said.as_us() < version).map(|said| raised_since(&board, said));
        self.said = Some(Timestamp::from_us(version));
        let data = FeedData {
            now_ms: now.as_ms(),
            version,
            waiting: page::waiting(&board),
            raised: raised.unwrap_or_default(),
        };
        Event::default().event(name).id(version.to_string()).data(json!(data).to_string())
    }
}

/// The priorities of the open incidents that were raised, or raised again, after a picture.
fn raised_since(board: &Board, picture: Timestamp) -> Vec<u8> {
    let is_new = |incident: &&Arc<Incident>| {
        let last =
            incident.timeline.iter().rev().find(|entry| matches!(entry.what, Happening::Raised { .. }));
        incident.is_open() && last.is_some_and(|entry| entry.at > picture)
    };
    board.incidents.values().filter(is_new).map(|incident| incident.priority.number()).collect()
}

/// Ready when the service closes; never, if nobody is there to say so.
async fn closed(closing: &mut watch::Receiver<bool>) {
    if closing.wait_for(|closing| *closing).await.is_err() {
        std::future::pending::<()>().await;
    }
}
