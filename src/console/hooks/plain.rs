//! The plain provider: `POST /hooks/CHANNEL/reply` and `POST /hooks/CHANNEL/receipt`, signed (see [`signature`]). Each
//! signature is good for once.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde::{Deserialize, Serialize};

use super::{Doors, Refusal, Stopped, bad, count};
use crate::{
    domain::Channel,
    engine::{DeliveryReport, Told},
    notify::{
        UsedSignatures,
        settings::Plain,
        signature::{self, SignatureError},
    },
    secret::Secret,
};

struct Gate {
    doors: Doors,
    secret: Secret,
    used: UsedSignatures,
}

pub(super) fn routes(channel: Channel, settings: &Plain, doors: Doors) -> Router {
    let (secret, used) = (settings.callback_secret.clone(), UsedSignatures::default());
    let path = |end| format!("/hooks/{}/{end}", channel.as_str());
    Router::new()
        .route(&path("reply"), post(reply))
        .route(&path("receipt"), post(receipt))
        .with_state(Arc::new(Gate { doors, secret, used }))
}

/// A signature that was believed.
struct Signed {
    at_s: i64,
    signature: String,
}

#[derive(Debug, Deserialize)]
struct Reply {
    from: String,
    text: String,
}

#[derive(Debug, Deserialize)]
struct Receipt {
    key: String,
    status: Status,
}

/// How a message ended, as the provider has it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// It reached the phone.
    Delivered,
    /// It never will.
    Failed,
}

/// What the provider is answered.
#[derive(Debug, Serialize)]
struct Answer {
    /// Whether it had an effect. If not, sending it again will not help.
    taken: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

async fn reply(
    State(gate): State<Arc<Gate>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Answer>, Refusal> {
    let (Reply { from, text }, signed) =
        gate.open(&headers, &body, r#"{"from": "+441632960001", "text": "1"}"#)?;
    gate.tell(super::reply(from, text)?, signed).await
}

async fn receipt(
    State(gate): State<Arc<Gate>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Answer>, Refusal> {
    let (Receipt { key, status }, signed) =
        gate.open(&headers, &body, r#"{"key": the message's reference, "status": "delivered" or "failed"}"#)?;
    let report = match status {
        Status::Delivered => DeliveryReport::Delivered,
        Status::Failed => DeliveryReport::Refused("receipt_failed".into()),
    };
    let told = gate.doors.receipt(&key, report)?;
    gate.tell(told, signed).await
}

impl Gate {
    /// Checks the signature, then that it is new, then reads the body; never the other way round.
    fn open<T: for<'de> Deserialize<'de>>(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        form: &str,
    ) -> Result<(T, Signed), Refusal> {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let (timestamp, signed) = (header(signature::TIMESTAMP_HEADER), header(signature::SIGNATURE_HEADER));
        let verify =
            |now| signature::verify(&self.secret, now, timestamp, signed, body).map(|at_s| (at_s, now));
        // A wall clock that was set while the service ran may be the wrong one of the two.
        let believed = match verify(self.doors.clock.wall()) {
            Err(SignatureError::Stale) => verify(self.doors.clock.steady()),
            judged => judged,
        };
        let (at_s, now) = believed.map_err(|error| self.doors.not_believed(error.to_string()))?;
        let signed = Signed { at_s, signature: signed.unwrap_or_default().into() };
        if !self.used.is_new(now, at_s, &signed.signature) {
            count(&self.doors.counts.replayed);
            tracing::warn!("a provider's report came again");
            return Err(Refusal(
                StatusCode::CONFLICT,
                "this request has come before: sign each try anew".into(),
            ));
        }
        // The parser's own message quotes what it read, which may be a number.
        let read = serde_json::from_slice(body).map_err(|_| bad(format!("send JSON such as {form}")))?;
        Ok((read, signed))
    }

    /// Goes on although the provider hangs up: either the engine was told, or the signature is good for another try.
    async fn tell(self: Arc<Self>, told: Told, signed: Signed) -> Result<Json<Answer>, Refusal> {
        let telling = tokio::spawn(async move {
            let told = self.doors.tell(told).await;
            if told.is_err() {
                self.used.forget(signed.at_s, &signed.signature);
            }
            told
        });
        let reason = telling.await.unwrap_or(Err(Stopped))?;
        Ok(Json(Answer { taken: reason.is_none(), reason }))
    }
}
