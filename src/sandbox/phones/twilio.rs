//! Twilio, as far as Cordon uses it: what is asked of its REST API. What becomes of a call is in [`super::call`].

use std::sync::Arc;

use axum::{
    Form, Json, Router,
    extract::{ConnectInfo, Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::{Timestamp, fmt::rfc2822, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Phones, Shown, Taken, Then, Via,
    answers::refusal,
    call::{Placed, spoken},
    callback::About,
    cut::Cut,
    header as text,
};
use crate::{
    domain::is_e164,
    notify::settings::{Sender, Texts, TwilioAccount},
};

/// Who sends for a messaging service.
const SERVICE_NUMBER: &str = "+447700900999";

pub(super) fn routes() -> Router<Arc<Phones>> {
    Router::new().route("/2010-04-01/Accounts/{sid}/{resource}", post(create).get(list))
}

type Fields = Vec<(String, String)>;

async fn create(
    State(phones): State<Arc<Phones>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    Path((sid, resource)): Path<(String, String)>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Response {
    let (via, account) = match phones.account(&resource) {
        Some((via, account)) if is_let_in(&headers, &sid, account) => (via, account.clone()),
        found => return not_let_in(found.is_some()),
    };
    let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let Some(address) = field("To").filter(|number| is_e164(number)) else {
        return refusal(via, StatusCode::BAD_REQUEST, "21211");
    };
    let sender = field("From").or(field("MessagingServiceSid").map(|_| SERVICE_NUMBER.into()));
    let (Some(from), true) = (sender, phones.is_sender(via, &form)) else {
        return refusal(via, StatusCode::BAD_REQUEST, "21603");
    };
    let text = field(if via == Via::Call { "Twiml" } else { "Body" }).unwrap_or_default();
    if text.is_empty() {
        return refusal(via, StatusCode::BAD_REQUEST, if via == Via::Call { "21205" } else { "21602" });
    }
    let key = field("StatusCallback").unwrap_or_default();
    if via == Via::Call {
        let events = form.iter().filter(|(name, _)| name == "StatusCallbackEvent");
        let placed = Placed {
            account,
            from,
            to: address.clone(),
            twiml: text.clone(),
            rings_s: field("Timeout").and_then(|text| text.parse().ok()).unwrap_or(60),
            receipts: key.clone(),
            events: events.map(|(_, event)| event.clone()).collect(),
            by_machine: field("AsyncAmdStatusCallback"),
        };
        let taken = Taken { address, text: spoken(&text), key, via };
        return phones.take(taken, Then::Rings(placed), cut).await;
    }
    let about = About::Twilio { account, url: key.clone(), sid: String::new(), to: address.clone(), from };
    phones.take(Taken { address, text, key, via }, Then::Reports(about), cut).await
}

#[derive(Deserialize)]
struct Filter {
    #[serde(rename = "To", default)]
    to: String,
    #[serde(rename = "PageSize")]
    page_size: Option<usize>,
}

/// The newest come first.
async fn list(
    State(phones): State<Arc<Phones>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    Path((sid, resource)): Path<(String, String)>,
    Query(filter): Query<Filter>,
    headers: HeaderMap,
) -> Response {
    let via = match phones.account(&resource) {
        Some((via, account)) if is_let_in(&headers, &sid, account) => via,
        found => return not_let_in(found.is_some()),
    };
    if let Some(failure) = phones.look_fails(via, &filter.to, cut).await {
        return failure;
    }
    let all = phones.inbox.all().into_iter().rev();
    let found = all.filter(|message| message.via == via && message.address == filter.to);
    let found: Vec<Value> =
        found.take(filter.page_size.unwrap_or(50)).map(|message| listed(&message)).collect();
    let name = if via == Via::Call { "calls" } else { "messages" };
    Json(json!({ name: found, "page": 0, "page_size": filter.page_size })).into_response()
}

/// The answer to what was taken.
pub(super) fn created(via: Via, taken: &Taken, no: u64) -> Value {
    resource(via, no, &taken.address, &taken.text, "queued", &Value::Null)
}

fn listed(message: &Shown) -> Value {
    let status = match (message.via, message.call) {
        (Via::Call, Some(state)) => state.as_str(),
        _ if message.reported => "delivered",
        _ => "sent",
    };
    let at = Timestamp::from_millisecond(message.received_ms).unwrap_or_default().to_zoned(TimeZone::UTC);
    let at = json!(rfc2822::to_string(&at).unwrap_or_default());
    resource(message.via, message.no, &message.address, &message.text, status, &at)
}

/// A message or a call with every member that is documented.
fn resource(via: Via, no: u64, to: &str, text: &str, status: &str, at: &Value) -> Value {
    let sid = sid(via, no);
    let mut resource = json!({
        "account_sid": "AC",
        "api_version": "2010-04-01",
        "date_created": at,
        "date_updated": at,
        "direction": "outbound-api",
        "from": SERVICE_NUMBER,
        "price": null,
        "price_unit": "USD",
        "sid": sid,
        "status": status,
        "subresource_uris": {},
        "to": to,
        "uri": format!("/2010-04-01/Accounts/AC/{sid}.json"),
    });
    let own = if via == Via::Call {
        json!({
            "annotation": null, "answered_by": null, "caller_name": null, "duration": null, "end_time": null,
            "forwarded_from": null, "from_formatted": SERVICE_NUMBER, "group_sid": null, "parent_call_sid": null,
            "phone_number_sid": "PN", "queue_time": "0", "start_time": null, "to_formatted": to, "trunk_sid": null,
        })
    } else {
        json!({
            "body": text, "date_sent": at, "error_code": null, "error_message": null,
            "messaging_service_sid": null, "num_media": "0", "num_segments": "1",
        })
    };
    if let (Value::Object(all), Value::Object(own)) = (&mut resource, own) {
        all.extend(own);
    }
    resource
}

pub(super) fn sid(via: Via, no: u64) -> String {
    format!("{}{no:032x}", if via == Via::Call { "CA" } else { "SM" })
}

impl Phones {
    /// Whose a resource is, and what is shown of it.
    fn account(&self, resource: &str) -> Option<(Via, &TwilioAccount)> {
        match (resource, self.texts(Via::Twilio)) {
            ("Messages.json", Some((_, Texts::Twilio(texts)))) => Some((Via::Twilio, &texts.account)),
            ("Calls.json", _) => {
                self.settings.channels.voice.as_ref().map(|voice| (Via::Call, &voice.account))
            }
            _ => None,
        }
    }

    /// Whether the sender is one of the account's.
    fn is_sender(&self, via: Via, form: &[(String, String)]) -> bool {
        let is =
            |name: &str, expected: &str| form.iter().any(|(known, value)| known == name && value == expected);
        match (via, self.texts(Via::Twilio), &self.settings.channels.voice) {
            (Via::Call, _, Some(voice)) => {
                voice.senders.values().chain([&voice.from]).any(|one| is("From", one))
            }
            (_, Some((_, Texts::Twilio(texts))), _) => {
                texts.senders.values().chain([&texts.sender]).any(|one| match one {
                    Sender::Number(number) => is("From", number),
                    Sender::Service(sid) => is("MessagingServiceSid", sid),
                })
            }
            _ => false,
        }
    }
}

/// HTTP basic authentication by the account and its token.
fn is_let_in(headers: &HeaderMap, sid: &str, account: &TwilioAccount) -> bool {
    let expected = format!("{}:{}", account.account_sid, account.auth_token.expose());
    let basic = text(headers, header::AUTHORIZATION.as_str()).and_then(|text| text.strip_prefix("Basic "));
    let given = basic.and_then(|text| BASE64_STANDARD.decode(text).ok());
    sid == account.account_sid && given.is_some_and(|given| given == expected.as_bytes())
}

fn not_let_in(is_known: bool) -> Response {
    if is_known {
        return refusal(Via::Twilio, StatusCode::UNAUTHORIZED, "20003");
    }
    refusal(Via::Twilio, StatusCode::NOT_FOUND, "20404")
}
