//! The phone simulator: the providers that Cordon's settings name, and control rooms, behind real HTTP, with a page for every
//! phone.
//!
//! It keeps nothing on disk. It takes and answers requests as the providers document it: the plain one answers a key that
//! it knows as it did before; GOV.UK Notify and Twilio take everything again, as they do. It can be told to fail
//! (`POST /api/faults`), and people to answer (`POST /api/people`).

mod answers;
mod browser;
mod call;
mod callback;
mod cut;
mod faults;
mod govuk;
mod inbox;
mod pager;
mod pages;
mod people;
mod plain;
mod push;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod twilio;

use std::{
    collections::HashMap,
    future::pending,
    io,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use tokio::{net::TcpListener, sync::mpsc};

use browser::Browser;
pub use browser::Notification;
pub use call::CallState;
use call::{Act, Placed};
use callback::{About, Callback};
use cut::{Cut, Lines};
pub use faults::{Fault, FaultOrder};
pub use inbox::{Direction, Shown, Via};
use inbox::{Inbox, Taken};
use people::People;
pub use people::{Does, PersonOrder};

use crate::{
    clock::Clock,
    domain::{Channel, Timestamp},
    notify::{self, http, settings::Texts},
};

/// The largest request, bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// How the phones meet Cordon.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Cordon's own settings: the phones are the providers that they name, with the same secrets.
    pub channels: notify::Settings,
    /// Where Cordon takes receipts and replies, such as `http://127.0.0.1:8080`, without a slash at the end; without it the
    /// phones only listen.
    pub cordon: Option<String>,
    /// Receipts come this long after the message, milliseconds; never, if absent.
    pub receipt_after_ms: Option<u32>,
    /// The time.
    pub clock: Clock,
}

impl Settings {
    /// What the browser of a phone would give an enrolment page, for phones that are served at `url`; `None` if there are
    /// no push messages.
    #[must_use]
    pub fn subscription(&self, url: &str, address: &str) -> Option<String> {
        let browser = Browser::of(&self.channels.push.as_ref()?.key, address);
        Some(browser.subscription(&format!("{url}/push/{address}")))
    }
}

#[derive(Debug)]
struct Phones {
    settings: Settings,
    inbox: Inbox,
    callback: Callback,
    people: People,
    /// What whoever holds the phone does, of calls that go on.
    calls: Mutex<HashMap<u64, mpsc::UnboundedSender<Act>>>,
}

/// What follows when a message was taken.
enum Then {
    Nothing,
    /// Its browser shows something that opens a page of Cordon's.
    Opens(String),
    Reports(About),
    Rings(Placed),
}

/// Serves until dropped. The process must have installed a rustls provider before.
///
/// # Errors
/// If the HTTP client cannot be built.
pub async fn serve(listener: TcpListener, settings: Settings) -> io::Result<()> {
    let callback = Callback::new(http::client().map_err(io::Error::other)?, &settings);
    let (inbox, people, calls) = (Inbox::default(), People::default(), Mutex::default());
    let phones = Arc::new(Phones { settings, inbox, callback, people, calls });
    let service = routes(phones).into_make_service_with_connect_info::<Cut>();
    axum::serve(Lines(listener), service).await
}

fn routes(phones: Arc<Phones>) -> Router {
    Router::new()
        .merge(plain::routes())
        .merge(govuk::routes())
        .merge(twilio::routes())
        .merge(push::routes())
        .merge(pager::routes())
        .route("/api/messages", get(messages))
        .route("/api/replies", post(reply))
        .route("/api/faults", post(faults))
        .route("/api/people", post(people))
        .merge(pages::routes())
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(phones)
}

impl Phones {
    /// Takes a message as a provider would, or fails as it was told to.
    async fn take(self: Arc<Self>, taken: Taken, then: Then, cut: Cut) -> Response {
        let via = taken.via;
        let order = self.inbox.fault(&taken.address, via);
        if let Some(failure) = answers::failure(via, &order) {
            return failure;
        }
        match order.mode {
            Fault::Timeout => pending().await,
            Fault::Reset => cut.now().await,
            Fault::Lose => return answers::accepted(via, &taken, 0),
            _ => {}
        }
        let Some((no, is_new)) = self.inbox.take(&taken, self.now()) else {
            return answers::full();
        };
        let mode = order.mode;
        match then {
            Then::Reports(about) if is_new => {
                let promise = Arc::clone(&self).receipt(no, about.numbered(no), order);
                if mode == Fault::ReceiptEarly {
                    promise.await;
                } else {
                    tokio::spawn(promise);
                }
                tokio::spawn(Arc::clone(&self).answer(taken.address.clone()));
            }
            Then::Opens(page) => {
                tokio::spawn(Arc::clone(&self).answer_on(page, taken.address.clone()));
            }
            Then::Rings(placed) => {
                tokio::spawn(call::rings(Arc::clone(&self), no, placed));
            }
            _ => {}
        }
        match mode {
            Fault::Lost => pending().await,
            Fault::Cut => cut.now().await,
            _ => answers::accepted(via, &taken, no),
        }
    }

    /// How a question about what was taken fails, if it does: as every message to that phone would.
    async fn look_fails(&self, via: Via, address: &str, cut: Cut) -> Option<Response> {
        let order = self.inbox.standing_fault(address, via);
        match order.mode {
            Fault::Timeout => pending().await,
            Fault::Reset => cut.now().await,
            _ => answers::failure(via, &order),
        }
    }

    /// Says in time, or as it was told to, that a message has reached its phone.
    async fn receipt(self: Arc<Self>, no: u64, about: About, order: FaultOrder) {
        if self.callback.receipt(about, &order).await {
            self.inbox.receipted(no);
        }
    }

    /// Whoever was told what to answer does so.
    async fn answer(self: Arc<Self>, address: String) {
        let order = self.people.of(&address);
        if let Does::Answers { text: Some(text), .. } = &order.does {
            self.settings.clock.wait_ms(i64::from(order.after_s) * 1_000).await;
            if let Err(why) = self.reply(&address, text).await {
                tracing::warn!(why, "a reply was not taken");
            }
        }
    }

    /// The same on the page that a message opens.
    async fn answer_on(self: Arc<Self>, page: String, address: String) {
        let order = self.people.of(&address);
        if let Does::Answers { page: Some(answer), .. } = &order.does {
            self.settings.clock.wait_ms(i64::from(order.after_s) * 1_000).await;
            let sent = self.callback.answer(&page, answer).await;
            if let Err(why) = &sent {
                tracing::warn!(why, "an answer on a page was not taken");
            }
            self.inbox.replied(&address, answer, sent.is_ok(), self.now());
        }
    }

    /// Sends a text from a phone to Cordon by whoever texted it last, and shows on the phone what came of it.
    async fn reply(&self, from: &str, text: &str) -> Result<(), String> {
        let lines = || self.settings.channels.texts();
        let newest = self.inbox.newest_text(from);
        let line = lines().find(|(_, texts)| Some(via(texts)) == newest).or_else(|| lines().next());
        let (no, sent) = (self.inbox.count() + 1, line.ok_or("nobody carries texts".to_owned()));
        let sent = match sent {
            Ok((channel, texts)) => self.callback.reply(channel, texts, from, text, no).await,
            Err(why) => Err(why),
        };
        self.inbox.replied(from, text, sent.is_ok(), self.now());
        sent
    }

    /// The account of a provider of texts.
    fn texts(&self, of: Via) -> Option<(Channel, &Texts)> {
        self.settings.channels.texts().find(|(_, texts)| via(texts) == of)
    }

    fn now(&self) -> Timestamp {
        self.settings.clock.wall()
    }
}

fn via(texts: &Texts) -> Via {
    match texts {
        Texts::Plain(_) => Via::Plain,
        Texts::Notify(_) => Via::Notify,
        Texts::Twilio(_) => Via::Twilio,
    }
}

async fn messages(State(phones): State<Arc<Phones>>) -> Json<Vec<Shown>> {
    Json(phones.inbox.all())
}

async fn faults(State(phones): State<Arc<Phones>>, Json(order): Json<FaultOrder>) -> StatusCode {
    phones.inbox.order(order);
    StatusCode::NO_CONTENT
}

async fn people(State(phones): State<Arc<Phones>>, Json(order): Json<PersonOrder>) -> StatusCode {
    phones.people.order(order);
    StatusCode::NO_CONTENT
}

#[derive(Debug, Deserialize)]
struct Reply {
    from: String,
    text: String,
}

async fn reply(State(phones): State<Arc<Phones>>, Json(reply): Json<Reply>) -> Response {
    match phones.reply(&reply.from, &reply.text).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(why) => (StatusCode::BAD_GATEWAY, why).into_response(),
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
