//! The page of a withdrawal: its steps as they stand, and the forms of those that are to be taken.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{cannot_begin, form, path, waiting, waits};
use crate::{
    console::{
        App,
        caller::Officer,
        names::Names,
        page::{Frame, framed, html},
        records::{
            contacts,
            kind::case,
            plan,
            read::Wrong,
            record,
            sheet::{self, Control, Section, Summary},
            values::Values,
        },
        refusal::Refusal,
        rights::Act,
        when::When,
    },
    domain::{
        BasisKind, Book, Case, END_WITHIN_H, Person, PersonId, Scope, Signed, Timestamp, ToldHow, Withdrawal,
    },
    sequencer::Board,
};

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

/// What a page that is drawn again says was wrong.
#[derive(Default)]
pub(super) struct Again {
    pub(super) wrong: Wrong,
    pub(super) is_outdated: bool,
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

pub(super) async fn draw(
    app: &App,
    officer: &Officer,
    id: &str,
    values: &Values,
    again: Again,
    status: StatusCode,
) -> Result<Response, Refusal> {
    let (board, now, mut frame) = framed(app, officer, &format!("Withdrawal from case {id}"), "records");
    let case = case(&board.rulebook, id)?;
    record(app, officer, Act::SeeCases, &Book::Case(case.clone())).await?;
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
