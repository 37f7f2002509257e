//! The wearer takes their consent back: that is written down, the protected persons are told, and then watching ends.
//!
//! Each step is a revision of the case (`domain::Withdrawal`), made from the one that the page was opened at: of two who
//! press at once the second is told, and nothing is overwritten.

mod form;
mod page;

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};

use super::{
    FROM,
    kind::{Kind, case},
    read::Wrong,
    record,
    values::Values,
};
use crate::{
    console::{
        App,
        caller::Officer,
        guard::{FORM_TOKEN, Posted},
        posts::CONFIRM_WITHIN,
        refusal::Refusal,
        rights::Act,
        when::When,
        words,
    },
    domain::{BasisKind, Book, Case, CaseId, Scope, Signed, Timestamp, ToldHow, Withdrawal},
    engine::{By, Refused, Rulebook, Told},
    sequencer::SubmitError,
};
use page::{Again, draw};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/records/cases/{id}/withdrawal", get(open).post(said))
        .route("/records/cases/{id}/withdrawal/told", post(told))
        .route("/records/cases/{id}/withdrawal/end", post(end))
        .route("/records/cases/{id}/withdrawal/back", post(back))
}

/// Where a case's withdrawal is.
pub(super) fn path(case: &CaseId) -> String {
    format!("{}/{case}/withdrawal", Kind::Case.path())
}

/// The withdrawal that a case waits for the end of. One that stands on an order is not ended by it.
pub(super) fn waiting(case: &Case) -> Option<&Withdrawal> {
    case.withdrawal.as_deref().filter(|it| it.is_open() && case.basis.kind == BasisKind::Consent)
}

/// For how long it has waited, and by when it ends.
pub(super) fn waits(withdrawal: &Withdrawal, now: Timestamp) -> String {
    let due = When::new(withdrawal.due_at(), now);
    let ends = match now >= withdrawal.due_at() {
        true => format!("overdue for {}", due.age()),
        false => format!("{} left", due.until()),
    };
    format!("waiting for {}, {ends}", words::span(now.s_since(withdrawal.said_at)))
}

/// The cases in force whose wearer has withdrawn, the one that has waited for longest first.
pub(super) fn all_waiting(rulebook: &Rulebook, now: Timestamp) -> Vec<(&Case, &Withdrawal)> {
    let in_force = rulebook.cases().filter(|case| case.basis.covers(now) && !case.unit.is_canary());
    let mut waiting: Vec<_> = in_force.filter_map(|case| Some((case, waiting(case)?))).collect();
    waiting.sort_by_key(|(case, it)| (it.said_at, case.id.clone()));
    waiting
}

/// How many there are, and how long the longest waits; none if there is none.
pub(in crate::console) fn waiting_line(rulebook: &Rulebook, now: Timestamp) -> Option<String> {
    let all = all_waiting(rulebook, now);
    let (_, longest) = all.first()?;
    let longest = waits(longest, now);
    Some(match all.len() {
        1 => format!("1 wearer has withdrawn: {longest}."),
        several => format!("{several} wearers have withdrawn; the longest: {longest}."),
    })
}

async fn open(State(app): State<App>, officer: Officer, Path(id): Path<String>) -> Result<Response, Refusal> {
    draw(&app, &officer, &id, &Values::default(), Again::default(), StatusCode::OK).await
}

async fn said(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
    form: Posted,
) -> Result<Response, Refusal> {
    step(&app, &officer, &id, &form, Act::RecordWithdrawal, |case, values, by| {
        if let Some(why) = cannot_begin(case, by.at) {
            return Err(Refusal::not_withdrawn(why));
        }
        let read = form::read_said(values, case, by);
        Ok(read.map(|withdrawal| Case { withdrawal: Some(Box::new(withdrawal)), ..case.clone() }))
    })
    .await
}

async fn told(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
    form: Posted,
) -> Result<Response, Refusal> {
    let named = form.field("person").to_owned();
    step(&app, &officer, &id, &form, Act::TellWithdrawal, |case, values, by| {
        let open = waiting(case).ok_or_else(|| Refusal::not_withdrawn(NOTHING_WAITS))?;
        let person = case.persons.iter().find(|person| person.as_str() == named);
        let person =
            person.ok_or_else(|| Refusal::not_withdrawn("The case does not protect this person."))?;
        if open.telling(person).is_some_and(|telling| matches!(telling.how, ToldHow::By(_))) {
            return Err(Refusal::not_withdrawn("It is written down already that they were told."));
        }
        let read = form::read_told(values, person, open, by);
        Ok(read.map(|telling| {
            let mut withdrawal = open.clone();
            withdrawal.told.push(telling);
            Case { withdrawal: Some(Box::new(withdrawal)), ..case.clone() }
        }))
    })
    .await
}

async fn end(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
    form: Posted,
) -> Result<Response, Refusal> {
    step(&app, &officer, &id, &form, Act::EndWatching, |case, _, by| {
        let open = waiting(case).ok_or_else(|| Refusal::not_withdrawn(NOTHING_WAITS))?;
        if open.untold(&case.persons).next().is_some() {
            return Err(Refusal::not_withdrawn(
                "A protected person has not been told. Tell them first, or write down why that cannot be done.",
            ));
        }
        let mut ended = case.clone();
        ended.withdrawal = Some(Box::new(Withdrawal { ended: Some(by.clone()), ..open.clone() }));
        ended.basis.until = Some(case.basis.until.map_or(by.at, |until| until.min(by.at)));
        Ok(Ok(ended))
    })
    .await
}

async fn back(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
    form: Posted,
) -> Result<Response, Refusal> {
    step(&app, &officer, &id, &form, Act::TakeWithdrawalBack, |case, values, by| {
        let held = case.withdrawal.as_deref().filter(|it| it.taken_back.is_none());
        let held = held.ok_or_else(|| Refusal::not_withdrawn(NOTHING_WAITS))?;
        Ok(form::read_back(values, by).map(|taken_back| {
            let withdrawal = Withdrawal { taken_back: Some(taken_back), ..held.clone() };
            Case { withdrawal: Some(Box::new(withdrawal)), ..case.clone() }
        }))
    })
    .await
}

const NOTHING_WAITS: &str = "No withdrawal waits at this case.";

/// Why nobody can withdraw from a case.
fn cannot_begin(case: &Case, now: Timestamp) -> Option<&'static str> {
    if case.basis.kind == BasisKind::Order {
        return Some("It stands on a court's order, which no wearer can withdraw from.");
    }
    if case.withdrawal.as_deref().is_some_and(|it| it.taken_back.is_none()) {
        return Some("It is written down already that they have withdrawn.");
    }
    (!case.basis.covers(now)).then_some("It is not in force: nobody is watched for it.")
}

/// Takes one step: the case as it is to be, published as a revision of the one that the page was opened at.
async fn step(
    app: &App,
    officer: &Officer,
    id: &str,
    form: &Posted,
    act: Act,
    read: impl FnOnce(&Case, &Values, &Signed) -> Result<Result<Case, Wrong>, Refusal>,
) -> Result<Response, Refusal> {
    let (board, now) = app.look_as(officer);
    let case = case(&board.rulebook, id)?;
    let kept = form.fields().iter().filter(|(name, _)| ![FORM_TOKEN, FROM].contains(&name.as_str()));
    let values = Values(kept.cloned().collect());
    // Of the same picture as the case: whoever published meanwhile is not overwritten.
    let from = board.rulebook.revision(&Scope::Case(case.id.clone()));
    let outdated = Again { is_outdated: true, ..Again::default() };
    if form.field(FROM) != from.to_string() {
        return draw(app, officer, id, &values, outdated, StatusCode::CONFLICT).await;
    }
    // To the millisecond: so instants stand in the journal.
    let by = Signed { by: officer.id.clone(), at: Timestamp::from_ms(now.as_ms()) };
    let changed = match read(&case, &values, &by)? {
        Ok(changed) => changed,
        Err(wrong) => {
            let again = Again { wrong, ..Again::default() };
            return draw(app, officer, id, &values, again, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    record(app, officer, act, &Book::Case(changed.clone())).await?;
    let told = Told::Revise { from, book: Book::Case(changed), by: Some(By::one(officer.id.clone())) };
    let submitted = tokio::time::timeout(CONFIRM_WITHIN, app.inbox.submit(told)).await;
    match submitted.map_err(|_| Refusal::unconfirmed())? {
        Ok(()) => Ok(Redirect::to(&path(&case.id)).into_response()),
        Err(SubmitError::Refused(Refused::Outdated)) => {
            draw(app, officer, id, &values, outdated, StatusCode::CONFLICT).await
        }
        Err(error) => Err(error.into()),
    }
}
