//! What each provider answers, in its own form.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{Fault, FaultOrder, Taken, Via, govuk, twilio};

/// It is taken, as the provider's `no`-th message.
pub(super) fn accepted(via: Via, taken: &Taken, no: u64) -> Response {
    let (status, body) = match via {
        Via::Plain | Via::Desk => (StatusCode::ACCEPTED, json!({ "id": format!("m{no}") })),
        Via::Notify => (StatusCode::CREATED, govuk::created(taken, no)),
        Via::Twilio | Via::Call => (StatusCode::CREATED, twilio::created(via, taken, no)),
    };
    (status, Json(body)).into_response()
}

/// The answer of a provider that was told to fail so, if that is an answer.
pub(super) fn failure(via: Via, order: &FaultOrder) -> Option<Response> {
    let (status, plain, twilio, notify) = match order.mode {
        Fault::Error => (StatusCode::INTERNAL_SERVER_ERROR, "told_to_fail", 20_500, "Exception"),
        Fault::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "told_to_be_away", 20_503, "Exception"),
        Fault::Busy => (StatusCode::TOO_MANY_REQUESTS, "told_to_be_busy", 20_429, "RateLimitError"),
        Fault::Refuse => (StatusCode::BAD_REQUEST, "unknown_number", 21_211, "ValidationError"),
        Fault::Deny if via == Via::Notify => (StatusCode::FORBIDDEN, "", 0, "AuthError"),
        Fault::Deny => (StatusCode::UNAUTHORIZED, "wrong_token", 20_003, ""),
        _ => return None,
    };
    let mut response = match via {
        Via::Plain | Via::Desk => refusal(via, status, plain),
        Via::Notify => refusal(via, status, notify),
        Via::Twilio | Via::Call => refusal(via, status, &twilio.to_string()),
    };
    if let Some(seconds) = order.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    Some(response)
}

/// A refusal with the provider's code for it.
pub(super) fn refusal(via: Via, status: StatusCode, code: &str) -> Response {
    const MESSAGE: &str = "the simulator refuses";
    let number: u32 = code.parse().unwrap_or_default();
    let body: Value = match via {
        Via::Plain | Via::Desk => json!({ "error": code }),
        Via::Notify => json!({
            "status_code": status.as_u16(),
            "errors": [{ "error": code, "message": MESSAGE }],
        }),
        Via::Twilio | Via::Call => json!({
            "code": number,
            "message": MESSAGE,
            "more_info": format!("https://www.twilio.com/docs/errors/{number}"),
            "status": status.as_u16(),
        }),
    };
    (status, Json(body)).into_response()
}

pub(super) fn full() -> Response {
    StatusCode::INSUFFICIENT_STORAGE.into_response()
}
