//! From the first administrator's link to an officer at the queue, and out again.

use super::*;
use crate::{
    access::{Grant, Role, audit::Who},
    domain::StaffId,
    engine::Action,
};

const PASSWORD: &str = "four words as these";

/// What a browser keeps: cookies by name.
#[derive(Default)]
struct Jar(std::collections::BTreeMap<String, String>);

impl Jar {
    fn keep(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("ASCII");
            for rule in ["HttpOnly", "SameSite=Strict"] {
                assert!(cookie.contains(rule), "{cookie}");
            }
            let (name, value) =
                cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a pair");
            if cookie.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.into(), value.into());
            }
        }
    }

    fn line(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }
}

impl Bench {
    async fn go(&self, jar: &mut Jar, method: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.send(request(method, path, &[("cookie", &jar.line())], &form(fields))).await;
        jar.keep(&answer);
        answer
    }

    /// Signs up by a link; gives the recovery codes.
    async fn sign_up(&self, jar: &mut Jar, link: &str) -> Vec<String> {
        let page = self.go(jar, "POST", "/join", &[("code", link)]).await;
        assert!(page.status == StatusCode::OK && page.text.contains("<svg class=\"qr\""), "{}", page.text);
        let token = link.rsplit('#').next().expect("a token");
        let code = self
            .access
            .join(token, self.clock.wall())
            .await
            .expect("a link that works")
            .code_at(self.clock.wall());
        let fields = [("code", link), ("password", PASSWORD), ("repeated", PASSWORD), ("totp", &code)];
        let done = self.go(jar, "POST", "/join", &fields).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.text);
        let codes =
            done.text.split("<li><code>").skip(1).map(|part| part.split('<').next().expect("a code").into());
        codes.collect()
    }
}

fn link_in(page: &str) -> String {
    let from = page.find("http://127.0.0.1:8080/join#").expect("a link");
    page[from..].split('<').next().expect("its end").into()
}

#[tokio::test]
async fn from_the_first_administrator_to_an_officer_and_out_again() {
    let mut bench = Bench::new(violation());
    let root: StaffId = fixture::id("root");
    let invitation = bench.access.first_administrator(&root, "Root", AT).await.expect("the first");
    let mut administrator = Jar::default();
    bench.sign_up(&mut administrator, &invitation.link("http://127.0.0.1:8080")).await;
    let page = bench.go(&mut administrator, "GET", "/accounts", &[]).await;
    assert_eq!(page.status, StatusCode::OK);
    let token = page.form_token();
    let fields =
        [("form_token", token.as_str()), ("id", "amy"), ("name", "Amy O."), ("grant", "officer:cheshire")];
    let made = bench.go(&mut administrator, "POST", "/accounts", &fields).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);

    let mut amy = Jar::default();
    let codes = bench.sign_up(&mut amy, &link_in(&made.text)).await;
    assert_eq!(codes.len(), 10);
    assert!(bench.go(&mut amy, "GET", "/", &[]).await.text.contains("Barry Stone"), "signed in at once");
    let token = bench.go(&mut amy, "GET", "/", &[]).await.form_token();
    bench.go(&mut amy, "POST", "/sign-out", &[("form_token", &token)]).await;
    assert_eq!(bench.go(&mut amy, "GET", "/", &[]).await.header(header::LOCATION), "/sign-in");

    // Password, then a code; the clock stands still, so the app's code of the enrolment is used up.
    let half = bench.go(&mut amy, "POST", "/sign-in", &[("name", " Amy "), ("password", PASSWORD)]).await;
    assert_eq!((half.status, half.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/sign-in"));
    assert!(bench.go(&mut amy, "GET", "/sign-in", &[]).await.text.contains("six digits"));
    assert_eq!(bench.go(&mut amy, "GET", "/", &[]).await.status, StatusCode::SEE_OTHER, "half is not in");
    let wrong = bench.go(&mut amy, "POST", "/sign-in/code", &[("code", "000000")]).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    let done = bench.go(&mut amy, "POST", "/sign-in/code", &[("code", &codes[0])]).await;
    assert!(done.status == StatusCode::OK && done.text.contains("You have 9 left"), "{}", done.text);
    let queue = bench.go(&mut amy, "GET", "/", &[]).await;
    assert!(queue.text.contains("Barry Stone") && !queue.text.contains("href=\"/accounts\""));

    // What she does is put to her name.
    let browser = Browser { cookie: amy.line(), form_token: queue.form_token() };
    let (_, told) = bench.post_told(&browser, "/incidents/1/own", &[], Ok(())).await;
    assert!(
        matches!(&told, Told::Handle { by, action: Action::Own, .. } if by.as_str() == "amy"),
        "{told:?}"
    );

    let fields = [("form_token", page.form_token()), ("reason", "left the unit".into())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let revoked = bench.go(&mut administrator, "POST", "/accounts/amy/revoke", &fields).await;
    assert_eq!(revoked.header(header::LOCATION), "/accounts", "{}", revoked.text);
    assert_eq!(bench.go(&mut amy, "GET", "/", &[]).await.header(header::LOCATION), "/sign-in");
    let again = bench.go(&mut amy, "POST", "/sign-in", &[("name", "amy"), ("password", PASSWORD)]).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    let log = bench.access.entries(i64::MAX, 100, None).await.expect("a log");
    let what: Vec<_> = log.iter().rev().map(|entry| entry.what.as_str()).collect();
    for did in ["make account", "enrol", "sign in", "own incident", "revoke account"] {
        assert!(what.contains(&did), "{did}: {what:?}");
    }
    assert!(bench.access.verify(&[]).await.expect("a log").is_sound());
}

#[tokio::test]
async fn a_change_of_role_ends_the_session_and_its_feed() {
    let bench = Bench::new(violation());
    let amy = bench.account("amy", &[Role::Officer]).await;
    let browser = bench.enter(&amy);
    assert_eq!(bench.get_as(&browser, "/").await.status, StatusCode::OK);
    let auditor = [Grant { role: Role::Auditor, unit: None }];
    bench.access.change_account(&amy, &auditor, &[], &Who::Command, AT).await.expect("a change");
    assert_eq!(bench.get_as(&browser, "/").await.header(header::LOCATION), "/sign-in");
    assert_eq!(bench.get_as(&browser, "/live").await.status, StatusCode::UNAUTHORIZED);
    let again = bench.enter(&amy);
    assert_eq!(bench.get_as(&again, "/").await.status, StatusCode::FORBIDDEN);
    assert_eq!(bench.get_as(&again, "/audit").await.status, StatusCode::OK);
}

#[tokio::test]
async fn guessing_is_slowed_down_and_a_browser_that_is_known_is_not() {
    let bench = Bench::new(violation());
    let amy = bench.account("amy", &[Role::Officer]).await;
    let link = bench.access.invite(&amy, &Who::Command, AT).await.expect("a link").link("");
    let mut known = Jar::default();
    bench.sign_up(&mut known, &link).await;
    let mut last = StatusCode::OK;
    for _ in 0..6 {
        let answer = bench
            .go(&mut Jar::default(), "POST", "/sign-in", &[("name", "amy"), ("password", "a guess")])
            .await;
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
        last = answer.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let fields = [("name", "amy"), ("password", PASSWORD)];
    assert_eq!(
        bench.go(&mut Jar::default(), "POST", "/sign-in", &fields).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    assert_eq!(bench.go(&mut known, "POST", "/sign-in", &fields).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn names_that_nobody_has_are_answered_like_those_that_somebody_has() {
    let bench = Bench::new(violation());
    bench.account("amy", &[Role::Officer]).await;
    let mut pages = Vec::new();
    for name in ["amy", "eve"] {
        let answer = bench
            .go(&mut Jar::default(), "POST", "/sign-in", &[("name", name), ("password", "a guess")])
            .await;
        pages.push((answer.status, answer.text.replace(name, "")));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn an_administrator_of_a_unit_reaches_no_further() {
    let bench = Bench::new(violation());
    let new = crate::access::NewAccount {
        id: fixture::id("una"),
        name: "Una".into(),
        grants: vec![Grant { role: Role::Administrator, unit: Some(fixture::id("cheshire")) }],
        caseload: vec![],
    };
    bench.access.add_account(&new, &Who::Command, AT).await.expect("a new account");
    bench.account("root", &[Role::Administrator]).await;
    let una = bench.enter(&new.id);
    assert!(!bench.get_as(&una, "/accounts").await.text.contains("root"));
    for path in ["/accounts/root", "/accounts/nobody", "/accounts/NO"] {
        assert_eq!(bench.get_as(&una, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/accounts/root", "/accounts/root/revoke", "/accounts/root/link"] {
        assert_eq!(
            bench.post_as(&una, path, &[("reason", "x")]).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    for grant in ["administrator:", "officer:kent", "king:cheshire", "officer:K!"] {
        let fields = [("id", "new"), ("name", "New"), ("grant", grant)];
        let refused = bench.post_as(&una, "/accounts", &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{grant}");
    }
    let cases = [("id", "new"), ("name", "New"), ("grant", "advocate:cheshire"), ("cases", "case-1 nowhere")];
    assert!(bench.post_as(&una, "/accounts", &cases).await.text.contains("There is no case nowhere"));
    let good = [("id", "new"), ("name", "New"), ("grant", "advocate:cheshire"), ("cases", "case-1, case-2")];
    let made = bench.post_as(&una, "/accounts", &good).await;
    assert!(made.status == StatusCode::OK && made.text.contains("case-1 case-2"), "{}", made.text);
}

#[tokio::test]
async fn beyond_this_machine_cookies_are_for_tls_and_counts_for_the_watchdog() {
    let bench = Bench::public(violation());
    let amy = bench.account("amy", &[Role::Officer]).await;
    let link = bench.access.invite(&amy, &Who::Command, AT).await.expect("a link").link("");
    let host = ("host", "cordon.example.org");
    let page = bench.send(request("POST", "/join", &[host], &form(&[("code", &link)]))).await;
    assert!(page.header(header::STRICT_TRANSPORT_SECURITY).contains("max-age="), "{:?}", page.headers);
    let token = link.rsplit('#').next().expect("a token");
    let code = bench.access.join(token, AT).await.expect("a link that works").code_at(bench.clock.wall());
    let fields = [("code", link.as_str()), ("password", PASSWORD), ("repeated", PASSWORD), ("totp", &code)];
    for origin in ["http://cordon.example.org", "https://evil.example"] {
        let refused = bench.send(request("POST", "/join", &[host, ("origin", origin)], &form(&fields))).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{origin}");
    }
    let ours = ("origin", "https://cordon.example.org");
    let done = bench.send(request("POST", "/join", &[host, ours], &form(&fields))).await;
    let cookies: Vec<_> = done.headers.get_all(header::SET_COOKIE).iter().collect();
    assert!(
        cookies.len() == 3 && cookies.iter().all(|it| it.to_str().expect("ASCII").contains("; Secure")),
        "{cookies:?}"
    );
    let elsewhere = bench.send(request("GET", "/sign-in", &[("host", "other.example.org")], "")).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    for path in ["/health", "/metrics"] {
        let bare = bench.send(request("GET", path, &[host], "")).await;
        assert_eq!(bare.status, StatusCode::UNAUTHORIZED, "{path}");
        let token = format!("Bearer {WATCH_TOKEN}");
        let shown = bench.send(request("GET", path, &[host, ("authorization", &token)], "")).await;
        assert_eq!(shown.status, StatusCode::OK, "{path}");
    }
    assert_eq!(bench.send(request("GET", "/livez", &[host], "")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_a_page_asks_for_by_itself_is_no_sign_of_life() {
    let bench = Bench::new(violation());
    let amy = bench.account("amy", &[Role::Officer]).await;
    let (real_us, minute_us) = (bench.clock.real_us(), 60_000_000);
    let browser = bench.enter_at(&amy, real_us - 14 * minute_us);
    let cookie = browser.cookie.strip_prefix("cordon_session=").expect("a session");
    let idle_in_2_min =
        || bench.door.session(cookie, bench.clock.real_us() + 2 * minute_us).expect("it lives").idle;
    let own = [("cookie", browser.cookie.as_str()), ("sec-fetch-mode", "navigate")];
    for path in ["/fragments/queue", "/fragments/map", "/"] {
        assert_eq!(bench.send(request("GET", path, &own, "")).await.status, StatusCode::OK, "{path}");
    }
    let still_here = bench.send(request("GET", "/fragments/here", &own, "")).await;
    assert_eq!(still_here.status, StatusCode::NO_CONTENT);
    assert_eq!(bench.post_as(&browser, "/armed", &[]).await.status, StatusCode::NO_CONTENT);
    assert!(idle_in_2_min());
    let by_hand = [own[0], own[1], ("sec-fetch-user", "?1")];
    assert_eq!(bench.send(request("GET", "/", &by_hand, "")).await.status, StatusCode::OK);
    assert!(!idle_in_2_min());
    let late = bench.enter_at(&amy, real_us - 16 * minute_us);
    assert_eq!(bench.get_as(&late, "/").await.header(header::LOCATION), "/sign-in");
    let fragment = bench.get_as(&late, "/fragments/queue").await;
    assert!(fragment.status == StatusCode::LOCKED && fragment.text.contains("for 15 minutes"));
    assert_eq!(bench.post_as(&late, "/here", &[]).await.status, StatusCode::LOCKED, "too late");
    assert_eq!(bench.get_as(&late, "/fragments/here").await.status, StatusCode::LOCKED);
    assert_eq!(
        bench.post_as(&late, "/armed", &[]).await.status,
        StatusCode::NO_CONTENT,
        "the alarm is heard"
    );
    let feed = bench.router.clone().oneshot(request("GET", "/live", &[("cookie", &late.cookie)], "")).await;
    assert_eq!(feed.expect("an answer").status(), StatusCode::OK, "how many wait is still told");
    assert_eq!(bench.post_as(&browser, "/here", &[]).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_page_without_scripts_asks_again_when_it_may_no_longer_be_seen() {
    let bench = Bench::new(violation());
    let amy = bench.account("amy", &[Role::Officer]).await;
    let (by_account, by_link) = (bench.enter(&amy), bench.browser().await);
    let after_s = async |browser: &Browser, path: &str| {
        let page = bench.get_as(browser, path).await.text;
        let after = page.split("http-equiv=\"refresh\" content=\"").nth(1)?;
        after.split('"').next()?.parse::<u32>().ok()
    };
    assert_eq!(after_s(&by_account, "/").await, Some(5));
    for path in ["/incidents/1", "/incidents?closed", "/enrolments"] {
        assert_eq!(after_s(&by_account, path).await, Some(905), "{path}");
        assert_eq!(
            after_s(&by_link, path).await,
            None,
            "{path}: nobody is asked, and a form may be half filled"
        );
    }
}
