//! The plain provider of texts, and control rooms.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{ConnectInfo, Path, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::post,
};
use serde::Deserialize;

use super::{Phones, Taken, Then, Via, answers::refusal, callback::About, cut::Cut, header as text};
use crate::{
    domain::is_e164,
    notify::{IDEMPOTENCY_HEADER, settings::Texts, signature},
};

pub(super) fn routes() -> Router<Arc<Phones>> {
    Router::new().route("/sms", post(sms)).route("/webhook/{desk}", post(webhook))
}

#[derive(Debug, Deserialize)]
struct Request {
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
    let Some((channel, Texts::Plain(plain))) = phones.texts(Via::Plain) else {
        return refusal(Via::Plain, StatusCode::NOT_FOUND, "not_ours");
    };
    let (secret, expected) = (plain.callback_secret.clone(), format!("Bearer {}", plain.token.expose()));
    if text(&headers, header::AUTHORIZATION.as_str()) != Some(&expected) {
        return refusal(Via::Plain, StatusCode::UNAUTHORIZED, "wrong_token");
    }
    let Ok(Request { to, text, reference }) = serde_json::from_slice(&body) else {
        return refusal(Via::Plain, StatusCode::BAD_REQUEST, "not_json_to_text_reference");
    };
    if !is_e164(&to) {
        return refusal(Via::Plain, StatusCode::BAD_REQUEST, "unknown_number");
    }
    let about = About::Plain { channel, secret, key: reference.clone() };
    phones.take(Taken { address: to, text, key: reference, via: Via::Plain }, Then::Reports(about), cut).await
}

async fn webhook(
    State(phones): State<Arc<Phones>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    Path(desk): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(secret) = &phones.settings.channels.webhook_secret else {
        return refusal(Via::Desk, StatusCode::NOT_FOUND, "not_ours");
    };
    let signed = signature::verify(
        secret,
        phones.now(),
        text(&headers, signature::TIMESTAMP_HEADER),
        text(&headers, signature::SIGNATURE_HEADER),
        &body,
    );
    if let Err(error) = signed {
        tracing::warn!(%error, "a webhook was not believed");
        return refusal(Via::Desk, StatusCode::UNAUTHORIZED, "bad_signature");
    }
    let (Some(key), Ok(text)) = (text(&headers, IDEMPOTENCY_HEADER), String::from_utf8(body.to_vec())) else {
        return refusal(Via::Desk, StatusCode::BAD_REQUEST, "no_key_or_not_utf8");
    };
    let taken = Taken { address: desk, text, key: key.to_owned(), via: Via::Desk };
    phones.take(taken, Then::Nothing, cut).await
}
