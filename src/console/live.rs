//! The live feed: a heartbeat each second, and word of every new picture.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
    routing::get,
};
use futures_util::stream;
use serde_json::json;
use tokio::{
    sync::watch,
    time::{Interval, MissedTickBehavior, interval},
};

use super::{App, gate::Officer, page};

/// Real time, not the Clock's: the beat tells a person whether the line lives, however fast a demo's clock runs.
const BEAT: Duration = Duration::from_secs(1);
/// At most four pictures a second are announced.
const BOARD_EVERY: Duration = Duration::from_millis(250);

pub(super) fn routes() -> Router<App> {
    Router::new().route("/live", get(live))
}

async fn live(State(app): State<App>, officer: Officer) -> Response {
    let events = stream::unfold(Feed::new(app, officer), async |mut feed: Feed| {
        feed.next().await.map(|event| (Ok::<_, Infallible>(event), feed))
    });
    Sse::new(events).into_response()
}

struct Feed {
    app: App,
    officer: Officer,
    board: watch::Receiver<Arc<crate::sequencer::Board>>,
    closing: watch::Receiver<bool>,
    beat: Interval,
    gate: Interval,
    gate_open: bool,
    over: bool,
}

impl Feed {
    fn new(app: App, officer: Officer) -> Self {
        let (mut beat, mut gate) = (interval(BEAT), interval(BOARD_EVERY));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        gate.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut board = app.board.clone();
        // The page may have been drawn before this feed began: say at once which picture there is.
        board.mark_changed();
        let closing = app.closing.clone();
        Self { app, officer, board, closing, beat, gate, gate_open: false, over: false }
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
        if self.app.is_live(&self.officer.signed) {
            return self.picture("heartbeat");
        }
        self.over = true;
        Event::default().event("signed-out").data("{}")
    }

    fn picture(&mut self, name: &str) -> Event {
        if name == "board" {
            self.board.mark_unchanged();
        }
        let (board, now) = self.app.look_as(&self.officer);
        let data = json!({
            "now_ms": now.as_ms(),
            "version": page::version(&board),
            "waiting": page::waiting(&board),
        });
        Event::default().event(name).data(data.to_string())
    }
}

/// Ready when the service closes; never, if nobody is there to say so.
async fn closed(closing: &mut watch::Receiver<bool>) {
    if closing.wait_for(|closing| *closing).await.is_err() {
        std::future::pending::<()>().await;
    }
}
