//! An ntfy server: takes JSON at its root, as its documentation has it under "Publish as JSON".

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Phones, Taken, Then, Via, cut::Cut, header as text};

/// ntfy's own limits, bytes.
const MESSAGE_BYTES_MAX: usize = 4_096;
const TOPIC_BYTES_MAX: usize = 64;

pub(super) fn routes() -> Router<Arc<Phones>> {
    Router::new().route("/", post(publish))
}

/// What of a message is looked at; the rest is shown as it came.
#[derive(Deserialize)]
struct Page {
    topic: String,
    #[serde(default)]
    message: String,
    #[serde(default = "usual")]
    priority: u8,
}

fn usual() -> u8 {
    3
}

async fn publish(
    State(phones): State<Arc<Phones>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let token = phones.settings.channels.pager.as_ref().map(|pager| &pager.token);
    let expected = token.map(|token| format!("Bearer {}", token.expose()));
    if expected.is_none() || text(&headers, header::AUTHORIZATION.as_str()) != expected.as_deref() {
        return refusal(StatusCode::UNAUTHORIZED, 40_101, "unauthorized");
    }
    let (Ok(page), Ok(value)) =
        (serde_json::from_slice::<Page>(&body), serde_json::from_slice::<Value>(&body))
    else {
        return refusal(
            StatusCode::BAD_REQUEST,
            40_017,
            "invalid request: request body must be message JSON",
        );
    };
    let fits = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    if !(1..=TOPIC_BYTES_MAX).contains(&page.topic.len()) || !page.topic.bytes().all(fits) {
        return refusal(StatusCode::BAD_REQUEST, 40_009, "invalid request: topic invalid");
    }
    if !(1..=5).contains(&page.priority) {
        return refusal(StatusCode::BAD_REQUEST, 40_007, "invalid request: priority invalid");
    }
    if page.message.len() > MESSAGE_BYTES_MAX {
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, 41_303, "message too large");
    }
    let taken = Taken { address: page.topic, text: value.to_string(), key: String::new(), via: Via::Pager };
    phones.take(taken, Then::Nothing, cut).await
}

/// The message as the server has published it.
pub(super) fn published(taken: &Taken, no: u64) -> Value {
    let mut message: Value = serde_json::from_str(&taken.text).unwrap_or_default();
    message["id"] = format!("n{no}").into();
    message["event"] = "message".into();
    message
}

fn refusal(status: StatusCode, code: u32, error: &str) -> Response {
    (status, Json(json!({ "code": code, "http": status.as_u16(), "error": error }))).into_response()
}
