//! Where providers report: replies that came back, and receipts. Each channel has doors of its own, `/hooks/CHANNEL/...`,
//! as its provider needs them. Whoever cannot prove to be the provider is turned away and counted.

mod plain;
#[cfg(test)]
mod tests;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{
    clock::Clock,
    domain::is_e164,
    engine::{DeliveryReport, Refused, Told},
    notify::{
        self,
        settings::{Settings, Texts},
    },
    sequencer::{Inbox, SubmitError},
};

/// The largest request, bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// The longest reply, characters: ten SMS in one.
const REPLY_CHARS_MAX: usize = 1_600;

/// The doors for providers, and what has been turned away there.
pub struct Hooks {
    pub(super) router: Router,
    pub(super) counts: Arc<Counts>,
}

/// Requests that had no effect, since the start.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Not proven to come from the provider.
    pub(super) refused: AtomicU64,
    /// Proven, and a copy of one that had come before.
    pub(super) replayed: AtomicU64,
    /// For no alert of an open incident.
    pub(super) unknown: AtomicU64,
}

/// The doors of every provider that the settings name.
pub fn routes(inbox: Inbox, clock: Clock, settings: &Settings) -> Hooks {
    let counts = Arc::new(Counts::default());
    let doors = Doors { inbox, clock, counts: Arc::clone(&counts) };
    let mut router = Router::new();
    for (channel, texts) in settings.texts() {
        router = router.merge(match texts {
            Texts::Plain(settings) => plain::routes(channel, settings, doors.clone()),
        });
    }
    Hooks { router: router.layer(DefaultBodyLimit::max(BODY_BYTES_MAX)), counts }
}

/// What all doors lead to.
#[derive(Clone)]
struct Doors {
    inbox: Inbox,
    clock: Clock,
    counts: Arc<Counts>,
}

/// The service stops: nobody knows whether the engine was told.
struct Stopped;

impl Doors {
    /// Tells the engine; returns why it had no effect, if it had none. Then telling it again will not help.
    async fn tell(&self, told: Told) -> Result<Option<String>, Stopped> {
        match self.inbox.submit(told).await {
            Ok(()) => Ok(None),
            Err(SubmitError::Refused(why)) => {
                if matches!(why, Refused::NoSuchAlert(_)) {
                    count(&self.counts.unknown);
                }
                Ok(Some(why.to_string()))
            }
            Err(SubmitError::Stopped) => Err(Stopped),
        }
    }

    /// Somebody is not who they say they are.
    fn not_believed(&self, why: impl Into<String>) -> Refusal {
        count(&self.counts.refused);
        let why = why.into();
        tracing::warn!(why, "a provider's report was not believed");
        Refusal(StatusCode::UNAUTHORIZED, why)
    }

    /// A provider's word about the message of a key.
    fn receipt(&self, key: &str, report: DeliveryReport) -> Result<Told, Refusal> {
        let Some((alert, raised_at)) = notify::alert_of_key(key) else {
            count(&self.counts.unknown);
            return Err(bad("the reference is not the one that came with the message"));
        };
        Ok(Told::Receipt { alert, raised_at, report })
    }
}

/// What somebody has written, from a number in E.164.
fn reply(from: String, text: String) -> Result<Told, Refusal> {
    if !is_e164(&from) {
        return Err(bad("the sender is a phone number in E.164: '+' and 7 to 15 digits"));
    }
    let chars = text.chars().count();
    if text.trim().is_empty() || chars > REPLY_CHARS_MAX {
        return Err(bad(format!("a text has 1 to {REPLY_CHARS_MAX} characters, this one {chars}")));
    }
    Ok(Told::Reply { from, text })
}

/// Why a request was refused: a status, and what its sender can do.
struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

impl From<Stopped> for Refusal {
    fn from(_: Stopped) -> Self {
        let again = "the service is restarting: send it again in a few seconds";
        Self(StatusCode::SERVICE_UNAVAILABLE, again.into())
    }
}

fn bad(what: impl Into<String>) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, what.into())
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
