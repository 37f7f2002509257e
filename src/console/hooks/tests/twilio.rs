use super::{ADA, House, asking, asking_by, delivered, message, picked_up, receipt};
use crate::{
    clock::Clock,
    domain::{AlertId, Channel},
    engine::{Refused, Told},
    notify::{
        self, Settings,
        twilio::{hook, signature},
    },
    sandbox::phones::{
        CallState, Does, PersonOrder,
        testing::{Phones, client, telephone, twilio},
    },
    secret::Secret,
    sequencer::Arrival,
};

const CORDON: &str = "https://cordon.example";
const ABOUT: [(&str, &str); 1] = [("key", "alert-7-1")];

fn settings() -> Settings {
    telephone("", CORDON)
}

async fn start(answer: Result<(), Refused>) -> House {
    House::start(&settings(), Clock::real(), answer).await
}

/// Posts a form as Twilio does: to the address that it was given, which leads to the house.
async fn post(house: &str, address: &str, fields: &[(&str, &str)]) -> (u16, String) {
    post_as(house, address, fields, &twilio("", CORDON).auth_token).await
}

async fn post_as(house: &str, address: &str, fields: &[(&str, &str)], token: &Secret) -> (u16, String) {
    let form: Vec<(String, String)> = fields.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    let signed = signature::sign(token, address, &form);
    let here = address.replace(CORDON, house);
    let request = client().post(here).header(signature::HEADER, signed).form(&form);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn door(channel: Channel, door: &str) -> String {
    hook(CORDON, channel, door, &ABOUT)
}

#[tokio::test]
async fn what_becomes_of_a_text_tells_the_engine_in_whatever_order_it_comes() {
    let mut house = start(Ok(())).await;
    let address = door(Channel::SecondSms, "receipt");
    for (status, code, told) in [
        ("delivered", None, Some(delivered())),
        ("sent", None, None),
        ("queued", None, None),
        ("delivered", None, Some(delivered())),
        ("undelivered", Some("30003"), Some(receipt("30003"))),
        ("failed", None, Some(receipt("failed"))),
        ("failed", Some("+447700900001"), Some(receipt("failed"))),
    ] {
        let mut form = vec![
            ("AccountSid", "AC00000000000000000000000000000001"),
            ("ApiVersion", "2010-04-01"),
            ("From", "+447700900999"),
            ("MessageSid", "SM1"),
            ("MessageStatus", status),
            ("SmsSid", "SM1"),
            ("SmsStatus", status),
            ("To", ADA),
        ];
        form.extend(code.map(|code| ("ErrorCode", code)));
        assert_eq!(post(&house.url, &address, &form).await.0, 200, "{status}");
        assert_eq!(house.told.try_recv().ok(), told, "{status}");
    }
    assert_eq!(house.counted(), [0, 0, 0]);
}

#[tokio::test]
async fn what_becomes_of_a_call_tells_the_engine_whether_somebody_was_reached() {
    let mut house = start(Ok(())).await;
    let address = door(Channel::Voice, "receipt");
    for (name, value, told) in [
        ("CallStatus", "initiated", None),
        ("CallStatus", "ringing", Some(delivered())),
        ("CallStatus", "in-progress", Some(picked_up())),
        ("CallStatus", "completed", Some(receipt("no_key"))),
        ("CallStatus", "no-answer", Some(receipt("no-answer"))),
        ("CallStatus", "busy", Some(receipt("busy"))),
        ("CallStatus", "failed", Some(receipt("failed"))),
        ("AnsweredBy", "machine_start", Some(receipt("machine"))),
        ("AnsweredBy", "fax", Some(receipt("machine"))),
        ("AnsweredBy", "human", None),
        ("AnsweredBy", "unknown", None),
    ] {
        let form = [("CallSid", "CA1"), (name, value), ("Direction", "outbound-api"), ("To", ADA)];
        assert_eq!(post(&house.url, &address, &form).await.0, 200, "{value}");
        assert_eq!(house.told.try_recv().ok(), told, "{value}");
    }
    assert_eq!(house.counted(), [0, 0, 0]);
}

#[tokio::test]
async fn a_text_is_answered_with_nothing_and_taken_once() {
    let mut house = start(Ok(())).await;
    let form =
        [("MessageSid", "SM1"), ("From", ADA), ("To", "+447700900999"), ("Body", "2"), ("NumMedia", "0")];
    let address = format!("{CORDON}/hooks/second_sms/reply");
    for told in [Some(Told::Reply { from: ADA.into(), text: "2".into() }), None] {
        let answer = post(&house.url, &address, &form).await;
        assert_eq!(answer, (200, r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#.into()));
        assert_eq!(house.told.try_recv().ok(), told);
    }
    assert_eq!(house.counted(), [0, 1, 0]);
}

#[tokio::test]
async fn what_is_forged_or_malformed_never_reaches_the_engine() {
    let mut house = start(Ok(())).await;
    let (good, wrong) = (twilio("", CORDON).auth_token, Secret::new("wrong"));
    let receipts = door(Channel::SecondSms, "receipt");
    let status = [("MessageStatus", "failed")];
    assert_eq!(post_as(&house.url, &receipts, &status, &wrong).await.0, 401);
    // Signed well, and for another alert.
    let form = [("MessageStatus".to_owned(), "failed".to_owned())];
    let signed = signature::sign(&good, &receipts, &form);
    let other = receipts.replace(CORDON, &house.url).replace("alert-7-1", "alert-8-1");
    let request = client().post(other).header(signature::HEADER, signed).form(&form);
    assert_eq!(request.send().await.unwrap().status().as_u16(), 401);
    let bare = client().post(receipts.replace(CORDON, &house.url)).form(&form);
    assert_eq!(bare.send().await.unwrap().status().as_u16(), 401);
    for (address, fields, expected) in [
        (receipts.as_str(), &[("SmsSid", "SM1")][..], 400),
        (&receipts.replace("alert-7-1", "order-7"), &status, 400),
        (&format!("{CORDON}/hooks/second_sms/reply"), &[("From", ADA), ("Body", "1")], 400),
        (&format!("{CORDON}/hooks/voice/keys?key=alert-7-1&lang=xx&say=QQ"), &[("Digits", "1")], 400),
        (&format!("{CORDON}/hooks/voice/keys?key=alert-7-1&lang=en&say=%21"), &[("Digits", "9")], 400),
    ] {
        assert_eq!(post(&house.url, address, fields).await.0, expected, "{address}");
    }
    assert!(house.is_silent(), "the engine was told");
    assert_eq!(house.counted(), [3, 0, 1]);
}

#[tokio::test]
async fn a_receipt_for_an_alert_that_nobody_knows_is_counted_and_not_sent_again() {
    let house = start(Err(Refused::NoSuchAlert(AlertId(7)))).await;
    let answer = post(&house.url, &door(Channel::Voice, "receipt"), &[("CallStatus", "busy")]).await;
    assert_eq!(answer.0, 200);
    assert_eq!(house.counted(), [0, 0, 1]);
}

/// The address of the keys, for a message in a language.
fn keys(language: &str) -> String {
    // "Plan A now. Press 1." in base64url.
    let say = "UGxhbiBBIG5vdy4gUHJlc3MgMS4";
    hook(CORDON, Channel::Voice, "keys", &[("key", "alert-7-1"), ("lang", language), ("say", say)])
}

#[tokio::test]
async fn a_key_is_an_answer_and_any_other_asks_to_hear_the_message() {
    let mut house = start(Ok(())).await;
    let press = |digit: &'static str, call: &'static str| {
        [("CallSid", call), ("To", ADA), ("From", "+447700900999"), ("Digits", digit)]
    };
    let heard = post(&house.url, &keys("en"), &press("9", "CA1")).await.1;
    assert_eq!(heard.matches("Plan A now. Press 1.").count(), 2, "{heard}");
    assert!(heard.contains(&keys("en").replace('&', "&amp;")), "the same keys again: {heard}");
    assert!(house.is_silent());
    for (language, thanks) in [("en", "Thank you."), ("cy", "Diolch.")] {
        let call = if language == "en" { "CA1" } else { "CA2" };
        let answer = post(&house.url, &keys(language), &press("2", call)).await.1;
        assert!(answer.contains(thanks) && answer.contains("<Hangup/>"), "{answer}");
        let told = Told::Reply { from: ADA.into(), text: "2".into() };
        assert_eq!(house.told.try_recv(), Ok(told));
    }
    // Sent again, since the first answer was lost on the way.
    assert!(post(&house.url, &keys("en"), &press("2", "CA1")).await.1.contains("Thank you."));
    assert!(house.is_silent());
    assert_eq!(house.counted(), [0, 1, 0]);
}

#[tokio::test]
async fn a_key_that_nobody_was_offered_is_put_to_the_engine_and_sounds_like_an_answer_if_it_is_one() {
    for (engine, says) in [(Ok(()), "Thank you."), (Err(Refused::UnexpectedReply), "Plan A now.")] {
        let mut house = start(engine).await;
        let answer = post(&house.url, &keys("en"), &[("CallSid", "CA1"), ("To", ADA), ("Digits", "7")]).await;
        assert!(answer.1.contains(says), "{answer:?}");
        assert_eq!(house.told.try_recv(), Ok(Told::Pressed { from: ADA.into(), key: "7".into() }));
        // What is no key at all asks nobody.
        let heard = post(&house.url, &keys("en"), &[("CallSid", "CA1"), ("To", ADA), ("Digits", "")]).await;
        assert!(heard.1.contains("Plan A now.") && house.is_silent());
    }
}

#[tokio::test]
async fn a_key_that_a_stopping_service_cannot_take_is_asked_for_again() {
    let (url, arrivals) = asking(&settings()).await;
    drop(arrivals);
    for _ in 0..2 {
        let answer = post(&url, &keys("en"), &[("CallSid", "CA1"), ("To", ADA), ("Digits", "2")]).await;
        assert!(answer.0 == 200 && answer.1.contains("Plan A now."), "{answer:?}");
    }
}

#[tokio::test]
async fn whoever_has_pressed_a_key_is_thanked_although_records_cannot_be_written() {
    let fast = Clock::scaled(Clock::real().wall(), 1_000.0);
    let (url, mut arrivals) = asking_by(fast, &settings()).await;
    let answer = post(&url, &keys("en"), &[("CallSid", "CA1"), ("To", ADA), ("Digits", "2")]).await;
    assert!(answer.0 == 200 && answer.1.contains("Thank you."), "{answer:?}");
    let Some(Arrival::Told(told, Some(_))) = arrivals.recv().await else { panic!("it is in the line") };
    assert_eq!(told, Told::Reply { from: ADA.into(), text: "2".into() });
}

/// A house whose providers are phones that report to it, and one message to Ada on a channel.
async fn sent(channel: Channel, person: PersonOrder) -> (House, Phones) {
    let house = House::reporting(|url| telephone("", url)).await;
    let phones = Phones::serving(telephone("", &house.url), Some(house.url.clone())).await;
    phones.person(&person).await;
    let providers = notify::providers(&telephone(&phones.url, &house.url), &Clock::real()).unwrap();
    let sent = providers.get(channel).unwrap().send(&message(ADA)).await;
    assert!(matches!(sent, notify::Sent::Accepted { .. }), "{sent:?}");
    (house, phones)
}

#[tokio::test]
async fn whoever_is_called_in_the_simulator_hears_the_message_and_answers() {
    let does = Does::Answers { text: None, keys: Some("92".into()), page: None };
    let (mut house, phones) = sent(Channel::Voice, PersonOrder { does, ..PersonOrder::default() }).await;
    let reply = Told::Reply { from: ADA.into(), text: "2".into() };
    for told in [delivered(), picked_up(), reply, receipt("no_key")] {
        assert_eq!(house.told.recv().await, Some(told));
    }
    let [call] = &phones.messages().await[..] else { panic!("one call") };
    assert_eq!(call.call, Some(CallState::Completed));
    assert!(call.text.starts_with("Thank you."), "{}", call.text);
    assert_eq!(house.counted(), [0, 0, 0]);
}

#[tokio::test]
async fn a_mailbox_and_a_busy_line_are_told_at_once() {
    let (mut house, _phones) =
        sent(Channel::Voice, PersonOrder { does: Does::Mailbox, ..PersonOrder::default() }).await;
    for told in [delivered(), picked_up(), receipt("machine")] {
        assert_eq!(house.told.recv().await, Some(told));
    }
    let (mut house, _phones) =
        sent(Channel::Voice, PersonOrder { does: Does::Busy, ..PersonOrder::default() }).await;
    assert_eq!(house.told.recv().await, Some(receipt("busy")));
}

#[tokio::test]
async fn a_text_in_the_simulator_is_delivered_and_answered() {
    let does = Does::Answers { text: Some("1".into()), keys: None, page: None };
    let (mut house, _phones) = sent(Channel::SecondSms, PersonOrder { does, ..PersonOrder::default() }).await;
    let mut told = [house.told.recv().await.unwrap(), house.told.recv().await.unwrap()];
    told.sort_by_key(|told| told.name());
    assert_eq!(told, [delivered(), Told::Reply { from: ADA.into(), text: "1".into() }]);
    assert_eq!(house.counted(), [0, 0, 0]);
}
