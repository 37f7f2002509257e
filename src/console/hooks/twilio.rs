//! Twilio: texts come to `POST /hooks/CHANNEL/reply` (set up on Twilio's own pages); what becomes of a text or a call, and
//! the keys that are pressed in one, to addresses that Twilio was given with it. All are signed forms (see [`signature`]),
//! which Twilio sends again if it gets no answer.

use std::sync::Arc;

use axum::{
    Form, Router,
    extract::{Query, State},
    http::{HeaderMap, Uri, header},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::{Doors, Known, Refusal, bad};
use crate::{
    domain::{Channel, Language},
    engine::DeliveryReport,
    notify::{
        settings::TwilioAccount,
        twilio::{hook, signature, twiml},
    },
};

/// The key that the greeting asks for.
const HEAR: &str = "9";

struct Gate {
    doors: Doors,
    account: TwilioAccount,
    known: Known,
}

pub(super) fn texts(channel: Channel, account: &TwilioAccount, doors: Doors) -> Router {
    let path = |end| format!("/hooks/{}/{end}", channel.as_str());
    Router::new()
        .route(&path("receipt"), post(text_receipt))
        .route(&path("reply"), post(reply))
        .with_state(gate(account, doors))
}

pub(super) fn calls(account: &TwilioAccount, doors: Doors) -> Router {
    Router::new()
        .route("/hooks/voice/receipt", post(call_receipt))
        .route("/hooks/voice/keys", post(keys))
        .with_state(gate(account, doors))
}

fn gate(account: &TwilioAccount, doors: Doors) -> Arc<Gate> {
    Arc::new(Gate { doors, account: account.clone(), known: Known::default() })
}

/// The alert's key, in the address that Twilio was given with it.
#[derive(Deserialize)]
struct About {
    key: String,
}

/// What is said in the call.
#[derive(Deserialize)]
struct Said {
    key: String,
    lang: String,
    say: String,
}

type Fields = Vec<(String, String)>;

async fn text_receipt(
    State(gate): State<Arc<Gate>>,
    Query(about): Query<About>,
    uri: Uri,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Result<Response, Refusal> {
    let form = gate.open(&uri, &headers, &form)?;
    let report = match form.get("MessageStatus")? {
        "delivered" | "read" => DeliveryReport::Delivered,
        status @ ("undelivered" | "failed" | "canceled") => {
            let is_code = |code: &&str| code.len() <= 8 && code.bytes().all(|c| c.is_ascii_digit());
            DeliveryReport::Refused(form.get("ErrorCode").ok().filter(is_code).unwrap_or(status).into())
        }
        // On its way.
        _ => return Ok(nothing()),
    };
    gate.receipt(&about, report).await
}

/// That it rings is what a receipt is of a call; that it was placed (`initiated`) says nothing of any phone. However one
/// ends without a key, it has told nobody anything: whoever has pressed one is not waited for any more.
async fn call_receipt(
    State(gate): State<Arc<Gate>>,
    Query(about): Query<About>,
    uri: Uri,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Result<Response, Refusal> {
    let form = gate.open(&uri, &headers, &form)?;
    let by = form.get("AnsweredBy").unwrap_or_default();
    let report = match form.get("CallStatus").unwrap_or_default() {
        _ if by.starts_with("machine") || by == "fax" => DeliveryReport::Refused("machine".into()),
        "ringing" => DeliveryReport::Delivered,
        "in-progress" => DeliveryReport::PickedUp,
        "completed" => DeliveryReport::Refused("no_key".into()),
        ended @ ("no-answer" | "busy" | "failed" | "canceled") => DeliveryReport::Refused(ended.into()),
        _ => return Ok(nothing()),
    };
    gate.receipt(&about, report).await
}

async fn reply(
    State(gate): State<Arc<Gate>>,
    uri: Uri,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Result<Response, Refusal> {
    let form = gate.open(&uri, &headers, &form)?;
    let told = super::reply(form.get("From")?.into(), form.get("Body")?.into())?;
    gate.doors.tell_once(&gate.known, form.get("MessageSid")?, told).await?;
    Ok(nothing())
}

/// 1, 2 and 3 are answers. Any other key asks to hear the message, unless it says something to whoever has chosen it.
async fn keys(
    State(gate): State<Arc<Gate>>,
    Query(said): Query<Said>,
    uri: Uri,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Result<Response, Refusal> {
    let form = gate.open(&uri, &headers, &form)?;
    let language = Language::ALL.into_iter().find(|language| language.code() == said.lang);
    let language = language.ok_or_else(|| bad("unknown language"))?;
    let digits = form.get("Digits").unwrap_or_default();
    let is_taken = match digits {
        "1" | "2" | "3" => {
            let told = super::reply(form.get("To")?.into(), digits.into())?;
            gate.doors.tell_once(&gate.known, form.get("CallSid")?, told).await.is_ok()
        }
        HEAR => false,
        _ if digits.len() == 1 => gate.doors.key(form.get("To")?, digits).await?,
        _ => false,
    };
    // What could not be taken is asked for again.
    if is_taken {
        return Ok(xml(twiml::thanks(language)));
    }
    let text = BASE64_URL_SAFE_NO_PAD.decode(&said.say).ok().and_then(|text| String::from_utf8(text).ok());
    let text = text.ok_or_else(|| bad("not what Cordon has to say"))?;
    let parameters = [("key", said.key.as_str()), ("lang", &said.lang), ("say", &said.say)];
    let again = hook(&gate.account.callback_url, Channel::Voice, "keys", &parameters);
    Ok(xml(twiml::message(language, &text, &again)))
}

impl Gate {
    /// Believes a form that is signed as it came.
    fn open<'f>(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        form: &'f [(String, String)],
    ) -> Result<Believed<'f>, Refusal> {
        let path = uri.path_and_query().map_or(uri.path(), |path| path.as_str());
        let url = format!("{}{path}", self.account.callback_url);
        let given = headers.get(signature::HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !signature::is_genuine(&self.account.auth_token, &url, form, given) {
            return Err(self.doors.not_believed("sign it as Twilio does, with the account's token"));
        }
        Ok(Believed(form))
    }

    async fn receipt(&self, about: &About, report: DeliveryReport) -> Result<Response, Refusal> {
        self.doors.tell(self.doors.receipt(&about.key, report)?).await?;
        Ok(nothing())
    }
}

/// A form that Twilio has signed.
struct Believed<'f>(&'f [(String, String)]);

impl<'f> Believed<'f> {
    fn get(&self, name: &str) -> Result<&'f str, Refusal> {
        let field = self.0.iter().find(|(known, _)| known == name);
        field.map(|(_, value)| value.as_str()).ok_or_else(|| bad(format!("'{name}' is missing")))
    }
}

fn nothing() -> Response {
    xml(twiml::NOTHING.into())
}

fn xml(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/xml")], text).into_response()
}
