//! Where providers report: replies that came back, and receipts. Each channel has doors of its own, `/hooks/CHANNEL/...`,
//! as its provider needs them. Whoever cannot prove to be the provider is turned away and counted.

mod notify;
mod plain;
#[cfg(test)]
mod tests;
mod twilio;

use std::{
    collections::{HashSet, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
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
        alert_of_key,
        settings::{Settings, Texts},
    },
    sequencer::{Inbox, SubmitError},
};

/// The largest request, bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// The longest reply, characters: ten SMS in one.
const REPLY_CHARS_MAX: usize = 1_600;

/// A provider, and whoever is on the phone, is not kept waiting for longer, milliseconds: Twilio hangs up after 15 s.
const PATIENCE_MS: i64 = 5_000;
const NUMBER: &str = "the sender is a phone number in E.164: '+' and 7 to 15 digits";
/// So many ids of a provider are remembered.
const IDS_MAX: usize = 10_000;
/// The longest of them, bytes.
const ID_BYTES_MAX: usize = 64;

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
            Texts::Notify(settings) => notify::routes(channel, settings, doors.clone()),
            Texts::Twilio(settings) => twilio::texts(channel, &settings.account, doors.clone()),
        });
    }
    if let Some(settings) = &settings.voice {
        router = router.merge(twilio::calls(&settings.account, doors));
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

    /// The same of what a provider sends again under its own id until it is answered: nobody answers twice.
    async fn tell_once(&self, known: &Known, id: &str, told: Told) -> Result<(), Refusal> {
        if id.len() > ID_BYTES_MAX {
            return Err(bad("that is no id of a message"));
        }
        if !known.is_new(id) {
            count(&self.counts.replayed);
            return Ok(());
        }
        let told = match self.inbox.ask(told).await {
            Ok(answered) => tokio::select! {
                answer = answered => answer.map(|_| ()).map_err(|_| Stopped),
                // It is in the line and will be taken up, however long that takes while records cannot be written.
                () = self.clock.wait_ms(PATIENCE_MS) => Ok(()),
            },
            Err(_) => Err(Stopped),
        };
        if told.is_err() {
            known.forget(id);
        }
        Ok(told?)
    }

    /// Whether a key that is no answer says something to the engine.
    async fn key(&self, from: &str, key: &str) -> Result<bool, Refusal> {
        if !is_e164(from) {
            return Err(bad(NUMBER));
        }
        let pressed = Told::Pressed { from: from.into(), key: key.into() };
        tokio::select! {
            told = self.tell(pressed) => Ok(matches!(told, Ok(None))),
            // As with an answer: it is in the line and will be taken up.
            () = self.clock.wait_ms(PATIENCE_MS) => Ok(true),
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
        let Some((alert, raised_at)) = alert_of_key(key) else {
            count(&self.counts.unknown);
            return Err(bad("the reference is not the one that came with the message"));
        };
        Ok(Told::Receipt { alert, raised_at, report })
    }
}

/// Ids that have been seen, the newest [`IDS_MAX`].
#[derive(Debug, Default)]
struct Known(Mutex<(HashSet<String>, VecDeque<String>)>);

impl Known {
    fn is_new(&self, id: &str) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (set, order) = &mut *known;
        if !set.insert(id.to_owned()) {
            return false;
        }
        order.push_back(id.to_owned());
        if order.len() > IDS_MAX
            && let Some(oldest) = order.pop_front()
        {
            set.remove(&oldest);
        }
        true
    }

    fn forget(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.remove(id);
    }
}

/// What somebody has written, from a number in E.164.
fn reply(from: String, text: String) -> Result<Told, Refusal> {
    if !is_e164(&from) {
        return Err(bad(NUMBER));
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
