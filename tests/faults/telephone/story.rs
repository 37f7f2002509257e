//! The whole line, from a wearer in the zone to the keys of a phone, on a clock that runs faster.

use std::{sync::Arc, time::Duration};

use cordon::{
    clock::Clock,
    domain::{Book, Handling, Happening, Incident, IncidentKind, TagId, Timestamp},
    sandbox::{
        broker::{self, Accounts, Broker},
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

/// Somebody goes into a zone; the person protected from them has a phone, and does something whenever it rings.
struct Scene {
    house: House,
    broker: Box<dyn Broker>,
}

impl Scene {
    async fn begins(does: Does) -> Self {
        let tag: TagId = "sim/tag-1".parse().unwrap();
        let epoch = wall_now_ms();
        let clock = Clock::scaled(Timestamp::from_ms(epoch), SPEED);
        let accounts = Accounts::default().with_tag(&tag, fleet::PASSWORD).with_service(SERVICE.0, SERVICE.1);
        let broker = broker::start(broker::Settings { port: 0, accounts }).await.unwrap();
        let source = house::source(broker.addr());
        let house = House::reaching(telephone, source, Arc::new(MemoryStore::default()), clock).await;
        let opens_pages = matches!(does, Does::Answers { page: Some(_), .. });
        let browser = match opens_pages {
            true => Some(house.phones.subscription(PERSON).await),
            false => None,
        };
        house.publish(books(browser)).await;
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
        Self { house, broker }
    }

    /// The violation, once its story has this answer.
    async fn answered(&self, given: &str) -> Incident {
        until("she has answered", SOON, async || {
            let incident = incident(&self.house, IncidentKind::Violation).await?;
            let is_it =
                |what: &Happening| matches!(what, Happening::Answered { answer, .. } if answer == given);
            incident.timeline.iter().any(|entry| is_it(&entry.what)).then_some(incident)
        })
        .await
    }

    /// Two minutes later: how much has come to her phone.
    async fn rings(&self) -> usize {
        self.house.running.clock.wait_ms(120_000).await;
        hers(&self.house).await.len()
    }

    async fn ends(self) {
        self.house.running.stop().await.unwrap();
        self.broker.stop().await;
    }
}

fn keys(keys: &str) -> Does {
    Does::Answers { text: None, keys: Some(keys.into()), page: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_go_unanswered_the_call_rings_and_2_shows_help_and_nothing_of_hers_rings_again() {
    let scene = Scene::begins(keys("92")).await;
    let incident = scene.answered("help").await;
    assert_eq!(incident.handling, Handling::Raised);
    let ways: Vec<Via> = hers(&scene.house).await.iter().map(|message| message.via).collect();
    assert_eq!(ways, [Via::Notify, Via::Twilio, Via::Call]);
    until("the call is over", SOON, async || {
        let call = hers(&scene.house).await.remove(2);
        (call.call == Some(CallState::Completed) && call.text.starts_with("Thank you.")).then_some(())
    })
    .await;
    assert_eq!(scene.rings().await, 3, "nothing of hers rings any more");
    scene.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duress_key_sounds_like_1_and_calls_for_help_unheard() {
    let scene = Scene::begins(keys("97")).await;
    scene.answered("safe").await;
    until("she is thanked", SOON, async || {
        let call = hers(&scene.house).await.remove(2);
        call.text.starts_with("Thank you.").then_some(())
    })
    .await;
    assert!(incident(&scene.house, IncidentKind::Duress).await.is_some());
    assert_eq!(scene.rings().await, 3, "nothing rings that could betray her");
    scene.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_on_the_page_that_a_message_opens_is_one_and_a_duress_word_there_is_heard() {
    for (word, kind) in [("2", IncidentKind::Violation), ("Marigold", IncidentKind::Duress)] {
        let does = Does::Answers { text: None, keys: None, page: Some(word.into()) };
        let scene = Scene::begins(does).await;
        scene.answered(if word == "2" { "help" } else { "safe" }).await;
        assert!(incident(&scene.house, kind).await.is_some());
        let ways: Vec<Via> = hers(&scene.house).await.iter().map(|message| message.via).collect();
        assert_eq!(ways, [Via::Push], "she has answered before a text was sent");
        assert_eq!(scene.rings().await, 1);
        scene.ends().await;
    }
}

async fn incident(house: &House, kind: IncidentKind) -> Option<Incident> {
    let (incidents, _) = stored(house.store.as_ref()).await;
    incidents.into_iter().find(|incident| incident.kind == kind)
}

async fn hers(house: &House) -> Vec<Shown> {
    let mut shown = house.phones.received().await;
    shown.retain(|message| message.address == PERSON);
    shown
}

/// The rulebook of one zone, in which her browser is told, then she is texted by one supplier, by the other, and called.
fn books(browser: Option<String>) -> Vec<Book> {
    let books = rulebook().into_iter().map(|book| {
        let mut book = serde_json::to_value(book).unwrap();
        if let Some(unit) = book.get_mut("unit") {
            unit["policy"][0]["protected"] = json!([{"channel": "push", "wait_s": 30},
                {"channel": "sms", "wait_s": 30}, {"channel": "second_sms", "wait_s": 30}, {"channel": "voice", "wait_s": 60}]);
        }
        if let Some(person) = book.get_mut("person") {
            person["contact"] =
                json!([{"channel": "sms", "address": PERSON}, {"channel": "voice", "address": PERSON}]);
            let push = browser.as_ref().map(|address| json!({"channel": "push", "address": address}));
            person["contact"].as_array_mut().unwrap().extend(push);
            person["plan"] = json!({"duress_word": "marigold", "duress_key": "7"});
        }
        serde_json::from_value(book).unwrap()
    });
    books.collect()
}
