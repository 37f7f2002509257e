//! Against the examples of Notify's documentation, then against the simulator.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

use super::{Notify, token};
use crate::{
    clock::Clock,
    domain::Channel,
    notify::{
        Message, Provider, Sent,
        settings::{GovukNotify, NotifyKey},
        testing::{Recorder, message},
    },
    sandbox::phones::{
        Fault, FaultOrder,
        testing::{self, Phones, client, notify},
    },
    secret::Secret,
};

fn provider(settings: GovukNotify) -> Notify {
    Notify::new(Channel::Sms, client(), Clock::real(), settings).unwrap()
}

#[test]
fn a_token_is_signed_as_documented() {
    // Service, time and secret of the documentation; signed by Python's hmac.
    let expected = concat!(
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.",
        "eyJpYXQiOjE1Njg4MTg1NzgsImlzcyI6IjI2Nzg1YTA5LWFiMTYtNGViMC04NDA3LWEzNzQ5N2E1NzUwNiJ9.",
        "MnEokaCfL7I9iXy9Sq5VLdaX3RsDttj82xyi1uWdvNA"
    );
    assert_eq!(token(&notify("").api_key, 1_568_818_578), expected);
}

#[tokio::test]
async fn a_request_and_its_answer_are_as_documented() {
    let answer = r#"{
        "id": "740e5834-3a29-46b4-9a6f-16142fde533a",
        "reference": "STRING",
        "content": {"body": "MESSAGE TEXT", "from_number": "SENDER"},
        "uri": "https://api.notifications.service.gov.uk/v2/notifications/740e5834-3a29-46b4-9a6f-16142fde533a",
        "template": {
            "id": "f33517ff-2a88-4f6e-b855-c550268ce08a",
            "version": 1,
            "uri": "https://api.notifications.service.gov.uk/v2/template/ceb50d92-100d-4b8b-b559-14fa3b091cd"
        }
    }"#;
    let recorder = Recorder::start(&[(201, answer)]).await;
    let sender = "8e222534-7f05-4972-86e3-17c5d9f894e2";
    let settings = GovukNotify { sms_sender_id: Some(sender.into()), ..notify(&recorder.url) };
    let provider_ref = Some("740e5834-3a29-46b4-9a6f-16142fde533a".into());
    assert_eq!(provider(settings).send(&message()).await, Sent::Accepted { provider_ref });
    let [asked] = &recorder.asked()[..] else { panic!("asked once") };
    assert_eq!(asked.line, "POST /v2/notifications/sms");
    assert_eq!(asked.header("content-type"), "application/json");
    assert!(asked.header("authorization").starts_with("Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9."));
    let expected = serde_json::json!({
        "phone_number": "+447700900001",
        "template_id": "f33517ff-2a88-4f6e-b855-c550268ce08a",
        "personalisation": {"text": "Please use plan A now. Ref 7042"},
        "reference": "alert-7-1780000000123000",
        "sms_sender_id": sender,
    });
    assert_eq!(serde_json::from_str::<Value>(&asked.body).unwrap(), expected);
}

#[tokio::test]
async fn every_documented_error_is_understood() {
    let refused = |reason: &str| Sent::Refused { reason: reason.into() };
    let retry = |reason: &str| Sent::Retry { reason: reason.into() };
    let busy = |reason: &str| Sent::Busy { reason: reason.into(), pause_ms: None };
    let unknown = |reason: &str| Sent::NoSuchAddress { reason: reason.into() };
    for (status, error, text, expected) in [
        (400, "ValidationError", "phone_number Not enough digits", unknown("ValidationError")),
        (
            400,
            "BadRequestError",
            "Can't send to this recipient using a team-only API key",
            refused("BadRequestError"),
        ),
        (
            403,
            "AuthError",
            "Error: Your system clock must be accurate to within 30 seconds",
            retry("AuthError"),
        ),
        (403, "BadRequestError", "Invalid token: API key not found", retry("BadRequestError")),
        (
            429,
            "RateLimitError",
            "Exceeded rate limit for key type live of 3000 requests per 60 seconds",
            busy("RateLimitError"),
        ),
        (429, "TooManyRequestsError", "Exceeded send limits (250) for today", busy("TooManyRequestsError")),
        (500, "Exception", "Internal server error", retry("Exception")),
    ] {
        let answer =
            serde_json::json!({"status_code": status, "errors": [{"error": error, "message": text}]});
        let recorder = Recorder::start(&[(status, &answer.to_string())]).await;
        assert_eq!(provider(notify(&recorder.url)).send(&message()).await, expected, "{text}");
    }
    let recorder = Recorder::start(&[(502, "<html>Bad gateway</html>")]).await;
    assert_eq!(provider(notify(&recorder.url)).send(&message()).await, retry("http_502"));
}

#[tokio::test]
async fn a_repeat_asks_first_and_by_the_documented_answer() {
    let repeat = Message { is_repeat: true, ..message() };
    let list = |status: &str| {
        format!(
            r#"{{"notifications": [{{"id": "740e5834-3a29-46b4-9a6f-16142fde533a", "reference": "STRING",
                "phone_number": "+447900900123", "type": "sms", "status": "{status}",
                "template": {{"version": 1, "id": "f33517ff-2a88-4f6e-b855-c550268ce08a", "uri": "/v2/template/1/1"}},
                "body": "STRING", "created_at": "STRING", "sent_at": "STRING", "completed_at": "STRING"}}],
              "links": {{"current": "/notifications?template_type=sms&status=delivered"}}}}"#
        )
    };
    let (none, new) = (r#"{"notifications": [], "links": {}}"#, r#"{"id": "new"}"#);
    let look = "GET /v2/notifications?reference=alert-7-1780000000123000";
    for (found, status, id, requests) in [
        (list("sending"), 200, "740e5834-3a29-46b4-9a6f-16142fde533a", 1),
        (list("permanent-failure"), 200, "740e5834-3a29-46b4-9a6f-16142fde533a", 1),
        (list("technical-failure"), 200, "new", 2),
        (none.into(), 200, "new", 2),
        ("?".into(), 500, "new", 2),
    ] {
        let recorder = Recorder::start(&[(status, &found), (201, new)]).await;
        let provider_ref = Some(id.into());
        assert_eq!(provider(notify(&recorder.url)).send(&repeat).await, Sent::Accepted { provider_ref });
        let asked = recorder.asked();
        assert_eq!((asked.len(), asked[0].line.as_str()), (requests, look), "{found}");
    }
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_not_sent_again() {
    let phones = Phones::serving(testing::telephone("", ""), None).await;
    let provider = provider(notify(&phones.url));
    phones.order(&FaultOrder { mode: Fault::Cut, times: Some(1), ..FaultOrder::default() }).await;
    assert_eq!(provider.send(&message()).await, Sent::Retry { reason: "transport".into() });
    let repeat = Message { is_repeat: true, ..message() };
    let Sent::Accepted { provider_ref } = provider.send(&repeat).await else { panic!("it was taken") };
    assert_eq!(provider_ref.as_deref(), Some("00000000-0000-4000-8000-000000000001"));
    assert_eq!(phones.messages().await.len(), 1);
}

#[tokio::test]
async fn a_service_that_is_not_let_in_is_tried_again_and_so_is_the_other_clock() {
    let denied =
        r#"{"status_code":403,"errors":[{"error":"AuthError","message":"Error: Your system clock"}]}"#;
    let recorder = Recorder::start(&[(403, denied), (201, r#"{"id":"new"}"#)]).await;
    // The steady clock is an hour ahead of the wall clock.
    let apart = Clock::real().not_before(Clock::real().wall().plus_ms(3_600_000));
    let provider = Notify::new(Channel::Sms, client(), apart, notify(&recorder.url)).unwrap();
    assert_eq!(provider.send(&message()).await, Sent::Accepted { provider_ref: Some("new".into()) });
    let times: Vec<i64> =
        recorder.asked().iter().map(|asked| issued_at(asked.header("authorization"))).collect();
    assert!((3_599..=3_601).contains(&(times[1] - times[0])), "{times:?}");

    let phones = Phones::serving(testing::telephone("", ""), None).await;
    let other = "name-26785a09-ab16-4eb0-8407-a37497a57506-00000000-0000-4000-8000-000000000000";
    let api_key = NotifyKey::read(&Secret::new(other)).unwrap();
    let stranger = self::provider(GovukNotify { api_key, ..notify(&phones.url) });
    assert_eq!(stranger.send(&message()).await, Sent::Retry { reason: "AuthError".into() });
    assert_eq!(phones.messages().await, []);
}

/// The time in a token.
fn issued_at(authorization: &str) -> i64 {
    let claims = authorization.split('.').nth(1).unwrap();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap()["iat"].as_i64().unwrap()
}
