//! Receipts that are missing, late, doubled, out of order, for nothing or forged, and replies that come again: the whole
//! line over HTTP, on a clock that runs faster.

use std::{sync::Arc, time::Duration};

use cordon::{
    clock::Clock,
    domain::{AlertState, Book, Channel, IncidentKind, Recipient, TagId, Timestamp},
    notify::signature,
    sandbox::{
        broker::{self, Accounts},
        phones::{Fault, FaultOrder},
    },
    secret::Secret,
    store::{self, Store},
};
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    track::{PingPlan, pings, read},
};
use serde_json::{Value, json};

use crate::{
    fleet::{self, Fleet},
    house::{House, SERVICE},
    phones::CALLBACK_SECRET,
    report,
    wait::until,
};

/// How much faster than the wall.
const SPEED: f64 = 20.0;
const SOON: Duration = Duration::from_secs(30);
/// What a loaded machine may take away and add, milliseconds: three quarters of a real second, and two.
const SLACK_MS: [i64; 2] = [15_000, 40_000];

/// What the officer of each case does to receipts, and whether theirs comes in time.
const OFFICERS: [(Fault, bool); 8] = [
    (Fault::Ok, true),
    (Fault::ReceiptTwice, true),
    (Fault::ReceiptEarly, true),
    (Fault::ReceiptFailedAfter, true),
    (Fault::Lose, false),
    (Fault::ReceiptLate, false),
    (Fault::ReceiptUnknown, false),
    (Fault::ReceiptForged, false),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_text_without_a_good_receipt_is_not_waited_for() {
    let epoch = wall_now_ms();
    let clock = Clock::scaled(Timestamp::from_ms(epoch), SPEED);
    let folder = tempfile::tempdir().unwrap();
    let store = store::open(&format!("sqlite:{}", folder.path().join("cordon.db").display())).await.unwrap();
    let mut accounts = Accounts::default().with_service(SERVICE.0, SERVICE.1);
    for n in 0..OFFICERS.len() {
        accounts = accounts.with_tag(&tag(n), fleet::PASSWORD);
    }
    let broker = broker::start(broker::Settings { port: 0, accounts }).await.unwrap();
    let house = House::start(store, broker.addr(), clock).await;
    for (n, (mode, _)) in OFFICERS.into_iter().enumerate() {
        let address = Some(officer(n));
        let late_s = if mode == Fault::ReceiptLate { 40 } else { 0 };
        house.phones.order(&FaultOrder { mode, address, late_s, ..FaultOrder::default() }).await;
    }
    house.publish(rulebook(&house.phones.url)).await;
    let sent = (0..OFFICERS.len()).map(|n| {
        let here = read(&format!("t_s,lat,lon,accuracy_m\n0,{},3.0,5", latitude(n))).unwrap();
        let start_ms = house.running.clock.wall().as_ms();
        (tag(n), pings(&here, &PingPlan { interval_s: 600, start_ms, boot: fleet::BOOT }))
    });
    let fleet =
        Fleet::start(broker.addr(), ScaledClock::new(epoch, SPEED).unwrap(), 60, sent.collect::<Vec<_>>());
    fleet.acknowledged(SOON).await;
    let steps = until("every desk has been told", SOON, async || steps(house.store.as_ref()).await).await;
    for ((mode, in_time), (_, after_ms)) in OFFICERS.iter().zip(&steps) {
        let expected_ms = if *in_time { 120_000 } else { 20_000 };
        let good = (expected_ms - SLACK_MS[0]..expected_ms + SLACK_MS[1]).contains(after_ms);
        assert!(good, "{mode:?}: the next step after {after_ms} ms");
    }
    let delivered = |n: usize| steps[n].0 == AlertState::Delivered;
    let late = until("the late receipt is taken down", SOON, async || {
        let late = self::steps(house.store.as_ref()).await?[5].clone();
        (late.0 == AlertState::Delivered).then_some(late)
    });
    assert_eq!(late.await.1, steps[5].1, "and reopens nothing");
    assert!((0..4).all(delivered));
    assert!([4, 6, 7].into_iter().all(|n| !delivered(n)));

    let health = health(&house).await;
    assert_eq!(health["callbacks"], json!({"refused": 1, "replayed": 0, "unknown": 1}), "{health}");
    house.running.stop().await.unwrap();
    broker.stop().await;
    let next_step_ms: Vec<i64> = steps.iter().map(|(_, after_ms)| *after_ms).collect();
    report::shown(
        15,
        "receipts: good, twice, early, contradicted; lost, late, unknown, forged",
        json!(next_step_ms),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_reply_ends_nothing_and_is_counted() {
    let accounts = Accounts::default().with_service(SERVICE.0, SERVICE.1);
    let broker = broker::start(broker::Settings { port: 0, accounts }).await.unwrap();
    let house = House::start(Arc::new(store::MemoryStore::new()), broker.addr(), Clock::real()).await;
    let body = json!({"from": officer(0), "text": "1"}).to_string();
    let at_s = house.running.clock.wall().as_ms() / 1_000;
    let secret = Secret::new(CALLBACK_SECRET);
    let client = cordon::notify::http::client().unwrap();
    let mut answers = Vec::new();
    for _ in 0..3 {
        let request = client
            .post(format!("http://{}/hooks/sms/reply", house.running.address))
            .header(signature::TIMESTAMP_HEADER, at_s)
            .header(signature::SIGNATURE_HEADER, signature::sign(&secret, at_s, body.as_bytes()))
            .body(body.clone());
        answers.push(request.send().await.unwrap().status().as_u16());
    }
    assert_eq!(answers, [200, 409, 409]);
    let health = health(&house).await;
    assert_eq!(health["callbacks"], json!({"refused": 0, "replayed": 2, "unknown": 0}), "{health}");
    house.running.stop().await.unwrap();
    broker.stop().await;
    report::shown(15, "a signed reply that is sent again", json!({"refused": 2}));
}

async fn health(house: &House) -> Value {
    let client = cordon::notify::http::client().unwrap();
    let answer = client.get(format!("http://{}/health", house.running.address)).send().await.unwrap();
    answer.json().await.unwrap()
}

/// For each case: the state of the text to its officer, and how long after its acceptance the desk was told,
/// milliseconds; once all have been.
async fn steps(store: &dyn Store) -> Option<Vec<(AlertState, i64)>> {
    let mut steps = vec![None; OFFICERS.len()];
    for incident in store.incidents(cordon::domain::IncidentId(0), 1_000).await.unwrap() {
        if incident.kind != IncidentKind::Violation {
            continue;
        }
        let alerts = store.alerts_of(incident.id).await.unwrap();
        let of = |channel| {
            let is_it = move |recipient: &Recipient| matches!(recipient, Recipient::Staff(_));
            alerts.iter().find(move |alert| alert.channel == channel && is_it(&alert.recipient))
        };
        let (text, card) = (of(Channel::Sms)?, of(Channel::Webhook)?);
        let taken = store.attempts_of(text.id).await.unwrap();
        let n = (0..OFFICERS.len()).find(|n| officer(*n) == text.address)?;
        steps[n] = Some((text.state.clone(), card.raised_at.ms_since(taken.first()?.at)));
    }
    steps.into_iter().collect()
}

fn tag(n: usize) -> TagId {
    format!("sim/t-{n}").parse().unwrap()
}

fn officer(n: usize) -> String {
    format!("+4477009100{n:02}")
}

fn latitude(n: usize) -> String {
    format!("54.{n:02}")
}

fn rulebook(phones: &str) -> Vec<Book> {
    let desk = json!({"id": "desk", "name": "Desk",
        "contact": [{"channel": "webhook", "address": format!("{phones}/webhook/desk-1")}]});
    let to_desk = json!([{"to": "desk", "channel": "webhook", "wait_s": 3600}]);
    let numbers = 0..OFFICERS.len();
    let officers = numbers.clone().map(|n| {
        json!({"id": format!("officer-{n}"), "name": "Officer",
            "contact": [{"channel": "sms", "address": officer(n)}]})
    });
    let policies = numbers.clone().map(|n| {
        json!({"id": format!("policy-{n}"), "protected": [{"channel": "sms", "wait_s": 3600}],
            "danger": [{"to": format!("officer-{n}"), "channel": "sms", "wait_s": 120},
                {"to": "desk", "channel": "webhook", "wait_s": 3600}],
            "device": to_desk, "upkeep": to_desk})
    });
    let staff: Vec<Value> = officers.chain([desk]).collect();
    let mut books = vec![json!({"unit": {"id": "unit", "name": "Unit", "default_policy": "policy-0",
        "area": {"south": 53.0, "west": 2.0, "north": 55.0, "east": 4.0},
        "staff": staff, "policy": policies.collect::<Vec<_>>()}})];
    for n in numbers {
        let circle =
            json!({"circle": {"lat": latitude(n).parse::<f64>().unwrap(), "lon": 3.0, "radius_m": 200}});
        books.push(json!({"wearer": {"id": format!("w-{n}"), "unit": "unit", "name": "Wearer",
            "tag": [{"id": tag(n), "from": "2026-01-01T00:00:00Z"}]}}));
        books.push(json!({"person": {"id": format!("p-{n}"), "unit": "unit", "name": "Person",
            "contact": [{"channel": "sms", "address": format!("+4477009200{n:02}")}]}}));
        books.push(json!({"case": {"id": format!("c-{n}"), "unit": "unit", "wearer": format!("w-{n}"),
            "persons": [format!("p-{n}")], "risk": "high", "policy": format!("policy-{n}"),
            "basis": {"kind": "order", "from": "2026-01-01T00:00:00Z"},
            "zone": [{"id": format!("z-{n}"), "code": format!("ROSE-{n}"), "shape": circle}]}}));
    }
    books.into_iter().map(|book| serde_json::from_value(book).unwrap()).collect()
}
