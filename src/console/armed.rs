//! Whether anybody would hear an alarm: an armed console says so every few seconds, and when none has for long, the
//! people whom Cordon can phone are told.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{App, caller::Officer, guard::Posted};
use crate::{
    engine::{ServiceReport, Told},
    sequencer::Inbox,
};

/// How often it is looked whether one has spoken. Real time, as the beats of the live feed are.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After so many looks in vain, 10 s, there is none.
const LOOKS_IN_VAIN: u32 = 10;
/// That there is none is told again after so many looks, 10 min: the incident may have been closed, or there was no unit
/// yet to have one.
const LOOKS_TO_AGAIN: u32 = 600;
/// With an inbox that takes nothing the looks go on; the report comes later.
const TELL_MAX: Duration = Duration::from_secs(1);

/// What armed consoles say.
pub(super) struct Armed {
    is_wanted: bool,
    /// One has spoken since the last look.
    heard: AtomicBool,
}

impl Armed {
    pub(super) fn new(is_wanted: bool) -> Self {
        Self { is_wanted, heard: AtomicBool::new(false) }
    }

    /// An armed console speaks.
    pub(super) fn hear(&self) {
        self.heard.store(true, Ordering::Relaxed);
    }

    /// Whether this installation counts on an armed console.
    pub(super) fn is_wanted(&self) -> bool {
        self.is_wanted
    }
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/armed", post(armed))
}

/// A page with its sound unlocked, whose feed has just been heard.
async fn armed(State(app): State<App>, _: Officer, _: Posted) -> StatusCode {
    app.armed.hear();
    StatusCode::NO_CONTENT
}

/// Tells the line when there is no armed console, and when there is one again; never ends while the line takes it.
pub(super) async fn watch(armed: &Armed, inbox: Inbox) {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first is at once.
    looks.tick().await;
    let (mut in_vain, mut told, mut since_told) = (0, None, 0);
    loop {
        looks.tick().await;
        in_vain = if armed.heard.swap(false, Ordering::Relaxed) { 0 } else { in_vain + 1 };
        since_told += 1;
        let is_any = in_vain == 0;
        let is_certain = is_any || in_vain >= LOOKS_IN_VAIN;
        if !is_certain || told == Some(is_any) && (is_any || since_told < LOOKS_TO_AGAIN) {
            continue;
        }
        let report = Told::Service(ServiceReport::Consoles { armed: is_any });
        match timeout(TELL_MAX, inbox.tell(report)).await {
            Ok(Ok(())) => (told, since_told) = (Some(is_any), 0),
            // The next look tells it.
            Err(_) => {}
            Ok(Err(_stopped)) => return,
        }
    }
}
