//! Providers that fail, refuse, hang, lie or lose: somebody is told in time, and nothing ends without a person told.

#[path = "providers/receipts.rs"]
mod receipts;
#[path = "providers/world.rs"]
pub(crate) mod world;

use cordon::{
    domain::{Alert, AlertState, Channel, Happening, IncidentKind, Recipient, Timestamp},
    sandbox::phones::{Fault, FaultOrder, Shown},
    store::Attempt,
};
use serde_json::json;

use crate::report;
use world::{DESK, Violation, Way, World};

/// Violations in each mode: the text to each protected person and the first to staff are a hundred alerts.
fn violations() -> usize {
    if report::is_long() { 500 } else { 50 }
}

/// Milliseconds of the engine's time from the start of a violation.
pub(crate) fn after_ms(violation: &Violation, at: Timestamp) -> i64 {
    at.ms_since(violation.incident.raised_at)
}

fn to_person(violation: &Violation) -> &(Alert, Vec<Attempt>) {
    violation.alerts.iter().find(|(alert, _)| matches!(alert.recipient, Recipient::Person(_))).unwrap()
}

/// The first alert to staff on a channel.
fn first_on(violation: &Violation, channel: Channel) -> Option<&(Alert, Vec<Attempt>)> {
    let staff = |alert: &Alert| matches!(alert.recipient, Recipient::Staff(_)) && alert.channel == channel;
    violation.alerts.iter().find(|(alert, _)| staff(alert))
}

/// When it was said that the protected person is out of reach.
fn unreached_ms(violation: &Violation) -> Vec<i64> {
    let said =
        violation.incident.timeline.iter().filter(|entry| matches!(entry.what, Happening::Unreached { .. }));
    said.map(|entry| after_ms(violation, entry.at)).collect()
}

/// When a member of staff was first told, as far as a provider took it.
pub(crate) fn staff_told_ms(violation: &Violation) -> Option<i64> {
    let taken = |what: &Happening| {
        let Happening::Alert { recipient: Recipient::Staff(_), state, .. } = what else { return false };
        matches!(state, AlertState::Accepted | AlertState::Delivered)
    };
    let entry = violation.incident.timeline.iter().find(|entry| taken(&entry.what));
    entry.map(|entry| after_ms(violation, entry.at))
}

/// The longest pause between the end of a try and the next, of the tries in the first 20 seconds. A try takes real time,
/// which passes `speed` times as fast in the world.
pub(crate) fn longest_pause_ms((_, tries): &(Alert, Vec<Attempt>), speed: f64) -> i64 {
    let first = tries[0].at;
    let early = tries.windows(2).filter(|pair| pair[1].at.ms_since(first) < 20_000);
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "seconds")]
    let took_ms = |attempt: &Attempt| (attempt.took_ms as f64 * speed) as i64;
    early.map(|pair| pair[1].at.ms_since(pair[0].at) - took_ms(&pair[0])).max().unwrap_or(i64::MAX)
}

fn repeats(received: &[Shown]) -> u32 {
    received.iter().map(|message| message.repeats).sum()
}

/// One way in which a provider fails.
struct Mode {
    name: &'static str,
    fault: Fault,
    way: Way,
}

fn modes() -> Vec<Mode> {
    let of = |name, fault, way| Mode { name, fault, way };
    let hangs = || Way { speed: 60.0, ..Way::default() };
    // A port that nobody listens at.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = Way { sms_url: Some(format!("http://{free}/sms")), ..Way::default() };
    // A name that nobody may ever register (RFC 6761).
    let host = "provider.invalid";
    let unknown = Way { sms_url: Some(format!("https://{host}/send")), ..Way::default() };
    vec![
        of("500", Fault::Error, Way::default()),
        of("503", Fault::Unavailable, Way::default()),
        of("timeout", Fault::Timeout, hangs()),
        of("reset", Fault::Reset, Way::default()),
        of("connection refused", Fault::Ok, refused),
        of("no such name", Fault::Ok, unknown),
    ]
}

/// The order for every phone, and none for the desk.
async fn fail_texts(world: &World, order: FaultOrder) {
    world.order(order).await;
    world.order(FaultOrder { address: Some(DESK.into()), ..FaultOrder::default() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_sms_provider_keeps_nobody_waiting() {
    let count = violations();
    let mut figures = serde_json::Map::new();
    for mode in modes() {
        let mut world = World::new(count, &mode.way).await;
        fail_texts(&world, FaultOrder { mode: mode.fault, ..FaultOrder::default() }).await;
        world.violate(count).await;
        world.pass_to(60).await;
        let name = mode.name;
        let found = world.violations().await;
        assert_eq!(found.len(), count, "{name}");
        let (mut pause, mut other, mut human) = (0, 0, 0);
        for violation in &found {
            let hers = to_person(violation);
            assert!(hers.1.len() >= 2, "{name}: {:?}", hers.1);
            pause = pause.max(longest_pause_ms(hers, mode.way.speed));
            let (card, tries) = first_on(violation, Channel::Webhook).expect("another channel");
            other = other.max(after_ms(violation, tries[0].at));
            assert!(card.state != AlertState::Waiting, "{name}: {card:?}");
            human = human.max(staff_told_ms(violation).expect("a person was told"));
            // Never said twice, and the card says it, too.
            let unreached = unreached_ms(violation);
            assert!(matches!(unreached[..], [at] if at <= 20_000), "{name}: {unreached:?}");
            let cards = violation.alerts.iter().map(|(alert, _)| alert);
            let mut desk = cards.filter(|alert| alert.channel == Channel::Webhook && alert.state.is_open());
            assert!(desk.next_back().unwrap().summary.ends_with("call them"), "{name}");
            for (alert, _) in &violation.alerts {
                assert!(!matches!(alert.state, AlertState::Expired(_)), "{name}: {alert:?}");
            }
        }
        // The desk's own send takes a moment of real time, which the engine's times include.
        assert!(pause <= 5_000, "{name}: tried again after {pause} ms");
        assert!(other <= 21_000, "{name}: another channel after {other} ms");
        assert!(human <= 60_000, "{name}: a person after {human} ms");
        let of_provider = world.incidents(IncidentKind::ProviderFails);
        assert_eq!(of_provider.len(), 1, "{name}");
        assert!(of_provider[0].ongoing);
        figures.insert(
            name.into(),
            json!({"alerts": 2 * count, "next_try_ms": pause, "other_channel_ms": other, "human_ms": human}),
        );

        if mode.fault == Fault::Ok {
            continue;
        }
        // It recovers: every text arrives, once, and what was red is red no more.
        fail_texts(&world, FaultOrder::default()).await;
        world.pass_to(120).await;
        for violation in &world.violations().await {
            let hers = &to_person(violation).0;
            assert!(hers.state != AlertState::Waiting, "{name}: {hers:?}");
            assert!(violation.incident.escalations.iter().all(|escalation| !escalation.unreached));
        }
        assert!(!world.incidents(IncidentKind::ProviderFails)[0].ongoing, "{name}");
        assert_eq!(world.incidents(IncidentKind::ProviderFails).len(), 1, "{name}");
        let received = world.phones.received().await;
        assert!(received.iter().filter(|message| !message.desk).count() >= count, "{name}");
    }
    report::shown(13, "an SMS provider fails, and is back", figures.into());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_control_room_keeps_nobody_waiting() {
    let count = 2 * violations();
    let mut figures = serde_json::Map::new();
    for (name, fault) in [("500", Fault::Error), ("reset", Fault::Reset)] {
        let danger = vec!["webhook", "sms", "sms"];
        let mut world = World::new(count, &Way { danger, ..Way::default() }).await;
        world.order(FaultOrder { mode: fault, address: Some(DESK.into()), ..FaultOrder::default() }).await;
        world.violate(count).await;
        world.pass_to(60).await;
        let (mut pause, mut other) = (0, 0);
        for violation in &world.violations().await {
            pause = pause.max(longest_pause_ms(first_on(violation, Channel::Webhook).unwrap(), 1.0));
            let (text, tries) = first_on(violation, Channel::Sms).expect("another channel");
            assert!(text.state != AlertState::Waiting, "{name}: {text:?}");
            other = other.max(after_ms(violation, tries[0].at));
            assert_eq!(unreached_ms(violation), [0_i64; 0], "{name}");
        }
        assert!(pause <= 5_000 && other <= 21_000, "{name}: {pause} ms, {other} ms");
        assert_eq!(world.incidents(IncidentKind::ProviderFails).len(), 1, "{name}");
        figures
            .insert(name.into(), json!({"alerts": count, "next_try_ms": pause, "other_channel_ms": other}));
    }
    report::shown(13, "a control room's webhook fails", figures.into());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_provider_gets_a_short_pause_and_people_another_channel() {
    let count = violations();
    let mut figures = serde_json::Map::new();
    // What `Retry-After` says, and by when another channel is taken: at once, or when a text without a word about it has
    // failed a second time, or after 20 s of short pauses.
    for (retry_after_s, other_max_ms) in [(None, 6_000), (Some(3), 21_000), (Some(3_600), 3_000)] {
        let mut world = World::new(count, &Way::default()).await;
        fail_texts(&world, FaultOrder { mode: Fault::Busy, retry_after_s, ..FaultOrder::default() }).await;
        world.violate(count).await;
        world.pass_to(40).await;
        let mut other = 0;
        for violation in &world.violations().await {
            let (_, tries) = to_person(violation);
            let pauses: Vec<i64> =
                tries.windows(2).map(|pair| pair[1].at.ms_since(pair[0].at) / 1_000).collect();
            if let Some(asked_s) = retry_after_s {
                let granted_s = i64::from(asked_s).min(30);
                assert!(!pauses.is_empty(), "the tries go on");
                assert!(pauses.iter().all(|pause_s| *pause_s >= granted_s), "{pauses:?}");
            }
            if retry_after_s.is_none_or(|asked_s| asked_s <= 5) {
                assert!(pauses[0] <= 5, "{retry_after_s:?}: {pauses:?}");
            }
            let (card, tries) = first_on(violation, Channel::Webhook).expect("another channel");
            assert!(card.state != AlertState::Waiting);
            other = other.max(after_ms(violation, tries[0].at));
            assert_eq!(unreached_ms(violation).len(), 1);
        }
        assert!(other <= other_max_ms, "{retry_after_s:?}: another channel after {other} ms");
        assert_eq!(world.incidents(IncidentKind::ProviderFails).len(), 1);
        let name = retry_after_s.map_or("without".into(), |seconds| format!("{seconds} s"));
        figures.insert(name, json!({"alerts": 2 * count, "other_channel_ms": other}));
    }
    report::shown(14, "a provider answers 429; Retry-After", figures.into());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_costs_at_most_one_repeat_with_the_same_key_and_reference() {
    let count = violations();
    let mut figures = serde_json::Map::new();
    for (name, fault, speed) in [("cut", Fault::Cut, 1.0), ("never answered", Fault::Lost, 60.0)] {
        let mut world = World::new(count, &Way { speed, ..Way::default() }).await;
        // Every phone's first message: each has one of its own, but for the officer.
        for n in 0..count {
            let address = Some(format!("+44770092{n:04}"));
            world.order(FaultOrder { mode: fault, address, times: Some(1), ..FaultOrder::default() }).await;
        }
        world.violate(count).await;
        world.pass_to(19).await;
        let received = world.phones.received().await;
        for violation in &world.violations().await {
            let (alert, tries) = to_person(violation);
            assert_eq!(tries.len(), 2, "{name}: {tries:?}");
            assert!(alert.state != AlertState::Waiting, "{name}");
            let hers: Vec<&Shown> =
                received.iter().filter(|message| message.address == alert.address).collect();
            assert_eq!(hers.len(), 1, "{name}: the same key is the same message");
            assert_eq!(hers[0].repeats, 1, "{name}");
            assert!(hers[0].text.ends_with(&format!("Ref {}", alert.reference())), "{}", hers[0].text);
        }
        assert_eq!(repeats(&received), u32::try_from(count).unwrap(), "{name}: nobody else's");
        figures.insert(name.into(), json!({"alerts": count, "repeats_each": 1}));
    }
    report::shown(16, "a provider takes it and the answer is lost", figures.into());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_every_channel_dead_every_step_is_taken_and_the_person_is_out_of_reach() {
    let count = violations() / 5;
    let mut world = World::new(count, &Way::default()).await;
    world.order(FaultOrder { mode: Fault::Error, ..FaultOrder::default() }).await;
    world.violate(count).await;
    world.pass_to(600).await;
    let mut steps_ms = 0;
    for violation in &world.violations().await {
        let unreached = unreached_ms(violation);
        assert!(matches!(unreached[..], [at] if at <= 20_000), "said once: {unreached:?}");
        let hers = violation.incident.escalations.iter().filter(|escalation| escalation.unreached);
        assert_eq!(hers.count(), 1);
        for to in ["officer", "desk", "supervisor"] {
            let is_to = |alert: &Alert| alert.recipient == Recipient::Staff(to.parse().unwrap());
            let (alert, tries) = violation.alerts.iter().find(|(alert, _)| is_to(alert)).unwrap();
            assert!(tries.len() > 10, "{to}: {} tries", tries.len());
            assert_eq!(alert.state, AlertState::Waiting, "{to}: the tries go on");
            assert!(alert.summary.ends_with("person not reached: call them"), "{}", alert.summary);
            steps_ms = steps_ms.max(after_ms(violation, tries[0].at));
        }
    }
    assert!(steps_ms <= 41_000, "the last step after {steps_ms} ms");
    assert!(world.has_deadline());
    let of_providers = world.incidents(IncidentKind::ProviderFails);
    assert_eq!(of_providers.len(), 2, "one for each provider");
    // And when everything is back, everybody hears.
    world.order(FaultOrder::default()).await;
    world.pass_to(660).await;
    for violation in &world.violations().await {
        for (alert, _) in &violation.alerts {
            assert!(alert.state != AlertState::Waiting, "{alert:?}");
        }
        assert!(violation.incident.escalations.iter().all(|escalation| !escalation.unreached));
    }
    assert!(world.incidents(IncidentKind::ProviderFails).iter().all(|incident| !incident.ongoing));
    report::shown(
        17,
        "all channels dead for ten minutes",
        json!({"violations": count, "last_step_ms": steps_ms}),
    );
}
