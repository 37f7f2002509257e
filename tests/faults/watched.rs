//! Cordon watches itself: the canary, and the outside watchdog as a process of its own.

use std::{fs, path::Path, sync::Arc, time::Duration};

use cordon::{
    app::Watched,
    canary,
    clock::Clock,
    domain::{CANARY, Handling, IncidentId, Outcome, TagId},
    engine::{Input, Told},
    ingest::Login,
    notify,
    sandbox::broker::{self, Accounts, tag_login},
    sequencer::input_of,
    store::{self, JournalRow, MemoryStore, Store},
};
use serde_json::{Value, json};

use crate::{
    crowd::{self, Crowd},
    fleet,
    house::{self, House, SERVICE},
    installation::Installation,
    one_zone::rulebook,
    outcome::stored,
    phones,
    process::Service,
    reference::journal,
    report::{is_long, shown},
    wait::until,
};

const WATCH_TOKEN: &str = "watch-token-of-a-test";
/// Who is paged.
const ON_CALL: &str = "+447700900190";
const SOON: Duration = Duration::from_secs(20);

/// How fast everything goes: as in service, or ten times as fast.
#[derive(Clone, Copy)]
struct Pace {
    canary_s: u32,
    poll_s: u32,
    /// Each trouble is paged within this time.
    bound: Duration,
    /// No page for so long while all is well, milliseconds.
    calm_ms: i64,
}

impl Pace {
    fn of_this_run() -> Self {
        if is_long() {
            Self { canary_s: 60, poll_s: 10, bound: Duration::from_secs(120), calm_ms: 1_800_000 }
        } else {
            Self { canary_s: 6, poll_s: 1, bound: Duration::from_secs(20), calm_ms: 0 }
        }
    }

    /// A canary comes through, or its trouble is over, within this time.
    fn patience(self) -> Duration {
        SOON + Duration::from_secs(2 * u64::from(self.canary_s))
    }
}

/// A service with a broker, its phones, and a watchdog beside it that has seen it well. `None` where no broker can be had.
struct Scene {
    at: Installation,
    service: Service,
    _watchdog: Service,
    url: String,
    _place: tempfile::TempDir,
}

impl Scene {
    async fn begins(pace: Pace) -> Option<Self> {
        let place = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", place.path().join("cordon.db").display());
        let (canary_s, password) = (pace.canary_s, fleet::PASSWORD);
        let more = format!(
            "watch = {{ token = \"{WATCH_TOKEN}\" }}\ncanary = {{ password = \"{password}\", interval_s = {canary_s} }}"
        );
        let at = Installation::with(place.path(), &url, &[TagId::canary(None)], &more).await?;
        let service = at.serve();
        at.heard().await;
        let book = place.path().join("rulebook.json");
        let desk = format!("{}/webhook/desk", at.phones.url);
        crowd::write_rulebook(Crowd { wearers: 1, zones: 1 }, &book, &desk);
        at.load(&book);
        let config = watch_toml(place.path(), &at, pace);
        let tested = at.run(&["watch", "--test"], &config);
        assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stderr));
        let test_page = at.phones.received().await;
        assert!(test_page.len() == 1 && test_page[0].text.starts_with("TEST "), "{test_page:?}");
        let watchdog = at.watch(&config);
        canaries_come(&at, pace, 1).await;
        Some(Self { at, service, _watchdog: watchdog, url, _place: place })
    }
}

/// So many canaries have come through since the start.
async fn canaries_come(at: &Installation, pace: Pace, count: u64) {
    until("canaries come through", pace.patience(), async || {
        (canary(at).await?["came"].as_u64()? >= count).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_paged_while_all_is_well() {
    let pace = Pace::of_this_run();
    let Some(scene) = Scene::begins(pace).await else { return };
    stay_calm(&scene.at, pace).await;
    canaries_come(&scene.at, pace, 2).await;
    assert_eq!(pages(&scene.at, "page 1").await, Vec::<String>::new());
    scene.service.stop();
    let (rows, bytes) = written_for_a_canary(&scene.url).await;
    assert!(rows < 8.0 && bytes < 10_000.0, "{rows} rows, {bytes} bytes");
    shown(
        2,
        "nobody is paged while all is well",
        json!({"calm_s": pace.calm_ms / 1_000, "poll_s": pace.poll_s,
            "journal_rows_a_canary": rows, "bytes_a_canary": bytes}),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_service_a_dead_broker_and_a_stuck_dispatcher_are_paged_from_outside() {
    let pace = Pace::of_this_run();
    let Some(scene) = Scene::begins(pace).await else { return };
    let Scene { mut at, service, _watchdog, _place, .. } = scene;

    service.signal("STOP");
    let stopped_s = paged(&at, pace, "no answer").await;
    service.signal("CONT");
    over(&at, pace, "no answer").await;

    at.broker.kill();
    let deaf_s = paged(&at, pace, "it hears nothing").await;
    let missed_s = told_that_a_canary_is_missed(&at, pace).await;
    at.broker.start_again();
    over(&at, pace, "it hears nothing").await;
    until("the canary's incident is over", pace.patience(), async || {
        let trouble = phones::health(at.console).await?.trouble;
        trouble.iter().all(|line| !line.contains("canary")).then_some(())
    })
    .await;

    service.stop();
    let service = at.serve_in(|command| {
        command.env("FAILPOINTS", "round.begins=2*off->return");
    });
    at.heard().await;
    // It gets stuck within some rounds of five seconds.
    let later = Pace { bound: pace.bound + SOON, ..pace };
    let undispatched_s = paged(&at, later, "no message is sent").await;
    service.kill();
    shown(
        2,
        "paged from outside",
        json!({"service_stopped_s": stopped_s, "broker_dead_s": deaf_s, "canary_missed_told_s": missed_s,
            "dispatch_stuck_s": undispatched_s, "poll_s": pace.poll_s}),
    );
}

/// While all is well nobody is paged.
async fn stay_calm(at: &Installation, pace: Pace) {
    let (clock, before) = (Clock::real(), pages(at, "").await);
    let until = clock.steady().plus_ms(pace.calm_ms);
    while clock.steady() < until {
        clock.wait_until(until).await;
    }
    assert_eq!(pages(at, "").await, before);
}

/// Waits for a page that says this; after how many seconds it came.
async fn paged(at: &Installation, pace: Pace, says: &str) -> f64 {
    let clock = Clock::real();
    let began = clock.steady();
    until(&format!("a page: {says}"), pace.bound, async || {
        let found = pages(at, says).await;
        found.iter().any(|text| text.contains("page 1")).then_some(())
    })
    .await;
    clock.steady().s_since(began)
}

/// Waits for the text that says it is over; there was one page.
async fn over(at: &Installation, pace: Pace, was: &str) {
    until(&format!("over: {was}"), pace.bound + pace.patience(), async || {
        pages(at, was).await.iter().any(|text| text.contains("works again")).then_some(())
    })
    .await;
    assert_eq!(pages(at, was).await.len(), 2, "one page, and that it is over");
}

/// Staff hear of it within a canary's interval and the half of one.
async fn told_that_a_canary_is_missed(at: &Installation, pace: Pace) -> f64 {
    let clock = Clock::real();
    let began = clock.steady();
    until("staff are told that a canary was missed", pace.patience(), async || {
        let received = at.phones.received().await;
        received.iter().any(|message| message.text.contains("canary missed")).then_some(())
    })
    .await;
    clock.steady().s_since(began)
}

/// How many journal rows, and bytes in all tables, a canary has cost that crossed a zone.
async fn written_for_a_canary(url: &str) -> (f64, f64) {
    let store = store::open(url).await.unwrap();
    let mut rows = journal(store.as_ref()).await;
    let (mut incidents, mut alerts) = stored(store.as_ref()).await;
    incidents.retain(|incident| incident.unit.is_canary());
    alerts.retain(|alert| alert.unit.is_canary());
    let is_its = |row: &JournalRow| match input_of(row).unwrap() {
        Input::Ping { tag, .. } => tag.is_canary(),
        Input::Told(Told::Delivery { alert, .. }) => alerts.iter().any(|its| its.id == alert),
        Input::Told(Told::Handle { by, .. }) => by.is_canary(),
        Input::Told(_) => false,
    };
    rows.retain(is_its);
    let pings = rows.iter().filter(|row| row.kind == "ping").count() as f64;
    // Beside the texts: numbers, digests and the columns that are asked for.
    let row = |row: &JournalRow| row.payload.len() + row.decision.len() + row.subject.len() + 200;
    let texts: usize = rows.iter().map(row).sum::<usize>()
        + incidents.iter().map(|one| serde_json::to_string(one).unwrap().len() + 150).sum::<usize>()
        + alerts.iter().map(|one| serde_json::to_string(one).unwrap().len() + 300).sum::<usize>();
    (rows.len() as f64 / pings, texts as f64 / pings)
}

async fn pages(at: &Installation, says: &str) -> Vec<String> {
    let received = at.phones.received().await.into_iter();
    received
        .filter(|text| text.address == ON_CALL && text.text.contains(says))
        .map(|text| text.text)
        .collect()
}

async fn canary(at: &Installation) -> Option<Value> {
    let client = notify::http::client().unwrap();
    let answer = client.get(format!("http://{}/health", at.console)).send().await.ok()?;
    let health: Value = answer.json().await.ok()?;
    Some(health["canary"].clone())
}

fn watch_toml(folder: &Path, at: &Installation, pace: Pace) -> std::path::PathBuf {
    let (path, console, phones) = (folder.join("watch.toml"), at.console, &at.phones.url);
    let text = format!(
        r#"service = {{ name = "Service 7", url = "http://{console}/watch", token = "{WATCH_TOKEN}", poll_s = {} }}
        sms = {{ provider = "plain", url = "{phones}/sms", token = "{}" }}
        step = [{{ numbers = ["{ON_CALL}"] }}]"#,
        pace.poll_s,
        phones::SMS_TOKEN,
    );
    fs::write(&path, text).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn the_canary_crosses_everything_and_nobody_sees_it() {
    let tag = TagId::canary(None);
    let accounts = Accounts::default().with_tag(&tag, fleet::PASSWORD).with_service(SERVICE.0, SERVICE.1);
    let broker = broker::start(broker::Settings { port: 0, accounts }).await.unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let source = house::source(broker.addr());
    let login = Login { name: tag_login(&tag), password: fleet::PASSWORD.into() };
    let canary = canary::Settings { source: source.clone(), login, interval_s: 6 };
    let watched = Watched { canary: Some(canary), ..Watched::default() };
    let house = House::watched(source.clone(), Arc::clone(&store), Clock::real(), watched).await;
    house.publish(rulebook()).await;
    let get = async |path: &str| {
        let url = format!("http://{}{path}", house.running.address);
        notify::http::client().unwrap().get(url).send().await.unwrap()
    };
    let health: Value = until("two canaries come through", SOON, async || {
        let health: Value = get("/health").await.json().await.ok()?;
        (health["canary"]["came"].as_u64()? >= 2).then_some(health)
    })
    .await;
    let took = &health["canary"]["took"];
    assert!(took["broker_ms"].as_f64().unwrap() > 0.0, "{health}");
    assert_eq!(health["canary"]["missed"], 0);
    assert_eq!((&health["incidents"], &health["alerts"]), (&json!({}), &json!({})));
    assert_eq!((&health["wearers_seen"], &health["stray_tags"]), (&json!(0), &json!(0)));
    assert_eq!(health["open_incidents"], json!({"p1": 0, "p2": 0, "p3": 0}));
    let metrics = get("/metrics").await.text().await.unwrap();
    for line in [
        "cordon_pings_total 0\n",
        "cordon_canary_total{state=\"missed\"} 0\n",
        "cordon_source_up{source=\"tags\"} 1\n",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    until("what was received is acknowledged", SOON, async || {
        let metrics = get("/metrics").await.text().await.ok()?;
        let past = |hop| {
            let sample = format!("cordon_messages_total{{hop=\"{hop}\"}} ");
            metrics.lines().find_map(|line| line.strip_prefix(&sample)?.parse::<u64>().ok())
        };
        let hops = ["received", "decided", "committed", "acknowledged"].map(past);
        (hops[0]? >= 2 && hops.iter().all(|hop| *hop == hops[0])).then_some(())
    })
    .await;
    assert!(get("/readyz").await.status().is_success());
    assert_eq!(get("/watch").await.status(), 404, "without a token nobody is answered");
    for page in
        signed_in(&house, &["/", "/fragments/map", "/fragments/queue", "/incidents?closed", "/who"]).await
    {
        assert!(!page.to_lowercase().contains("canary"), "{page}");
    }
    assert_eq!(house.phones.received().await, []);
    assert_eq!(house.running.meter.read().pings, 0);
    house.running.stop().await.unwrap();

    // Without it in the configuration, what it has left behind is closed through the door that officers use.
    let house = House::watched(source, Arc::clone(&store), Clock::real(), Watched::default()).await;
    let closed = until("all is closed", SOON, async || {
        let all = store.incidents(IncidentId(0), 100).await.unwrap();
        all.iter().all(|incident| !incident.is_open()).then_some(all)
    })
    .await;
    let by = CANARY.parse().unwrap();
    let as_test = Handling::Closed { by, outcome: Outcome::Test };
    assert!(closed.len() >= 2 && closed.iter().all(|incident| incident.unit.is_canary()), "{closed:?}");
    assert!(closed.iter().all(|incident| incident.handling == as_test));
    house.running.stop().await.unwrap();
    broker.stop().await;
}

/// Pages as an officer sees them.
async fn signed_in(house: &House, paths: &[&str]) -> Vec<String> {
    let client = notify::http::client().unwrap();
    let url = |path: &str| format!("http://{}{path}", house.running.address);
    let token = house.running.sign_in.issue(house.running.clock.real_us()).unwrap();
    let answer = client.post(url("/sign-in")).form(&[("code", token.secret())]).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let who = client.get(url("/who")).header("cookie", &cookie).send().await.unwrap().text().await.unwrap();
    let after = who.split("name=\"form_token\" value=\"").nth(1).unwrap();
    let form_token = after.split('"').next().unwrap();
    let form = [("form_token", form_token), ("staff", "officer")];
    client.post(url("/who")).header("cookie", &cookie).form(&form).send().await.unwrap();
    let mut pages = Vec::new();
    for path in paths {
        let answer = client.get(url(path)).header("cookie", &cookie).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        pages.push(answer.text().await.unwrap());
    }
    pages
}
