//! The gate: every request to the console's routes comes through here, or does not.
//!
//! It finds out who asks, whether their role may do this (`rights`), whether the incident in the address is within their
//! reach, and has the audit log say so before anything is shown. A view that cannot be recorded is refused.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{FromRequestParts, MatchedPath, Request, State},
    http::{Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    App, api,
    caller::{Caller, Officer},
    guard, incident,
    refusal::{self, Refusal},
    rights::{self, Act, Door, Trace},
    scope,
    sign_in::Signed,
    watched,
};
use crate::{
    access::{
        Reach,
        audit::{About, Record, Who, Whom},
    },
    domain::Incident,
    engine::Rulebook,
};

/// A page that draws itself anew again and again is one view each minute.
const VIEW_US: i64 = 60 * 1_000_000;
const VIEWS_MAX: usize = 20_000;
/// An officer's action waits no longer for the audit log; the journal has it, too.
const CHANGE_WAITS: Duration = Duration::from_secs(2);

/// The incident in the address, for handlers behind [`Door::MayWithIncident`].
#[derive(Clone)]
pub(super) struct InReach(pub(super) Incident);

impl FromRequestParts<App> for InReach {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refusal> {
        // Missing if a route was given another door by mistake.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Refusal::no_incident(""))
    }
}

/// Lets a request through, or answers it.
pub(super) async fn gate(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let Some(path) = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()) else {
        return refusal::no_such_page().await.into_response();
    };
    match pass(&app, &path, &mut request).await {
        Ok(()) => next.run(request).await,
        Err(refusal) => instead(&request, &path, refusal),
    }
}

async fn pass(app: &App, path: &str, request: &mut Request) -> Result<(), Refusal> {
    let Some(door) = rights::door(request.method(), path) else {
        let is_route = rights::has_path(path);
        let no_method = Refusal::no_such_method(&rights::methods(path));
        return Err(if is_route { no_method } else { refusal::no_such_page().await });
    };
    let (act, about_incident) = match door {
        Door::Open | Door::OwnProof => return Ok(()),
        Door::Monitor if watched::may_monitor(app, request.headers()) => return Ok(()),
        Door::Monitor => return Err(Refusal::for_monitors()),
        Door::SignedIn => {
            let signed = signed(app, path, request)?;
            request.extensions_mut().insert(signed);
            return Ok(());
        }
        Door::Known if !request.headers().contains_key(header::AUTHORIZATION) => {
            return signed(app, path, request).map(drop);
        }
        Door::Known | Door::Token => {
            let caller = api::caller(app, request)?;
            request.extensions_mut().insert(caller);
            return Ok(());
        }
        Door::May(act) => (act, false),
        Door::MayWithIncident(act) => (act, true),
    };
    // A token is for the API alone, and a cookie for pages alone: a form that another site sends reaches no API.
    if api::is_api(path) {
        let caller = api::caller(app, request)?;
        let reach = caller.reach_of(act).ok_or_else(|| caller.may_not(act))?;
        let caller = caller.reaching(reach);
        admit(app, &caller, act, about_incident.then_some(path), request).await?;
        request.extensions_mut().insert(caller);
    } else {
        let officer = Officer::of(app, signed(app, path, request)?)?;
        let reach = officer.reach_of(act).ok_or_else(|| officer.may_not(act))?;
        let officer = officer.reaching(reach);
        admit(app, &officer, act, about_incident.then_some(path), request).await?;
        request.extensions_mut().insert(officer.signed.clone());
        request.extensions_mut().insert(officer);
    }
    Ok(())
}

/// Finds the incident in the address, where the route `with_incident` has one, and has the audit log say who asks and what
/// about.
async fn admit(
    app: &App,
    caller: &Caller,
    act: Act,
    with_incident: Option<&str>,
    request: &mut Request,
) -> Result<(), Refusal> {
    let abouts = match with_incident {
        Some(route) => {
            let id = segment(route, request.uri().path(), "{id}");
            let incident = incident_in_reach(app, caller, id).await?;
            let about = about(&incident);
            request.extensions_mut().insert(InReach(incident));
            vec![about]
        }
        None => units(&caller.reach, &app.board.borrow().rulebook),
    };
    record(app, caller, act, abouts).await
}

/// The session behind a request. What a person asks for is a sign of life, what a page asks for by itself is none.
fn signed(app: &App, path: &str, request: &Request) -> Result<Signed, Refusal> {
    let signed = guard::session(app, request.headers()).ok_or_else(Refusal::sign_in_first)?;
    // The heartbeat and the count of those who wait go on, and the alarm can be heard: they show no person's data.
    let by_itself = path.starts_with("/fragments/") || matches!(path, "/live" | "/armed");
    if signed.idle && !matches!(path, "/live" | "/armed" | "/sign-out") {
        return Err(Refusal::idle());
    }
    if is_by_hand(request) && !by_itself {
        app.sign_in.used(&signed, app.clock.real_us());
    }
    Ok(signed)
}

/// Whether a person caused it: a page without scripts loads itself anew, and then its browser does not vouch for anybody.
fn is_by_hand(request: &Request) -> bool {
    let has = |name| request.headers().contains_key(name);
    request.method() != Method::GET || has("sec-fetch-user") || !has("sec-fetch-mode")
}

/// A person who asks for a page is led to where they can do something about it; a script is told.
fn instead(request: &Request, path: &str, refusal: Refusal) -> Response {
    let is_page = request.method() == Method::GET
        && !path.starts_with("/fragments/")
        && !api::is_api(path)
        && path != "/live";
    match refusal.leads_to().filter(|_| is_page) {
        Some(page) => Redirect::to(page).into_response(),
        None => refusal.into_response(),
    }
}

/// What stands in an address where its route has `name`.
fn segment<'u>(route: &str, path: &'u str, name: &str) -> &'u str {
    let at = route.split('/').position(|part| part == name);
    at.and_then(|at| path.split('/').nth(at)).unwrap_or_default()
}

/// The incident, if they may know that it is there.
async fn incident_in_reach(app: &App, caller: &Caller, id: &str) -> Result<Incident, Refusal> {
    let none = || Refusal::no_incident(id);
    let known = incident::parse_id(id).ok_or_else(none)?;
    let board = app.board.borrow().clone();
    let found = match board.incidents.get(&known) {
        Some(live) => Some(live.as_ref().clone()),
        None => app.store.incident(known).await?.filter(|incident| !incident.unit.is_canary()),
    };
    found.filter(|incident| scope::has_incident(&caller.reach, &board.rulebook, incident)).ok_or_else(none)
}

/// Whom and what an incident is about, as the audit log has it.
pub(super) fn about(incident: &Incident) -> About {
    About {
        subject: Some(Whom::Subject(incident.subject.clone())),
        unit: Some(incident.unit.clone()),
        case: incident.case.clone(),
        incident: Some(incident.id),
    }
}

/// A page about many is about all that somebody may see: of each unit, and of each case.
fn units(reach: &Reach, rulebook: &Rulebook) -> Vec<About> {
    if reach.everything {
        let all = rulebook.units().map(|unit| About { unit: Some(unit.id.clone()), ..About::default() });
        let all: Vec<_> = all.collect();
        return if all.is_empty() { vec![About::default()] } else { all };
    }
    let units = reach.units.iter().map(|unit| About { unit: Some(unit.clone()), ..About::default() });
    let cases = reach.cases.iter().map(|(case, unit)| About {
        unit: unit.clone(),
        case: Some(case.clone()),
        ..About::default()
    });
    units.chain(cases).collect()
}

async fn record(app: &App, caller: &Caller, act: Act, abouts: Vec<About>) -> Result<(), Refusal> {
    let record = |about| Record {
        at: app.clock.wall(),
        who: caller.who(),
        what: act.what(),
        why: caller.right(act),
        about,
    };
    match act.trace() {
        Trace::Handler => Ok(()),
        Trace::View => viewed(app, abouts.into_iter().map(record)).await,
        Trace::Change => {
            record_change(app, act, &abouts.into_iter().map(record).collect::<Vec<_>>()).await;
            Ok(())
        }
    }
}

/// Records what is done all the same, where the log can take it: the journal has it, too.
pub(super) async fn record_change(app: &App, act: Act, records: &[Record]) {
    let written = tokio::time::timeout(CHANGE_WAITS, app.access.record(records)).await;
    if !matches!(written, Ok(Ok(()))) {
        tracing::error!(
            act = act.what(),
            "the audit log could not take an officer's action; the journal has it"
        );
    }
}

/// Has the audit log say that somebody views something; of the same again within a minute once.
pub(super) async fn viewed(app: &App, records: impl IntoIterator<Item = Record>) -> Result<(), Refusal> {
    let now_us = app.clock.real_us();
    let records: Vec<_> = records.into_iter().filter(|it| app.views.is_new(it, now_us)).collect();
    if records.is_empty() {
        return Ok(());
    }
    app.access.record(&records).await.map_err(|error| Refusal::not_recorded(&error))?;
    app.views.put(&records, now_us);
    Ok(())
}

/// What was last recorded of whom, so that a page which is kept open is one view each minute.
#[derive(Default)]
pub(super) struct Views(Mutex<BTreeMap<View, i64>>);

/// Who, what, why, and about whom.
type View = (Who, &'static str, String, String, i64);

impl Views {
    fn is_new(&self, record: &Record, now_us: i64) -> bool {
        let views = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        views.get(&view(record)).is_none_or(|last_us| now_us - last_us >= VIEW_US)
    }

    fn put(&self, records: &[Record], now_us: i64) {
        let mut views = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if views.len() >= VIEWS_MAX {
            views.retain(|_, last_us| now_us - *last_us < VIEW_US);
        }
        views.extend(records.iter().map(|record| (view(record), now_us)));
    }
}

fn view(record: &Record) -> View {
    let About { unit, case, incident, subject } = &record.about;
    let of = |id: Option<&str>| id.unwrap_or_default().to_owned();
    let whose = of(unit.as_ref().map(|id| id.as_str()))
        + "/"
        + &of(case.as_ref().map(|id| id.as_str()))
        + "/"
        + &subject.as_ref().map(ToString::to_string).unwrap_or_default();
    (record.who.clone(), record.what, record.why.clone(), whose, incident.map_or(0, |id| id.0))
}
