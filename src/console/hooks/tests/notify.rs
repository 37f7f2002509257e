use serde_json::{Value, json};

use super::{ADA, House, delivered, receipt};
use crate::{
    clock::Clock,
    domain::AlertId,
    engine::{Refused, Told},
    sandbox::phones::testing::{Phones, client, notify, telephone},
};

const CORDON: &str = "https://cordon.example";

async fn start(answer: Result<(), Refused>) -> House {
    House::start(&telephone("", CORDON), Clock::real(), answer).await
}

async fn post(house: &House, door: &str, token: &str, body: &Value) -> u16 {
    let request = client().post(format!("{}/hooks/sms/{door}", house.url)).bearer_auth(token).json(body);
    request.send().await.unwrap().status().as_u16()
}

/// A receipt as Notify documents it.
fn documented(reference: &str, status: &str) -> Value {
    json!({
        "id": "740e5834-3a29-46b4-9a6f-16142fde533a",
        "reference": reference,
        "to": "07700912345",
        "status": status,
        "created_at": "2017-05-14T12:15:30.000000Z",
        "completed_at": "2017-05-14T12:15:30.000000Z",
        "sent_at": null,
        "notification_type": "sms",
        "template_id": "f33517ff-2a88-4f6e-b855-c550268ce08a",
        "template_version": 1,
    })
}

/// A text as Notify documents it.
fn text(id: &str, from: &str, message: &str) -> Value {
    json!({"id": id, "source_number": from, "destination_number": "07700987654", "message": message,
        "date_received": "2017-05-14T12:15:30.000000Z"})
}

#[tokio::test]
async fn receipts_tell_the_engine_in_whatever_order_they_come() {
    let mut house = start(Ok(())).await;
    let token = notify("").callback_token;
    let key = "alert-7-1";
    for (status, told) in [
        ("temporary-failure", Some(receipt("temporary-failure"))),
        ("delivered", Some(delivered())),
        ("delivered", Some(delivered())),
        ("permanent-failure", Some(receipt("permanent-failure"))),
        ("technical-failure", Some(receipt("technical-failure"))),
        ("sending", None),
        ("something-new", None),
    ] {
        assert_eq!(post(&house, "receipt", token.expose(), &documented(key, status)).await, 204, "{status}");
        assert_eq!(house.told.try_recv().ok(), told, "{status}");
    }
    assert_eq!(house.counted(), [0, 0, 0]);
}

#[tokio::test]
async fn texts_come_from_numbers_as_notify_writes_them_and_each_once() {
    let mut house = start(Ok(())).await;
    let token = notify("").callback_token;
    let told = |text: &str| Some(Told::Reply { from: ADA.into(), text: text.into() });
    for (id, from, message, status, expected) in [
        ("1", "447700900001", "2", 204, told("2")),
        ("1", "447700900001", "2", 204, None),
        ("2", "07700900001", "1", 204, told("1")),
        ("3", "+447700900001", "Marigold", 204, told("Marigold")),
        ("4", "GOVUK", "2", 400, None),
        ("5", "447700900001", " ", 400, None),
        (&"6".repeat(65), "447700900001", "2", 400, None),
    ] {
        assert_eq!(post(&house, "reply", token.expose(), &text(id, from, message)).await, status, "{from}");
        assert_eq!(house.told.try_recv().ok(), expected, "{from}");
    }
    assert_eq!(house.counted(), [0, 1, 0]);
}

#[tokio::test]
async fn what_is_forged_or_malformed_never_reaches_the_engine() {
    let mut house = start(Ok(())).await;
    let token = notify("").callback_token;
    let token = token.expose();
    for (door, token, body, status) in [
        ("receipt", "", documented("alert-7-1", "delivered"), 401),
        ("receipt", "not-the-token", documented("alert-7-1", "delivered"), 401),
        ("receipt", &token[1..], documented("alert-7-1", "delivered"), 401),
        ("reply", "not-the-token", text("1", "447700900001", "1"), 401),
        ("receipt", token, documented("order-7", "delivered"), 400),
        ("receipt", token, json!({"status": "delivered"}), 400),
        ("receipt", token, json!([]), 400),
        ("reply", token, json!({"id": "1"}), 400),
    ] {
        assert_eq!(post(&house, door, token, &body).await, status, "{door} {body}");
    }
    let bare =
        client().post(format!("{}/hooks/sms/receipt", house.url)).json(&documented("alert-7-1", "delivered"));
    assert_eq!(bare.send().await.unwrap().status().as_u16(), 401);
    assert!(house.is_silent(), "the engine was told");
    assert_eq!(house.counted(), [5, 0, 2]);
}

#[tokio::test]
async fn a_receipt_for_an_alert_that_nobody_knows_is_counted_and_not_sent_again() {
    let house = start(Err(Refused::NoSuchAlert(AlertId(7)))).await;
    let token = notify("").callback_token;
    assert_eq!(post(&house, "receipt", token.expose(), &documented("alert-7-1", "delivered")).await, 204);
    assert_eq!(house.counted(), [0, 0, 1]);
}

#[tokio::test]
async fn the_simulator_reports_the_same_way() {
    let mut house = start(Ok(())).await;
    let phones = Phones::serving(telephone("", CORDON), Some(house.url.clone())).await;
    assert_eq!(phones.reply(ADA, "3").await, 204);
    assert_eq!(house.told.recv().await, Some(Told::Reply { from: ADA.into(), text: "3".into() }));
    let provider = crate::notify::providers(&telephone(&phones.url, CORDON), &Clock::real()).unwrap();
    let sms = provider.get(crate::domain::Channel::Sms).unwrap();
    sms.send(&super::message(ADA)).await;
    assert_eq!(house.told.recv().await, Some(delivered()));
    assert_eq!(house.counted(), [0, 0, 0]);
}
