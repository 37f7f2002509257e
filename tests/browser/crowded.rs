//! A bad night: 200 incidents open and 500 tags moving, and an officer who works on for ten minutes. By command:
//!
//!     CORDON_LONG=1 bash .ci/test --profile long --no-capture -E 'test(crowded)'

use std::{sync::Arc, time::Duration};

use cordon::{
    clock::Clock,
    domain::{Book, TagId},
    sandbox::broker::{self, Accounts},
    store::MemoryStore,
};
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    track::TimedPing,
};
use serde_json::{Value, json};
use tag_wire::{Fix, Motion, Ping, Source};

use crate::{
    fleet::{self, BOOT, Fleet},
    house::{House, SERVICE},
    proxy::Proxy,
    script::Scripts,
    wait::until,
};

const WEARERS: i64 = 500;
/// Those of them who are in their zone.
const INSIDE: i64 = 200;
const MINUTES: i64 = 10;
/// Each tag speaks this often, seconds; they take turns.
const EVERY_S: i64 = 5;

#[tokio::test(flavor = "multi_thread")]
async fn a_crowded_queue_answers_at_once_and_does_not_grow() {
    if std::env::var("CORDON_LONG").as_deref() != Ok("1") {
        println!("SKIPPED: ten minutes of a crowded queue, by command (CORDON_LONG=1)");
        return;
    }
    let Some(scripts) = Scripts::ready() else { return };
    let accounts = (0..WEARERS)
        .fold(Accounts::default(), |accounts, n| accounts.with_tag(&tag(n), fleet::PASSWORD))
        .with_service(SERVICE.0, SERVICE.1);
    let broker = broker::start(broker::Settings { port: 0, accounts }).await.unwrap();
    let house = House::start(Arc::new(MemoryStore::default()), broker.addr(), Clock::real()).await;
    house.publish(books()).await;
    let network = Proxy::start(house.running.address).await;
    let start_ms = wall_now_ms();
    let clock = ScaledClock::new(start_ms, 1.0).unwrap();
    let pings = (0..WEARERS).map(|n| (tag(n), pings(n, start_ms)));
    let _fleet = Fleet::start(broker.addr(), clock, 60, pings);
    let sign_in = Arc::clone(&house.running.sign_in);
    let (real, address) = (house.running.clock.clone(), network.addr());
    scripts
        .tell("crowded", address, async |what, about| match what {
            "link" => sign_in.issue(real.real_us()).unwrap().link(address).into(),
            "open" => {
                until("all are open", Duration::from_secs(120), async || {
                    let all = house.store.incidents(cordon::domain::IncidentId(0), 1_000).await.ok()?;
                    (i64::try_from(all.len()).unwrap() >= INSIDE).then_some(())
                })
                .await;
                Value::Null
            }
            "minutes" => MINUTES.into(),
            "measured" => {
                println!("{WEARERS} tags, {INSIDE} incidents, {MINUTES} min: {about}");
                Value::Null
            }
            other => panic!("the story asks for {other:?}"),
        })
        .await;
}

fn tag(n: i64) -> TagId {
    format!("sim/tag-{n}").parse().unwrap()
}

/// Each has a zone of their own, apart from the others.
fn middle(n: i64) -> (f64, f64) {
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let (row, column) = ((n / 25) as f64, (n % 25) as f64);
    (53.2 + row * 0.02, 2.2 + column * 0.03)
}

/// To and fro within 60 m, inside of the zone or a kilometre north of it.
fn pings(n: i64, start_ms: i64) -> Vec<TimedPing> {
    let (lat, lon) = middle(n);
    let outside = if n < INSIDE { 0.0 } else { 0.012 };
    let count = (MINUTES + 4) * 60 / EVERY_S;
    let ping = |nth: i64| {
        let at_ms = start_ms + nth * EVERY_S * 1_000 + n * EVERY_S * 1_000 / WEARERS;
        let north = if nth % 2 == 0 { 0.0 } else { 0.000_5 };
        let fix = Fix {
            t_ms: at_ms,
            lat: lat + outside + north,
            lon,
            acc_m: Some(5.0),
            hdop: None,
            source: Source::Gnss,
            speed_mps: None,
            course_deg: None,
            sats: None,
        };
        let ping = Ping {
            boot: BOOT,
            seq: u64::try_from(nth).unwrap() + 1,
            oldest_kept: 1,
            next_within_s: 60,
            sent_ms: at_ms,
            battery_pct: 80,
            charging: false,
            motion: Motion::Moving,
            fixes: vec![fix],
            events: vec![],
        };
        TimedPing { at_ms, ping }
    };
    (0..count).map(ping).collect()
}

fn books() -> Vec<Book> {
    let told = json!([{"to": "amy", "channel": "sms", "wait_s": 86_400}]);
    let unit = json!({"unit": {"id": "unit", "name": "Seaward", "default_policy": "standard",
        "area": {"south": 53.0, "west": 2.0, "north": 55.0, "east": 4.0},
        "staff": [{"id": "amy", "name": "Amy Okafor", "contact": [{"channel": "sms", "address": "+447700900011"}]}],
        "policy": [{"id": "standard", "protected": [{"channel": "sms", "wait_s": 86_400}],
            "danger": told, "device": told, "upkeep": told}]}});
    let person = json!({"person": {"id": "p-1", "unit": "unit", "name": "Sam Rivers",
        "contact": [{"channel": "sms", "address": "+447700900001"}]}});
    let of = |n: i64| {
        let (lat, lon) = middle(n);
        let wearer = json!({"wearer": {"id": format!("w-{n}"), "unit": "unit", "name": format!("Wearer {n}"),
            "tag": [{"id": format!("sim/tag-{n}"), "from": "2026-01-01T00:00:00Z"}]}});
        let case = json!({"case": {"id": format!("c-{n}"), "unit": "unit", "wearer": format!("w-{n}"),
            "persons": ["p-1"], "risk": "high", "policy": "standard",
            "basis": {"kind": "order", "from": "2026-01-01T00:00:00Z"},
            "zone": [{"id": format!("z-{n}"), "code": format!("ZONE-{n}"), "margin_m": 200.0,
                "shape": {"circle": {"lat": lat, "lon": lon, "radius_m": 200}}}]}});
        [wearer, case]
    };
    let all = [unit, person].into_iter().chain((0..WEARERS).flat_map(of));
    all.map(|book| serde_json::from_value(book).unwrap()).collect()
}
