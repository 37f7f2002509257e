//! The live feed, in virtual time.

use std::time::Duration;

use axum::body::BodyDataStream;
use futures_util::{StreamExt as _, stream::Fuse};
use serde_json::Value;
use tokio::time::timeout;

use super::*;
use crate::access::Role;

struct Feed(Fuse<BodyDataStream>);

impl Feed {
    async fn open(bench: &Bench, browser: &Browser) -> Self {
        Self::resume(bench, browser, "/live", &[]).await
    }

    async fn resume(bench: &Bench, browser: &Browser, path: &str, headers: &[(&str, &str)]) -> Self {
        let headers = [&[("cookie", browser.cookie.as_str())], headers].concat();
        let request = request("GET", path, &headers, "");
        let response = bench.router.clone().oneshot(request).await.expect("routers do not fail");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        Self(response.into_body().into_data_stream().fuse())
    }

    /// The next event within that time.
    async fn next(&mut self, within_ms: u64) -> Option<(String, Value)> {
        let chunk = timeout(Duration::from_millis(within_ms), self.0.next()).await.ok()??;
        let text = String::from_utf8(chunk.expect("a sound stream").to_vec()).expect("UTF-8");
        let field = |name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)).expect("both fields").to_owned()
        };
        Some((field("event: "), serde_json::from_str(&field("data: ")).expect("JSON")))
    }

    async fn kinds(&mut self, within_ms: u64) -> Vec<String> {
        let mut kinds = Vec::new();
        let all = async {
            while let Some((kind, _)) = self.next(60_000).await {
                kinds.push(kind);
            }
        };
        let _ = timeout(Duration::from_millis(within_ms), all).await;
        kinds
    }
}

#[tokio::test(start_paused = true)]
async fn the_heart_beats_every_second_with_the_picture() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    let mut feed = Feed::open(&bench, &browser).await;
    let (kind, data) = feed.next(10).await.expect("the first beat at once");
    assert_eq!((kind.as_str(), data["now_ms"].as_i64()), ("heartbeat", Some(AT.as_ms())));
    assert_eq!((data["version"].as_i64(), data["waiting"].as_i64()), (Some(AT.as_us()), Some(1)));
    assert_eq!(feed.next(10).await.expect("the picture there is").0, "board");
    assert!(feed.next(900).await.is_none());
    assert_eq!(feed.next(110).await.expect("the second beat").0, "heartbeat");
    assert_eq!(feed.kinds(10_050).await, vec!["heartbeat"; 10]);
}

#[tokio::test(start_paused = true)]
async fn new_pictures_are_announced_at_most_four_times_a_second() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    let mut feed = Feed::open(&bench, &browser).await;
    feed.kinds(2_950).await;
    bench.board.send_modify(|picture| Arc::make_mut(picture).at = Some(AT.plus_ms(500)));
    let (kind, data) = feed.next(5).await.expect("a lone change is announced at once");
    assert_eq!((kind.as_str(), data["version"].as_i64()), ("board", Some(AT.plus_ms(500).as_us())));
    let board = bench.board.clone();
    let churn = async {
        for ms in 501..3_501 {
            board.send_modify(|picture| Arc::make_mut(picture).at = Some(AT.plus_ms(ms)));
            tokio::time::advance(Duration::from_millis(1)).await;
        }
    };
    let (kinds, ()) = tokio::join!(feed.kinds(3_000), churn);
    let boards = kinds.iter().filter(|kind| *kind == "board").count();
    assert!((10..=12).contains(&boards), "{boards}");
    let (_, last) = feed.next(1_100).await.expect("the feed goes on");
    assert_eq!(
        last["version"].as_i64(),
        Some(AT.plus_ms(3_500).as_us()),
        "the last picture is not swallowed"
    );
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_resumes_says_what_was_raised_meanwhile() {
    // Raised 37 s, 54 s and 71 s before the picture: see the fixture.
    let kinds = [(IncidentKind::Violation, Priority::P1), (IncidentKind::Blind, Priority::P2)];
    let numbered = (1..).zip(kinds.into_iter().chain([(IncidentKind::LowBattery, Priority::P3)]));
    let incidents = numbered.map(|(no, (kind, priority))| incident(no, kind, priority, Handling::Raised));
    let bench = Bench::new(board("Barry Stone", incidents));
    let browser = bench.browser().await;
    for (before_ms, raised) in [(0, vec![]), (40_000, vec![1]), (60_000, vec![1, 2]), (90_000, vec![1, 2, 3])]
    {
        let id = AT.plus_ms(-before_ms).as_us().to_string();
        for (path, headers) in [
            (format!("/live?after={id}"), vec![]),
            ("/live".into(), vec![("last-event-id", id.as_str())]),
            // What the browser says itself is newer than the address with which it began.
            ("/live?after=0".into(), vec![("last-event-id", id.as_str())]),
        ] {
            let mut feed = Feed::resume(&bench, &browser, &path, &headers).await;
            let (_, first) = feed.next(10).await.expect("the first beat at once");
            assert_eq!(first["raised"], serde_json::json!(raised), "{path} {headers:?}");
            let (_, second) = feed.next(1_010).await.expect("the picture");
            assert_eq!(second["raised"], serde_json::json!([]), "said once");
        }
    }
    let mut feed = Feed::open(&bench, &browser).await;
    let (_, first) = feed.next(10).await.expect("the first beat at once");
    assert_eq!(first["raised"], serde_json::json!([]), "nothing is news to a page that has just come");
    // It gets worse while the page looks.
    feed.kinds(2_000).await;
    bench.board.send_modify(|picture| {
        let picture = Arc::make_mut(picture);
        picture.at = Some(AT.plus_ms(5_000));
        let again = incident(1, IncidentKind::Violation, Priority::P1, Handling::Raised);
        let mut fresh = crate::domain::Incident { id: crate::domain::IncidentId(9), ..again };
        fresh.timeline[0].at = AT.plus_ms(4_000);
        picture.incidents.insert(fresh.id, Arc::new(fresh));
    });
    let (kind, news) = feed.next(300).await.expect("word of it");
    assert_eq!((kind.as_str(), &news["raised"]), ("board", &serde_json::json!([1])));
}

#[tokio::test]
async fn a_page_that_nobody_has_touched_for_long_is_told_so_once_and_goes_on() {
    let bench = Bench::new(violation());
    let amy = bench.account("amy", &[Role::Officer]).await;
    // The database that the account is in keeps real time.
    tokio::time::pause();
    let browser = bench.enter(&amy);
    let mut feed = Feed::open(&bench, &browser).await;
    assert_eq!(feed.kinds(1_500).await, ["heartbeat", "board", "heartbeat"]);
    bench.door.let_pass(15 * 60 * 1_000_000);
    assert_eq!(
        feed.kinds(1_600).await,
        ["locked", "heartbeat", "heartbeat"],
        "beside the beats, which go on"
    );
    let (_, news) = feed.next(1_000).await.expect("a beat");
    assert_eq!(news["waiting"], 1, "how many wait is still told");
    let mut again = Feed::open(&bench, &browser).await;
    assert_eq!(again.next(10).await.expect("word of it at once").0, "locked");
    // Whoever came by the machine's own link is never asked again.
    let mut by_link = Feed::open(&bench, &bench.browser().await).await;
    by_link.kinds(500).await;
    bench.door.let_pass(15 * 60 * 1_000_000);
    assert_eq!(by_link.kinds(2_000).await, ["heartbeat", "heartbeat"]);
}

#[tokio::test(start_paused = true)]
async fn signing_out_ends_the_feed() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    let mut feed = Feed::open(&bench, &browser).await;
    feed.kinds(500).await;
    bench.post_as(&browser, "/sign-out", &[]).await;
    assert_eq!(feed.kinds(5_000).await, ["signed-out"]);
    assert!(feed.0.next().await.is_none());
}

#[tokio::test]
async fn a_closing_service_ends_the_feed_and_then_itself() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let (_board, picture) = watch::channel(Arc::new(violation()));
    let (inbox, _arrivals) = Inbox::new();
    let door = Arc::new(SignIn::new());
    let state = ConsoleState {
        board: picture,
        disk: watch::channel(None).1,
        inbox,
        store: Arc::new(Records::default()),
        clock: Clock::scaled(AT, 0.0),
        sign_in: Arc::clone(&door),
        access: forgetful(),
        public: None,
        installation: "test".into(),
        source_counts: Arc::new(std::collections::BTreeMap::new),
        hooks: None,
        phones: None,
        vitals: Arc::new(Vitals::new(0)),
        meter: Arc::default(),
        watch_token: Some(Secret::new(WATCH_TOKEN)),
        wants_armed: false,
        ground: Ground::default(),
        channels: Arc::default(),
    };
    let token = door.issue(0).expect("random numbers");
    let cookie = door.redeem(token.secret(), 0).expect("a fresh link");
    let signed = door.session(&cookie, 0).expect("a fresh session");
    door.set_staff(&signed, fixture::id("amy"));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let service = tokio::spawn(serve(listener, state, async { drop(stopped.await) }));

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut line = tokio::net::TcpStream::connect(address).await.expect("the service listens");
    let request = format!("GET /live HTTP/1.1\r\nhost: {address}\r\ncookie: cordon_session={cookie}\r\n\r\n");
    line.write_all(request.as_bytes()).await.expect("sent");
    let mut heard = vec![0; 4_096];
    let n = line.read(&mut heard).await.expect("an answer");
    assert!(String::from_utf8_lossy(&heard[..n]).starts_with("HTTP/1.1 200"));
    stop.send(()).expect("the service waits for it");
    timeout(Duration::from_secs(20), service).await.expect("in time").expect("no panic").expect("no error");
}
