//! The wall clock of this machine jumps while the real service escalates: all timers go on as they were.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use cordon::{
    clock::Clock,
    domain::{Alert, Cause, Incident, IncidentId, IncidentKind, Recipient, TagId, Timestamp},
    engine::{DeliveryReport, Input, ServiceReport, Told},
    notify,
    sandbox::{broker::tag_login, phones::Shown},
    sequencer::input_of,
    store::{self, JournalRow, Store},
};
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    track::TimedPing,
};
use serde_json::{Value, json};
use tag_wire::{Fix, Motion, Source};

use crate::{
    fleet::{self, Fleet},
    mosquitto::Mosquitto,
    phones::{self, Phones},
    report,
    wait::until,
};

const SERVICE: (&str, &str) = ("cordon-clocks", "secret-of-cordon");
/// Set to 1 where a missing libfaketime is a failure.
const REQUIRED: &str = "CORDON_REQUIRE_FAKETIME";
const TAGS: i64 = 6;
/// Pings of each tag, one a second.
const PINGS: i64 = 14;
/// The first wearer is in the zone from the first ping on, the second from this one on.
const SECOND_ENTERS: i64 = 11;
/// The desk is told, the responder this long after, and again and again; milliseconds.
const STEP_MS: i64 = 5_000;
const PATIENCE: Duration = Duration::from_secs(30);
const HOUR_MS: i64 = 3_600_000;

/// The library that tells a process another wall clock. `None`, with a word about it, where it is not installed.
fn libfaketime() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    let found =
        folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|library| library.is_file());
    if found.is_none() {
        assert!(
            std::env::var(REQUIRED).as_deref() != Ok("1"),
            "libfaketime is not installed and {REQUIRED}=1"
        );
        eprintln!("SKIPPED: libfaketime is not installed (apt-get install faketime)");
    }
    found
}

/// The service with a wall clock that can be set. Killed when dropped.
struct Service {
    child: Child,
    config: PathBuf,
    offset: PathBuf,
    /// The sign-in link that it printed.
    link: String,
}

impl Service {
    fn start(library: &Path, config: &Path) -> Self {
        let offset = config.with_extension("offset");
        fs::write(&offset, "+0").unwrap();
        let log = fs::File::create(config.with_extension("log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_cordon"))
            .args(["serve", "--config"])
            .arg(config)
            .env("CORDON_LOG", "warn")
            .env("LD_PRELOAD", library)
            .env("FAKETIME_TIMESTAMP_FILE", &offset)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let link = lines.find_map(|line| line.strip_prefix("console: ").map(str::to_owned));
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, config: config.into(), offset, link: link.unwrap() }
    }

    /// Sets its wall clock to so many seconds ahead of the true one, at once: a file half written would be read.
    fn set_clock(&self, ahead_s: i64) {
        let new = self.offset.with_extension("new");
        fs::write(&new, format!("{ahead_s:+}")).unwrap();
        fs::rename(new, &self.offset).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cordon"));
        let output = command.args(arguments).arg("--config").arg(&self.config).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }

    fn stop(&mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tag(n: i64) -> TagId {
    format!("sim/tag-{n}").parse().unwrap()
}

/// What every tag sends, by a right clock: far from its zone, or in it.
fn pings(start_ms: i64) -> Vec<(TagId, Vec<TimedPing>)> {
    let inside = |tag: i64, n: i64| tag == 0 || tag == 1 && n >= SECOND_ENTERS;
    let one = |tag: i64, n: i64| {
        let at_ms = start_ms + n * 1_000;
        let lat = 54.0 + 0.1 * tag as f64 + if inside(tag, n) { 0.0 } else { 0.05 };
        let fix = Fix {
            t_ms: at_ms,
            lat,
            lon: 3.0,
            acc_m: Some(5.0),
            hdop: None,
            source: Source::Gnss,
            speed_mps: None,
            course_deg: None,
            sats: None,
        };
        let seq = n.unsigned_abs() + 1;
        let ping = tag_wire::Ping {
            boot: fleet::BOOT,
            seq,
            oldest_kept: seq,
            next_within_s: 600,
            sent_ms: at_ms,
            battery_pct: 80,
            charging: false,
            motion: Motion::Moving,
            fixes: vec![fix],
            events: vec![],
        };
        TimedPing { at_ms, ping }
    };
    (0..TAGS).map(|tag_no| (tag(tag_no), (0..PINGS).map(|n| one(tag_no, n)).collect())).collect()
}

fn rulebook(webhook: &str) -> Value {
    let each = |book: &dyn Fn(i64) -> Value| (0..TAGS).map(book).collect::<Vec<_>>();
    let later = json!([{"to": "desk", "channel": "webhook", "wait_s": 3600}]);
    json!({
        "unit": [{"id": "unit", "name": "Unit", "default_policy": "standard",
            "area": {"south": 53.0, "west": 2.0, "north": 56.0, "east": 4.0},
            "staff": [
                {"id": "desk", "name": "Desk", "contact": [{"channel": "webhook", "address": webhook}]},
                {"id": "officer", "name": "Officer", "contact": [{"channel": "sms", "address": "+447700900099"}]}],
            "policy": [{"id": "standard", "protected": [{"channel": "sms", "wait_s": 3600}],
                "danger": [{"to": "desk", "channel": "webhook", "wait_s": STEP_MS / 1_000},
                           {"to": "officer", "channel": "sms", "wait_s": STEP_MS / 1_000}],
                "device": later, "upkeep": later}]}],
        "wearer": each(&|n| json!({"id": format!("w-{n}"), "unit": "unit", "name": format!("Wearer {n}"),
            "tag": [{"id": tag(n), "from": "2026-01-01T00:00:00Z"}]})),
        "person": each(&|n| json!({"id": format!("p-{n}"), "unit": "unit", "name": format!("Person {n}"),
            "contact": [{"channel": "sms", "address": person_phone(n)}]})),
        "case": each(&|n| json!({"id": format!("c-{n}"), "unit": "unit", "wearer": format!("w-{n}"),
            "persons": [format!("p-{n}")], "risk": "medium", "policy": "standard",
            "basis": {"kind": "order", "from": "2026-01-01T00:00:00Z"},
            "zone": [{"id": format!("z-{n}"), "code": format!("Z {n}"), "margin_m": 40.0,
                "shape": {"circle": {"lat": 54.0 + 0.1 * n as f64, "lon": 3.0, "radius_m": 200.0}}}]})),
    })
}

fn person_phone(n: i64) -> String {
    format!("+44770090{n:04}")
}

fn config(store_url: &str, console: SocketAddr, broker: SocketAddr, phones: &str) -> String {
    format!(
        r#"installation = "{}"
        store = {{ url = "{store_url}" }}
        console = {{ listen = "{console}" }}
        source = [{{ name = "tags", url = "mqtt://{broker}", username = "{}", password = "{}" }}]
        sms = {{ provider = "plain", url = "{phones}/sms", token = "{}", callback_secret = "{}" }}
        webhook = {{ secret = "{}" }}
        "#,
        SERVICE.0.strip_prefix("cordon-").unwrap(),
        SERVICE.0,
        SERVICE.1,
        phones::SMS_TOKEN,
        phones::CALLBACK_SECRET,
        phones::WEBHOOK_SECRET,
    )
}

/// Waits until so many messages have come to an address.
async fn come_to(phones: &Phones, address: &str, count: usize) {
    until(&format!("{count} messages to {address}"), PATIENCE, async || {
        let shown: Vec<Shown> = phones.received().await;
        (shown.iter().filter(|message| message.address == address).count() >= count).then_some(())
    })
    .await;
}

/// Waits until the phones have had so many receipts taken for an address.
async fn reported_of(phones: &Phones, address: &str, count: usize) {
    until(&format!("{count} receipts of {address}"), PATIENCE, async || {
        let shown: Vec<Shown> = phones.received().await;
        let reported = shown.iter().filter(|message| message.address == address && message.reported);
        (reported.count() >= count).then_some(())
    })
    .await;
}

/// Opens the link as a browser would, and returns whether it led in.
async fn signs_in(link: &str, console: SocketAddr) -> bool {
    let client = notify::http::client().unwrap();
    let code = link.rsplit('#').next().unwrap();
    let answer = client.post(format!("http://{console}/sign-in")).form(&[("code", code)]).send().await;
    answer.unwrap().headers().contains_key("set-cookie")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wall_clock_jumps_an_hour_either_way_in_mid_escalation_and_every_timer_is_right() {
    let Some(library) = libfaketime() else {
        return;
    };
    let logins: Vec<String> = (0..TAGS).map(|n| tag_login(&tag(n))).collect();
    let mut accounts: Vec<(&str, &str)> =
        logins.iter().map(|login| (login.as_str(), fleet::PASSWORD)).collect();
    accounts.push(SERVICE);
    let Some(broker) = Mosquitto::start(SERVICE.0, &accounts) else {
        return;
    };
    let place = tempfile::tempdir().unwrap();
    let store_url = format!("sqlite:{}", place.path().join("cordon.db").display());
    let console = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let phones = Phones::start(format!("http://{console}"), Clock::real()).await;
    let config_file = place.path().join("cordon.toml");
    fs::write(&config_file, config(&store_url, console, broker.addr(), &phones.url)).unwrap();
    let mut service = Service::start(&library, &config_file);
    until("the service hears the broker", PATIENCE, async || {
        phones::health(console).await.filter(|health| health.status == "ok")
    })
    .await;
    let book = place.path().join("rulebook.json");
    fs::write(&book, rulebook(&format!("{}/webhook/desk", phones.url)).to_string()).unwrap();
    service.command(&["rulebook", "load", &book.display().to_string()]);

    let start_ms = wall_now_ms() + 200;
    let sent = pings(start_ms);
    let fleet = Fleet::start(broker.addr(), ScaledClock::new(0, 1.0).unwrap(), 5, sent);
    come_to(&phones, "desk", 1).await;
    service.set_clock(HOUR_MS / 1_000);
    // The next step comes while the clock is ahead: its text is sent, its receipt taken.
    come_to(&phones, "+447700900099", 1).await;
    reported_of(&phones, "+447700900099", 1).await;
    service.set_clock(-HOUR_MS / 1_000);
    // And the one after it while the clock is behind; so is a card to the desk about the second wearer, an answer from
    // a phone, and somebody who signs in.
    come_to(&phones, "+447700900099", 2).await;
    reported_of(&phones, "+447700900099", 2).await;
    phones.reply(&person_phone(0), "1").await;
    come_to(&phones, &person_phone(1), 1).await;
    come_to(&phones, "desk", 2).await;
    assert!(signs_in(&service.link, console).await);
    fleet.acknowledged(PATIENCE).await;
    until("no alert waits", PATIENCE, async || {
        phones::health(console).await.filter(|health| !health.alerts.contains_key("waiting"))
    })
    .await;
    service.stop();

    let store = store::open(&store_url).await.unwrap();
    let rows = journal(store.as_ref()).await;
    let (incidents, alerts) = stored(store.as_ref()).await;
    let steps_ms = steps(&rows);
    let late_ms = check_escalation(&incidents, &alerts, start_ms);
    check_clock_incidents(&incidents);
    assert!(service.command(&["replay"]).starts_with("no difference in "));
    let desk = phones.received().await.iter().filter(|message| message.desk).count();
    let figures = json!({"set_by_ms": steps_ms, "steps_late_ms": late_ms, "cards_at_the_desk": desk,
        "server_clock_incidents": 1, "tag_clock_incidents": 0});
    report::shown(21, "the wall clock jumps in mid-escalation and every timer is right", figures);
}

/// The clock was seen to be set an hour forward and two back; stamps rose as the true time did, and every row says
/// what the wall clock said.
fn steps(rows: &[JournalRow]) -> Vec<i64> {
    let mut set_ms = Vec::new();
    let mut apart = [0; 3];
    for row in rows {
        let ahead_ms = row.wall.ms_since(row.at);
        let place = [0, HOUR_MS, -HOUR_MS].iter().position(|hour_ms| (ahead_ms - hour_ms).abs() < 1_000);
        let place = place.unwrap_or_else(|| panic!("row {}: wall {} at {}", row.no, row.wall, row.at));
        apart[place] += 1;
        match input_of(row).unwrap() {
            Input::Told(Told::Service(ServiceReport::ClockSet { by_ms })) => set_ms.push(by_ms),
            Input::Told(Told::Delivery { report: DeliveryReport::Refused(why), .. }) => {
                panic!("a message was refused: {why}");
            }
            _ => {}
        }
    }
    assert!(apart.iter().all(|rows| *rows > 5), "rows by each of the three clocks: {apart:?}");
    let expected = [HOUR_MS, -2 * HOUR_MS];
    let fits = set_ms.len() == 2 && set_ms.iter().zip(expected).all(|(set, by)| (set - by).abs() < 1_000);
    assert!(fits, "{set_ms:?}");
    set_ms
}

/// Every step of the first wearer's escalation came when it was due; returns the milliseconds after.
fn check_escalation(incidents: &[Incident], alerts: &[Alert], start_ms: i64) -> Vec<i64> {
    // Nobody goes 5 km in a second: the second wearer's second fix from there is believed.
    for (wearer, entered) in [(0, 0), (1, SECOND_ENTERS + 1)] {
        let cause = Cause::Zone(format!("z-{wearer}").parse().unwrap());
        let found: Vec<&Incident> = incidents.iter().filter(|incident| incident.cause == cause).collect();
        assert_eq!(found.len(), 1);
        assert!(!found[0].late, "told at once");
        // The tag's times are believed as they are.
        assert_eq!(found[0].episodes[0].from.as_ms(), start_ms + entered * 1_000);
        let person = Recipient::Person(format!("p-{wearer}").parse().unwrap());
        let told: Vec<&Alert> = alerts.iter().filter(|alert| alert.recipient == person).collect();
        assert_eq!(told.len(), 1);
        let later_ms = told[0].raised_at.ms_since(found[0].episodes[0].from);
        assert!((0..10_000).contains(&later_ms), "told {later_ms} ms later");
    }
    let first = incidents.iter().find(|i| i.cause == Cause::Zone("z-0".parse().unwrap())).unwrap();
    let staff = alerts
        .iter()
        .filter(|alert| alert.incident == first.id && matches!(alert.recipient, Recipient::Staff(_)));
    let mut raised: Vec<Timestamp> = staff.map(|alert| alert.raised_at).collect();
    raised.sort();
    assert!(raised.len() >= 3, "the desk, and the officer twice");
    let late = raised.windows(2).map(|pair| pair[1].ms_since(pair[0]) - STEP_MS).collect::<Vec<i64>>();
    assert!(late.iter().all(|late_ms| (0..10_000).contains(late_ms)), "{late:?}");
    late
}

fn check_clock_incidents(incidents: &[Incident]) {
    let clock = incidents.iter().filter(|incident| incident.cause == Cause::Clock);
    let kinds: Vec<IncidentKind> = clock.map(|incident| incident.kind).collect();
    assert_eq!(kinds, [IncidentKind::ServerClock], "one, and no tag is flagged");
}

async fn journal(store: &dyn Store) -> Vec<JournalRow> {
    let rows = store.journal(0, 10_000).await.unwrap();
    assert!(rows.len() < 10_000);
    rows
}

async fn stored(store: &dyn Store) -> (Vec<Incident>, Vec<Alert>) {
    let incidents = store.incidents(IncidentId(0), 1_000).await.unwrap();
    let mut alerts = Vec::new();
    for incident in &incidents {
        alerts.extend(store.alerts_of(incident.id).await.unwrap());
    }
    (incidents, alerts)
}
