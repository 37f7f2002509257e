//! A push service (RFC 8030) that knows its application server by its proofs (RFC 8292), and the browser behind it.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{ConnectInfo, Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use p256::ecdsa::{Signature, VerifyingKey, signature::Verifier};
use serde::Deserialize;

use super::{Browser, Phones, Taken, Then, Via, answers::refusal, cut::Cut, header as text};
use crate::domain::{Timestamp, is_e164};

/// A push service need not take more (RFC 8030 section 7.2), bytes.
const BODY_BYTES_MAX: usize = 4_096;
const TOPIC_CHARS_MAX: usize = 32;
const URGENCIES: [&str; 4] = ["very-low", "low", "normal", "high"];
/// A proof that is good for longer is not believed (RFC 8292 section 2), seconds.
const PROOF_S_MAX: i64 = 24 * 3_600;

pub(super) fn routes() -> Router<Arc<Phones>> {
    Router::new()
        .route("/push/{address}", post(push))
        .route("/api/subscriptions/{address}", get(subscription))
}

/// What the phone's browser would give an enrolment page.
async fn subscription(
    State(phones): State<Arc<Phones>>,
    Path(address): Path<String>,
    headers: HeaderMap,
) -> Response {
    let host = text(&headers, "host").filter(|_| is_e164(&address));
    let given = host.and_then(|host| phones.settings.subscription(&format!("http://{host}"), &address));
    given.map_or_else(
        || (StatusCode::NOT_FOUND, "no such browser").into_response(),
        IntoResponse::into_response,
    )
}

async fn push(
    State(phones): State<Arc<Phones>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    Path(address): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let refuse = |status, code| refusal(Via::Push, status, code);
    let settings = phones.settings.channels.push.as_ref().filter(|_| is_e164(&address));
    let Some(settings) = settings else { return refuse(StatusCode::NOT_FOUND, "no_such_subscription") };
    let host = text(&headers, "host").unwrap_or_default().to_owned();
    if let Err((status, code)) = proven(&headers, &format!("http://{host}"), phones.now()) {
        return refuse(status, code);
    }
    if let Err(code) = well_formed(&headers) {
        return refuse(StatusCode::BAD_REQUEST, code);
    }
    if body.len() > BODY_BYTES_MAX {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "too_large");
    }
    // A push service cannot read it; the browser behind this one shows nothing that it cannot read.
    let shown = Browser::of(&settings.key, &address).read(&body);
    let shown = shown.and_then(|shown| Some((serde_json::to_string(&shown).ok()?, shown.navigate)));
    let Some((text, page)) = shown else {
        return refuse(StatusCode::BAD_REQUEST, "unreadable");
    };
    let taken = Taken { address, text, key: String::new(), via: Via::Push };
    phones.take(taken, Then::Opens(page), cut).await
}

/// What a proof claims.
#[derive(Deserialize)]
struct Claims {
    aud: String,
    exp: i64,
    sub: String,
}

/// Whether the header proves who sends it: 401 without one, 403 if it is none (RFC 8292 section 4.2).
fn proven(headers: &HeaderMap, origin: &str, now: Timestamp) -> Result<(), (StatusCode, &'static str)> {
    let header = text(headers, header::AUTHORIZATION.as_str()).and_then(|text| text.strip_prefix("vapid "));
    let header = header.ok_or((StatusCode::UNAUTHORIZED, "no_proof"))?;
    let claims = claims_of(header).ok_or((StatusCode::FORBIDDEN, "bad_proof"))?;
    let left_s = claims.exp - now.as_ms().div_euclid(1_000);
    let is_good = claims.aud == origin
        && (1..=PROOF_S_MAX).contains(&left_s)
        && (claims.sub.starts_with("mailto:") || claims.sub.starts_with("https:"));
    is_good.then_some(()).ok_or((StatusCode::FORBIDDEN, "stale_or_foreign_proof"))
}

/// The claims of a token whose signature fits its key.
fn claims_of(header: &str) -> Option<Claims> {
    let part = |name: &str| header.split(',').find_map(|part| part.trim().strip_prefix(name));
    let (token, key) = (part("t=")?, part("k=")?);
    let bytes = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).ok();
    let (signed, signature) = token.rsplit_once('.')?;
    let key = VerifyingKey::from_sec1_bytes(&bytes(key)?).ok()?;
    key.verify(signed.as_bytes(), &Signature::from_slice(&bytes(signature)?).ok()?).ok()?;
    let (head, claims) = signed.split_once('.')?;
    let head: serde_json::Value = serde_json::from_slice(&bytes(head)?).ok()?;
    (head["alg"] == "ES256").then_some(())?;
    serde_json::from_slice(&bytes(claims)?).ok()
}

/// Whether the headers are as a push service wants them.
fn well_formed(headers: &HeaderMap) -> Result<(), &'static str> {
    let topic = text(headers, "topic").unwrap_or_default();
    let is_base64 = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    let rules = [
        (text(headers, "content-encoding") == Some("aes128gcm"), "bad_encoding"),
        (text(headers, "ttl").is_some_and(|ttl| ttl.parse::<u32>().is_ok()), "no_ttl"),
        (text(headers, "urgency").is_none_or(|urgency| URGENCIES.contains(&urgency)), "bad_urgency"),
        (topic.len() <= TOPIC_CHARS_MAX && topic.bytes().all(is_base64), "bad_topic"),
    ];
    rules.into_iter().find(|(kept, _)| !kept).map_or(Ok(()), |(_, code)| Err(code))
}
