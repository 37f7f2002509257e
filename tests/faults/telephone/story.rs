//! The whole line, from a wearer in the zone to the keys of a phone, on a clock that runs faster.

use std::{sync::Arc, time::Duration};

use cordon::{
    clock::Clock,
    domain::{Book, Handling, Happening, Incident, IncidentKind, TagId, Timestamp},
    sandbox::{
        broker::{self, Accounts},
        phones::{CallState, Does, PersonOrder, Shown, Via},
    },
    store::MemoryStore,
};
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    track::{PingPlan, pings, read},
};
use serde_json::json;

use crate::{
    fleet::{self, Fleet},
    house::{self, House, SERVICE},
    one_zone::{PERSON, rulebook},
    outcome::stored,
    phones::telephone,
    wait::until,
};

const SPEED: f64 = 20.0;
const SOON: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread")]
async fn texts_go_unanswered_the_call_rings_and_2_shows_help_and_nothing_of_hers_rings_again() {
    let tag: TagId = "sim/tag-1".parse().unwrap();
    let epoch = wall_now_ms();
    let clock = Clock::scaled(Timestamp::from_ms(epoch), SPEED);
    let accounts = Accounts::default().with_tag(&tag, fleet::PASSWORD).with_service(SERVICE.0, SERVICE.1);
    let broker = broker::start(broker::Settings { port: 0, accounts }).await.unwrap();
    let source = house::source(broker.addr());
    let house = House::reaching(telephone, source, Arc::new(MemoryStore::default()), clock).await;
    house.publish(books()).await;
    let does = Does::Answers { text: None, keys: Some("92".into()), page: None };
    house.phones.person(&PersonOrder { address: Some(PERSON.into()), after_s: 5, does }).await;
    let here = read("t_s,lat,lon,accuracy_m\n0,54.0,3.0,5\n1,54.0,3.0,5").unwrap();
    let start_ms = house.running.clock.wall().as_ms();
    let plan = PingPlan { interval_s: 600, start_ms, boot: fleet::BOOT };
    let fleet = Fleet::start(
        broker.addr(),
        ScaledClock::new(epoch, SPEED).unwrap(),
        60,
        [(tag, pings(&here, &plan))],
    );
    fleet.acknowledged(SOON).await;
    let incident = until("she has answered", SOON, async || {
        let incident = violation(&house).await?;
        let answer =
            |what: &Happening| matches!(what, Happening::Answered { answer, .. } if answer == "help");
        incident.timeline.iter().any(|entry| answer(&entry.what)).then_some(incident)
    })
    .await;
    assert_eq!(incident.handling, Handling::Raised);
    let shown = hers(&house).await;
    let ways: Vec<Via> = shown.iter().map(|message| message.via).collect();
    assert_eq!(ways, [Via::Notify, Via::Twilio, Via::Call]);
    until("the call is over", SOON, async || {
        let call = hers(&house).await.remove(2);
        (call.call == Some(CallState::Completed) && call.text.starts_with("Thank you.")).then_some(())
    })
    .await;
    // Two minutes later.
    house.running.clock.wait_ms(120_000).await;
    assert_eq!(hers(&house).await.len(), 3, "nothing of hers rings any more");
    house.running.stop().await.unwrap();
    broker.stop().await;
}

async fn violation(house: &House) -> Option<Incident> {
    let (incidents, _) = stored(house.store.as_ref()).await;
    incidents.into_iter().find(|incident| incident.kind == IncidentKind::Violation)
}

async fn hers(house: &House) -> Vec<Shown> {
    let mut shown = house.phones.received().await;
    shown.retain(|message| message.address == PERSON);
    shown
}

/// The rulebook of one zone, in which she is texted by one supplier, by the other, and called.
fn books() -> Vec<Book> {
    let books = rulebook().into_iter().map(|book| {
        let mut book = serde_json::to_value(book).unwrap();
        if let Some(unit) = book.get_mut("unit") {
            unit["policy"][0]["protected"] = json!([{"channel": "sms", "wait_s": 30},
                {"channel": "second_sms", "wait_s": 30}, {"channel": "voice", "wait_s": 60}]);
        }
        if let Some(person) = book.get_mut("person") {
            person["contact"] =
                json!([{"channel": "sms", "address": PERSON}, {"channel": "voice", "address": PERSON}]);
        }
        serde_json::from_value(book).unwrap()
    });
    books.collect()
}
