//! Against the examples of Twilio's documentation, then against the simulator.

use super::{TwilioCalls, TwilioTexts};
use crate::{
    domain::{Channel, MessageClass},
    notify::{
        Message, Provider, Sent,
        settings::{Sender, Senders, TwilioCalls as Calls, TwilioTexts as Texts},
        testing::{Recorder, message},
    },
    sandbox::phones::{
        Fault, FaultOrder,
        testing::{self, Phones, client, twilio},
    },
};

const CORDON: &str = "https://cordon.example";
const FROM: &str = "+447700900999";

fn texts(url: &str) -> TwilioTexts {
    let settings =
        Texts { account: twilio(url, CORDON), sender: Sender::Number(FROM.into()), senders: Senders::new() };
    TwilioTexts::new(Channel::SecondSms, client(), settings).unwrap()
}

fn calls(url: &str) -> TwilioCalls {
    TwilioCalls::new(
        client(),
        Calls { account: twilio(url, CORDON), from: FROM.into(), senders: Senders::new() },
    )
    .unwrap()
}

/// A message that was asked for, as the documentation shows one.
fn listed(body: &str, status: &str, created: &str) -> String {
    serde_json::json!({
        "account_sid": "AC00000000000000000000000000000001", "api_version": "2010-04-01", "body": body,
        "date_created": created, "date_sent": created, "date_updated": created,
        "direction": "outbound-api", "error_code": null, "error_message": null, "from": FROM,
        "num_media": "0", "num_segments": "1", "price": null, "price_unit": null,
        "messaging_service_sid": null, "sid": "SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "status": status,
        "to": "+447700900001", "uri": "/2010-04-01/Accounts/AC1/Messages/SM1.json",
    })
    .to_string()
}

#[tokio::test]
async fn a_text_is_asked_for_as_documented() {
    let created = listed("Please use plan A now. Ref 7042", "queued", "Thu, 28 May 2026 20:26:40 +0000");
    let recorder = Recorder::start(&[(201, &created)]).await;
    let provider_ref = Some("SMaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".into());
    assert_eq!(texts(&recorder.url).send(&message()).await, Sent::Accepted { provider_ref });
    let [asked] = &recorder.asked()[..] else { panic!("asked once") };
    assert_eq!(asked.line, "POST /2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json");
    // printf 'AC00000000000000000000000000000001:twilio-auth-token' | base64
    let basic = "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTp0d2lsaW8tYXV0aC10b2tlbg==";
    assert_eq!(asked.header("authorization"), basic);
    assert_eq!(asked.header("content-type"), "application/x-www-form-urlencoded");
    let callback = "https://cordon.example/hooks/second_sms/receipt?key=alert-7-1780000000123000";
    let expected = [
        ("To", "+447700900001"),
        ("From", FROM),
        ("Body", "Please use plan A now. Ref 7042"),
        ("StatusCallback", callback),
        ("ValidityPeriod", "300"),
    ];
    assert_eq!(asked.form(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));

    let service = Sender::Service("MG00000000000000000000000000000001".into());
    let own = Senders::from([("choir".parse().unwrap(), Sender::Number("+447700900888".into()))]);
    let settings = Texts { account: twilio(&recorder.url, CORDON), sender: service, senders: own };
    let card = Message { class: MessageClass::Card, sender: Some("no-such".parse().unwrap()), ..message() };
    let texts = TwilioTexts::new(Channel::Sms, client(), settings).unwrap();
    texts.send(&card).await;
    texts.send(&Message { sender: Some("choir".parse().unwrap()), ..card }).await;
    assert_eq!(recorder.asked()[2].form()[1], ("From".into(), "+447700900888".into()));
    let form = recorder.asked()[1].form();
    assert_eq!(form[1], ("MessagingServiceSid".into(), "MG00000000000000000000000000000001".into()));
    assert!(!form.iter().any(|(name, _)| name == "ValidityPeriod" || name == "From"), "{form:?}");
}

#[tokio::test]
async fn every_kind_of_error_is_understood() {
    let unknown = |code: &str| Sent::NoSuchAddress { reason: code.into() };
    let retry = |code: &str| Sent::Retry { reason: code.into() };
    for (status, code, expected) in [
        (400, 21_211, unknown("21211")),
        (400, 21_614, unknown("21614")),
        (400, 21_610, unknown("21610")),
        (400, 21_606, Sent::Refused { reason: "21606".into() }),
        (404, 20_404, Sent::Refused { reason: "20404".into() }),
        (401, 20_003, retry("20003")),
        (403, 20_403, retry("20403")),
        (429, 20_429, Sent::Busy { reason: "20429".into(), pause_ms: None }),
        (500, 20_500, retry("20500")),
    ] {
        let answer = serde_json::json!({"code": code, "message": "The 'To' number is not a valid phone number.",
            "more_info": format!("https://www.twilio.com/docs/errors/{code}"), "status": status});
        let recorder = Recorder::start(&[(status, &answer.to_string())]).await;
        assert_eq!(texts(&recorder.url).send(&message()).await, expected, "{code}");
    }
}

#[tokio::test]
async fn a_repeat_looks_among_what_was_asked_for_since_the_alert_was_raised() {
    let repeat = Message { is_repeat: true, ..message() };
    // The alert was raised on 2026-05-28 at 20:26:40.
    let (now, before) = ("Thu, 28 May 2026 20:26:41 +0000", "Thu, 28 May 2026 20:26:30 +0000");
    let text = message().body;
    let prefixed = format!("Sent from your Twilio trial account - {text}");
    for (found, requests) in [
        (listed(&text, "sent", now), 1),
        (listed(&prefixed, "queued", now), 1),
        (listed(&text, "undelivered", now), 2),
        (listed(&text, "sent", before), 2),
        (listed("Another text. Ref 7042", "sent", now), 2),
        (listed(&text, "received", now).replace("outbound-api", "inbound"), 2),
    ] {
        let list = format!(r#"{{"page": 0, "page_size": 20, "messages": [{found}]}}"#);
        let recorder = Recorder::start(&[(200, &list), (201, r#"{"sid": "SMnew"}"#)]).await;
        assert!(matches!(texts(&recorder.url).send(&repeat).await, Sent::Accepted { .. }));
        let asked = recorder.asked();
        assert_eq!(asked.len(), requests, "{found}");
        assert!(
            asked[0].line.ends_with("/Messages.json?To=%2B447700900001&PageSize=20"),
            "{}",
            asked[0].line
        );
    }
}

#[tokio::test]
async fn a_call_is_asked_for_as_documented() {
    let recorder = Recorder::start(&[(201, r#"{"sid": "CA1", "status": "queued"}"#)]).await;
    let sent = calls(&recorder.url).send(&message()).await;
    assert_eq!(sent, Sent::Accepted { provider_ref: Some("CA1".into()) });
    let [asked] = &recorder.asked()[..] else { panic!("asked once") };
    assert_eq!(asked.line, "POST /2010-04-01/Accounts/AC00000000000000000000000000000001/Calls.json");
    let form = asked.form();
    let all = |name: &str| -> Vec<&str> {
        form.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    };
    let receipt = "https://cordon.example/hooks/voice/receipt?key=alert-7-1780000000123000";
    for (name, expected) in [
        ("To", &["+447700900001"][..]),
        ("From", &[FROM]),
        ("Timeout", &["25"]),
        ("StatusCallback", &[receipt]),
        ("StatusCallbackEvent", &["ringing", "answered", "completed"]),
        ("MachineDetection", &["Enable"]),
        ("AsyncAmd", &["true"]),
        ("AsyncAmdStatusCallback", &[receipt]),
        ("Url", &[]),
    ] {
        assert_eq!(all(name), expected, "{name}");
    }
    // Nothing but a greeting until somebody presses a key.
    let twiml = all("Twiml")[0];
    assert!(twiml.contains("press 9") && !twiml.contains("plan A"), "{twiml}");
    let keys =
        "action=\"https://cordon.example/hooks/voice/keys?key=alert-7-1780000000123000&amp;lang=en&amp;say=";
    assert!(twiml.contains(keys), "{twiml}");
}

#[tokio::test]
async fn what_was_taken_and_whose_answer_was_lost_is_not_asked_for_again() {
    let phones = Phones::serving(testing::telephone("", CORDON), None).await;
    // The simulator's clock is the real one.
    let raised_us = crate::clock::Clock::real().wall().as_us();
    let first = Message { idempotency_key: format!("alert-7-{raised_us}"), ..message() };
    let repeat = Message { is_repeat: true, ..first.clone() };
    let (texts, calls) = (texts(&phones.url), calls(&phones.url));
    for (provider, count) in [(&texts as &dyn Provider, 1), (&calls, 2)] {
        phones.order(&FaultOrder { mode: Fault::Cut, times: Some(1), ..FaultOrder::default() }).await;
        assert_eq!(provider.send(&first).await, Sent::Retry { reason: "transport".into() });
        assert!(matches!(provider.send(&repeat).await, Sent::Accepted { .. }));
        assert_eq!(phones.messages().await.len(), count);
    }
}
