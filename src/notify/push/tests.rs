//! Against the push service of the phones, which knows the standards and nothing of this adapter, and against plain
//! listeners for what it would not answer.

use axum::{Router, http::HeaderMap, response::IntoResponse, routing};
use serde_json::json;
use tokio::{net::TcpListener, sync::mpsc};

use super::*;
use crate::notify::testing;
use crate::{
    domain::{IncidentId, Language},
    sandbox::phones::{
        Fault, FaultOrder, Via,
        testing::{Phones, client, push as settings},
    },
};

const ADA: &str = "+447700900001";

fn push(settings: &Settings) -> Push {
    Push::new(client(), settings, Clock::real()).unwrap()
}

fn message(to: &str, class: MessageClass) -> Message {
    Message { to: to.into(), class, ..testing::message() }
}

#[tokio::test]
async fn a_browser_shows_what_was_sent_and_it_opens_the_page_for_an_answer() {
    let (phones, settings) = (Phones::start(None).await, settings());
    let to = phones.subscription(ADA).await;
    let sent = push(&settings).send(&message(&to, MessageClass::Danger)).await;
    assert_eq!(sent, Sent::Accepted { provider_ref: Some("p1".into()) });
    let shown = phones.messages().await.remove(0);
    assert_eq!((shown.via, shown.address.as_str()), (Via::Push, ADA));
    let notification = shown.notification().unwrap();
    assert_eq!(notification.title, "Ref 7042");
    assert_eq!(notification.body, "Please look at your messages now.");
    assert_eq!((notification.tag.as_str(), notification.require_interaction), ("7042", true));
    let token = notification.navigate.strip_prefix("/answer/").unwrap();
    let answering = Links::new(&PushKey::read(&settings.key).unwrap()).answering(token).unwrap();
    assert_eq!(answering.alert.0, 7);
    assert_eq!(answering.incident, IncidentId(12));
    assert_eq!(answering.raised_at.as_us(), 1_780_000_000_123_000);

    assert!(!notification.silent);
    let silent = Message { silent: true, ..message(&to, MessageClass::Danger) };
    push(&settings).send(&silent).await;
    assert!(phones.messages().await.remove(1).notification().unwrap().silent);

    let calm = Message {
        class: MessageClass::AllClear,
        language: Language::Welsh,
        ..message(&to, MessageClass::Test)
    };
    push(&settings).send(&calm).await;
    let notification = phones.messages().await.remove(2).notification().unwrap();
    assert_eq!((notification.title.as_str(), notification.require_interaction), ("Cyf 7042", false));
    assert_eq!(notification.body, "Dim i'w wneud: popeth fel arfer.");
}

#[tokio::test]
async fn each_answer_of_a_push_service_has_its_meaning() {
    let phones = Phones::start(None).await;
    let to = phones.subscription(ADA).await;
    let (push, message) = (push(&settings()), message(&to, MessageClass::Danger));
    let busy = |pause_ms| Sent::Busy { reason: "http_429".into(), pause_ms };
    for (mode, retry_after_s, expected) in [
        (Fault::Error, None, Sent::Retry { reason: "http_500".into() }),
        (Fault::Unavailable, None, Sent::Retry { reason: "http_503".into() }),
        (Fault::Busy, None, busy(None)),
        (Fault::Busy, Some(3), busy(Some(3_000))),
        (Fault::Refuse, None, Sent::NoSuchAddress { reason: "gone".into() }),
        (Fault::Reset, None, Sent::Retry { reason: "transport".into() }),
    ] {
        phones.order(&FaultOrder { mode, retry_after_s, ..FaultOrder::default() }).await;
        assert_eq!(push.send(&message).await, expected, "{mode:?}");
    }
    assert_eq!(phones.messages().await, []);
}

/// A push service that answers with a status, and hands out what it was sent.
async fn service(status: u16) -> (String, mpsc::UnboundedReceiver<(HeaderMap, usize)>) {
    let (sender, received) = mpsc::unbounded_channel();
    let answer = move |headers: HeaderMap, body: axum::body::Bytes| {
        sender.send((headers, body.len())).unwrap();
        std::future::ready(StatusCode::from_u16(status).unwrap().into_response())
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/s/1", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(routing::post(answer))).await });
    (url, received)
}

fn subscription(endpoint: &str) -> String {
    // The keys of RFC 8291, appendix A.
    let p256dh = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    json!({"endpoint": endpoint, "expirationTime": null, "keys": {"p256dh": p256dh, "auth": "BTBZMqHH6r4Tts7J_aSIgg"}})
        .to_string()
}

#[tokio::test]
async fn every_message_is_as_long_as_any_other_and_says_how_urgent_it_is() {
    let (url, mut received) = service(201).await;
    let (push, to) = (push(&settings()), subscription(&url));
    let mut lengths = Vec::new();
    for (class, urgency) in [
        (MessageClass::Danger, "high"),
        (MessageClass::Card, "high"),
        (MessageClass::Weak, "normal"),
        (MessageClass::AllClear, "normal"),
        (MessageClass::Test, "normal"),
    ] {
        for language in Language::ALL {
            let sent = push.send(&Message { language, ..message(&to, class) }).await;
            assert_eq!(sent, Sent::Accepted { provider_ref: None });
            let (headers, length) = received.recv().await.unwrap();
            lengths.push(length);
            for (name, value) in [
                ("ttl", "60"),
                ("urgency", urgency),
                ("topic", "7042"),
                ("content-encoding", "aes128gcm"),
                ("content-type", "application/octet-stream"),
            ] {
                assert_eq!(headers[name], value, "{class:?}");
            }
        }
    }
    assert!(lengths.iter().all(|length| *length == lengths[0]), "{lengths:?}");
    assert!(lengths[0] <= 4_096);
}

#[tokio::test]
async fn that_our_proof_is_not_believed_says_nothing_about_the_address() {
    for (status, expected) in [
        (401, Sent::Retry { reason: "http_401".into() }),
        (403, Sent::Retry { reason: "http_403".into() }),
        (404, Sent::NoSuchAddress { reason: "gone".into() }),
        (410, Sent::NoSuchAddress { reason: "gone".into() }),
        (413, Sent::Refused { reason: "too_large".into() }),
        (400, Sent::Refused { reason: "http_400".into() }),
        (307, Sent::Refused { reason: "http_307".into() }),
        (503, Sent::Retry { reason: "http_503".into() }),
    ] {
        let (url, _received) = service(status).await;
        let sent = push(&settings()).send(&message(&subscription(&url), MessageClass::Danger)).await;
        assert_eq!(sent, expected, "{status}");
    }
}

#[tokio::test]
async fn nothing_is_sent_to_what_is_no_subscription() {
    let push = push(&settings());
    for (to, reason) in [
        ("+447700900001".to_owned(), "no_subscription"),
        ("{}".into(), "no_subscription"),
        (subscription("http://push.example/1"), "not_https"),
        (subscription("ftp://127.0.0.1/1"), "invalid_url"),
        (subscription("x").replace("BCVx", "AAAA"), "no_browser_keys"),
    ] {
        let sent = push.send(&message(&to, MessageClass::Danger)).await;
        assert_eq!(sent, Sent::NoSuchAddress { reason: reason.into() }, "{to}");
    }
}
