//! The service is killed again and again under load, while the broker and the phones go on.

use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    ALONE, crowd, edits,
    fleet::{self, Fleet},
    house::SERVICE,
    line::Line,
    mosquitto::Mosquitto,
    outcome::{Outcome, assert_received, stored},
    phones::{self, Phones},
    postgres,
    process::{Program, Service, free_address},
    wait::until,
};
use cordon::{
    clock::Clock,
    domain::TagId,
    engine::{Input, Told},
    rulebook_file,
    sandbox::broker::tag_login,
    sequencer::input_of,
    store::{self, JournalRow, Store},
};
use firmware_sim::{
    clock::{ScaledClock, wall_now_ms},
    random::Random,
    track::TimedPing,
};

/// A service lives this long before it is killed, milliseconds: also while it still starts.
const LIFE_MS: (f64, f64) = (100.0, 1_800.0);
/// The first ping leaves this long after the rulebook is live, milliseconds.
const BEGINS_AFTER_MS: i64 = 300;
const RESEND_S: u32 = 5;
/// An alert that was being sent when the service was killed is under a lease of 30 s.
const DRAIN: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_lose_nothing_and_double_nothing_and_replay_finds_an_edit() {
    let place = tempfile::tempdir().unwrap();
    let database = place.path().join("cordon.db");
    let url = format!("sqlite:{}", database.display());
    let Some(run) = run(place.path(), &url, 20).await else {
        return;
    };
    run.replays_without_a_difference();
    edits::are_found(&run, &database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_kills_lose_nothing_and_double_nothing_on_postgresql() {
    let Some(url) = postgres::fresh_database().await else {
        return;
    };
    let place = tempfile::tempdir().unwrap();
    if let Some(run) = run(place.path(), &url, 5).await {
        run.replays_without_a_difference();
    }
}

/// A run that is over: what it left behind can be looked at.
pub(crate) struct Run {
    program: Program,
    config: PathBuf,
}

/// Publishes a rulebook, lets a crowd of tags drive, kills the service so many times, and judges what came of it.
async fn run(folder: &Path, store_url: &str, kills: u32) -> Option<Run> {
    let logins: Vec<String> = crowd::tags().iter().map(tag_login).collect();
    let mut accounts: Vec<(&str, &str)> =
        logins.iter().map(|login| (login.as_str(), fleet::PASSWORD)).collect();
    accounts.push(SERVICE);
    let broker = Mosquitto::start(SERVICE.0, &accounts)?;
    let _alone = ALONE.lock().await;

    let console = free_address();
    let phones = Phones::start(format!("http://{console}"), Clock::real()).await;
    let run = Run { program: Program::copied_to(folder), config: folder.join("cordon.toml") };
    fs::write(&run.config, config(store_url, console, broker.addr(), &phones.url)).unwrap();
    let service = run.program.serve(&run.config);
    heard(console).await;
    let rulebook = folder.join("rulebook.json");
    crowd::write_rulebook(&rulebook, &format!("{}/webhook/desk", phones.url));
    run.load(&rulebook);

    let sent = crowd::pings(wall_now_ms() + BEGINS_AFTER_MS);
    let tag_clock = ScaledClock::new(0, 1.0).unwrap();
    let fleet = Fleet::start(broker.addr(), tag_clock, RESEND_S, sent.clone());
    let service = kill(&run, service, kills).await;
    let count = fleet.acknowledged(DRAIN).await;
    until("no alert waits", DRAIN, async || {
        phones::health(console).await.filter(|health| !health.alerts.contains_key("waiting"))
    })
    .await;
    service.stop();
    let received = phones.received().await;

    let store = store::open(store_url).await.unwrap();
    let starts = journal_holds(store.as_ref(), &sent).await;
    let (incidents, alerts) = stored(store.as_ref()).await;
    let repeats: u32 = received.iter().map(|message| message.repeats).sum();
    println!("{count} pings, {starts} starts, {} messages, {repeats} of them tried again", received.len());
    assert!(starts > kills / 2, "most kills must hit a service at work: {starts} starts");
    let outcome = Outcome::of(&incidents, &alerts);
    let expected = offline(&rulebook, &sent);
    assert_eq!(expected.violations().len(), crowd::violations());
    outcome.assert_equals(&expected);
    assert_received(&alerts, &received);
    Some(run)
}

fn config(store_url: &str, console: SocketAddr, broker: SocketAddr, phones: &str) -> String {
    let installation = SERVICE.0.strip_prefix("cordon-").unwrap();
    format!(
        r#"installation = "{installation}"
        store = {{ url = "{store_url}" }}
        console = {{ listen = "{console}" }}
        source = [{{ name = "tags", url = "mqtt://{broker}", username = "{}", password = "{}" }}]
        sms = {{ url = "{phones}/sms", token = "{}", callback_secret = "{}" }}
        webhook = {{ secret = "{}" }}
        "#,
        SERVICE.0,
        SERVICE.1,
        phones::SMS_TOKEN,
        phones::CALLBACK_SECRET,
        phones::WEBHOOK_SECRET,
    )
}

async fn heard(console: SocketAddr) {
    until("the service hears the broker", Duration::from_secs(20), async || {
        phones::health(console).await.filter(|health| health.status == "ok")
    })
    .await;
}

/// Kills the service at random moments and starts it again each time.
async fn kill(run: &Run, mut service: Service, kills: u32) -> Service {
    let given = std::env::var("CORDON_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| wall_now_ms().unsigned_abs());
    println!("kills at CORDON_SEED={seed}");
    let (mut random, clock) = (Random::new(seed), Clock::real());
    for _ in 0..kills {
        clock.wait_ms(random.between(LIFE_MS.0, LIFE_MS.1) as i64).await;
        service.kill();
        service = run.program.serve(&run.config);
    }
    service
}

/// Panics unless the journal holds every ping that was sent, and no other. Returns how often the service started.
async fn journal_holds(store: &dyn Store, sent: &[(TagId, Vec<TimedPing>)]) -> u32 {
    let (mut held, mut starts) = (BTreeSet::new(), 0);
    for row in journal(store).await {
        match input_of(&row).unwrap() {
            Input::Ping { tag, ping, .. } => drop(held.insert((tag, ping.boot, ping.seq))),
            Input::Told(Told::Started { .. }) => starts += 1,
            Input::Told(_) => {}
        }
    }
    let expected = crowd::numbers(sent);
    let lost: Vec<_> = expected.difference(&held).collect();
    assert!(lost.is_empty(), "acknowledged and not in the journal: {lost:?}");
    assert_eq!(held.len(), expected.len());
    starts
}

/// Every row of the journal.
pub(crate) async fn journal(store: &dyn Store) -> Vec<JournalRow> {
    let mut rows: Vec<JournalRow> = Vec::new();
    loop {
        let page = store.journal(rows.last().map_or(0, |row| row.no), 1_000).await.unwrap();
        if page.is_empty() {
            return rows;
        }
        rows.extend(page);
    }
}

/// What the engine makes of the pings as they were sent, without broker, kills and duplicates.
fn offline(rulebook: &Path, sent: &[(TagId, Vec<TimedPing>)]) -> Outcome {
    let pings = crowd::in_order(sent);
    let books = rulebook_file::read(rulebook).unwrap();
    let mut line = Line::with(&books, pings[0].0.plus_ms(-1_000));
    for (at, tag, ping) in pings {
        line.ping(at, tag, ping);
    }
    Outcome::of(line.incidents.values(), line.alerts.values())
}

impl Run {
    fn load(&self, rulebook: &Path) {
        let loaded = self.program.run(&["rulebook", "load", &rulebook.display().to_string()], &self.config);
        let said = String::from_utf8(loaded.stdout).unwrap();
        assert!(loaded.status.success(), "{said}{}", String::from_utf8_lossy(&loaded.stderr));
        assert!(said.starts_with("live: 1 unit, "), "{said}");
    }

    /// Whether it was content, and what it said.
    pub(crate) fn replay(&self) -> (bool, String) {
        let replayed = self.program.run(&["replay"], &self.config);
        (replayed.status.success(), String::from_utf8(replayed.stdout).unwrap())
    }

    pub(crate) fn replays_without_a_difference(&self) {
        let (is_content, said) = self.replay();
        assert!(is_content && said.starts_with("no difference in "), "{said}");
    }
}
