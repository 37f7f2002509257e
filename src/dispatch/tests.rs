//! Against the real phones over HTTP, in virtual time: a round is told when it is.

mod world;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::oneshot;

use crate::{
    clock::Clock,
    domain::{Alert, AlertId, Channel, Priority},
    engine::{DeliveryReport, ServiceReport},
    notify::{self, Message, Provider, Providers, Sent},
    sandbox::phones::{
        Fault, FaultOrder,
        testing::{client, sms_token},
    },
    store::{Admit, Attempt, Store},
};

use world::{ADA, World, accepted, retry, round};

#[tokio::test]
async fn an_alert_reaches_its_phone_and_a_card_its_desk_once_and_the_engine_knows() {
    let world = World::new().await;
    world.raise([world.sms(1), world.card(2)]).await;
    let seen: Arc<Mutex<Vec<i64>>> = Arc::default();
    let on_accepted = {
        let seen = Arc::clone(&seen);
        Arc::new(move |id: AlertId| seen.lock().unwrap().push(id.0))
    };
    let mut dispatch = world.dispatch_with("a", world.providers(), world.engine(), Some(on_accepted));
    for after_s in [0, 0, 40] {
        round(&world, &mut dispatch, after_s).await;
    }
    let mut shown: Vec<_> = world.phones.messages().await;
    shown.sort_by_key(|message| message.desk);
    assert_eq!(shown.len(), 2);
    assert_eq!((shown[0].address.as_str(), shown[0].repeats), (ADA, 0));
    assert_eq!(shown[0].text, notify::wording::body(&world.sms(1)));
    assert_eq!((shown[1].address.as_str(), shown[1].repeats), ("desk-1", 0));
    assert_eq!(shown[1].text, notify::wording::body(&world.card(2)));

    let mut told = world.told();
    told.sort_by_key(|(id, _)| *id);
    assert_eq!(told, [(1, DeliveryReport::Accepted), (2, DeliveryReport::Accepted)]);
    let attempt = &world.store.attempts_of(AlertId(1)).await.unwrap()[0];
    assert!(attempt.provider_ref.starts_with('m'), "{attempt:?}");
    seen.lock().unwrap().sort_unstable();
    assert_eq!(*seen.lock().unwrap(), [1, 2]);
}

#[tokio::test]
async fn a_failing_provider_is_tried_on_schedule_and_reported_once() {
    let world = World::new().await;
    world.raise([world.sms(1)]).await;
    world.phones.fault(Fault::Error, None).await;
    let mut dispatch = world.dispatch("a");
    let (mut tried_at_s, mut reported_at_s) = (Vec::new(), Vec::new());
    for after_s in 0..=80 {
        if after_s == 70 {
            world.phones.fault(Fault::Ok, None).await;
        }
        let (tries, reports) = (world.tries(1).await.len(), world.services.lock().unwrap().len());
        round(&world, &mut dispatch, after_s).await;
        if world.tries(1).await.len() > tries {
            tried_at_s.push(after_s);
        }
        if world.services.lock().unwrap().len() > reports {
            reported_at_s.push(after_s);
        }
    }
    assert_eq!(tried_at_s, [0, 2, 5, 10, 15, 45, 75]);
    assert_eq!(reported_at_s, [15, 75]);
    let report = |up, reason: &str| {
        let reason = reason.into();
        ServiceReport::Provider { channel: Channel::Sms, up, reason }
    };
    assert_eq!(*world.services.lock().unwrap(), [report(false, "told_to_fail"), report(true, "")]);
    assert_eq!(world.told(), [(1, DeliveryReport::Accepted)]);
    let mut expected: Vec<_> = (1..=6).map(|nth| retry(nth, "told_to_fail")).collect();
    expected.push(accepted(7));
    assert_eq!(world.tries(1).await, expected);
    assert_eq!(world.phones.messages().await.len(), 1);
}

#[tokio::test]
async fn a_provider_that_wants_a_pause_gets_it_and_the_engine_is_told_once_unless_it_is_short() {
    // What `Retry-After` says, when it is tried, and by when the engine knows that it must look for another way.
    for (retry_after_s, expected_s, told_at_s) in [
        (Some(3), vec![0, 3, 6, 9, 12], None),
        (Some(5), vec![0, 5, 10], None),
        (Some(6), vec![0, 6, 12], Some(0)),
        (Some(3_600), vec![0], Some(0)),
        (None, vec![0, 2, 5, 10], Some(2)),
    ] {
        let world = World::new().await;
        world.raise([world.sms(1)]).await;
        world.phones.order(&FaultOrder { mode: Fault::Busy, retry_after_s, ..FaultOrder::default() }).await;
        let mut dispatch = world.dispatch("a");
        let (mut tried_at_s, mut first_told_at_s) = (Vec::new(), None);
        // The answer takes a moment, and the pause begins after it.
        for after_ms in (0..14_000).step_by(250) {
            let before = world.tries(1).await.len();
            dispatch.round(world.start.plus_ms(after_ms)).await.unwrap();
            dispatch.settle().await;
            if world.tries(1).await.len() > before {
                tried_at_s.push(after_ms / 1_000);
            }
            if first_told_at_s.is_none() && !world.told().is_empty() {
                first_told_at_s = Some(after_ms / 1_000);
            }
        }
        assert_eq!((tried_at_s, first_told_at_s), (expected_s, told_at_s), "{retry_after_s:?}");
        assert!(world.told().len() <= 1, "{:?}", world.told());
    }
}

#[tokio::test]
async fn busy_is_tried_again_and_refused_is_not() {
    let world = World::new().await;
    let other = "+447700900002";
    world.raise([world.sms(1), Alert { address: other.into(), ..world.sms(2) }]).await;
    world.phones.fault(Fault::Busy, Some(ADA)).await;
    world.phones.fault(Fault::Refuse, Some(other)).await;
    let mut dispatch = world.dispatch("a");
    for after_s in [0, 2, 40] {
        round(&world, &mut dispatch, after_s).await;
    }
    assert_eq!(world.tries(1).await.len(), 3);
    assert_eq!(world.tries(1).await[0], retry(1, "told_to_be_busy"));
    assert_eq!(world.tries(2).await, [(1, "refused".into(), "unknown_number".into())]);
    assert_eq!(
        world.told().into_iter().filter(|(id, _)| *id == 2).collect::<Vec<_>>(),
        [(2, DeliveryReport::Refused("unknown_number".into()))]
    );
}

/// Providers whose client gives up early, so that a test need not wait ten seconds.
fn impatient(world: &World) -> Providers {
    let _ = client();
    let client = reqwest::Client::builder().timeout(Duration::from_millis(300)).no_proxy().build();
    let url = format!("{}/sms", world.phones.url).parse().unwrap();
    Providers::of([
        Arc::new(notify::Sms::new(Channel::Sms, client.unwrap(), url, sms_token())) as Arc<dyn Provider>
    ])
}

#[tokio::test]
async fn a_lost_answer_is_tried_again_with_the_same_key_and_shown_once() {
    let world = World::new().await;
    world.raise([world.sms(1)]).await;
    let mut dispatch = world.dispatch_with("a", impatient(&world), world.engine(), None);
    world.phones.fault(Fault::Timeout, None).await;
    round(&world, &mut dispatch, 0).await;
    assert_eq!(world.phones.messages().await, [], "taken by nobody");
    world.phones.fault(Fault::Lost, None).await;
    round(&world, &mut dispatch, 2).await;
    assert_eq!(world.phones.messages().await.len(), 1, "taken, but the answer is lost");
    world.phones.fault(Fault::Ok, None).await;
    round(&world, &mut dispatch, 5).await;
    assert_eq!(world.tries(1).await, [retry(1, "timeout"), retry(2, "timeout"), accepted(3)]);
    let shown = world.phones.messages().await;
    assert_eq!((shown.len(), shown[0].repeats), (1, 1));
}

#[tokio::test]
async fn nobody_listening_is_tried_again() {
    let world = World::new().await;
    // A port that was free a moment ago.
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    world.raise([Alert { address: format!("http://{free}/"), ..world.card(1) }]).await;
    round(&world, &mut world.dispatch("a"), 0).await;
    assert_eq!(world.tries(1).await, [retry(1, "connect")]);
}

/// Sends, and never learns what came of it.
struct Dying(Arc<dyn Provider>);

#[async_trait]
impl Provider for Dying {
    fn channel(&self) -> Channel {
        self.0.channel()
    }

    async fn send(&self, message: &Message) -> Sent {
        self.0.send(message).await;
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_kill_between_acceptance_and_commit_sends_again_and_shows_once() {
    let world = World::new().await;
    world.raise([world.sms(1)]).await;
    let sms = Arc::clone(world.providers().get(Channel::Sms).unwrap());
    let providers = Providers::of([Arc::new(Dying(sms)) as Arc<dyn Provider>]);
    let mut dying = world.dispatch_with("a", providers, world.engine(), None);
    dying.round(world.start).await.unwrap();
    while world.phones.messages().await.is_empty() {
        tokio::task::yield_now().await;
    }
    drop(dying);

    let mut next = world.dispatch("b");
    round(&world, &mut next, 29).await;
    assert_eq!(world.tries(1).await, [], "the dead one's lease still runs");
    round(&world, &mut next, 30).await;
    assert_eq!(world.told(), [(1, DeliveryReport::Accepted)]);
    let shown = world.phones.messages().await;
    assert_eq!((shown.len(), shown[0].repeats), (1, 1));
}

#[tokio::test]
async fn an_outcome_that_was_written_down_but_not_told_is_told_without_a_try() {
    let world = World::new().await;
    let other = "+447700900002";
    world.raise([world.sms(1), Alert { address: other.into(), ..world.sms(2) }]).await;
    world.phones.fault(Fault::Refuse, Some(other)).await;
    let mut dying = world.dispatch_with("a", world.providers(), World::dead_engine(), None);
    round(&world, &mut dying, 0).await;
    round(&world, &mut world.dispatch("b"), 30).await;
    let mut told = world.told();
    told.sort_by_key(|(id, _)| *id);
    let refused = DeliveryReport::Refused("unknown_number".into());
    assert_eq!(told, [(1, DeliveryReport::Accepted), (2, refused)]);
    let shown = world.phones.messages().await;
    assert_eq!((shown.len(), shown[0].repeats), (1, 0));
}

#[tokio::test]
async fn what_hangs_keeps_no_new_danger_waiting_on_its_channel_or_another() {
    let world = World::new().await;
    world.phones.fault(Fault::Timeout, None).await;
    world.phones.fault(Fault::Ok, Some(ADA)).await;
    world.phones.fault(Fault::Ok, Some("desk-1")).await;
    let phone = |id: i64| Alert { address: format!("+4477009{id:05}"), ..world.sms(id) };
    let desk = |id: i64| {
        let address = format!("{}/webhook/desk-{id}", world.phones.url);
        Alert { address, priority: Priority::P2, ..world.card(id) }
    };
    // Danger that has failed before, danger that has not, and upkeep: more than can be sent at once.
    world.raise((1_001..1_301).map(phone)).await;
    world.raise((2_001..2_301).map(desk)).await;
    for id in 1_001..1_201 {
        let due = world.start;
        let attempt = Attempt {
            alert: AlertId(id),
            nth: 1,
            at: world.start.plus_ms(-2_000),
            took_ms: 5,
            result: "retry".into(),
            reason: "timeout".into(),
            provider_ref: String::new(),
        };
        world.store.record_attempt(&attempt, Some(due), false).await.unwrap();
    }
    let mut dispatch = world.dispatch("a");
    dispatch.round(world.start).await.unwrap();
    let hanging = dispatch.in_flight.len();
    let new_danger = |id| Alert { raised_at: world.start.plus_ms(1), ..world.sms(id) };
    world.raise([new_danger(1), Alert { raised_at: world.start.plus_ms(1), ..world.card(2) }]).await;
    dispatch.round(world.start.plus_ms(10)).await.unwrap();
    let both = async {
        while world.told().len() < 2 {
            Clock::real().wait_ms(5).await;
        }
    };
    // What hangs does so for ten seconds.
    tokio::time::timeout(Duration::from_secs(8), both).await.expect("new danger waits for what hangs");
    let mut told = world.told();
    told.sort_by_key(|(id, _)| *id);
    assert_eq!(told, [(1, DeliveryReport::Accepted), (2, DeliveryReport::Accepted)]);
    assert_eq!(hanging, 96 + 100 + 64, "all that there is room for");
}

#[tokio::test]
async fn two_dispatchers_send_no_alert_twice() {
    let world = World::new().await;
    let phone = |id: i64| Alert { address: format!("+4477009{id:05}"), ..world.sms(id) };
    world.raise((1..=300).map(phone)).await;
    let (mut a, mut b) = (world.dispatch("a"), world.dispatch("b"));
    for _ in 0..3 {
        tokio::join!(round(&world, &mut a, 0), round(&world, &mut b, 0));
    }
    let shown = world.phones.messages().await;
    assert_eq!(shown.len(), 300);
    assert_eq!(shown.iter().map(|message| message.repeats).sum::<u32>(), 0);
    assert_eq!(world.told().len(), 300);
}

#[tokio::test]
async fn the_most_urgent_goes_first() {
    let world = World::new().await;
    let with = |id, priority, age_ms: i64| {
        let raised_at = world.start.plus_ms(-age_ms);
        Alert { priority, raised_at, ..world.sms(id) }
    };
    world
        .raise([
            with(1, Priority::P3, 9_000),
            with(2, Priority::P1, 10),
            with(3, Priority::P2, 5_000),
            with(4, Priority::P1, 20),
        ])
        .await;
    let mut dispatch = world.dispatch("a");
    dispatch.sends_max = [(Admit::All, 1); 3];
    for _ in 0..4 {
        round(&world, &mut dispatch, 0).await;
    }
    let order: Vec<i64> = world.told().iter().map(|(id, _)| *id).collect();
    assert_eq!(order, [4, 2, 3, 1]);
}

/// A provider with a bug.
struct Panicking;

#[async_trait]
impl Provider for Panicking {
    fn channel(&self) -> Channel {
        Channel::Webhook
    }

    async fn send(&self, _: &Message) -> Sent {
        panic!("a bug");
    }
}

#[tokio::test]
async fn a_panic_in_one_send_is_a_failed_try_and_the_others_go_out() {
    let world = World::new().await;
    world.raise([world.card(1), world.sms(2)]).await;
    let sms = Arc::clone(world.providers().get(Channel::Sms).unwrap());
    let providers = Providers::of([Arc::new(Panicking) as Arc<dyn Provider>, sms]);
    let mut dispatch = world.dispatch_with("a", providers, world.engine(), None);
    for after_s in [0, 2] {
        round(&world, &mut dispatch, after_s).await;
    }
    assert_eq!(world.tries(1).await, [retry(1, "provider_failed"), retry(2, "provider_failed")]);
    assert_eq!(world.told(), [(2, DeliveryReport::Accepted)]);
}

#[tokio::test]
async fn what_cannot_be_sent_at_all_is_refused_with_its_reason() {
    let world = World::new().await;
    let outside = Alert { address: "http://control.example/".into(), ..world.card(2) };
    world.raise([world.sms(1), outside]).await;
    let webhook = Arc::clone(world.providers().get(Channel::Webhook).unwrap());
    let mut dispatch = world.dispatch_with("a", Providers::of([webhook]), world.engine(), None);
    round(&world, &mut dispatch, 0).await;
    let mut told = world.told();
    told.sort_by_key(|(id, _)| *id);
    assert_eq!(
        told,
        [
            (1, DeliveryReport::Refused("no_provider".into())),
            (2, DeliveryReport::Refused("not_https".into()))
        ]
    );
}

#[tokio::test]
async fn the_loop_sends_when_called_and_when_stopped_waits_for_what_is_under_way() {
    let world = World::new().await;
    let (accepted, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let on_accepted = Arc::new(move |id: AlertId| accepted.send(id.0).unwrap());
    let mut dispatch = world.dispatch_with("a", world.providers(), world.engine(), Some(on_accepted));
    dispatch.sends_max = [(Admit::All, 2); 3];
    let wake = dispatch.waker();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(dispatch.run(async move { stopped.await.unwrap() }));

    world.raise((1..=20).map(|id| world.sms(id))).await;
    wake.wake();
    let mut ids = Vec::new();
    while ids.len() < 20 {
        ids.push(heard.recv().await.unwrap());
    }
    ids.sort_unstable();
    assert_eq!(ids, (1..=20).collect::<Vec<_>>());
    stop.send(()).unwrap();
    running.await.unwrap();
    assert_eq!(world.told().len(), 20, "every outcome was waited for");
    assert_eq!(world.phones.messages().await.len(), 20);
}

#[tokio::test]
async fn a_try_that_another_owner_wrote_down_is_no_obstacle() {
    let world = World::new().await;
    world.raise([world.sms(1)]).await;
    let attempt = Attempt {
        alert: AlertId(1),
        nth: 1,
        at: world.start,
        took_ms: 5,
        result: "retry".into(),
        reason: "timeout".into(),
        provider_ref: String::new(),
    };
    let due = world.start.plus_ms(2_000);
    world.store.record_attempt(&attempt, Some(due), false).await.unwrap();
    let mut dispatch = world.dispatch("b");
    round(&world, &mut dispatch, 1).await;
    assert_eq!(world.told(), []);
    round(&world, &mut dispatch, 2).await;
    assert_eq!(world.tries(1).await, [retry(1, "timeout"), accepted(2)]);
}
