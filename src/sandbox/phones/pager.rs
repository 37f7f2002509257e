//! An ntfy server: takes JSON at its root, as its documentation has it under "Publish as JSON".

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Phones,
    cut::Cut,
    inbox::{Kind, Taken},
};

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
    #[serde(default)]
    tags: Vec<String>,
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
    if !phones.knows(&headers) {
        return refusal(StatusCode::UNAUTHORIZED, 40_101, "unauthorized");
    }
    let read: Option<(Page, Value)> =
        serde_json::from_slice(&body).ok().zip(serde_json::from_slice(&body).ok());
    let Some((page, value)) = read else {
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
    let at_s = phones.now().as_ms().div_euclid(1_000);
    let taken = Taken {
        kind: Kind::Page,
        address: page.topic.clone(),
        text: value.to_string(),
        key: String::new(),
        notification: None,
    };
    match phones.take(taken, cut).await {
        Ok(no) => Json(json!({
            "id": format!("n{no}"), "time": at_s, "event": "message", "topic": page.topic,
            "message": page.message, "priority": page.priority, "tags": page.tags,
        }))
        .into_response(),
        Err(refusal) => refusal,
    }
}

fn refusal(status: StatusCode, code: u32, error: &str) -> Response {
    (status, Json(json!({ "code": code, "http": status.as_u16(), "error": error }))).into_response()
}
