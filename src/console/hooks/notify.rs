//! GOV.UK Notify: `POST /hooks/CHANNEL/receipt` and `POST /hooks/CHANNEL/reply`, JSON with a bearer token
//! (<https://docs.notifications.service.gov.uk/rest-api.html#callbacks>). Both are set up on Notify's own pages.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::post,
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{Doors, Known, Refusal, bad};
use crate::{domain::Channel, engine::DeliveryReport, notify::settings::GovukNotify, secret::Secret};

struct Gate {
    doors: Doors,
    token: Secret,
    known: Known,
}

pub(super) fn routes(channel: Channel, settings: &GovukNotify, doors: Doors) -> Router {
    let (token, known) = (settings.callback_token.clone(), Known::default());
    let path = |end| format!("/hooks/{}/{end}", channel.as_str());
    Router::new()
        .route(&path("receipt"), post(receipt))
        .route(&path("reply"), post(reply))
        .with_state(Arc::new(Gate { doors, token, known }))
}

#[derive(Deserialize)]
struct Receipt {
    reference: Option<String>,
    status: String,
}

#[derive(Deserialize)]
struct Reply {
    id: String,
    source_number: String,
    message: String,
}

async fn receipt(
    State(gate): State<Arc<Gate>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let Receipt { reference, status } = gate.open(&headers, &body)?;
    let report = match status.as_str() {
        "delivered" => DeliveryReport::Delivered,
        "permanent-failure" | "temporary-failure" | "technical-failure" => DeliveryReport::Refused(status),
        // On its way.
        _ => return Ok(StatusCode::NO_CONTENT),
    };
    let told = gate.doors.receipt(&reference.unwrap_or_default(), report)?;
    gate.doors.tell(told).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn reply(
    State(gate): State<Arc<Gate>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let Reply { id, source_number, message } = gate.open(&headers, &body)?;
    let told = super::reply(international(&source_number), message)?;
    gate.doors.tell_once(&gate.known, &id, told).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Gate {
    fn open<T: DeserializeOwned>(&self, headers: &HeaderMap, body: &[u8]) -> Result<T, Refusal> {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = given.and_then(|value| value.strip_prefix("Bearer "));
        if !token.is_some_and(|token| self.token.is(token)) {
            return Err(self.doors.not_believed("send the bearer token that was agreed"));
        }
        // The parser's own message quotes what it read, which may be a number.
        serde_json::from_slice(body).map_err(|_| bad("send JSON as Notify documents it"))
    }
}

/// Notify writes senders as 447700900123, and in the United Kingdom sometimes as 07700900123.
fn international(number: &str) -> String {
    match number.strip_prefix('0') {
        Some(rest) if !rest.starts_with('0') => format!("+44{rest}"),
        _ => format!("+{}", number.trim_start_matches('+')),
    }
}
