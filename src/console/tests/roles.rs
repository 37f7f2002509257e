//! Every role at every route: what it may, it may; nothing leaks beyond its role, its units and its cases.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::json;

use super::{
    super::rights::{self, Act, Door, ROUTES},
    *,
};
use crate::{
    access::{Grant, NewAccount, Permit, Role, audit::Who},
    domain::{Book, CaseId, IncidentId, Outcome, StaffId},
};

/// Words that stand in another unit alone.
const KENT: [&str; 5] = ["Kilo Wearer", "Kilo Person", "KILO-1", "Kilo Officer", "Medway"];
/// Ids of the other unit, as only the API writes them.
const KENT_IDS: [&str; 4] = ["\"kent-1\"", "\"k-1\"", "\"k-p\"", "\"kz\""];
/// Of the unit, but of a case that is not in the caseload.
const OTHER_CASE: [&str; 2] = ["Colin Marsh", "ALDER-2"];
/// Of the unit, and of no case in the caseload: a person, and how they are reached.
const OTHER_PERSON: [&str; 2] = ["Ms D. Hale", "+447700900077"];
/// Of the caseload.
const OWN_CASE: [&str; 2] = ["Barry Stone", "Ms A. Berry"];

/// Two units; in the first two cases.
pub(super) fn two_units() -> (Board, Records) {
    let books = [
        json!({"unit": {"id": "kent", "name": "Medway", "default_policy": "usual",
            "area": {"south": 51.0, "west": 0.0, "north": 51.6, "east": 1.5},
            "staff": [{"id": "kim", "name": "Kilo Officer", "contact": []}]}}),
        json!({"person": {"id": "p-2", "unit": "cheshire", "name": "Ms D. Hale",
            "contact": [{"channel": "sms", "address": "+447700900077"}]}}),
        json!({"wearer": {"id": "k-1", "unit": "kent", "name": "Kilo Wearer", "tag": []}}),
        json!({"person": {"id": "k-p", "unit": "kent", "name": "Kilo Person", "contact": []}}),
        json!({"case": {"id": "kent-1", "unit": "kent", "wearer": "k-1", "persons": ["k-p"], "risk": "high",
            "policy": "usual", "basis": {"kind": "consent", "from": "2026-01-01T00:00:00Z"},
            "zone": [{"id": "kz", "code": "KILO-1", "margin_m": 300.0,
                "shape": {"circle": {"lat": 51.3, "lon": 0.5, "radius_m": 300.0}}}]}}),
    ];
    let of = |no: i64, case: &str, wearer: &str, handling: Handling| {
        let mut it = incident(no, IncidentKind::StrapTamper, Priority::P1, handling);
        it.case = Some(fixture::id(case));
        it.subject = crate::domain::Subject::Wearer(fixture::id(wearer));
        it
    };
    let kent = |no, handling| {
        let mut it = of(no, "kent-1", "k-1", handling);
        (it.unit, it.escalations, it.timeline) = (fixture::id("kent"), Vec::new(), Vec::new());
        it
    };
    let closed = || Handling::Closed { by: fixture::id("amy"), outcome: Outcome::FalseAlarm };
    let open = [
        of(1, "case-1", "w-1", Handling::Raised),
        of(2, "case-2", "w-2", Handling::Raised),
        kent(77, Handling::Raised),
    ];
    let mut board = board("Barry Stone", open);
    let rulebook = books.into_iter().map(|book| serde_json::from_value::<Book>(book).expect("a sound book"));
    let rulebook = rulebook.fold((*board.rulebook).clone(), |rulebook, book| rulebook.published(book, AT));
    board.rulebook = Arc::new(rulebook);
    let seen = board.wearers.values().next().expect("some are seen").clone();
    board.wearers.insert(fixture::id("k-1"), crate::sequencer::Dot { stages: vec![], ..seen });
    let incidents =
        vec![of(4, "case-1", "w-1", closed()), of(5, "case-2", "w-2", closed()), kent(78, closed())];
    (board, Records { incidents, ..Records::default() })
}

/// A person with a session, and a token of theirs that is made for all that it can be.
pub(super) struct Somebody {
    pub(super) browser: Browser,
    pub(super) token: String,
}

impl Bench {
    /// Somebody whose account has this role in Cheshire, and case-1.
    pub(super) async fn of_role(&self, role: Role) -> Somebody {
        let id: StaffId = format!("the-{}", role.as_str().replace('_', "-")).parse().expect("an id");
        let grants = vec![Grant { role, unit: Some(fixture::id("cheshire")) }];
        let caseload: Vec<CaseId> = vec![fixture::id("case-1")];
        let new = NewAccount { id: id.clone(), name: format!("A {}", role.as_str()), grants, caseload };
        // Asked for twice, it is there already.
        let _ = self.access.add_account(&new, &Who::Command, AT).await;
        self.somebody(&id).await
    }

    pub(super) async fn somebody(&self, id: &StaffId) -> Somebody {
        Somebody { browser: self.enter(id), token: self.token(id, &Permit::ALL).await }
    }

    /// A browser that has just signed in.
    pub(super) fn enter(&self, id: &StaffId) -> Browser {
        self.enter_at(id, self.clock.real_us())
    }

    /// One that has done nothing since.
    pub(super) fn enter_at(&self, id: &StaffId, real_us: i64) -> Browser {
        let generation = self.access.accounts(real_us).and_then(|all| Some(all.live(id)?.generation));
        let generation = generation.expect("an account in use");
        let cookie = self.door.enter(id.clone(), generation, "", real_us).expect("random numbers");
        let form_token = self.door.session(&cookie, real_us).expect("a fresh session").form_token();
        Browser { cookie: format!("cordon_session={cookie}"), form_token }
    }

    /// Commits whatever is put in.
    pub(super) fn commit_all(&mut self) {
        let mut arrivals = std::mem::replace(&mut self.arrivals, Inbox::new().1);
        tokio::spawn(async move {
            while let Some(arrival) = arrivals.recv().await {
                if let Arrival::Told(_, Some(wait)) = arrival {
                    let _ = wait.send(Ok(()));
                }
            }
        });
    }

    pub(super) async fn ask(&self, who: &Somebody, method: &str, path: &str) -> (StatusCode, String) {
        let browser = &who.browser;
        let bearer = format!("Bearer {}", who.token);
        let is_api = path.starts_with("/api/v1/");
        let headers = match is_api {
            true => vec![("authorization", bearer.as_str()), ("content-type", "application/json")],
            false => vec![("cookie", browser.cookie.as_str())],
        };
        let sent = form(&[("form_token", browser.form_token.as_str()), ("note", "x"), ("outcome", "test")]);
        let body = match method {
            "POST" if is_api => sound_body(path),
            "POST" => sent.as_str(),
            _ => "",
        };
        let answer =
            self.router.clone().oneshot(request(method, path, &headers, body)).await.expect("an answer");
        let (parts, body) = answer.into_parts();
        // The feed never ends: its first event will do.
        let text = if (path == "/live" || path == "/api/v1/feed") && parts.status == StatusCode::OK {
            use futures_util::StreamExt as _;
            let first = body.into_data_stream().next().await.expect("an event").expect("bytes");
            String::from_utf8_lossy(&first).into_owned()
        } else {
            String::from_utf8_lossy(&to_bytes(body, 4 << 20).await.expect("a body")).into_owned()
        };
        let led_to = parts.headers.get(header::LOCATION).map(|to| to.to_str().expect("ASCII").to_owned());
        (parts.status, text + &led_to.unwrap_or_default())
    }
}

/// What may be sent to a route of the API.
pub(super) fn sound_body(path: &str) -> &'static str {
    match path.rsplit('/').next() {
        Some("note") => r#"{"text": "x"}"#,
        Some("close") => r#"{"outcome": "test"}"#,
        Some("send") => r#"{"responder": "amy"}"#,
        Some("attend") => r#"{"stage": "accepted"}"#,
        Some("shelve") => r#"{"minutes": 30, "reason": "x"}"#,
        _ => "",
    }
}

/// What a role must be answered at a route, for each address that the route has.
fn expected(door: Door, path: &str, role: Role) -> Vec<(String, Option<StatusCode>)> {
    let at = |id: &str| path.replace("{id}", id);
    let fixed =
        path.replace("{account}", "the-officer").replace("{name}", "style.css").replace("{token}", "none");
    let fixed = fixed.replace("{no}", "999");
    match door {
        Door::May(act) if path.starts_with("/records/") && path.contains("{id}") => {
            let refused = (!act.roles().contains(&role)).then_some(StatusCode::FORBIDDEN);
            let none = Some(StatusCode::NOT_FOUND);
            let others = role.is_of_caseload().then_some(StatusCode::NOT_FOUND);
            let [own, other, far] = match path.split('/').nth(2) {
                Some("wearers") => ["w-1", "w-2", "k-1"],
                Some("persons") => ["p-1", "p-2", "k-p"],
                // Nobody who may sees a unit by a caseload.
                Some("units") => ["cheshire", "cheshire", "kent"],
                _ => ["case-1", "case-2", "kent-1"],
            };
            // Nothing waits for a second person here.
            let decided = path.contains("/proposals/").then_some(StatusCode::NOT_FOUND);
            let zone = |id: &str| match id {
                "case-1" => "home",
                "case-2" => "flat",
                "cheshire" => "school",
                _ => "kz",
            };
            [(own, None), (other, others), (far, none), ("nobody", none)]
                .map(|(id, status)| {
                    let address = at(id).replace("{zone}", zone(id)).replace("{no}", "999");
                    (address, refused.or(status).or(decided))
                })
                .into()
        }
        Door::May(act) => {
            // A new unit is for whoever reaches everything, and nobody here does.
            let is_refused = !act.roles().contains(&role) || path == "/records/units";
            let refused = is_refused.then_some(StatusCode::FORBIDDEN);
            // No region was imported here, nothing handed over, and nobody erased.
            let is_none = matches!(path, "/fragments/map/region" | "/handover/{no}")
                || path.starts_with("/records/erasures/");
            let none = is_none.then_some(StatusCode::NOT_FOUND);
            vec![(fixed, refused.or(none))]
        }
        Door::MayWithIncident(act) if !act.roles().contains(&role) => {
            [1, 2, 77, 4, 78, 999].map(|id| (at(&id.to_string()), Some(StatusCode::FORBIDDEN))).into()
        }
        Door::MayWithIncident(act) => {
            let others = role.is_of_caseload().then_some(StatusCode::NOT_FOUND);
            let none = Some(StatusCode::NOT_FOUND);
            // Nobody is called about what is closed, nor sent to it.
            let is_page = !path.starts_with("/api/v1/");
            let of_open = act == Act::SeeNumbers
                || is_page && matches!(act, Act::SeeSend | Act::Send | Act::SeeSent | Act::Attend);
            let closed = if of_open { none } else { None };
            [(1, None), (2, others), (77, none), (4, closed), (5, others.or(closed)), (78, none), (999, none)]
                .map(|(id, status)| (at(&id.to_string()), status))
                .into()
        }
        Door::Open | Door::OwnProof | Door::Monitor | Door::SignedIn | Door::Token | Door::Known => {
            vec![(fixed, None)]
        }
    }
}

#[tokio::test]
async fn every_role_at_every_route() {
    let refusals = [
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED,
    ];
    let (board, records) = two_units();
    let mut bench = Bench::with(board, records, None);
    bench.commit_all();
    // The page of an account is asked for below.
    bench.of_role(Role::Officer).await;
    let mut asked = 0;
    for role in Role::ALL {
        let who = match role {
            Role::Officer => bench.somebody(&fixture::id("the-officer")).await,
            role => bench.of_role(role).await,
        };
        for (method, route, door) in ROUTES.iter().filter(|(_, route, _)| !route.starts_with("/hooks/")) {
            for (path, refused) in expected(*door, route, role) {
                // Signing out, or an account's roles, is for other tests.
                let changes = *method == "POST" && path.starts_with("/accounts/") && refused.is_none();
                if path == "/sign-out" || changes {
                    continue;
                }
                let (status, text) = bench.ask(&who, method, &path).await;
                let case = format!("{role:?}: {method} {path}: {status}\n{text}");
                match refused {
                    Some(refused) => assert_eq!(status, refused, "{case}"),
                    // These judge what is sent, and nothing was.
                    None if matches!(door, Door::OwnProof) || (*method == "POST" && *door == Door::Open) => {}
                    None => assert!(!refusals.contains(&status) && !status.is_server_error(), "{case}"),
                }
                let mut words = [&KENT[..], &KENT_IDS[..]].concat();
                if role.is_of_caseload() {
                    words.extend(OTHER_CASE);
                }
                if role.is_of_caseload() || refused.is_some() || !Act::SeePersons.roles().contains(&role) {
                    words.extend(OTHER_PERSON);
                }
                if refused.is_some() || !Act::SeeIncident.roles().contains(&role) {
                    words.extend([OWN_CASE, OTHER_CASE].concat());
                }
                // Whoever came by a link chooses among all staff; an account is led on.
                for word in words {
                    assert!(!text.contains(word), "{word} leaks: {case}");
                }
                asked += 1;
            }
        }
    }
    assert!(asked > 7 * ROUTES.len(), "{asked}");
}

#[tokio::test]
async fn a_token_is_worth_what_its_owner_may_do_in_the_api() {
    let (board, records) = two_units();
    let bench = Bench::with(board, records, None);
    for role in Role::ALL {
        let of_route = |(_, path, door): &(&str, &str, Door)| match door {
            Door::May(act) | Door::MayWithIncident(act) if path.starts_with("/api/v1/") => {
                assert!(act.permit().is_some(), "no token reaches {path}");
                act.permit().filter(|_| act.roles().contains(&role))
            }
            _ => None,
        };
        let worth: BTreeSet<_> = ROUTES.iter().filter_map(of_route).collect();
        let me = bench.ask(&bench.of_role(role).await, "GET", "/api/v1/me").await.1;
        let me: serde_json::Value = serde_json::from_str(&me).expect("JSON");
        assert_eq!(me["may"], json!(worth), "{role:?}");
    }
}

#[tokio::test]
async fn what_is_within_reach_is_shown() {
    let (board, records) = two_units();
    let bench = Bench::with(board, records, None);
    let shown = async |role: Role, path: &str| bench.ask(&bench.of_role(role).await, "GET", path).await.1;
    let queue = shown(Role::Officer, "/").await;
    for word in [&OWN_CASE[..1], &OTHER_CASE[..]].concat() {
        assert!(queue.contains(word), "{word}");
    }
    let queue = shown(Role::Advocate, "/").await;
    assert!(queue.contains("Barry Stone") && !queue.contains("<svg class=\"map"), "no map for an advocate");
    assert!(!queue.contains("/fragments/map") && !queue.contains("/incidents/1/own"));
    let queue = shown(Role::Responder, "/").await;
    assert!(queue.contains("/fragments/map") && queue.contains("/incidents/1/own"));
    let (feed, closed) =
        (shown(Role::Supervisor, "/live").await, shown(Role::CaseWorker, "/incidents?closed").await);
    assert!(feed.contains("\"waiting\":2"), "not the other unit's: {feed}");
    assert!(
        closed.contains("/incidents/4")
            && !closed.contains("/incidents/5")
            && !closed.contains("/incidents/78")
    );
    let queue = shown(Role::Officer, "/api/v1/queue").await;
    for word in ["Barry Stone", "Colin Marsh", "case-1", "case-2"] {
        assert!(queue.contains(word), "{word}: {queue}");
    }
    let queue = shown(Role::Advocate, "/api/v1/queue").await;
    assert!(queue.contains("case-1") && !queue.contains("case-2"), "{queue}");
    let closed = shown(Role::CaseWorker, "/api/v1/closed").await;
    assert!(closed.contains("\"id\":4") && !closed.contains("\"id\":5"), "{closed}");
    assert!(shown(Role::Responder, "/api/v1/wearers").await.contains("\"lat_deg\":53.1985"));
    assert!(shown(Role::Administrator, "/api/v1/accounts").await.contains("the-officer"));
    assert!(shown(Role::Auditor, "/api/v1/audit").await.contains("see accounts"));
    assert!(shown(Role::Administrator, "/accounts").await.contains("the-officer"));
    assert!(shown(Role::Auditor, "/audit").await.contains("see queue"));
}

#[tokio::test]
async fn a_wearer_of_two_units_shows_nothing_of_the_others_zones() {
    let (mut board, records) = two_units();
    // Kent protects somebody from w-1, too.
    let case = json!({"case": {"id": "kent-2", "unit": "kent", "wearer": "w-1", "persons": ["k-p"], "risk": "high",
        "policy": "usual", "basis": {"kind": "consent", "from": "2026-01-01T00:00:00Z"}, "zone": []}});
    let book: Book = serde_json::from_value(case).expect("a sound book");
    board.rulebook = Arc::new(board.rulebook.published(book, AT));
    let bench = Bench::with(board, records, None);
    let grants = vec![Grant { role: Role::Officer, unit: Some(fixture::id("kent")) }];
    let new = NewAccount { id: fixture::id("kim"), name: "Kim".into(), grants, caseload: vec![] };
    bench.access.add_account(&new, &Who::Command, AT).await.expect("a new account");
    let (_, queue) = bench.ask(&bench.somebody(&new.id).await, "GET", "/").await;
    assert!(queue.contains("Barry Stone") && queue.contains("Kilo Wearer"));
    for word in ["ROWAN-4", "ROWAN-5", ">home<", "Ms A. Berry", "Colin Marsh", "/incidents/1\"", "HAZEL-1"] {
        assert!(!queue.contains(word), "{word}");
    }
}

#[test]
fn every_route_in_the_source_is_in_the_table_and_the_other_way_round() {
    let mut found = Vec::new();
    routes_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console"), &mut found);
    for (method, path) in &found {
        assert!(
            ROUTES.iter().any(|(of, at, _)| of == method && at == path),
            "{method} {path} is not in rights.rs"
        );
    }
    for (method, path, _) in ROUTES.iter().filter(|(_, path, _)| !path.starts_with("/hooks/")) {
        assert!(found.iter().any(|(of, at)| of == method && at == path), "{method} {path} is no route");
    }
    for (i, (method, path, _)) in ROUTES.iter().enumerate() {
        assert!(!ROUTES[..i].iter().any(|(of, at, _)| of == method && at == path), "{method} {path} twice");
    }
    assert_eq!(rights::door(&axum::http::Method::HEAD, "/"), Some(Door::May(Act::SeeQueue)));
    assert_eq!(rights::door(&axum::http::Method::PUT, "/"), None);
}

/// Methods and paths of all `.route("...", ...)` below a folder, tests apart.
fn routes_in(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "tests") {
            routes_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a text");
            for part in text.split(".route(").skip(1).filter(|part| part.starts_with('"')) {
                let at = part.split('"').nth(1).expect("a path").to_owned();
                // Up to the next call on the same router, or the end of the statement.
                let rest = part[at.len() + 2..].split([';', '}']).next().unwrap_or_default();
                for (word, method) in [("get(", "GET"), ("post(", "POST")] {
                    if rest.contains(word) {
                        found.push((method.to_owned(), at.clone()));
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn an_incident_without_a_case_is_for_the_unit_and_for_whose_case_is_about_the_wearer() {
    let (mut board, records) = two_units();
    let mut strap = (*board.incidents[&IncidentId(1)]).clone();
    (strap.id, strap.case) = (IncidentId(8), None);
    board.incidents.insert(strap.id, Arc::new(strap.clone()));
    (strap.id, strap.subject) = (IncidentId(9), crate::domain::Subject::Service);
    board.incidents.insert(strap.id, Arc::new(strap));
    let bench = Bench::with(board, records, None);
    for (role, statuses) in [(Role::Officer, [200, 200]), (Role::Advocate, [200, 404])] {
        let browser = bench.of_role(role).await;
        for (id, status) in [8, 9].into_iter().zip(statuses) {
            for path in [format!("/incidents/{id}"), format!("/api/v1/incidents/{id}")] {
                let (got, text) = bench.ask(&browser, "GET", &path).await;
                assert_eq!(got.as_u16(), status, "{role:?} {path} {text}");
            }
        }
    }
}
