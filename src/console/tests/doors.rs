//! Who gets in, and what is refused.

use axum::routing::post;

use super::*;
use crate::{
    notify::settings::{Plain, Settings, Texts},
    secret::Secret,
};

#[tokio::test]
async fn a_link_opens_the_door_once() {
    let bench = Bench::new(violation());
    let token = bench.door.issue(bench.clock.real_us()).expect("random numbers");
    let link = token.link("127.0.0.1:8080".parse().expect("an address"));
    assert!(link.starts_with("http://127.0.0.1:8080/sign-in#"), "{link}");
    // The whole link pasted into the field works like the code in it.
    let body = form(&[("code", &link)]);
    let first = bench.send(request("POST", "/sign-in", &[], &body)).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    let cookie = first.header(header::SET_COOKIE);
    for rule in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(rule), "{cookie}");
    }
    assert!(!cookie.contains(token.secret()));
    let second = bench.send(request("POST", "/sign-in", &[], &body)).await;
    assert_eq!(second.status, StatusCode::FORBIDDEN);
    assert!(
        second.text.contains("has been used already") && !second.headers.contains_key(header::SET_COOKIE)
    );
}

#[tokio::test]
async fn late_and_wrong_codes_are_refused_with_the_reason() {
    let bench = Bench::new(violation());
    let late = bench.door.issue(bench.clock.real_us() - 600_000_001).expect("random numbers");
    for (code, why) in
        [(late.secret(), "older than 10 minutes"), ("guess", "not one that this service issued")]
    {
        let answer = bench.send(request("POST", "/sign-in", &[], &form(&[("code", code)]))).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.text.contains(why), "{}", answer.text);
    }
}

const INNER: [&str; 7] = [
    "/",
    "/incidents?closed",
    "/incidents/1",
    "/fragments/queue",
    "/fragments/map",
    "/fragments/incidents/1",
    "/live",
];

#[tokio::test]
async fn strangers_see_nothing() {
    let bench = Bench::new(violation());
    for path in INNER {
        for cookie in ["", "cordon_session=0123", "other=1"] {
            let answer = bench.send(request("GET", path, &[("cookie", cookie)], "")).await;
            assert!(!answer.text.contains("Barry"), "{path}");
            if path.starts_with("/fragments") || path == "/live" {
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
                assert!(answer.text.contains("not signed in"));
            } else {
                assert_eq!(
                    (answer.status, answer.header(header::LOCATION)),
                    (StatusCode::SEE_OTHER, "/sign-in"),
                    "{path}"
                );
            }
        }
    }
    for path in [
        "/incidents/1/own",
        "/incidents/1/act",
        "/incidents/1/note",
        "/incidents/1/close",
        "/who",
        "/sign-out",
    ] {
        let answer = bench.send(request("POST", path, &[], "outcome=test")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    // Names are not told to whoever merely reaches the sign-in page.
    assert!(!bench.get("/sign-in").await.text.contains("Amy"));
}

#[tokio::test]
async fn the_nameless_must_say_who_they_are() {
    let bench = Bench::new(violation());
    let browser = bench.nameless().await;
    for path in INNER {
        let answer = bench.get_as(&browser, path).await;
        assert!(!answer.text.contains("Barry"), "{path}");
        assert!(matches!(answer.status, StatusCode::SEE_OTHER | StatusCode::UNAUTHORIZED), "{path}");
    }
    let own = bench.post_as(&browser, "/incidents/1/own", &[]).await;
    assert_eq!(own.status, StatusCode::UNAUTHORIZED);
    let stranger = bench.post_as(&browser, "/who", &[("staff", "nobody")]).await;
    assert_eq!(stranger.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(stranger.text.contains("Choose a name that the rulebook knows"));
}

#[tokio::test]
async fn without_staff_the_page_says_what_to_do() {
    let bench = Bench::new(Board::default());
    let token = bench.door.issue(bench.clock.real_us()).expect("random numbers");
    let answer = bench.send(request("POST", "/sign-in", &[], &form(&[("code", token.secret())]))).await;
    let cookie = answer.header(header::SET_COOKIE).split(';').next().expect("a cookie").to_owned();
    let who = bench.send(request("GET", "/who", &[("cookie", &cookie)], "")).await;
    assert!(who.text.contains("cordon rulebook load FILE"));
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    assert_eq!(bench.get_as(&browser, "/").await.status, StatusCode::OK);
    let out = bench.post_as(&browser, "/sign-out", &[]).await;
    assert_eq!(out.header(header::LOCATION), "/sign-in");
    assert!(out.header(header::SET_COOKIE).contains("Max-Age=0"));
    assert_eq!(bench.get_as(&browser, "/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn forms_of_another_session_do_nothing() {
    let bench = Bench::new(violation());
    let (mine, theirs) = (bench.browser().await, bench.browser().await);
    for token in ["", "0000", theirs.form_token.as_str()] {
        let crossed = Browser { cookie: mine.cookie.clone(), form_token: token.into() };
        for path in [
            "/incidents/1/own",
            "/incidents/1/act",
            "/incidents/1/note",
            "/incidents/1/close",
            "/who",
            "/sign-out",
        ] {
            let answer =
                bench.post_as(&crossed, path, &[("note", "x"), ("outcome", "test"), ("staff", "desk")]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
            assert!(answer.text.contains("belongs to another sign-in"));
        }
    }
    assert!(bench.arrivals.is_empty());
    assert_eq!(bench.get_as(&mine, "/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn other_sites_and_names_are_refused() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    let body = form(&[("form_token", &browser.form_token)]);
    for foreign in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
    {
        let headers = [("cookie", browser.cookie.as_str()), foreign];
        let answer = bench.send(request("POST", "/incidents/1/own", &headers, &body)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{foreign:?}");
        assert!(answer.text.contains("sent from another site"));
    }
    for path in ["/", "/health", "/livez", "/sign-in", "/assets/style.css"] {
        let headers = [("cookie", browser.cookie.as_str()), ("host", "rebound.example:8080")];
        let answer = bench.send(request("GET", path, &headers, "")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert!(answer.text.contains("only to this machine"));
    }
    assert!(bench.arrivals.is_empty());
}

#[tokio::test]
async fn too_long_a_form_is_refused() {
    let bench = Bench::new(violation());
    let browser = bench.browser().await;
    let answer = bench.post_as(&browser, "/incidents/1/note", &[("note", &"x".repeat(BODY_BYTES_MAX))]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text.contains("64 KiB"));
}

#[tokio::test]
async fn every_answer_is_sealed() {
    let router = Router::new().route("/hooks/sms", post(async || "taken"));
    let hooks = hooks::Hooks { router, counts: Arc::default() };
    let bench = Bench::with(violation(), Records::default(), Some(hooks));
    let browser = bench.browser().await;
    let cookie = [("cookie", browser.cookie.as_str())];
    let outer = [
        "/sign-in",
        "/who",
        "/livez",
        "/health",
        "/assets/style.css",
        "/favicon.ico",
        "/nowhere",
        "/incidents/99",
        "/sign-out",
    ];
    let mut answers = Vec::new();
    for path in INNER.into_iter().filter(|path| *path != "/live").chain(outer) {
        answers.push((path, bench.send(request("GET", path, &cookie, "")).await));
        answers.push((path, bench.get(path).await));
    }
    answers.push(("/hooks/sms", bench.send(request("POST", "/hooks/sms", &[], "")).await));
    for (path, answer) in answers {
        let csp = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(csp.contains("default-src 'self'") && csp.contains("frame-ancestors 'none'"), "{path}");
        assert!(!csp.contains("unsafe"), "{path}");
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
        assert_eq!(answer.header(header::REFERRER_POLICY), "no-referrer", "{path}");
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store", "{path}");
    }
}

#[tokio::test]
async fn callbacks_of_providers_answer_for_themselves() {
    let (inbox, _arrivals) = Inbox::new();
    let clock = Clock::scaled(AT, 0.0);
    let plain =
        Plain { url: String::new(), token: Secret::new("token"), callback_secret: Secret::new("shared") };
    let settings = Settings { sms: Some(Texts::Plain(plain)), ..Settings::default() };
    let hooks = hooks::routes(inbox, clock, &settings);
    let bench = Bench::with(violation(), Records::default(), Some(hooks));
    // Neither our name nor our origin: that is for the callback's signature to judge, and this one has none.
    let headers = [("host", "cordon.example"), ("origin", "https://provider.example")];
    for path in ["/hooks/sms/reply", "/hooks/sms/receipt"] {
        let answer = bench.send(request("POST", path, &headers, "{}")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(!answer.text.contains("Sign in first"), "{path}");
    }
}

#[tokio::test]
async fn the_network_is_refused() {
    let listener = TcpListener::bind("0.0.0.0:0").await.expect("a free port");
    let (_board, picture) = watch::channel(Arc::new(Board::default()));
    let (inbox, _arrivals) = Inbox::new();
    let state = ConsoleState {
        board: picture,
        disk: watch::channel(None).1,
        inbox,
        store: Arc::new(Records::default()),
        clock: Clock::real(),
        sign_in: Arc::new(SignIn::new()),
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
    let error = serve(listener, state, std::future::pending()).await.expect_err("not loopback");
    assert!(matches!(error, ServeError::NotLoopback(_)), "{error}");
}
