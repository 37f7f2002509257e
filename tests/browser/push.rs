//! A person's device, from the link that an officer makes to "help" on the officer's card.
//!
//! No push service of a browser's maker is to be reached here. Two things stand in for it: the subscription is that of the
//! phones, whose push service takes and decrypts the real message; and the browser is handed what they read through
//! DevTools, where its own push service would deliver it.

use std::{sync::Arc, time::Duration};

use cordon::{
    clock::Clock,
    domain::{Book, Channel, IncidentKind, PersonStep, TagId},
    sandbox::broker::{self, Accounts},
    store::MemoryStore,
};
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    track::{PingPlan, pings, read},
};
use serde_json::{Value, json};

use crate::{
    chromium::{Chromium, Session},
    fleet::{self, Fleet},
    house::{House, SERVICE},
    one_zone::{PERSON, rulebook},
    wait::until,
};

const SOON: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_enrolled_shows_what_is_pushed_and_help_reaches_the_officers_card() {
    let Some(mut chromium) = Chromium::start().await else { return };
    let tag: TagId = "sim/tag-1".parse().unwrap();
    let accounts = Accounts::default().with_tag(&tag, fleet::PASSWORD).with_service(SERVICE.0, SERVICE.1);
    let broker = broker::start(broker::Settings { port: 0, accounts }).await.unwrap();
    let house = House::start(Arc::new(MemoryStore::default()), broker.addr(), Clock::real()).await;
    house.publish(with_push(rulebook())).await;
    let origin = format!("http://{}", house.running.address);
    let (chromium, origin) = (&mut chromium, origin.as_str());

    let officer = sign_in(chromium, &house).await;
    let link = make_link(chromium, &officer, origin).await;
    let phone = chromium.page().await;
    chromium.tell(&phone, "Page.enable", json!({})).await;
    enrol(chromium, &phone, origin, &link, &house).await;
    let registration = registration_of(chromium, &phone, origin).await;
    let worker = chromium.worker(origin).await;

    // Somebody drives into the zone.
    let in_the_zone = read("t_s,lat,lon,accuracy_m\n0,54.0,3.0,5\n1,54.0,3.0,5").unwrap();
    let plan = PingPlan { interval_s: 1, start_ms: wall_now_ms(), boot: fleet::BOOT };
    let clock = ScaledClock::new(0, 1.0).unwrap();
    let fleet = Fleet::start(broker.addr(), clock, 5, [(tag, pings(&in_the_zone, &plan))]);
    fleet.acknowledged(SOON).await;
    let pushed = until("a push message came", SOON, async || {
        let received = house.phones.received().await;
        received.iter().find_map(|message| message.notification())
    })
    .await;
    let message = json!({"web_push": 8030, "notification": pushed});
    let shown = deliver(chromium, &phone, &worker, &registration, &message.to_string()).await;
    assert!(shown["title"].as_str().unwrap().starts_with("Ref "), "{shown}");
    assert_eq!(shown["body"], "Please look at your messages now.");
    assert_eq!(shown["requireInteraction"], true);

    let opened = tap(chromium, &worker).await;
    assert!(opened.starts_with(&format!("{origin}/answer/")), "{opened}");
    chromium.go(&phone, &opened).await;
    chromium.reads(&phone, "Please use plan A now.").await;
    chromium.look(&phone, "answer").await;
    chromium.press(&phone, "button[value='2']").await;
    chromium.reads(&phone, "We know that you need help").await;
    chromium.look(&phone, "answered").await;

    let incident = until("there is an incident", SOON, async || {
        let incidents = house.store.incidents(cordon::domain::IncidentId(0), 10).await.ok()?;
        incidents.into_iter().find(|incident| incident.kind == IncidentKind::Violation)
    })
    .await;
    chromium.go(&officer, &format!("{origin}/incidents/{}", incident.id)).await;
    chromium.reads(&officer, "2: needs help").await;

    leave(chromium, &phone).await;
    house.running.stop().await.unwrap();
    broker.stop().await;
}

/// The rulebook with a first step by push.
fn with_push(mut books: Vec<Book>) -> Vec<Book> {
    for book in &mut books {
        if let Book::Unit(unit) = book {
            let step = PersonStep { channel: Channel::Push, wait_s: 0, nominated: false };
            unit.policies[0].protected.insert(0, step);
        }
    }
    books
}

async fn sign_in(chromium: &mut Chromium, house: &House) -> Session {
    let page = chromium.page().await;
    let token = house.running.sign_in.issue(house.running.clock.real_us()).unwrap();
    chromium.go(&page, &token.link(house.running.address)).await;
    chromium.holds(&page, "location.pathname === '/who' && document.readyState === 'complete'").await;
    chromium.press(&page, "button.main").await;
    chromium.holds(&page, "location.pathname === '/' && document.readyState === 'complete'").await;
    page
}

async fn make_link(chromium: &mut Chromium, officer: &Session, origin: &str) -> String {
    chromium.go(officer, &format!("{origin}/enrolments")).await;
    chromium.look(officer, "enrolments").await;
    chromium.press(officer, "main form button.main").await;
    chromium.holds(officer, "document.querySelector('.link code') !== null").await;
    chromium.look(officer, "enrolments-made").await;
    let link = chromium.eval(officer, "document.querySelector('.link code').innerText").await;
    link.as_str().unwrap().to_owned()
}

/// First without a push service, which the page must say; then with the phones' subscription in its place.
async fn enrol(chromium: &mut Chromium, phone: &Session, origin: &str, link: &str, house: &House) {
    chromium.go(phone, link).await;
    chromium.look(phone, "enrol").await;
    let size = chromium.eval(phone, "new Blob([document.documentElement.outerHTML]).size").await;
    assert!(size.as_u64().unwrap() < 30_000, "{size}");
    let says = |when: &str| format!("document.querySelector('[data-when={when}]').hidden === false");
    chromium.browser("Browser.setPermission", permission(origin, "denied")).await;
    chromium.press(phone, "#enrol button").await;
    chromium.holds(phone, &says("denied")).await;

    chromium.browser("Browser.setPermission", permission(origin, "granted")).await;
    chromium.press(phone, "#enrol button").await;
    chromium.holds(phone, &says("failed")).await;
    chromium.look(phone, "enrol-failed").await;
    assert_eq!(chromium.eval(phone, "document.querySelector('#enrol button').disabled").await, false);

    let subscription = house.phones.subscription(PERSON).await;
    chromium
        .eval(phone, &format!("void (PushManager.prototype.subscribe = async () => ({subscription}))"))
        .await;
    chromium.press(phone, "#enrol button").await;
    chromium.holds(phone, &says("done")).await;
    chromium.look(phone, "enrol-done").await;
    assert_eq!(chromium.eval(phone, "location.pathname").await, "/enrol", "the link is out of the history");
    chromium.go(phone, link).await;
    chromium.reads(phone, "This link has been used").await;
    chromium.look(phone, "enrol-used").await;
}

fn permission(origin: &str, setting: &str) -> Value {
    json!({"permission": {"name": "notifications"}, "setting": setting, "origin": origin})
}

async fn registration_of(chromium: &mut Chromium, phone: &Session, origin: &str) -> Value {
    chromium.tell(phone, "ServiceWorker.enable", json!({})).await;
    let scope = format!("{origin}/");
    chromium
        .event("ServiceWorker.workerRegistrationUpdated", |params| {
            let mut all = params["registrations"].as_array().unwrap().iter();
            all.find(|one| one["scopeURL"] == scope).map(|one| one["registrationId"].clone())
        })
        .await
}

/// What the browser shows of a message. Looking before it is shown makes Chromium forget it, so the worker says when.
async fn deliver(
    chromium: &mut Chromium,
    phone: &Session,
    worker: &Session,
    registration: &Value,
    data: &str,
) -> Value {
    let watch = "void (self.shown = new Promise((done) => { \
        const show = registration.showNotification.bind(registration); \
        registration.showNotification = async (...all) => { await show(...all); done(true); }; }))";
    chromium.eval(worker, watch).await;
    let origin = chromium.eval(phone, "location.origin").await;
    let params = json!({"origin": origin, "registrationId": registration, "data": data});
    chromium.tell(phone, "ServiceWorker.deliverPushMessage", params).await;
    assert_eq!(chromium.eval(worker, "self.shown").await, true);
    let all = "registration.getNotifications().then((all) => all.map((it) => \
               ({title: it.title, body: it.body, tag: it.tag, requireInteraction: it.requireInteraction})))";
    let mut all = chromium.eval(worker, all).await;
    assert_eq!(all.as_array().unwrap().len(), 1, "{all}");
    all[0].take()
}

/// Taps what is shown: the worker's own handler says which page it opens. That a window opens takes a real finger.
async fn tap(chromium: &mut Chromium, worker: &Session) -> String {
    let tapped = "(async () => { \
        let opened = null; clients.openWindow = async (url) => { opened = url; return null; }; \
        const [notification] = await registration.getNotifications(); \
        dispatchEvent(new NotificationEvent('notificationclick', { notification })); \
        await new Promise((done) => setTimeout(done)); \
        return [opened, (await registration.getNotifications()).length]; })()";
    let said = chromium.eval(worker, tapped).await;
    assert_eq!(said[1], 0, "a tap puts it away");
    said[0].as_str().unwrap().to_owned()
}

/// "Exit this page" leaves at once and leaves no way back.
async fn leave(chromium: &mut Chromium, phone: &Session) {
    let before = chromium.eval(phone, "history.length").await;
    let elsewhere = chromium.eval(phone, "document.getElementById('exit').href").await;
    assert_eq!(elsewhere, "https://www.bbc.co.uk/weather");
    // Nothing outside is to be reached here: the same by way of an address that is.
    chromium.eval(phone, "void (document.getElementById('exit').href = '/page/style.css')").await;
    chromium.press(phone, "#exit").await;
    chromium.holds(phone, "location.pathname === '/page/style.css'").await;
    assert_eq!(chromium.eval(phone, "history.length").await, before);
}
