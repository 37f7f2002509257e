//! GOV.UK Notify and Twilio fail, refuse, hang or lose: people are told in time by another way, nobody twice, and nothing
//! ends without a person told.

use cordon::{
    domain::{Alert, AlertState, Channel, IncidentKind, Recipient},
    notify,
    sandbox::phones::{Fault, FaultOrder, Shown, Via},
    store::Attempt,
};
use serde_json::{Value, json};

use crate::{
    phones::{Channels, telephone},
    providers::{
        after_ms, longest_pause_ms, staff_told_ms,
        world::{Violation, Way, World},
    },
    report,
};

/// Violations in each mode: one alert to each protected person and one to staff are a hundred alerts.
fn violations() -> usize {
    if report::is_long() { 500 } else { 50 }
}

/// The other way round: Twilio first.
fn twilio_first(url: &str, cordon: &str) -> notify::Settings {
    let settings = telephone(url, cordon);
    notify::Settings { sms: settings.second_sms, second_sms: settings.sms, ..settings }
}

/// Who fails, and what a protected person has beside it.
#[derive(Clone, Copy)]
struct Supplier {
    name: &'static str,
    via: Via,
    channels: Channels,
    /// The person's channels in order, the failing one first.
    order: [Channel; 2],
}

const SUPPLIERS: [Supplier; 3] = [
    Supplier {
        name: "notify",
        via: Via::Notify,
        channels: telephone,
        order: [Channel::Sms, Channel::SecondSms],
    },
    Supplier {
        name: "twilio",
        via: Via::Twilio,
        channels: twilio_first,
        order: [Channel::Sms, Channel::SecondSms],
    },
    Supplier {
        name: "twilio's calls",
        via: Via::Call,
        channels: telephone,
        order: [Channel::Voice, Channel::Sms],
    },
];

impl Supplier {
    async fn world(&self, speed: f64) -> World {
        let protected = self.order.map(|channel| json!({"channel": channel, "wait_s": 60}));
        let way = Way {
            speed,
            danger: vec!["webhook", "sms"],
            channels: Some(self.channels),
            protected: json!(protected),
            ..Way::default()
        };
        World::new(violations(), &way).await
    }
}

/// The first alert to the protected person on a channel.
fn to_person(violation: &Violation, on: Channel) -> &(Alert, Vec<Attempt>) {
    let is_it = |alert: &Alert| matches!(alert.recipient, Recipient::Person(_)) && alert.channel == on;
    violation.alerts.iter().find(|(alert, _)| is_it(alert)).unwrap_or_else(|| panic!("none on {on:?}"))
}

/// What came to a phone by a provider.
fn by(received: &[Shown], address: &str, via: Via) -> usize {
    received.iter().filter(|message| message.address == address && message.via == via).count()
}

/// How one fails: its name, the fault, what `Retry-After` says, and how fast time passes while it hangs.
const MODES: [(&str, Fault, Option<u32>, f64); 8] = [
    ("500", Fault::Error, None, 1.0),
    ("503", Fault::Unavailable, None, 1.0),
    ("429", Fault::Busy, None, 1.0),
    ("429, 3 s", Fault::Busy, Some(3), 1.0),
    ("429, an hour", Fault::Busy, Some(3_600), 1.0),
    ("timeout", Fault::Timeout, None, 60.0),
    ("reset", Fault::Reset, None, 1.0),
    ("not let in", Fault::Deny, None, 1.0),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_supplier_keeps_nobody_waiting() {
    let mut figures = serde_json::Map::new();
    for supplier in SUPPLIERS {
        for (mode, fault, retry_after_s, speed) in MODES {
            let name = format!("{}: {mode}", supplier.name);
            let mut world = supplier.world(speed).await;
            let via = Some(supplier.via);
            world.order(FaultOrder { mode: fault, via, retry_after_s, ..FaultOrder::default() }).await;
            world.violate(violations()).await;
            world.pass_to(60).await;
            figures.insert(name.clone(), judged(&world, supplier, retry_after_s, speed, &name).await);

            // It is back: what waited arrives.
            world.order(FaultOrder::default()).await;
            world.pass_to(120).await;
            for violation in &world.violations().await {
                let (alert, _) = to_person(violation, supplier.order[0]);
                assert!(alert.state != AlertState::Waiting, "{name}: {alert:?}");
            }
            assert!(world.incidents(IncidentKind::ProviderFails).iter().all(|one| !one.ongoing), "{name}");
        }
    }
    report::shown(13, "Notify, Twilio's texts and its calls fail, and are back", figures.into());
}

/// A minute after it began: what was promised holds for every person.
async fn judged(
    world: &World,
    supplier: Supplier,
    retry_after_s: Option<u32>,
    speed: f64,
    name: &str,
) -> Value {
    let found = world.violations().await;
    assert_eq!(found.len(), violations(), "{name}");
    let received = world.phones.received().await;
    let (mut pause, mut other, mut human) = (0, 0, 0);
    for violation in &found {
        let first = to_person(violation, supplier.order[0]);
        assert!(first.1.len() >= 2, "{name}: {:?}", first.1);
        pause = pause.max(longest_pause_ms(first, speed));
        let (second, tries) = to_person(violation, supplier.order[1]);
        assert!(second.state != AlertState::Waiting, "{name}: {second:?}");
        other = other.max(after_ms(violation, tries[0].at));
        human = human.max(staff_told_ms(violation).expect("a person was told"));
        assert_eq!(by(&received, &first.0.address, supplier.via), 0, "{name}: not by the one that fails");
        for (alert, _) in &violation.alerts {
            assert!(!matches!(alert.state, AlertState::Expired(_)), "{name}: {alert:?}");
        }
    }
    // A pause that a provider asks for is granted.
    assert!(retry_after_s.is_some() || pause <= 5_000, "{name}: tried again after {pause} ms");
    assert!(other <= 21_000, "{name}: another way after {other} ms");
    assert!(human <= 60_000, "{name}: a person after {human} ms");
    assert_eq!(world.incidents(IncidentKind::ProviderFails).len(), 1, "{name}");
    json!({"alerts": 2 * found.len(), "next_try_ms": pause, "other_channel_ms": other, "human_ms": human})
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_supplier_has_taken_is_not_sent_again_though_its_answer_was_lost() {
    let mut figures = serde_json::Map::new();
    for supplier in SUPPLIERS {
        for (mode, fault, speed) in [("cut", Fault::Cut, 1.0), ("never answered", Fault::Lost, 60.0)] {
            let name = format!("{}: {mode}", supplier.name);
            let mut world = supplier.world(speed).await;
            for n in 0..violations() {
                let (address, via) = (Some(format!("+44770092{n:04}")), Some(supplier.via));
                let times = Some(1);
                world.order(FaultOrder { mode: fault, address, via, times, ..FaultOrder::default() }).await;
            }
            world.violate(violations()).await;
            world.pass_to(19).await;
            let received = world.phones.received().await;
            for violation in &world.violations().await {
                let (alert, tries) = to_person(violation, supplier.order[0]);
                assert_eq!(tries.len(), 2, "{name}: {tries:?}");
                assert!(alert.state != AlertState::Waiting, "{name}");
                assert_eq!(by(&received, &alert.address, supplier.via), 1, "{name}");
            }
            figures.insert(name, json!({"alerts": violations(), "repeats": 0}));
        }
    }
    report::shown(16, "Notify or Twilio takes it and the answer is lost", figures.into());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_accepted_and_lost_and_numbers_that_nobody_has_are_gone_round_and_blame_nobody() {
    let mut figures = serde_json::Map::new();
    for supplier in SUPPLIERS {
        // A receipt is missed after 20 s; that there is no such number is known at once.
        for (mode, fault, other_max_ms) in [("lost", Fault::Lose, 21_000), ("refused", Fault::Refuse, 2_000)]
        {
            let name = format!("{}: {mode}", supplier.name);
            let mut world = supplier.world(1.0).await;
            world.order(FaultOrder { mode: fault, via: Some(supplier.via), ..FaultOrder::default() }).await;
            world.violate(violations()).await;
            world.pass_to(60).await;
            let mut other = 0;
            for violation in &world.violations().await {
                let (second, tries) = to_person(violation, supplier.order[1]);
                assert!(second.state != AlertState::Waiting, "{name}: {second:?}");
                other = other.max(after_ms(violation, tries[0].at));
                assert!(staff_told_ms(violation).is_some_and(|at| at <= 60_000), "{name}");
            }
            assert!(other <= other_max_ms, "{name}: another way after {other} ms");
            assert_eq!(world.incidents(IncidentKind::ProviderFails).len(), 0, "{name}");
            figures.insert(name, json!({"alerts": violations(), "other_channel_ms": other}));
        }
    }
    report::shown(15, "Notify or Twilio takes it and loses it, or knows no such number", figures.into());
}

#[path = "telephone/killed.rs"]
mod killed;
#[path = "telephone/story.rs"]
mod story;
