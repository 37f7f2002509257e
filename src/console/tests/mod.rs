//! The console from outside: requests in, answers out, on a hand-made board and a real inbox.

mod accounts;
mod api;
mod api_refusals;
mod armed;
mod audit;
mod chains;
mod companions;
mod data;
mod doors;
mod feed;
pub(super) mod fixture;
mod forms;
mod ground;
mod handover;
mod history;
mod live_map;
mod lived;
mod looked;
mod notices;
mod other_zones;
mod own;
mod pages;
mod phone;
mod playback;
mod quality;
mod record_forms;
mod record_persons;
mod record_units;
mod records;
mod responders;
mod roles;
mod sending;
mod tokens;
mod watched;
mod withdrawal;
mod zones;

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
    response::Response,
};
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::*;
use crate::{
    domain::{Handling, IncidentKind, Priority},
    engine::{Refused, Told},
    sequencer::{Arrival, Arrivals},
};
use fixture::{AT, board, incident};
use phone::phones;
use records::Records;

/// What a watchdog shows.
const WATCH_TOKEN: &str = "token-of-a-watchdog";
const HOST: &str = "127.0.0.1:8080";

/// The channels that have a provider.
const CARRIED: [Channel; 5] =
    [Channel::Push, Channel::Sms, Channel::SecondSms, Channel::Voice, Channel::Webhook];

/// A console with its board and inbox in the test's hands.
struct Bench {
    router: Router,
    board: watch::Sender<Arc<Board>>,
    disk_pct: watch::Sender<Option<u8>>,
    arrivals: Arrivals,
    door: Arc<SignIn>,
    access: Arc<Access>,
    clock: Clock,
    vitals: Arc<Vitals>,
}

/// What came back.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 16 << 20).await.expect("a whole body");
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Self { status: parts.status, headers: parts.headers, text }
    }

    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII")).unwrap_or_default()
    }

    /// The value of the first hidden form token.
    fn form_token(&self) -> String {
        let after = self.text.split("name=\"form_token\" value=\"").nth(1).expect("a form");
        after.split('"').next().expect("a value").into()
    }
}

/// A signed-in browser.
struct Browser {
    cookie: String,
    form_token: String,
}

impl Bench {
    fn new(picture: Board) -> Self {
        Self::with(picture, Records::default(), None)
    }

    fn with(picture: Board, records: Records, hooks: Option<hooks::Hooks>) -> Self {
        Self::reached(picture, records, hooks, None, Ground::default())
    }

    /// One whose map stands on something.
    fn standing_on(ground: Ground) -> Self {
        Self::reached(violation(), Records::default(), None, None, ground)
    }

    /// One that other machines reach, through a proxy.
    fn public(picture: Board) -> Self {
        let public = Public { host: "cordon.example.org".into(), tls: None };
        Self::reached(picture, Records::default(), None, Some(public), Ground::default())
    }

    fn reached(
        picture: Board,
        records: Records,
        hooks: Option<hooks::Hooks>,
        public: Option<Public>,
        ground: Ground,
    ) -> Self {
        Self::built(picture, Arc::new(records), hooks, public, ground, &CARRIED)
    }

    /// One with a store of its own.
    fn over(picture: Board, store: Arc<dyn Store>) -> Self {
        Self::built(picture, store, None, None, Ground::default(), &CARRIED)
    }

    /// The same installation with these providers alone.
    fn carrying(&self, channels: &[Channel]) -> Self {
        let picture = (**self.board.borrow()).clone();
        Self::built(picture, Arc::new(Records::default()), None, None, Ground::default(), channels)
    }

    fn built(
        picture: Board,
        store: Arc<dyn Store>,
        hooks: Option<hooks::Hooks>,
        public: Option<Public>,
        ground: Ground,
        channels: &[Channel],
    ) -> Self {
        let (board, picture) = watch::channel(Arc::new(picture));
        let (disk_pct, disk) = watch::channel(None);
        let (inbox, arrivals) = Inbox::new();
        let (door, access) = (Arc::new(SignIn::new()), forgetful());
        // Stands still at the time of the picture.
        let clock = Clock::scaled(AT, 0.0);
        let vitals = Arc::new(Vitals::new(clock.real_us()));
        let router = router(ConsoleState {
            board: picture,
            disk,
            inbox,
            store,
            clock: clock.clone(),
            sign_in: Arc::clone(&door),
            access: Arc::clone(&access),
            public,
            installation: "test".into(),
            source_counts: Arc::new(std::collections::BTreeMap::new),
            hooks,
            phones: Some(phones()),
            vitals: Arc::clone(&vitals),
            meter: Arc::default(),
            watch_token: Some(Secret::new(WATCH_TOKEN)),
            wants_armed: false,
            ground,
            channels: Arc::new(channels.iter().copied().collect()),
        });
        Self { router, board, disk_pct, arrivals, door, access, clock, vitals }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(self.router.clone().oneshot(request).await.expect("routers do not fail")).await
    }

    /// The same while answering, as `decide` does, the one input that comes of it; returns answer and input.
    async fn send_told(
        &mut self,
        request: Request<Body>,
        decide: impl FnOnce(&Told) -> Result<(), Refused>,
    ) -> (Answer, Told) {
        let answer = self.router.clone().oneshot(request);
        let told = async {
            match self.arrivals.recv().await.expect("the router holds the inbox") {
                Arrival::Told(told, Some(wait)) => {
                    wait.send(decide(&told)).expect("whoever asks waits for the commit");
                    told
                }
                other => panic!("not something told: {other:?}"),
            }
        };
        let (response, told) = tokio::join!(answer, told);
        (Answer::of(response.expect("routers do not fail")).await, told)
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path, &[], "")).await
    }

    async fn get_as(&self, browser: &Browser, path: &str) -> Answer {
        self.send(request("GET", path, &[("cookie", &browser.cookie)], "")).await
    }

    async fn post_as(&self, browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(browser.post(path, fields)).await
    }

    /// A browser with a session whose owner has not yet said who they are.
    async fn nameless(&self) -> Browser {
        let token = self.door.issue(self.clock.real_us()).expect("random numbers");
        let answer = self.send(request("POST", "/sign-in", &[], &form(&[("code", token.secret())]))).await;
        assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/who"));
        let cookie = answer.header(header::SET_COOKIE).split(';').next().expect("a cookie").to_owned();
        let who = self.send(request("GET", "/who", &[("cookie", &cookie)], "")).await;
        Browser { form_token: who.form_token(), cookie }
    }

    /// A browser signed in as Amy.
    async fn browser(&self) -> Browser {
        let browser = self.nameless().await;
        let answer = self.post_as(&browser, "/who", &[("staff", "amy")]).await;
        assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/"));
        browser
    }

    /// Posts a form while answering the one input that comes of it; returns both.
    async fn post_told(
        &mut self,
        browser: &Browser,
        path: &str,
        fields: &[(&str, &str)],
        result: Result<(), Refused>,
    ) -> (Answer, Told) {
        self.send_told(browser.post(path, fields), |_| result).await
    }
}

impl Browser {
    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Request<Body> {
        let body = form(&[&[("form_token", self.form_token.as_str())], fields].concat());
        request("POST", path, &[("cookie", &self.cookie)], &body)
    }
}

/// Accounts and audit log in memory. Made on a runtime that outlives every test: a database in memory is gone with the
/// runtime that holds its connection.
fn forgetful() -> Arc<Access> {
    use std::sync::{LazyLock, mpsc};
    static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        runtime.expect("a runtime")
    });
    let (done, opened) = mpsc::channel();
    RUNTIME.spawn(async move { done.send(Access::in_memory().await) });
    Arc::new(opened.recv().expect("an answer").expect("a database in memory"))
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header(header::HOST, HOST);
    }
    if method == "POST" {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).expect("a sound request")
}

fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    pairs.join("&")
}

/// One open violation, raised and unowned.
fn violation() -> Board {
    board("Barry Stone", [incident(1, IncidentKind::Violation, Priority::P1, Handling::Raised)])
}
