//! The phone simulator: providers of texts, push messages and pages, and control rooms, behind real HTTP, with a page
//! for every phone.
//!
//! It keeps nothing on disk. Like a good provider it answers a key that it knows as it did before, counts the repeat and
//! shows the message once. It can be told to fail (`POST /api/faults`).

mod browser;
mod callback;
mod cut;
mod faults;
mod inbox;
mod pager;
mod pages;
mod push;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::{future::pending, io, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{ConnectInfo, DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use browser::Browser;
pub use browser::Notification;
use callback::Callback;
use cut::{Cut, Lines};
pub use faults::{Fault, FaultOrder};
pub use inbox::{Direction, Kind, Shown};
use inbox::{Inbox, Taken};

use crate::{
    clock::Clock,
    domain::{Timestamp, is_e164},
    notify::{IDEMPOTENCY_HEADER, http, signature},
    secret::Secret,
};

/// The largest request, bytes.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// How the phones meet Cordon.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The bearer token of `POST /sms`, and of pages.
    pub sms_token: Secret,
    /// Signs what comes to `POST /webhook/{desk}`.
    pub webhook_secret: Secret,
    /// What the keys of the phones' browsers are made of.
    pub browsers: Secret,
    /// Where replies and receipts go; without it the phones only listen.
    pub cordon: Option<CordonSettings>,
    /// The time.
    pub clock: Clock,
}

/// Where replies and receipts go.
#[derive(Debug, Clone)]
pub struct CordonSettings {
    /// Cordon's address, such as `http://127.0.0.1:8080`, without a slash at the end.
    pub url: String,
    /// Signs replies and receipts.
    pub callback_secret: Secret,
    /// Receipts come this long after the message, milliseconds; never, if absent.
    pub receipt_after_ms: Option<u32>,
}

impl Settings {
    /// What the browser of a phone would give an enrolment page, for phones that are served at `url`.
    #[must_use]
    pub fn subscription(&self, url: &str, address: &str) -> String {
        Browser::of(&self.browsers, address).subscription(&format!("{url}/push/{address}"))
    }
}

#[derive(Debug)]
struct Phones {
    settings: Settings,
    inbox: Inbox,
    callback: Option<Callback>,
}

/// Serves until dropped. The process must have installed a rustls provider before.
///
/// # Errors
/// If the HTTP client cannot be built.
pub async fn serve(listener: TcpListener, settings: Settings) -> io::Result<()> {
    let callback = match settings.cordon.clone() {
        Some(cordon) => {
            let client = http::client().map_err(io::Error::other)?;
            Some(Callback::new(client, cordon, settings.clock.clone()))
        }
        None => None,
    };
    let phones = Arc::new(Phones { settings, inbox: Inbox::default(), callback });
    let service = routes(phones).into_make_service_with_connect_info::<Cut>();
    axum::serve(Lines(listener), service).await
}

fn routes(phones: Arc<Phones>) -> Router {
    Router::new()
        .route("/sms", post(sms))
        .route("/webhook/{desk}", post(webhook))
        .route("/api/messages", get(messages))
        .route("/api/replies", post(reply))
        .route("/api/faults", post(faults))
        .merge(push::routes())
        .merge(pager::routes())
        .merge(pages::routes())
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(phones)
}

/// What the provider answers: the same for every repeat of a key.
#[derive(Debug, Serialize)]
struct Answer {
    id: String,
}

#[derive(Debug, Deserialize)]
struct SmsRequest {
    to: String,
    text: String,
    reference: String,
}

async fn sms(
    State(phones): State<Arc<Phones>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !phones.knows(&headers) {
        return refusal(StatusCode::UNAUTHORIZED, "wrong_token");
    }
    let Ok(request) = serde_json::from_slice::<SmsRequest>(&body) else {
        return refusal(StatusCode::BAD_REQUEST, "not_json_to_text_reference");
    };
    if !is_e164(&request.to) {
        return refusal(StatusCode::BAD_REQUEST, "unknown_number");
    }
    let SmsRequest { to: address, text, reference: key } = request;
    let taken = Taken { kind: Kind::Text, address, text, key, notification: None };
    phones.take(taken, cut).await.map_or_else(|refusal| refusal, accepted)
}

async fn webhook(
    State(phones): State<Arc<Phones>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    Path(desk): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let signed = signature::verify(
        &phones.settings.webhook_secret,
        phones.now(),
        text(&headers, signature::TIMESTAMP_HEADER),
        text(&headers, signature::SIGNATURE_HEADER),
        &body,
    );
    if let Err(error) = signed {
        tracing::warn!(%error, "a webhook was not believed");
        return refusal(StatusCode::UNAUTHORIZED, "bad_signature");
    }
    let (Some(key), Ok(text)) = (text(&headers, IDEMPOTENCY_HEADER), String::from_utf8(body.to_vec())) else {
        return refusal(StatusCode::BAD_REQUEST, "no_key_or_not_utf8");
    };
    let key = key.to_owned();
    let taken = Taken { kind: Kind::Card, address: desk, text, key, notification: None };
    phones.take(taken, cut).await.map_or_else(|refusal| refusal, accepted)
}

impl Phones {
    /// Takes a message as a provider would, or fails as it was told to.
    ///
    /// # Errors
    /// The answer, where it is the same for every provider.
    async fn take(self: Arc<Self>, taken: Taken, cut: Cut) -> Result<u64, Response> {
        let order = self.inbox.fault(&taken.address);
        match order.mode {
            Fault::Error => return Err(refusal(StatusCode::INTERNAL_SERVER_ERROR, "told_to_fail")),
            Fault::Unavailable => {
                return Err(pause(StatusCode::SERVICE_UNAVAILABLE, "told_to_be_away", &order));
            }
            Fault::Busy => return Err(pause(StatusCode::TOO_MANY_REQUESTS, "told_to_be_busy", &order)),
            Fault::Refuse if taken.kind == Kind::Push => return Err(refusal(StatusCode::GONE, "expired")),
            Fault::Refuse => return Err(refusal(StatusCode::BAD_REQUEST, "unknown_number")),
            Fault::Timeout => pending().await,
            Fault::Reset => cut.now().await,
            Fault::Lose => return Ok(0),
            _ => {}
        }
        let (is_text, key) = (taken.kind == Kind::Text, taken.key.clone());
        let Some((no, is_new)) = self.inbox.take(taken, self.now()) else {
            return Err(refusal(StatusCode::INSUFFICIENT_STORAGE, "full"));
        };
        let mode = order.mode;
        if is_new && is_text {
            let promise = Arc::clone(&self).receipt(no, key, order);
            if mode == Fault::ReceiptEarly {
                promise.await;
            } else {
                tokio::spawn(promise);
            }
        }
        match mode {
            Fault::Lost => pending().await,
            Fault::Cut => cut.now().await,
            _ => Ok(no),
        }
    }

    /// Says in time, or as it was told to, that a message has reached its phone.
    async fn receipt(self: Arc<Self>, no: u64, key: String, order: FaultOrder) {
        if let Some(callback) = &self.callback
            && callback.receipt(&key, &order).await
        {
            self.inbox.receipted(no);
        }
    }

    /// Sends a text from a phone to Cordon, and shows on the phone what came of it.
    async fn reply(&self, from: &str, text: &str) -> Result<(), String> {
        let sent = match &self.callback {
            Some(callback) => callback.reply(from, text).await,
            None => Err("the phones were started without Cordon's address".into()),
        };
        self.inbox.replied(from, text, sent.is_ok(), self.now());
        sent
    }

    /// Whether a request bears the token.
    fn knows(&self, headers: &HeaderMap) -> bool {
        let expected = format!("Bearer {}", self.settings.sms_token.expose());
        text(headers, header::AUTHORIZATION.as_str()) == Some(&expected)
    }

    fn now(&self) -> Timestamp {
        self.settings.clock.wall()
    }
}

async fn messages(State(phones): State<Arc<Phones>>) -> Json<Vec<Shown>> {
    Json(phones.inbox.all())
}

async fn faults(State(phones): State<Arc<Phones>>, Json(order): Json<FaultOrder>) -> StatusCode {
    phones.inbox.order(order);
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

fn accepted(no: u64) -> Response {
    (StatusCode::ACCEPTED, Json(Answer { id: format!("m{no}") })).into_response()
}

fn pause(status: StatusCode, code: &'static str, order: &FaultOrder) -> Response {
    let mut response = refusal(status, code);
    if let Some(seconds) = order.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn refusal(status: StatusCode, code: &'static str) -> Response {
    (status, Json(serde_json::json!({ "error": code }))).into_response()
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
