use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{
    Fault, FaultOrder, Via,
    testing::{Phones, client, pager_token, sms_token, telephone, webhook_secret},
};
use crate::{
    clock::Clock,
    domain::Channel,
    notify::{
        IDEMPOTENCY_HEADER, Sent, signature,
        testing::{Asked, Recorder, message},
    },
    secret::Secret,
};

const ADA: &str = "+447700900001";
const DESK: &str = "desk-1";

async fn text(phones: &Phones, token: &Secret, to: &str, text: &str, key: &str) -> (StatusCode, Value) {
    let request = client()
        .post(format!("{}/sms", phones.url))
        .bearer_auth(token.expose())
        .json(&json!({ "to": to, "text": text, "reference": key }));
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn card(phones: &Phones, secret: &Secret, late_s: i64, body: &str) -> StatusCode {
    let at_s = Clock::real().wall().as_ms() / 1_000 - late_s;
    let request = client()
        .post(format!("{}/webhook/{DESK}", phones.url))
        .header(signature::TIMESTAMP_HEADER, at_s)
        .header(signature::SIGNATURE_HEADER, signature::sign(secret, at_s, body.as_bytes()))
        .header(IDEMPOTENCY_HEADER, "k")
        .body(body.to_owned());
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn a_repeated_key_is_answered_as_before_counted_and_shown_once() {
    let phones = Phones::start(None).await;
    let first = text(&phones, &sms_token(), ADA, "Plan A", "k1").await;
    assert_eq!(first, (StatusCode::ACCEPTED, json!({ "id": "m1" })));
    assert_eq!(text(&phones, &sms_token(), ADA, "Plan A", "k1").await, first);
    assert_eq!(text(&phones, &sms_token(), ADA, "Plan B", "k2").await.1, json!({ "id": "m2" }));
    let messages = phones.messages().await;
    let shown: Vec<_> = messages.iter().map(|m| (m.text.as_str(), m.repeats)).collect();
    assert_eq!(shown, [("Plan A", 1), ("Plan B", 0)]);
}

#[tokio::test]
async fn what_is_not_authorised_or_not_understood_is_refused_and_not_shown() {
    let phones = Phones::start(None).await;
    let wrong = Secret::new("wrong");
    let answer = text(&phones, &wrong, ADA, "x", "k").await;
    assert_eq!(answer, (StatusCode::UNAUTHORIZED, json!({ "error": "wrong_token" })));
    let answer = text(&phones, &sms_token(), "Ada", "x", "k").await;
    assert_eq!(answer, (StatusCode::BAD_REQUEST, json!({ "error": "unknown_number" })));
    assert_eq!(card(&phones, &wrong, 0, "{}").await, StatusCode::UNAUTHORIZED);
    assert_eq!(card(&phones, &webhook_secret(), 400, "{}").await, StatusCode::UNAUTHORIZED);
    assert_eq!(phones.messages().await, []);
    assert_eq!(card(&phones, &webhook_secret(), 0, "{}").await, StatusCode::ACCEPTED);
    assert_eq!(phones.messages().await.len(), 1);
}

#[tokio::test]
async fn a_fault_is_for_one_address_until_all_are_put_right() {
    let phones = Phones::start(None).await;
    phones.fault(Fault::Busy, Some(ADA)).await;
    let status = async |to| text(&phones, &sms_token(), to, "x", to).await.0;
    assert_eq!(status(ADA).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(status("+447700900002").await, StatusCode::ACCEPTED);
    phones.fault(Fault::Error, None).await;
    assert_eq!(status("+447700900003").await, StatusCode::INTERNAL_SERVER_ERROR);
    phones.fault(Fault::Ok, None).await;
    assert_eq!(status(ADA).await, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_connection_is_reset_before_or_after_the_message_is_taken() {
    let phones = Phones::start(None).await;
    for (mode, shown) in [(Fault::Reset, 0), (Fault::Cut, 1)] {
        phones.fault(mode, None).await;
        let request = client()
            .post(format!("{}/sms", phones.url))
            .bearer_auth(sms_token().expose())
            .json(&json!({ "to": ADA, "text": "x", "reference": "k" }));
        let error = request.send().await.unwrap_err();
        assert!(!error.is_timeout() && !error.is_connect(), "{mode:?}: {error:?}");
        phones.fault(Fault::Ok, None).await;
        assert_eq!(phones.messages().await.len(), shown, "{mode:?}");
    }
}

#[tokio::test]
async fn a_lost_message_is_accepted_and_nowhere() {
    let phones = Phones::start(None).await;
    phones.fault(Fault::Lose, None).await;
    assert_eq!(text(&phones, &sms_token(), ADA, "x", "k").await.0, StatusCode::ACCEPTED);
    assert_eq!(phones.messages().await, []);
}

#[tokio::test]
async fn an_order_may_be_for_the_next_few_messages_alone() {
    let phones = Phones::start(None).await;
    let address = Some(ADA.to_owned());
    for order in [
        FaultOrder { mode: Fault::Unavailable, times: Some(1), ..FaultOrder::default() },
        FaultOrder { mode: Fault::Error, address, times: Some(2), ..FaultOrder::default() },
    ] {
        phones.order(&order).await;
    }
    let mut got = Vec::new();
    for n in 0..4 {
        got.push(text(&phones, &sms_token(), ADA, "x", &n.to_string()).await.0.as_u16());
    }
    assert_eq!(got, [500, 500, 503, 202], "first those for this phone, then those for all");
}

#[tokio::test]
async fn a_busy_provider_says_for_how_long() {
    let phones = Phones::start(None).await;
    for (mode, retry_after_s, says) in [
        (Fault::Busy, Some(3), Some("3")),
        (Fault::Unavailable, Some(3_600), Some("3600")),
        (Fault::Busy, None, None),
    ] {
        phones.order(&FaultOrder { mode, retry_after_s, ..FaultOrder::default() }).await;
        let request = client()
            .post(format!("{}/sms", phones.url))
            .bearer_auth(sms_token().expose())
            .json(&json!({ "to": ADA, "text": "x", "reference": "k" }));
        let answer = request.send().await.unwrap();
        let header = answer.headers().get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!(header, says);
    }
}

#[tokio::test]
async fn pages_show_what_came_and_run_nothing_of_it() {
    let phones = Phones::start(None).await;
    assert!(phones.page("/").await.contains("No message yet"));
    text(&phones, &sms_token(), ADA, "Plan A <script>1</script>", "k1").await;
    card(&phones, &webhook_secret(), 0, r#"{"priority":"P1","summary":"violation at ROSE-4","incident":12}"#)
        .await;
    for path in ["/", "/phones/+447700900001", "/phones/%2B447700900001"] {
        let page = phones.page(path).await;
        assert!(page.contains("Plan A &#60;script&#62;1"), "{path}: {page}");
    }
    for path in ["/".into(), format!("/desks/{DESK}")] {
        assert!(phones.page(&path).await.contains("violation at ROSE-4, incident 12"), "{path}");
    }
    assert_eq!(phones.reply(ADA, "1").await, StatusCode::BAD_GATEWAY, "no Cordon to answer");
    assert!(phones.page("/phones/+447700900001").await.contains("not sent"));
}

#[tokio::test]
async fn notify_and_twilio_let_in_only_their_customers_and_take_only_what_is_theirs() {
    let phones = Phones::serving(telephone("", "http://127.0.0.1:9"), None).await;
    let messages = "2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json";
    let (sid, token) = ("AC00000000000000000000000000000001", "twilio-auth-token");
    let form = [("To", ADA), ("From", "+447700900999"), ("Body", "x")];
    let ask = async |path: &str, sid: &str, token: &str, form: &[(&str, &str)]| {
        let request = client().post(format!("{}/{path}", phones.url)).basic_auth(sid, Some(token)).form(form);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap()["code"].clone())
    };
    for (path, sid, token, form, expected) in [
        (messages, sid, "wrong", &form[..], (401, json!(20_003))),
        (messages, "AC2", token, &form, (401, json!(20_003))),
        (&messages.replace("Messages", "Faxes"), sid, token, &form, (404, json!(20_404))),
        (messages, sid, token, &[("To", "Ada"), form[1], form[2]], (400, json!(21_211))),
        (messages, sid, token, &[form[0], ("From", ADA), form[2]], (400, json!(21_603))),
        (messages, sid, token, &form[..2], (400, json!(21_602))),
        (&messages.replace("Messages", "Calls"), sid, token, &form, (400, json!(21_205))),
        (messages, sid, token, &form, (201, Value::Null)),
    ] {
        assert_eq!(ask(path, sid, token, form).await, expected, "{path} {form:?}");
    }
    let bare = client().post(format!("{}/v2/notifications/sms", phones.url)).json(&json!({}));
    let answer = bare.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(answer.json::<Value>().await.unwrap()["errors"][0]["error"], "AuthError");
    assert_eq!(phones.messages().await.len(), 1);
}

#[tokio::test]
async fn a_fault_may_be_of_one_provider_alone() {
    let phones = Phones::serving(telephone("", "http://127.0.0.1:9"), None).await;
    phones.order(&FaultOrder { mode: Fault::Deny, via: Some(Via::Notify), ..FaultOrder::default() }).await;
    let providers = crate::notify::providers(&telephone(&phones.url, "http://127.0.0.1:9"), &Clock::real());
    let providers = providers.unwrap();
    let sent = async |channel| providers.get(channel).unwrap().send(&message()).await;
    assert_eq!(sent(Channel::Sms).await, Sent::Retry { reason: "AuthError".into() });
    assert!(matches!(sent(Channel::SecondSms).await, Sent::Accepted { .. }));
}

#[tokio::test]
async fn a_call_is_answered_at_its_phones_page() {
    let phones = Phones::serving(telephone("", "http://127.0.0.1:9"), None).await;
    let providers = crate::notify::providers(&telephone(&phones.url, "http://127.0.0.1:9"), &Clock::real());
    providers.unwrap().get(Channel::Voice).unwrap().send(&message()).await;
    let page = "/phones/+447700900001";
    let waits_for = async |what: &str| {
        while !phones.page(page).await.contains(what) {
            tokio::task::yield_now().await;
        }
    };
    let does = async |what: &str| {
        let request = client().post(format!("{}{page}/call/1", phones.url)).form(&[("does", what)]);
        request.send().await.unwrap().status().as_u16()
    };
    waits_for("Pick up").await;
    assert_eq!(does("x").await, 400);
    assert_eq!(does("pick_up").await, 303);
    waits_for("please press 9").await;
    waits_for("Hang up").await;
    assert_eq!(does("hang_up").await, 303);
    waits_for("call, completed").await;
    assert_eq!(does("1").await, 404, "it is over");
}

/// The names of an object's members.
fn members(value: &Value) -> Vec<&str> {
    let mut members: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    members
}

fn words(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    words.sort_unstable();
    words
}

#[tokio::test]
async fn the_simulator_says_everything_that_the_providers_document_and_nothing_else() {
    let phones = Phones::serving(telephone("", "http://127.0.0.1:9"), None).await;
    let sid = "AC00000000000000000000000000000001";
    let account = format!("{}/2010-04-01/Accounts/{sid}", phones.url);
    let create = async |resource: &str, form: &[(&str, &str)]| -> Value {
        let request = client().post(format!("{account}/{resource}.json")).form(form);
        request.basic_auth(sid, Some("twilio-auth-token")).send().await.unwrap().json().await.unwrap()
    };
    let list = async |resource: &str| -> Value {
        let request = client().get(format!("{account}/{resource}.json?To=%2B447700900001"));
        request.basic_auth(sid, Some("twilio-auth-token")).send().await.unwrap().json().await.unwrap()
    };
    let message = words(
        "account_sid api_version body date_created date_sent date_updated direction error_code error_message from \
         messaging_service_sid num_media num_segments price price_unit sid status subresource_uris to uri",
    );
    let (to, from) = (("To", ADA), ("From", "+447700900999"));
    assert_eq!(members(&create("Messages", &[to, from, ("Body", "x")]).await), message);
    assert_eq!(members(&list("Messages").await["messages"][0]), message);
    let call = words(
        "account_sid annotation answered_by api_version caller_name date_created date_updated direction duration \
         end_time forwarded_from from from_formatted group_sid parent_call_sid phone_number_sid price price_unit \
         queue_time sid start_time status subresource_uris to to_formatted trunk_sid uri",
    );
    assert_eq!(members(&create("Calls", &[to, from, ("Twiml", "<Response/>")]).await), call);
    assert_eq!(members(&list("Calls").await["calls"][0]), call);
}

#[tokio::test]
async fn the_simulator_reports_in_the_words_of_the_documentation() {
    let cordon = Recorder::start(&[(200, "")]).await;
    let channels = telephone("", &cordon.url);
    let phones = Phones::serving(channels, Some(cordon.url.clone())).await;
    let providers = crate::notify::providers(&telephone(&phones.url, &cordon.url), &Clock::real()).unwrap();
    let reported = async |count: usize| {
        while cordon.asked().len() < count {
            tokio::task::yield_now().await;
        }
        cordon.asked().pop().unwrap()
    };
    providers.get(Channel::Sms).unwrap().send(&message()).await;
    let receipt = reported(1).await;
    let notified = serde_json::from_str(&receipt.body).unwrap();
    let documented = "id reference to status created_at completed_at sent_at notification_type template_id template_version";
    assert_eq!(members(&notified), words(documented));
    assert_eq!(receipt.header("authorization"), "Bearer notify-callback-token");
    assert_eq!(phones.reply(ADA, "1").await, StatusCode::NO_CONTENT);
    let received = serde_json::from_str(&reported(2).await.body).unwrap();
    assert_eq!(members(&received), words("id source_number destination_number message date_received"));

    providers.get(Channel::SecondSms).unwrap().send(&message()).await;
    let names = |asked: &Asked| -> Vec<String> { asked.form().into_iter().map(|(name, _)| name).collect() };
    let receipt = names(&reported(3).await);
    let documented = "MessageSid SmsSid MessageStatus SmsStatus To From AccountSid ApiVersion";
    assert!(words(documented).iter().all(|name| receipt.iter().any(|said| said == name)), "{receipt:?}");
    assert_eq!(phones.reply(ADA, "1").await, StatusCode::NO_CONTENT);
    let text = names(&reported(4).await);
    let documented = "MessageSid SmsSid AccountSid From To Body NumMedia";
    assert!(words(documented).iter().all(|name| text.iter().any(|said| said == name)), "{text:?}");

    providers.get(Channel::Voice).unwrap().send(&message()).await;
    let rings = names(&reported(5).await);
    let documented = "CallSid AccountSid From To CallStatus ApiVersion Direction SequenceNumber";
    assert!(words(documented).iter().all(|name| rings.iter().any(|said| said == name)), "{rings:?}");
}

async fn pushed(phones: &Phones, path: &str, headers: &[(&str, &str)]) -> StatusCode {
    let mut request = client().post(format!("{}{path}", phones.url)).body(vec![0; 100]);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn a_push_service_wants_a_proof_before_it_looks_at_a_message() {
    let phones = Phones::start(None).await;
    let path = format!("/push/{ADA}");
    assert_eq!(pushed(&phones, "/push/Ada", &[]).await, StatusCode::NOT_FOUND);
    assert_eq!(pushed(&phones, &path, &[]).await, StatusCode::UNAUTHORIZED);
    // Signed well, in 2016 and for another origin (RFC 8292 section 2.4).
    let example = concat!(
        "vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.",
        "eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.",
        "i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA, ",
        "k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"
    );
    for proof in [example, &example.replace("i3CY", "i3CZ"), "vapid t=x, k=y"] {
        assert_eq!(
            pushed(&phones, &path, &[("authorization", proof)]).await,
            StatusCode::FORBIDDEN,
            "{proof}"
        );
    }
    assert_eq!(phones.messages().await, []);
}

#[tokio::test]
async fn a_pager_takes_the_example_of_ntfys_documentation_and_refuses_what_ntfy_does() {
    let phones = Phones::start(None).await;
    let publish = async |token: Secret, body: Value| {
        let request = client().post(&phones.url).bearer_auth(token.expose()).body(body.to_string());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let example = json!({"topic": "mytopic", "message": "Disk space is low at 5.1 GB", "title": "Low disk space alert",
        "tags": ["warning", "cd"], "priority": 4, "attach": "https://filesrv.lan/space.jpg", "filename": "diskspace.jpg",
        "click": "https://homecamera.lan/xasds1h2xsSsa/"});
    let (status, answer) = publish(pager_token(), example.clone()).await;
    assert_eq!((status, &answer["topic"], &answer["priority"]), (200, &json!("mytopic"), &json!(4)));
    assert!(phones.page("/desks/mytopic").await.contains("Low disk space alert: Disk space is low"));
    for (body, status, code) in [
        (json!("x"), 400, 40_017),
        (json!({"message": "x"}), 400, 40_017),
        (json!({"topic": "a/b"}), 400, 40_009),
        (json!({"topic": "a", "priority": 6}), 400, 40_007),
        (json!({"topic": "a", "message": "x".repeat(5_000)}), 413, 41_303),
    ] {
        let answer = publish(pager_token(), body).await;
        assert_eq!((answer.0, &answer.1["code"]), (status, &json!(code)));
    }
    assert_eq!(publish(Secret::new("wrong"), example).await.0, 401);
    assert_eq!(phones.messages().await.len(), 1);
}
