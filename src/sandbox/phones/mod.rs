//! The phone simulator: an SMS provider and control rooms behind real HTTP, with a page for every phone.
//!
//! It keeps nothing on disk. Like a good provider it answers a key that it knows as it did before, counts the repeat and
//! shows the message once. It can be told to fail (`POST /api/faults`).

mod callback;
mod cut;
mod faults;
mod inbox;
mod pages;
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

use callback::Callback;
use cut::{Cut, Lines};
pub use faults::{Fault, FaultOrder};
pub use inbox::{Direction, Shown};
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
    /// The bearer token of `POST /sms`.
    pub sms_token: Secret,
    /// Signs what comes to `POST /webhook/{desk}`.
    pub webhook_secret: Secret,
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
    let expected = format!("Bearer {}", phones.settings.sms_token.expose());
    if text(&headers, header::AUTHORIZATION.as_str()) != Some(&expected) {
        return refusal(StatusCode::UNAUTHORIZED, "wrong_token");
    }
    let Ok(request) = serde_json::from_slice::<SmsRequest>(&body) else {
        return refusal(StatusCode::BAD_REQUEST, "not_json_to_text_reference");
    };
    if !is_e164(&request.to) {
        return refusal(StatusCode::BAD_REQUEST, "unknown_number");
    }
    let SmsRequest { to, text, reference } = request;
    phones.take(Taken { address: to, text, key: reference, is_desk: false }, cut).await
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
    let taken = Taken { address: desk, text, key: key.to_owned(), is_desk: true };
    phones.take(taken, cut).await
}

impl Phones {
    /// Takes a message as a provider would, or fails as it was told to.
    async fn take(self: Arc<Self>, taken: Taken, cut: Cut) -> Response {
        let order = self.inbox.fault(&taken.address);
        match order.mode {
            Fault::Error => return refusal(StatusCode::INTERNAL_SERVER_ERROR, "told_to_fail"),
            Fault::Unavailable => return pause(StatusCode::SERVICE_UNAVAILABLE, "told_to_be_away", &order),
            Fault::Busy => return pause(StatusCode::TOO_MANY_REQUESTS, "told_to_be_busy", &order),
            Fault::Refuse => return refusal(StatusCode::BAD_REQUEST, "unknown_number"),
            Fault::Timeout => pending().await,
            Fault::Reset => cut.now().await,
            Fault::Lose => return accepted(0),
            _ => {}
        }
        let (is_sms, key) = (!taken.is_desk, taken.key.clone());
        let Some((no, is_new)) = self.inbox.take(taken, self.now()) else {
            return refusal(StatusCode::INSUFFICIENT_STORAGE, "full");
        };
        let mode = order.mode;
        if is_new && is_sms {
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
            _ => accepted(no),
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
