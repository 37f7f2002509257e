//! GOV.UK Notify, as far as Cordon uses it.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{ConnectInfo, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Phones, Taken, Then, Via, answers::refusal, callback::About, cut::Cut, header as text};
use crate::{
    domain::{Timestamp, is_e164},
    notify::settings::{GovukNotify, NotifyKey, Texts},
};

/// How far a token's time may be from ours, seconds.
const TOKEN_S: i64 = 30;

pub(super) fn routes() -> Router<Arc<Phones>> {
    Router::new()
        .route("/v2/notifications/sms", post(send))
        .route("/v2/notifications", axum::routing::get(list))
}

async fn send(
    State(phones): State<Arc<Phones>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some((channel, Texts::Notify(account))) = phones.texts(Via::Notify) else {
        return refusal(Via::Notify, StatusCode::NOT_FOUND, "NoResultFound");
    };
    if !is_let_in(&headers, &account.api_key, phones.now()) {
        return refusal(Via::Notify, StatusCode::FORBIDDEN, "AuthError");
    }
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        return refusal(Via::Notify, StatusCode::BAD_REQUEST, "BadRequestError");
    };
    let taken = match read(&request, account) {
        Ok(taken) => taken,
        Err(code) => return refusal(Via::Notify, StatusCode::BAD_REQUEST, code),
    };
    let (token, key, to) = (account.callback_token.clone(), taken.key.clone(), taken.address.clone());
    let about = About::Notify { channel, token, key, to, id: String::new() };
    phones.take(taken, Then::Reports(about), cut).await
}

/// What is to be sent, by the template of one variable; or else the kind of error.
fn read(request: &Value, account: &GovukNotify) -> Result<Taken, &'static str> {
    let field = |name: &str| request.get(name).and_then(Value::as_str);
    let address = field("phone_number").filter(|number| is_e164(number)).ok_or("ValidationError")?;
    if field("template_id") != Some(&account.template_id) {
        return Err("BadRequestError");
    }
    let sender = field("sms_sender_id");
    let is_other = account.senders.values().any(|other| sender == Some(other));
    if !is_other && sender != account.sms_sender_id.as_deref() {
        return Err("BadRequestError");
    }
    let text = request.get("personalisation").and_then(|of| of.get(&account.variable));
    let text = text.and_then(Value::as_str).ok_or("BadRequestError")?;
    let key = field("reference").unwrap_or_default();
    Ok(Taken { address: address.into(), text: text.into(), key: key.into(), via: Via::Notify })
}

#[derive(Deserialize)]
struct Filter {
    #[serde(default)]
    reference: String,
}

async fn list(
    State(phones): State<Arc<Phones>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    Query(filter): Query<Filter>,
    headers: HeaderMap,
) -> Response {
    let Some((_, Texts::Notify(account))) = phones.texts(Via::Notify) else {
        return refusal(Via::Notify, StatusCode::NOT_FOUND, "NoResultFound");
    };
    if let Some(failure) = phones.look_fails(Via::Notify, "", cut).await {
        return failure;
    }
    if !is_let_in(&headers, &account.api_key, phones.now()) {
        return refusal(Via::Notify, StatusCode::FORBIDDEN, "AuthError");
    }
    let all = phones.inbox.all().into_iter();
    let found = all.filter(|message| message.via == Via::Notify && message.key == filter.reference);
    let found = found.map(|message| {
        json!({
            "id": id(message.no),
            "reference": message.key,
            "phone_number": message.address,
            "type": "sms",
            "status": if message.reported { "delivered" } else { "sending" },
            "template": template(),
            "body": message.text,
            "created_at": Timestamp::from_ms(message.received_ms).to_string(),
            "sent_at": null,
            "completed_at": null,
        })
    });
    let notifications: Vec<Value> = found.collect();
    let links = json!({ "current": "/v2/notifications" });
    Json(json!({ "notifications": notifications, "links": links })).into_response()
}

/// The answer to a message that was taken.
pub(super) fn created(taken: &Taken, no: u64) -> Value {
    let id = id(no);
    json!({
        "id": id,
        "reference": taken.key,
        "content": { "body": taken.text, "from_number": "GOVUK" },
        "uri": format!("https://api.notifications.service.gov.uk/v2/notifications/{id}"),
        "template": template(),
    })
}

/// Which template it is does not matter here.
fn template() -> Value {
    let uri = "https://api.notifications.service.gov.uk/v2/template/00000000-0000-4000-8000-000000000001";
    json!({ "id": "00000000-0000-4000-8000-000000000001", "version": 1, "uri": uri })
}

pub(super) fn id(no: u64) -> String {
    format!("00000000-0000-4000-8000-{no:012x}")
}

/// Whether a JSON web token is the service's, and of now.
fn is_let_in(headers: &HeaderMap, key: &NotifyKey, now: Timestamp) -> bool {
    let bearer = text(headers, header::AUTHORIZATION.as_str()).and_then(|text| text.strip_prefix("Bearer "));
    let Some((signed, signature)) = bearer.and_then(|token| token.rsplit_once('.')) else {
        return false;
    };
    let read = |part: &str| -> Value {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    };
    let Some((head, claims)) = signed.split_once('.').map(|(head, claims)| (read(head), read(claims))) else {
        return false;
    };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.secret.expose().as_bytes()) else {
        return false;
    };
    mac.update(signed.as_bytes());
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    let apart_s = claims["iat"].as_i64().map(|iat| (now.as_ms() / 1_000 - iat).abs());
    head["alg"] == "HS256"
        && claims["iss"] == key.service.as_str()
        && apart_s.is_some_and(|apart_s| apart_s <= TOKEN_S)
        && mac.verify_slice(&signature).is_ok()
}
