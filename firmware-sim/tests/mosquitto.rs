//! The link against a real Mosquitto, with somebody behind it who answers as Cordon does.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where clippy does not see that they are")]

use std::collections::BTreeSet;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firmware_sim::clock::{ScaledClock, wait, wall_now_ms, within};
use firmware_sim::kept::Counts;
use firmware_sim::link::{Broker, Link, Until};
use firmware_sim::route::Truth;
use firmware_sim::source::{PingSource, Replay, World};
use firmware_sim::track::{PingPlan, TimedPing, pings, read};
use firmware_sim::{Tag, TagConfig};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use tag_wire::{Ack, Cmd, Ping, Reject, TagName, Topic, TopicKind, VendorName, decode_ping, decode_status};

/// A Mosquitto of this test's own, on a free port of the loopback, killed at the end.
struct Mosquitto {
    port: u16,
    child: Child,
}

impl Mosquitto {
    /// `None`, said aloud, where it is not installed.
    async fn start(port: Option<u16>) -> Option<Self> {
        let program = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"]
            .into_iter()
            .map(PathBuf::from)
            .find(|path| path.exists());
        let Some(program) = program else {
            eprintln!("SKIPPED: mosquitto is not installed");
            return None;
        };
        let port = port.unwrap_or_else(|| {
            let free = TcpListener::bind("127.0.0.1:0").expect("the loopback has a free port");
            free.local_addr().expect("a bound socket has an address").port()
        });
        let child = Command::new(program)
            .args(["-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto starts");
        let broker = Self { port, child };
        until(|| TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
        Some(broker)
    }

    fn link(&self, tag: &str) -> Link {
        Link {
            broker: Broker::parse(&format!("mqtt://127.0.0.1:{}", self.port)).unwrap(),
            client_id: format!("sim:{tag}"),
            vendor: VendorName::parse("sim").unwrap(),
            tag: TagName::parse(tag).unwrap(),
        }
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the answering side saw.
#[derive(Default)]
struct Seen {
    pings: Vec<Ping>,
    numbers: BTreeSet<u64>,
    online: Vec<bool>,
}

/// Answers each ping by an ack of all that it has, save every `skip`th ping, which it forgets the first time
/// (0: none), and ping `refuse`, which it rejects.
async fn answer(port: u16, seen: Arc<Mutex<Seen>>, skip: u64, refuse: u64) {
    let mut options = MqttOptions::new("answering", "127.0.0.1", port);
    options.set_clean_session(false);
    options.set_inflight(1_000);
    let (client, mut events) = AsyncClient::new(options, 10_000);
    let mut forgotten = BTreeSet::new();
    loop {
        let publish = match events.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                for filter in ["cordon/v1/+/+/ping", "cordon/v1/+/+/status"] {
                    client.try_subscribe(filter, QoS::AtLeastOnce).unwrap();
                }
                continue;
            }
            Ok(Event::Incoming(Packet::Publish(publish))) => publish,
            Ok(_) => continue,
            Err(_) => {
                wait(Duration::from_millis(20)).await;
                continue;
            }
        };
        let topic = Topic::parse(&publish.topic).unwrap();
        let mut seen = seen.lock().unwrap();
        if topic.kind == TopicKind::Status {
            seen.online.push(decode_status(&publish.payload).unwrap().online);
            continue;
        }
        let ping = decode_ping(&publish.payload).unwrap();
        let reply = |kind| Topic { kind, ..topic.clone() }.to_string();
        if ping.seq == refuse {
            let reject = Reject::new(&publish.payload, &decode_ping(b"{}").unwrap_err());
            let to = reply(TopicKind::Reject);
            client.try_publish(to, QoS::AtLeastOnce, false, reject.encode()).unwrap();
            continue;
        }
        if skip > 0 && ping.seq.is_multiple_of(skip) && forgotten.insert(ping.seq) {
            continue;
        }
        seen.numbers.insert(ping.seq);
        let upto = (ping.oldest_kept..).take_while(|seq| seen.numbers.contains(seq)).last();
        let upto = upto.unwrap_or(ping.oldest_kept - 1);
        let ranges = if ping.seq > upto { vec![[ping.seq, ping.seq]] } else { vec![] };
        let ack = Ack { boot: ping.boot, upto, ranges };
        client.try_publish(reply(TopicKind::Ack), QoS::AtLeastOnce, false, ack.encode()).unwrap();
        if ping.seq == 3 {
            let cmd = Cmd { id: 1, expires_ms: i64::MAX >> 16, interval_s: Some(5) };
            client.try_publish(reply(TopicKind::Cmd), QoS::AtLeastOnce, false, cmd.encode()).unwrap();
        }
        seen.pings.push(ping);
    }
}

/// A minute-long track at one ping a second, all due at once.
fn due_pings(count: u32) -> Vec<TimedPing> {
    let lines: String = (0..count).map(|second| format!("{second},48,-30\n")).collect();
    let fixes = read(&format!("t_s,lat,lon\n{lines}")).unwrap();
    pings(&fixes, &PingPlan { interval_s: 1, start_ms: 1_767_225_600_000, boot: 4 })
}

fn clock(speed: f64) -> ScaledClock {
    ScaledClock::new(wall_now_ms(), speed).unwrap()
}

/// Looks again and again until something is so.
async fn until(so: impl Fn() -> bool) {
    let looking = async {
        while !so() {
            wait(Duration::from_millis(5)).await;
        }
    };
    within(PATIENCE, looking).await.expect("it came true in time");
}

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_ends_when_every_ping_is_acknowledged_or_refused() {
    let Some(broker) = Mosquitto::start(None).await else {
        return;
    };
    let seen = Arc::<Mutex<Seen>>::default();
    let answering = tokio::spawn(answer(broker.port, seen.clone(), 7, 13));
    let mut replay = Replay::new(due_pings(300), 4, 20);
    let link = broker.link("walk");
    let run = link.run(&mut replay, clock(20.0), Until::Acked);
    let counts = within(PATIENCE, run).await.expect("the replay ends");
    assert_eq!(counts, Counts { pings: 300, acked: 299, rejected: 1, given_up: 0 });
    answering.abort();
    let seen = seen.lock().unwrap();
    let expected = (1..=300).filter(|seq| *seq != 13);
    assert!(seen.numbers.iter().copied().eq(expected), "each arrived, the forgotten ones too");
    assert_eq!(seen.online.first(), Some(&true));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_waiting_for_acks_the_broker_s_word_is_enough() {
    let Some(broker) = Mosquitto::start(None).await else {
        return;
    };
    let mut replay = Replay::new(due_pings(250), 4, 1_000);
    let link = broker.link("walk");
    let run = link.run(&mut replay, clock(1.0), Until::Published);
    let counts = within(PATIENCE, run).await.expect("the replay ends");
    assert_eq!(counts, Counts { pings: 250, ..Counts::default() });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_killed_loses_nothing() {
    let Some(mut broker) = Mosquitto::start(None).await else {
        return;
    };
    let port = broker.port;
    let seen = Arc::<Mutex<Seen>>::default();
    let answering = tokio::spawn(answer(port, seen.clone(), 0, 0));
    // One ping per second of virtual time, 100 times as fast: about 4 s.
    let clock = clock(100.0);
    let start_ms = clock.now_ms();
    let mut pings = due_pings(400);
    for (timed, second) in pings.iter_mut().zip(0..) {
        timed.at_ms = start_ms + second * 1_000;
    }
    let link = broker.link("walk");
    let replay = tokio::spawn(async move {
        let mut replay = Replay::new(pings, 4, 100);
        link.run(&mut replay, clock, Until::Acked).await
    });
    for arrived in [60, 150, 260] {
        until(|| seen.lock().unwrap().numbers.len() > arrived).await;
        drop(broker);
        broker = Mosquitto::start(Some(port)).await.unwrap();
    }
    let counts = within(PATIENCE, replay).await.expect("the replay ends").unwrap();
    assert_eq!((counts.pings, counts.acked), (400, 400));
    answering.abort();
    assert_eq!(seen.lock().unwrap().numbers.len(), 400);
    drop(broker);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_goes_dark_comes_back_and_obeys() {
    let Some(broker) = Mosquitto::start(None).await else {
        return;
    };
    let seen = Arc::<Mutex<Seen>>::default();
    let answering = tokio::spawn(answer(broker.port, seen.clone(), 0, 0));
    let clock = clock(60.0);
    let start_ms = clock.now_ms();
    let script = move |now_ms, tag: &mut Tag| {
        let second = (now_ms - start_ms) / 1_000;
        tag.go_dark((60..150).contains(&second));
        if second >= 240 && !tag.is_off() {
            tag.power_off(now_ms);
        }
        Truth { lat: 48.0, lon: -30.0, speed_mps: 1.0, course_deg: 0.0, indoors: false }
    };
    let config = TagConfig { interval_moving_s: 10, ..TagConfig::new(8, 1, start_ms) };
    let mut world = World::new(Tag::new(config), script);
    let link = broker.link("walk");
    let run = link.run(&mut world, clock, Until::Acked);
    let counts = within(PATIENCE, run).await.expect("the tag switches off");
    answering.abort();
    assert_eq!((counts.pings, counts.acked), (counts.pings, counts.pings));
    assert!(world.next_wake_ms().is_none() && counts.pings > 24, "the command made it faster");
    let seen = seen.lock().unwrap();
    assert_eq!(seen.numbers.len() as u64, counts.pings);
    assert!(seen.pings.iter().any(|ping| ping.next_within_s == 15), "commanded: 5 s and 10 s margin");
    assert!(seen.pings.iter().any(|ping| ping.fixes.is_empty()), "pings of the dark came later");
    assert!(seen.online.windows(2).any(|pair| pair == [true, false]), "the last will was published");
    assert!(seen.online.windows(2).any(|pair| pair == [false, true]), "and the next birth");
}
