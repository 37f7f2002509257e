use std::time::Duration;

use super::{ADA, House, asking};
use crate::{
    clock::Clock,
    domain::{AlertId, Timestamp},
    engine::{DeliveryReport, Refused, Told},
    notify::{Settings, signature},
    sandbox::phones::testing::{Phones, callback_secret, client, plain, sms_token},
    secret::Secret,
    sequencer::Arrival,
};

fn settings() -> Settings {
    Settings { sms: Some(plain(String::new())), ..Settings::default() }
}

async fn start(answer: Result<(), Refused>) -> House {
    House::start(&settings(), Clock::real(), answer).await
}

async fn post(url: &str, path: &str, secret: &Secret, late_s: i64, body: &str) -> (u16, String) {
    post_at(url, path, secret, now_s() - late_s, body).await
}

fn now_s() -> i64 {
    Clock::real().wall().as_ms() / 1_000
}

async fn post_at(url: &str, path: &str, secret: &Secret, at_s: i64, body: &str) -> (u16, String) {
    let request = client()
        .post(format!("{url}{path}"))
        .header(signature::TIMESTAMP_HEADER, at_s)
        .header(signature::SIGNATURE_HEADER, signature::sign(secret, at_s, body.as_bytes()))
        .body(body.to_owned());
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn a_reply_and_a_receipt_come_from_the_phone_to_the_engine() {
    let mut house = start(Ok(())).await;
    let phones = Phones::start(Some(house.url.clone())).await;
    assert_eq!(phones.reply(ADA, "3").await, 204);
    let expected = Told::Reply { from: ADA.into(), text: "3".into() };
    assert_eq!(house.told.recv().await, Some(expected));

    let message = serde_json::json!({ "to": ADA, "text": "x", "reference": "alert-7-1" });
    let request = client().post(format!("{}/sms", phones.url)).json(&message);
    request.bearer_auth(sms_token().expose()).send().await.unwrap();
    let (alert, raised_at) = (AlertId(7), Timestamp::from_us(1));
    let report = DeliveryReport::Delivered;
    assert_eq!(house.told.recv().await, Some(Told::Receipt { alert, raised_at, report }));
    assert_eq!(house.counted(), [0, 0, 0]);
}

#[tokio::test]
async fn what_is_forged_stale_or_malformed_never_reaches_the_engine() {
    let mut house = start(Ok(())).await;
    let (good, wrong) = (callback_secret(), Secret::new("wrong"));
    let reply = r#"{"from":"+447700900001","text":"1"}"#;
    let large = format!(r#"{{"from":"+447700900001","text":"{}"}}"#, "x".repeat(64 * 1024));
    let long = format!(r#"{{"from":"+447700900001","text":"{}"}}"#, "x".repeat(1_601));
    let (replies, receipts) = ("/hooks/sms/reply", "/hooks/sms/receipt");
    for (path, secret, late_s, body, status, says) in [
        (replies, &wrong, 0, reply, 401, "shared secret"),
        (replies, &good, 301, reply, 401, "set the clock"),
        (replies, &good, -302, reply, 401, "set the clock"),
        (replies, &good, 0, "{", 400, "send JSON such as"),
        (replies, &good, 0, r#"{"from":"ADA","text":"1"}"#, 400, "E.164"),
        (replies, &good, 0, r#"{"from":"+447700900001","text":" "}"#, 400, "1 to 1600"),
        (replies, &good, 0, &long, 400, "1 to 1600"),
        (replies, &good, 0, &large, 413, ""),
        (receipts, &good, 0, r#"{"key":"x","status":"delivered"}"#, 400, "reference"),
        (receipts, &good, 0, r#"{"key":"alert-7-1","status":"read"}"#, 400, "delivered"),
        (receipts, &wrong, 0, r#"{"key":"alert-7-1","status":"delivered"}"#, 401, "secret"),
    ] {
        let answer = post(&house.url, path, secret, late_s, body).await;
        assert_eq!(answer.0, status, "{path} {body:.60}: {}", answer.1);
        assert!(answer.1.contains(says), "{}", answer.1);
        assert!(!answer.1.contains("ADA"), "it repeats what it was sent: {}", answer.1);
    }
    let unsigned = client().post(format!("{}{replies}", house.url)).body(reply).send().await.unwrap();
    assert_eq!(unsigned.status().as_u16(), 401);
    assert!(house.is_silent(), "the engine was told");
    assert_eq!(house.counted(), [5, 0, 1]);
}

#[tokio::test]
async fn a_copy_is_refused_and_the_same_again_with_a_new_signature_is_not() {
    let mut house = start(Ok(())).await;
    let reply = r#"{"from":"+447700900001","text":"1"}"#;
    let path = "/hooks/sms/reply";
    let signed_s = now_s();
    assert_eq!(post_at(&house.url, path, &callback_secret(), signed_s, reply).await.0, 200);
    let copy = post_at(&house.url, path, &callback_secret(), signed_s, reply).await;
    assert_eq!(copy.0, 409, "{}", copy.1);
    assert_eq!(post_at(&house.url, path, &callback_secret(), signed_s - 40, reply).await.0, 200);
    assert_eq!(house.counted(), [0, 1, 0]);
    let expected = Told::Reply { from: ADA.into(), text: "1".into() };
    assert_eq!([house.told.recv().await, house.told.recv().await], [Some(expected.clone()), Some(expected)]);
    assert!(house.is_silent(), "three times");
}

#[tokio::test]
async fn a_signature_is_fresh_by_the_wall_clock_or_by_the_steady_one() {
    let ahead = Clock::real().not_before(Clock::real().wall().plus_ms(3_600_000));
    let mut house = House::start(&settings(), ahead, Ok(())).await;
    let reply = r#"{"from":"+447700900001","text":"1"}"#;
    for (late_s, status) in [(0, 200), (-3_600, 200), (-1_800, 401), (3_600, 401)] {
        let answer = post(&house.url, "/hooks/sms/reply", &callback_secret(), late_s, reply).await;
        assert_eq!(answer.0, status, "{late_s}: {}", answer.1);
        assert_eq!(!house.is_silent(), status == 200);
    }
}

#[tokio::test]
async fn a_receipt_of_failure_is_a_refusal_and_an_answer_without_effect_is_no_error() {
    let mut house = start(Err(Refused::UnexpectedReply)).await;
    let body = r#"{"key":"alert-7-1","status":"failed"}"#;
    let answer = post(&house.url, "/hooks/sms/receipt", &callback_secret(), 0, body).await;
    assert_eq!(answer.0, 200);
    assert!(answer.1.starts_with(r#"{"taken":false,"reason":"nobody waits"#), "{}", answer.1);
    let (alert, raised_at) = (AlertId(7), Timestamp::from_us(1));
    let report = DeliveryReport::Refused("receipt_failed".into());
    let next = tokio::time::timeout(Duration::from_secs(5), house.told.recv()).await.unwrap();
    assert_eq!(next, Some(Told::Receipt { alert, raised_at, report }));
    assert_eq!(house.counted(), [0, 0, 0]);
}

#[tokio::test]
async fn a_receipt_for_an_alert_that_nobody_knows_is_answered_and_counted() {
    let house = start(Err(Refused::NoSuchAlert(AlertId(7)))).await;
    let body = r#"{"key":"alert-7-1","status":"delivered"}"#;
    let answer = post(&house.url, "/hooks/sms/receipt", &callback_secret(), 0, body).await;
    assert_eq!(answer.0, 200);
    assert!(answer.1.starts_with(r#"{"taken":false,"reason":"there is no alert 7"#), "{}", answer.1);
    assert_eq!(house.counted(), [0, 0, 1]);
}

#[tokio::test]
async fn a_stopping_service_asks_for_another_try() {
    let (url, arrivals) = asking(&settings()).await;
    drop(arrivals);
    let body = r#"{"from":"+447700900001","text":"1"}"#;
    for _ in 0..2 {
        let answer = post(&url, "/hooks/sms/reply", &callback_secret(), 0, body).await;
        assert_eq!(answer.0, 503, "the same signature is good for another try");
    }
}

#[tokio::test]
async fn a_provider_that_hangs_up_has_told_the_engine_or_may_try_again() {
    let (url, mut arrivals) = asking(&settings()).await;
    let (body, path, signed_s) = (r#"{"from":"+447700900001","text":"1"}"#, "/hooks/sms/reply", now_s());
    let asking = tokio::spawn({
        let url = url.clone();
        async move { post_at(&url, path, &callback_secret(), signed_s, body).await }
    });
    let Some(Arrival::Told(_, Some(asked))) = arrivals.recv().await else { panic!("it was asked") };
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled(), "hung up");
    // The service cannot take it after all.
    drop((asked, arrivals));
    for _ in 0..2 {
        let answer = loop {
            let answer = post_at(&url, path, &callback_secret(), signed_s, body).await;
            if answer.0 != 409 {
                break answer;
            }
        };
        assert_eq!(answer.0, 503);
    }
}
