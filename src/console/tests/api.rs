//! The API: what comes in, what goes out, and that both are as its document says.

use std::collections::BTreeSet;

use boon::{Compiler, Schemas};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

use super::{
    super::{
        grounds::Grounds,
        rights::{Door, ROUTES},
    },
    roles::sound_body,
    *,
};
use crate::{
    access::{Grant, NewToken, Permit, Role, audit::Who},
    domain::{Alert, AlertId, AlertState, Channel, IncidentId, Language, MessageClass, Outcome, StaffId},
    engine::Action,
    store::Attempt,
};

const DOCUMENT: &str = "/api/v1/openapi.json";

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Status and word of a refusal.
    pub(super) fn refusal(&self) -> (u16, String) {
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        let reason = problem["reason"].as_str().expect("a word").to_owned();
        assert_eq!(problem["type"], format!("/api#reason-{reason}"));
        (self.status.as_u16(), reason)
    }
}

impl Bench {
    pub(super) async fn token(&self, account: &StaffId, permits: &[Permit]) -> String {
        let new = NewToken { name: "of a script".into(), permits: permits.into(), days: 90 };
        let made = self.access.make_token(account, &new, &Who::Account(account.clone()), AT).await;
        made.expect("a token").1.expose().to_owned()
    }

    /// The token of an account that has all of a person's roles everywhere, made for everything.
    async fn mighty(&self) -> String {
        let amy = self.account("amy", &[Role::Supervisor, Role::Administrator, Role::Auditor]).await;
        self.token(&amy, &Permit::ALL).await
    }

    pub(super) async fn call(&self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        self.send(call(token, method, path, body)).await
    }

    async fn call_told(
        &mut self,
        token: &str,
        path: &str,
        body: &str,
        result: Result<(), Refused>,
    ) -> (Answer, Told) {
        self.send_told(call(token, "POST", path, body), |_| result).await
    }
}

/// What a program sends that shows a token.
pub(super) fn call(token: &str, method: &str, path: &str, body: &str) -> Request<Body> {
    let bearer = format!("Bearer {token}");
    api_request(method, path, &[("authorization", &bearer), ("content-type", "application/json")], body)
}

/// Without the type that forms have.
fn api_request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, HOST);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).expect("a sound request")
}

/// Everything there can be on a board, and in the records.
fn all_there_is() -> Bench {
    let [raised, owned, acted, closed, told] = fixture::handlings();
    let open = [raised, owned, acted];
    let incidents = fixture::KINDS.into_iter().enumerate().map(|(n, kind)| {
        let priority = [Priority::P1, Priority::P2, Priority::P3][n % 3];
        incident(1 + i64::try_from(n).expect("few"), kind, priority, open[n / 3 % 3].clone())
    });
    let old = |no, handling| incident(no, IncidentKind::Violation, Priority::P1, handling);
    let alert = Alert {
        id: AlertId(10),
        incident: IncidentId(1),
        unit: fixture::id("cheshire"),
        recipient: crate::domain::Recipient::Person(fixture::id("p-1")),
        channel: Channel::Sms,
        address: "+447700900123".into(),
        class: MessageClass::Danger,
        language: Language::default(),
        own_words: None,
        sender: None,
        silent: false,
        priority: Priority::P1,
        nth: 1,
        summary: String::new(),
        raised_at: AT,
        state: AlertState::Expired("unknown_number".into()),
    };
    let attempt = Attempt {
        alert: AlertId(10),
        nth: 1,
        at: AT,
        took_ms: 412,
        result: "refused".into(),
        reason: "unknown_number".into(),
        provider_ref: String::new(),
    };
    let records = Records {
        incidents: vec![old(90, closed), old(91, told)],
        alerts: vec![alert],
        attempts: vec![attempt],
        ..Records::default()
    };
    let mut picture = board("Barry Stone", incidents);
    let weak = incident(70, IncidentKind::ProtectionWeak, Priority::P2, Handling::Raised);
    picture.notices = [(weak.id, Arc::new(weak))].into();
    Bench::with(picture, records, None)
}

/// Judges what is sent by what the document says.
struct Judge {
    document: Value,
    compiler: Compiler,
}

impl Judge {
    async fn of(bench: &Bench, token: &str) -> Self {
        let document = bench.call(token, "GET", DOCUMENT, "").await.json();
        let mut compiler = Compiler::new();
        compiler.add_resource("file:///openapi.json", document.clone()).expect("a document");
        compiler.enable_format_assertions();
        Self { document, compiler }
    }

    fn judge(&mut self, path: &str, method: &str, answer: &Answer) {
        let method = method.to_lowercase();
        let status = answer.status.as_u16().to_string();
        let documented = &self.document["paths"][path][&method]["responses"][&status];
        assert!(documented.is_object(), "{method} {path}: {status} is not in the document: {}", answer.text);
        if answer.status == StatusCode::NO_CONTENT {
            assert!(documented.get("content").is_none() && answer.text.is_empty());
            return;
        }
        let kind = answer.header(header::CONTENT_TYPE);
        let escape = |text: &str| text.replace('~', "~0").replace('/', "~1");
        assert!(documented["content"][kind].is_object(), "{method} {path}: {status} as {kind}");
        let place = format!(
            "file:///openapi.json#/paths/{}/{method}/responses/{status}/content/{}/schema",
            escape(path),
            escape(kind)
        );
        let mut schemas = Schemas::new();
        let schema =
            self.compiler.compile(&place, &mut schemas).unwrap_or_else(|error| panic!("{place}: {error}"));
        let value = answer.json();
        let judged = schemas.validate(&value, schema).map_err(|error| error.to_string());
        assert_eq!(judged, Ok(()), "{method} {path}: {value:#}");
    }
}

#[tokio::test]
async fn every_answer_is_as_the_document_says() {
    let bench = all_there_is();
    let token = bench.mighty().await;
    let mut judge = Judge::of(&bench, &token).await;
    let reads = ROUTES.iter().filter(|(method, path, _)| *method == "GET" && path.starts_with("/api/v1/"));
    let mut seen = 0;
    for (method, path, _) in reads.filter(|(_, path, _)| *path != "/api/v1/feed") {
        for id in ["1", "9", "10", "90"] {
            if path.ends_with("/call") && id == "90" {
                continue;
            }
            let answer = bench.call(&token, method, &path.replace("{id}", id), "").await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
            judge.judge(path, method, &answer);
            let unknown = bench.call("cordon_", method, &path.replace("{id}", id), "").await;
            assert_eq!(unknown.refusal().0, if seen < 5 { 401 } else { 429 });
            judge.judge(path, method, &unknown);
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
    let queue = bench.call(&token, "GET", "/api/v1/queue", "").await.json();
    let kinds: BTreeSet<_> =
        queue["incidents"].as_array().expect("a list").iter().map(|it| it["kind"].to_string()).collect();
    assert_eq!(kinds.len(), fixture::KINDS.len(), "every kind of incident was judged");
    let priorities: Vec<_> =
        queue["incidents"].as_array().expect("a list").iter().map(|it| it["priority"].to_string()).collect();
    assert!(priorities.is_sorted() && priorities.first() != priorities.last());
    let one = bench.call(&token, "GET", "/api/v1/incidents/1", "").await.json();
    assert_eq!(one["alerts"][0]["address_ends"], "…123");
    assert_eq!(one["alerts"][0]["attempts"][0]["took_ms"], 412);
    assert_eq!(one["as_of"], "2026-03-01T01:54:07.000Z");
}

#[tokio::test]
async fn the_document_has_every_route_and_no_other() {
    let bench = Bench::new(violation());
    let token = bench.mighty().await;
    let document = bench.call(&token, "GET", DOCUMENT, "").await.json();
    assert_eq!(document["openapi"], "3.1.1");
    let paths = document["paths"].as_object().expect("paths");
    let described: BTreeSet<(String, String)> = paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().expect("methods").keys();
            methods.map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let api = ROUTES.iter().filter(|(_, path, _)| path.starts_with("/api/v1/"));
    let routes: BTreeSet<_> =
        api.clone().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(described, routes);
    for (method, path, door) in api {
        let operation = &document["paths"][path][method.to_lowercase()];
        let permit = match door {
            Door::May(act) | Door::MayWithIncident(act) => act.permit().map(Permit::as_str),
            Door::Token | Door::Known => None,
            other => panic!("{path}: {other:?} is no door of the API"),
        };
        assert_eq!(
            operation["security"][0]["token"],
            json!(permit.into_iter().collect::<Vec<_>>()),
            "{path}"
        );
    }
    // Nobody without a token or a session reads even this.
    assert_eq!(bench.get(DOCUMENT).await.refusal(), (401, "no_token".into()));
    let browser = bench.enter(&fixture::id("amy"));
    assert_eq!(bench.get_as(&browser, DOCUMENT).await.json(), document);
    let page = bench.get_as(&browser, "/api").await;
    for (method, path) in described {
        assert!(page.text.contains(&format!("<code>{method} {path}</code>")), "{method} {path}");
    }
    for grounds in Grounds::ALL {
        assert!(page.text.contains(&format!("<dt id=\"reason-{}\">", grounds.word())), "{grounds:?}");
    }
}

/// The words that a schema lists.
fn words(document: &Value, name: &str) -> BTreeSet<String> {
    let schema = &document["components"]["schemas"][name];
    assert!(schema.is_object(), "{name} is not in the document");
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let parts = list(&schema["oneOf"]);
    let consts = parts.iter().filter_map(|part| part["const"].as_str().map(str::to_owned));
    let enums = parts.iter().chain([schema]).flat_map(|part| list(&part["enum"]));
    let keys = parts.iter().flat_map(|part| list(&part["required"]));
    consts.chain(enums.chain(keys).filter_map(|word| word.as_str().map(str::to_owned))).collect()
}

#[tokio::test]
async fn every_word_is_in_the_document() {
    let bench = Bench::new(violation());
    let document = bench.call(&bench.mighty().await, "GET", DOCUMENT, "").await.json();
    let all = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
    for (name, expected) in [
        ("IncidentKind", all(&fixture::KINDS.map(IncidentKind::as_str))),
        ("Outcome", all(&Outcome::ALL.map(Outcome::as_str))),
        ("Channel", all(&Channel::ALL.map(Channel::as_str))),
        ("Role", all(&Role::ALL.map(Role::as_str))),
        ("Permit", all(&Permit::ALL.map(Permit::as_str))),
        ("Grounds", Grounds::ALL.iter().map(|grounds| grounds.word()).collect()),
        ("Handling", fixture::handlings().iter().map(|handling| handling.as_str().to_owned()).collect()),
        ("Stage", all(&["clear", "watch", "approach", "violation", "left"])),
        ("Priority", all(&["P1", "P2", "P3"])),
        (
            "AlertState",
            all(&["waiting", "accepted", "delivered", "picked_up", "acknowledged", "withdrawn", "expired"]),
        ),
        ("ChainState", all(&["running", "paused", "ended"])),
    ] {
        assert_eq!(words(&document, name), expected, "{name}");
    }
}

#[tokio::test]
async fn what_is_done_is_put_to_the_account_and_the_log_names_the_token() {
    let mut bench = Bench::new(violation());
    let token = bench.mighty().await;
    for (what, body, action) in [
        ("own", "", Action::Own),
        ("act", "", Action::Act),
        ("note", r#"{"text": "  seen  "}"#, Action::Note("seen".into())),
        ("close", r#"{"outcome": "false_alarm"}"#, Action::Close(Outcome::FalseAlarm)),
    ] {
        let path = format!("/api/v1/incidents/1/{what}");
        let (answer, told) = bench.call_told(&token, &path, body, Ok(())).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::NO_CONTENT, ""), "{what}");
        assert_eq!(told, Told::Handle { incident: IncidentId(1), by: fixture::id("amy"), action });
    }
    bench.call(&token, "GET", "/api/v1/incidents/1", "").await;
    let log = bench.access.entries(i64::MAX, 100, None).await.expect("a log");
    let log: Vec<_> =
        log.iter().rev().map(|entry| (entry.who.as_str(), entry.what.as_str(), entry.incident)).collect();
    for what in ["own incident", "act on incident", "note on incident", "close incident", "see incident"] {
        assert!(log.contains(&("token:amy:1", what, 1)), "{what}: {log:?}");
    }
    assert!(log.contains(&("amy", "make token", 0)), "{log:?}");
    let audit = bench.call(&token, "GET", "/api/v1/audit?before=4", "").await.json();
    assert_eq!(audit["records"][0]["no"], 3);
    let page = bench.get_as(&bench.enter(&fixture::id("amy")), "/audit").await;
    assert!(page.text.contains("Name of amy (token:amy:1)"), "{}", page.text);
}

#[tokio::test]
async fn refusals_have_a_word_that_stays() {
    let mut bench = Bench::new(violation());
    let token = bench.mighty().await;
    let mut judge = Judge::of(&bench, &token).await;
    let own = "/api/v1/incidents/1/own";
    for (result, status, reason) in [
        (Refused::Taken(fixture::id("desk")), 409, "taken"),
        (Refused::NoSuchIncident(IncidentId(1)), 409, "not_open"),
        (Refused::UnknownStaff(fixture::id("amy")), 403, "no_staff"),
        (Refused::Crashed, 422, "refused"),
    ] {
        let (answer, _) = bench.call_told(&token, own, "", Err(result)).await;
        assert_eq!(answer.refusal(), (status, reason.into()));
        judge.judge("/api/v1/incidents/{id}/own", "POST", &answer);
    }
    let close = ("/api/v1/incidents/1/close", r#"{"outcome": "test"}"#);
    let (answer, _) = bench.call_told(&token, close.0, close.1, Err(Refused::StillInside)).await;
    assert_eq!(answer.refusal(), (409, "still_inside".into()));
    judge.judge("/api/v1/incidents/{id}/close", "POST", &answer);
    for (method, path, body, status, reason) in [
        ("GET", "/api/v1/incidents/999", "", 404, "no_such_incident"),
        ("GET", "/api/v1/incidents/one", "", 404, "no_such_incident"),
        ("GET", "/api/v1/nothing", "", 404, "no_such_address"),
        ("GET", "/api/v1/", "", 404, "no_such_address"),
        ("PUT", "/api/v1/queue", "", 405, "no_such_method"),
        ("POST", "/api/v1/queue", "", 405, "no_such_method"),
        ("GET", "/api/v1/audit?before=x", "", 400, "query_wrong"),
        ("GET", "/api/v1/closed?after=1", "", 400, "query_wrong"),
        ("POST", "/api/v1/incidents/1/note", "", 422, "body_wrong"),
        ("POST", "/api/v1/incidents/1/note", r#"{"text": 1}"#, 422, "body_wrong"),
        ("POST", "/api/v1/incidents/1/note", r#"{"text": "x", "by": "ben"}"#, 422, "body_wrong"),
        ("POST", "/api/v1/incidents/1/note", r#"{"text": " "}"#, 422, "note_length"),
        ("POST", "/api/v1/incidents/1/note", r#"["text"]"#, 422, "body_wrong"),
        ("POST", "/api/v1/incidents/1/close", r#"{"outcome": "won"}"#, 422, "body_wrong"),
        ("POST", "/api/v1/incidents/1/close", r#"{"outcome": "test"} x"#, 422, "body_wrong"),
    ] {
        let answer = bench.call(&token, method, path, body).await;
        assert_eq!(answer.refusal(), (status, reason.into()), "{method} {path} {body}");
        if status == 405 {
            assert_eq!(answer.header(header::ALLOW), "GET, HEAD");
        }
    }
    let long = |length| format!(r#"{{"text": "{}"}}"#, "é".repeat(length));
    let note = "/api/v1/incidents/1/note";
    assert_eq!(bench.call(&token, "POST", note, &long(2_001)).await.refusal(), (422, "note_length".into()));
    assert_eq!(
        bench.call(&token, "POST", note, &long(40_000)).await.refusal(),
        (413, "body_too_long".into())
    );
    let bearer = format!("Bearer {token}");
    for kind in ["application/x-www-form-urlencoded", "text/plain", ""] {
        let headers = [("authorization", bearer.as_str()), ("content-type", kind)];
        let answer = bench.send(api_request("POST", note, &headers, r#"{"text": "x"}"#)).await;
        assert_eq!(answer.refusal(), (415, "body_type".into()), "{kind}");
    }
    let headers = [("authorization", bearer.as_str()), ("origin", "https://evil.example")];
    assert_eq!(
        bench.send(api_request("POST", own, &headers, "")).await.refusal(),
        (403, "foreign_origin".into())
    );
    let elsewhere = Request::builder().uri("/api/v1/queue").header("host", "evil.example");
    let elsewhere = bench.send(elsewhere.body(Body::empty()).expect("a request")).await;
    assert_eq!(elsewhere.refusal(), (403, "foreign_host".into()));
    bench.access.lose().await;
    let unseen = bench.call(&token, "GET", "/api/v1/queue", "").await;
    assert_eq!(unseen.refusal(), (503, "not_recorded".into()));
    judge.judge("/api/v1/queue", "GET", &unseen);
    // The journal has what is done.
    assert_eq!(bench.call_told(&token, own, "", Ok(())).await.0.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_token_does_what_it_was_made_for_and_its_account_may() {
    let mut bench = Bench::new(violation());
    bench.commit_all();
    let amy = bench.account("amy", &[Role::Officer]).await;
    let api = ROUTES.iter().filter(|(_, path, _)| path.starts_with("/api/v1/") && *path != "/api/v1/feed");
    for permit in Permit::ALL {
        let token = bench.token(&amy, &[permit]).await;
        for (method, path, door) in api.clone() {
            let (Door::May(act) | Door::MayWithIncident(act)) = door else { continue };
            let answer = bench.call(&token, method, &path.replace("{id}", "1"), sound_body(path)).await;
            let case = format!("{permit:?} {method} {path}");
            match (act.permit() == Some(permit), act.roles().contains(&Role::Officer)) {
                (true, true) => assert!(answer.status.is_success(), "{case}: {}", answer.text),
                (false, _) => assert_eq!(answer.refusal(), (403, "not_permitted".into()), "{case}"),
                (true, false) => assert_eq!(answer.refusal(), (403, "not_for_role".into()), "{case}"),
            }
        }
        let me = bench.call(&token, "GET", "/api/v1/me", "").await.json();
        let is_of_use = !matches!(permit, Permit::ReadReaders | Permit::ReadAudit | Permit::ReadAccounts);
        assert_eq!(me["may"], json!(is_of_use.then_some(permit).into_iter().collect::<Vec<_>>()));
        let no = me["token"]["no"].as_i64().expect("a number");
        bench.access.revoke_token(&amy, no, &Who::Command, AT).await.expect("a token");
    }
    // It follows its account.
    let token = bench.token(&amy, &Permit::ALL).await;
    assert_eq!(bench.call(&token, "GET", "/api/v1/wearers", "").await.status, StatusCode::OK);
    let advocate = [Grant { role: Role::Advocate, unit: None }];
    let case = [fixture::id("case-2")];
    bench.access.change_account(&amy, &advocate, &case, &Who::Command, AT).await.expect("a change");
    assert_eq!(
        bench.call(&token, "GET", "/api/v1/wearers", "").await.refusal(),
        (403, "not_for_role".into())
    );
    let queue = bench.call(&token, "GET", "/api/v1/queue", "").await;
    assert!(queue.status == StatusCode::OK && !queue.text.contains("Barry"), "{}", queue.text);
}

#[tokio::test]
async fn sessions_are_for_pages_and_tokens_for_the_api() {
    let mut bench = Bench::new(violation());
    bench.commit_all();
    let token = bench.mighty().await;
    let browser = bench.enter(&fixture::id("amy"));
    let bearer = format!("Bearer {token}");
    for (method, path, door) in ROUTES {
        let path = path.replace("{id}", "1").replace("{account}", "amy").replace("{no}", "1");
        let is_api = path.starts_with("/api/v1/");
        if is_api && *door != Door::Known {
            let body = form(&[("form_token", browser.form_token.as_str())]);
            let answer = bench.send(request(method, &path, &[("cookie", &browser.cookie)], &body)).await;
            assert_eq!(answer.refusal(), (401, "no_token".into()), "{method} {path}");
            assert_eq!(answer.header(header::WWW_AUTHENTICATE), "Bearer");
        }
        if !is_api && matches!(door, Door::SignedIn | Door::May(_) | Door::MayWithIncident(_)) {
            let answer = bench.send(request(method, &path, &[("authorization", &bearer)], "")).await;
            let is_led =
                answer.status == StatusCode::SEE_OTHER && answer.header(header::LOCATION) == "/sign-in";
            assert!(
                is_led || answer.status == StatusCode::UNAUTHORIZED,
                "{method} {path}: {}",
                answer.status
            );
        }
    }
}

#[tokio::test]
async fn a_token_that_does_not_work_says_why() {
    let bench = Bench::new(violation());
    let (amy, ben) =
        (bench.account("amy", &[Role::Officer]).await, bench.account("ben", &[Role::Officer]).await);
    let ask = async |shown: &str| {
        let answer = bench.send(api_request("GET", "/api/v1/queue", &[("authorization", shown)], "")).await;
        assert!(!answer.text.contains("Barry"));
        answer.refusal()
    };
    let token = bench.token(&amy, &[Permit::ReadIncidents]).await;
    for good in [format!("Bearer {token}"), format!("bearer {token}"), format!("BEARER  {token}")] {
        let answer = bench.send(api_request("GET", "/api/v1/queue", &[("authorization", &good)], "")).await;
        assert_eq!(answer.status, StatusCode::OK, "{good}");
    }
    assert_eq!(ask(&format!("Basic {token}")).await, (401, "no_token".into()));
    assert_eq!(ask(&token).await, (401, "no_token".into()));
    let bearer = format!("Bearer {token}");
    let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str())];
    let twice = bench.send(api_request("GET", "/api/v1/queue", &twice, "")).await;
    assert_eq!(twice.refusal(), (401, "no_token".into()));
    assert_eq!(ask(&format!("Bearer {WATCH_TOKEN}")).await, (401, "token_malformed".into()));
    assert_eq!(ask(&format!("Bearer cordon_{}", "0".repeat(64))).await, (401, "token_unknown".into()));
    let old = NewToken { name: "old".into(), permits: vec![Permit::ReadIncidents], days: 1 };
    let made = bench.access.make_token(&amy, &old, &Who::Command, AT.plus_ms(-86_400_000)).await;
    assert_eq!(
        ask(&format!("Bearer {}", made.expect("a token").1.expose())).await,
        (401, "token_expired".into())
    );
    bench.access.revoke_token(&amy, 1, &Who::Command, AT).await.expect("a token");
    assert_eq!(ask(&bearer).await, (401, "token_revoked".into()));
    let of_ben = format!("Bearer {}", bench.token(&ben, &[Permit::ReadIncidents]).await);
    bench.access.revoke_account(&ben, "left", &Who::Command, AT).await.expect("an account");
    assert_eq!(ask(&of_ben).await, (401, "token_revoked".into()));
    // Whoever goes on is made to wait, and nobody else.
    let answer = bench.send(api_request("GET", "/api/v1/queue", &[("authorization", "Bearer x")], "")).await;
    assert_eq!(answer.refusal(), (429, "too_many".into()));
    assert_eq!(answer.header(header::RETRY_AFTER), "15");
    let token = bench.token(&amy, &[Permit::ReadIncidents]).await;
    assert_eq!(bench.call(&token, "GET", "/api/v1/queue", "").await.status, StatusCode::OK);
    let metrics = bench.get("/metrics").await.text;
    for line in [
        "cordon_api_requests_total{state=\"let_in\"} 4",
        "cordon_api_requests_total{state=\"wrong_token\"} 9",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
}

#[tokio::test]
async fn a_token_that_is_used_too_fast_waits_and_no_other() {
    let bench = Bench::new(violation());
    let token = bench.mighty().await;
    let mut statuses = Vec::new();
    for _ in 0..400 {
        statuses.push(bench.call(&token, "GET", "/api/v1/me", "").await);
        if statuses.last().expect("one").status != StatusCode::OK {
            break;
        }
    }
    let last = statuses.last().expect("one");
    assert_eq!(last.refusal(), (429, "too_many".into()));
    assert_eq!(last.header(header::RETRY_AFTER), "1");
    assert!(statuses.len() > 100, "{}", statuses.len());
    let other = bench.token(&fixture::id("amy"), &[Permit::ReadIncidents]).await;
    assert_eq!(bench.call(&other, "GET", "/api/v1/me", "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_feed_ends_with_its_token() {
    let bench = Bench::new(violation());
    let token = bench.mighty().await;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let response =
        bench.router.clone().oneshot(api_request("GET", "/api/v1/feed?after=0", &headers, "")).await;
    let response = response.expect("an answer");
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut feed = response.into_body().into_data_stream();
    let mut next = async || String::from_utf8(feed.next().await?.expect("bytes").to_vec()).ok();
    let first = next().await.expect("an event");
    assert!(first.contains("event: heartbeat") && first.contains("\"raised\":[1]"), "{first}");
    assert!(first.contains(&format!("id: {}", AT.as_us())), "{first}");
    bench.access.revoke_token(&fixture::id("amy"), 1, &Who::Command, AT).await.expect("a token");
    let mut last = first;
    while let Some(event) = next().await {
        last = event;
    }
    assert!(last.contains("event: signed-out"), "{last}");
    let token = bench.token(&fixture::id("amy"), &[Permit::ReadIncidents]).await;
    let bearer = format!("Bearer {token}");
    let open = async || {
        let request = api_request("GET", "/api/v1/feed", &[("authorization", &bearer)], "");
        bench.router.clone().oneshot(request).await.expect("an answer")
    };
    let mut feeds = Vec::new();
    for _ in 0..8 {
        feeds.push(open().await);
    }
    assert_eq!(open().await.status(), StatusCode::TOO_MANY_REQUESTS);
    feeds.pop();
    assert_eq!(open().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_day_of_use_is_kept() {
    let bench = Bench::new(violation());
    let token = bench.mighty().await;
    for _ in 0..3 {
        bench.call(&token, "GET", "/api/v1/me", "").await;
    }
    let amy = fixture::id("amy");
    let used = async || {
        let accounts = bench.access.accounts(bench.clock.real_us()).expect("accounts");
        let token = accounts.tokens_of(&amy).first().map(|token| (token.used_day, token.days_used));
        token.expect("a token")
    };
    // It is written down beside the answer.
    for _ in 0..200 {
        if used().await.0.is_some() {
            break;
        }
        let a_moment = std::time::Duration::from_millis(10);
        let _ = tokio::time::timeout(a_moment, std::future::pending::<()>()).await;
    }
    assert_eq!(used().await, (Some(AT.as_us() / 86_400_000_000), 1));
}
