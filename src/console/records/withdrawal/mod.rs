//! The wearer takes their consent back: that is written down, the protected persons are told, and then watching ends.
//!
//! Each step is a revision of the case (`domain::Withdrawal`), made from the one that the page was opened at: of two who
//! press at once the second is told, and nothing is overwritten.

mod form;

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};

use super::{
    FROM, contacts,
    kind::{Kind, case},
    plan,
    read::Wrong,
    record,
    sheet::{self, Control, Section, Summary},
    values::Values,
};
use crate::{
    console::{
        App,
        caller::Officer,
        guard::{FORM_TOKEN, Posted},
        names::Names,
        page::{Frame, framed, html},
        posts::CONFIRM_WITHIN,
        refusal::Refusal,
        rights::Act,
        when::When,
        words,
    },
    domain::{
        BasisKind, Book, Case, CaseId, END_WITHIN_H, Person, PersonId, Scope, Signed, Timestamp, ToldHow,
        Withdrawal,
    },
    engine::{By, Refused, Rulebook, Told},
    sequencer::{Board, SubmitError},
};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/records/cases/{id}/withdrawal", get(page).post(said))
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

#[derive(Template)]
#[template(path = "withdrawal.html", config = ".askama.toml")]
struct Page {
    frame: Frame,
    case: String,
    at: String,
    from: u64,
    /// Somebody has changed the case since the page was opened.
    is_outdated: bool,
    summary: Summary,
    wearer: String,
    within_h: i64,
    /// What was said; none as long as nobody has withdrawn.
    said: Option<Said>,
    /// The form that begins one, for those who may.
    begins: Option<Section>,
    /// Why none can begin.
    cannot_begin: Option<&'static str>,
    persons: Vec<PersonStep>,
    end: End,
    back: Option<Section>,
    back_is_wrong: bool,
    /// Other cases that go on.
    others: Vec<String>,
    /// What of its open incidents is to be known first; empty for none.
    open: String,
}

struct Said {
    at: When,
    manner: &'static str,
    by: String,
    recorded: When,
    /// How long it waits, and by when it ends; none once that is over.
    waits: Option<String>,
    due: When,
    is_overdue: bool,
    is_order: bool,
    taken_back: Option<(String, String, When)>,
}

struct PersonStep {
    id: PersonId,
    name: String,
    /// What is written of it.
    told: Option<Word>,
    /// Whoever looks can write down that they were told.
    tells: bool,
    /// How they are reached, for those who tell them.
    reach: Option<ReachedBy>,
    form: Option<Section>,
}

struct Word {
    /// How; none if they could not be told.
    how: Option<&'static str>,
    why_not: String,
    at: When,
    by: String,
    recorded: When,
}

struct ReachedBy {
    ways: Vec<(String, String)>,
    agreed: Vec<String>,
}

/// The last step.
enum End {
    /// It has ended.
    Done(String, When),
    /// It can be ended, and by this person.
    Ready,
    /// It can, by others.
    Others,
    /// Persons are to be told first.
    Waits,
    /// There is nothing to end.
    None,
}

async fn page(State(app): State<App>, officer: Officer, Path(id): Path<String>) -> Result<Response, Refusal> {
    let (board, _) = app.look_as(&officer);
    let case = case(&board.rulebook, &id)?;
    record(&app, &officer, Act::SeeCases, &Book::Case(case)).await?;
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

/// What a page that is drawn again says was wrong.
#[derive(Default)]
struct Again {
    wrong: Wrong,
    is_outdated: bool,
}

/// Who looks at which case, and what they may do there.
struct Looks<'a> {
    app: &'a App,
    officer: &'a Officer,
    case: &'a Case,
    names: Names<'a>,
    now: Timestamp,
}

impl Looks<'_> {
    /// Whether an act of theirs reaches this case.
    fn may(&self, act: Act) -> bool {
        let reach = self.officer.reach_of(act);
        reach.is_some_and(|reach| self.app.look_at(&reach).0.rulebook.case(&self.case.id).is_some())
    }

    fn when(&self, at: Timestamp) -> When {
        When::new(at, self.now)
    }

    fn said(&self, it: &Withdrawal) -> Said {
        let waits = waiting(self.case).map(|it| waits(it, self.now));
        Said {
            at: self.when(it.said_at),
            manner: form::manner(it.manner),
            by: self.names.staff(&it.recorded.by),
            recorded: self.when(it.recorded.at),
            is_overdue: waits.is_some() && self.now >= it.due_at(),
            waits,
            due: self.when(it.due_at()),
            is_order: self.case.basis.kind == BasisKind::Order,
            taken_back: it.taken_back.as_ref().map(|back| {
                let by = self.names.staff(&back.recorded.by);
                (back.reason.clone(), by, self.when(back.recorded.at))
            }),
        }
    }

    /// What is to be done, or was, about one of the persons.
    fn person(&self, id: &PersonId, full: Option<&Person>) -> PersonStep {
        let telling = self.case.withdrawal.as_deref().and_then(|it| it.telling(id));
        let is_told = telling.is_some_and(|telling| matches!(telling.how, ToldHow::By(_)));
        let told = telling.map(|telling| Word {
            how: match &telling.how {
                ToldHow::By(manner) => Some(form::telling(*manner)),
                ToldHow::Not(_) => None,
            },
            why_not: match &telling.how {
                ToldHow::By(_) => String::new(),
                ToldHow::Not(why) => why.clone(),
            },
            at: self.when(telling.at),
            by: self.names.staff(&telling.recorded.by),
            recorded: self.when(telling.recorded.at),
        });
        let tells = waiting(self.case).is_some() && !is_told && self.may(Act::TellWithdrawal);
        PersonStep {
            id: id.clone(),
            name: self.names.person(id),
            told,
            tells,
            reach: full.filter(|_| tells).map(|person| ReachedBy {
                ways: contacts::numbers(&person.contacts),
                agreed: plan::agreed(&person.plan),
            }),
            form: None,
        }
    }

    fn end(&self) -> End {
        let Some(it) = &self.case.withdrawal else { return End::None };
        if let Some(Signed { by, at }) = &it.ended {
            return End::Done(self.names.staff(by), self.when(*at));
        }
        match waiting(self.case) {
            None => End::None,
            Some(it) if it.untold(&self.case.persons).next().is_some() => End::Waits,
            Some(_) if self.may(Act::EndWatching) => End::Ready,
            Some(_) => End::Others,
        }
    }
}

async fn draw(
    app: &App,
    officer: &Officer,
    id: &str,
    values: &Values,
    again: Again,
    status: StatusCode,
) -> Result<Response, Refusal> {
    let (board, now, mut frame) = framed(app, officer, &format!("Withdrawal from case {id}"), "records");
    let case = case(&board.rulebook, id)?;
    let looks = Looks { app, officer, case: &case, names: Names(&board.rulebook), now };
    let seen = officer.reach_of(Act::SeePersons).map(|reach| app.look_at(&reach).0);
    let full =
        |id: &PersonId| seen.as_ref().and_then(|board: &std::sync::Arc<Board>| board.rulebook.person(id));
    let mut persons: Vec<PersonStep> =
        case.persons.iter().map(|person| looks.person(person, full(person))).collect();
    for step in persons.iter().filter(|step| step.reach.is_some()) {
        if let Some(person) = full(&step.id) {
            record(app, officer, Act::SeePersons, &Book::Person(person.clone())).await?;
        }
    }
    let cannot_begin = cannot_begin(&case, now);
    let begins = (cannot_begin.is_none() && looks.may(Act::RecordWithdrawal)).then(form::said);
    let held = case.withdrawal.as_deref().filter(|it| it.taken_back.is_none());
    let back = held.filter(|_| looks.may(Act::TakeWithdrawalBack)).map(|_| form::back());
    // All forms of the page together: what is wrong with one is named at the top.
    let tells = persons.iter().filter(|step| step.tells).map(|step| form::tell(&step.id));
    let (begins_here, backs_here) = (begins.is_some(), back.is_some());
    let mut forms: Vec<Section> = begins.into_iter().chain(tells).chain(back).collect();
    let summary = sheet::fill(&mut forms, values, again.wrong);
    if !summary.is_empty() {
        frame.title = format!("Error: {}", frame.title);
    }
    let mut forms = forms.into_iter();
    let begins = if begins_here { forms.next() } else { None };
    for step in persons.iter_mut().filter(|step| step.tells) {
        step.form = forms.next();
    }
    let others = board.rulebook.cases_in_force(&case.wearer, now).filter(|other| other.id != case.id);
    let back = if backs_here { forms.next() } else { None };
    let page = Page {
        case: case.id.to_string(),
        at: path(&case.id),
        from: board.rulebook.revision(&Scope::Case(case.id.clone())),
        is_outdated: again.is_outdated,
        summary,
        wearer: looks.names.wearer(&case.wearer),
        within_h: END_WITHIN_H,
        said: case.withdrawal.as_deref().map(|it| looks.said(it)),
        begins,
        cannot_begin,
        persons,
        end: looks.end(),
        back_is_wrong: back
            .iter()
            .flat_map(|form| &form.groups)
            .flat_map(|it| &it.fields)
            .any(|it| !it.errors.is_empty()),
        back,
        others: others.map(|other| other.id.to_string()).collect(),
        open: open(board.incidents.values().filter(|it| it.case.as_ref() == Some(&case.id)).count()),
        frame,
    };
    Ok((status, html(&page)).into_response())
}

fn open(incidents: usize) -> String {
    match incidents {
        0 => String::new(),
        1 => "An incident of this case is open.".into(),
        several => format!("{several} incidents of this case are open."),
    }
}
