//! Somebody's data is erased: one asks, another agrees. What goes is gone for good, so nobody destroys evidence alone.

use std::collections::BTreeSet;

use super::{
    Answer, App, Field, HOLD_REASON_CHARS_MAX, Kind, Officer, Path, Posted, Redirect, Refusal, Section,
    State, Values, When, Whose, Wrong, refused, values, words,
};
use crate::{
    access::{Asks, Erasure, audit::Who},
    console::{posts::CONFIRM_WITHIN, records::sheet::Control, rights::Act},
    domain::DataSubject,
    engine::{self, Refused, Told},
    sequencer::SubmitError,
    subject::holds_in_the_way,
};
use axum::response::IntoResponse;

/// Where it is seen that it is done.
const LIST: &str = "/records/erasures";

/// What the page says of an erasure.
pub(super) struct Erases {
    /// The id that is to be typed.
    pub(super) id: String,
    /// What is to be done before.
    pub(super) first: Vec<String>,
    /// What somebody has asked for.
    pub(super) asked: Option<Asked>,
    /// Why this person can neither ask nor agree.
    pub(super) cannot: Option<&'static str>,
    pub(super) asks: Section,
    pub(super) agrees: Section,
}

/// An erasure that waits.
pub(super) struct Asked {
    pub(super) no: i64,
    pub(super) by: String,
    pub(super) at: When,
    pub(super) why: String,
    /// It is this person's own: somebody else must agree.
    pub(super) is_own: bool,
    /// Who agreed, although it did not come about.
    pub(super) agreed: Option<String>,
}

/// The forms, to be filled with the others of the page.
pub(super) fn forms() -> [Section; 2] {
    let id = |name| Field::line(name, "Their id, to say that you mean them");
    let why = Field::new("erase-why", "Why it goes", Control::Line(HOLD_REASON_CHARS_MAX));
    let why = why.hint("By which letter, order or rule. No name: it is kept.");
    [Section::new("", vec![why, id("erase-id")]), Section::new("", vec![id("agree-id")])]
}

impl Erases {
    pub(super) async fn of(
        app: &App,
        officer: &Officer,
        whose: &Whose,
        [asks, agrees]: [Section; 2],
    ) -> Result<Self, Refusal> {
        let waiting = waiting(app, &whose.subject).await?;
        let now = app.clock.wall();
        let asked = waiting.map(|it| Asked {
            no: it.no,
            is_own: it.asked_by == officer.who().to_string(),
            by: it.asked_by,
            at: When::new(it.asked_at, now.max(it.asked_at)),
            why: it.why,
            agreed: it.agreed.map(|(by, _)| by),
        });
        let (id, first) = (id_of(&whose.subject), in_the_way(app, officer, whose).await?);
        let cannot = match asked.as_ref().filter(|asked| !asked.is_own) {
            Some(asked) if cannot(officer).is_none() => not_two(app, officer, &asked.by).await?,
            _ => cannot(officer),
        };
        Ok(Self { id, first, asked, cannot, asks, agrees })
    }
}

fn id_of(subject: &DataSubject) -> String {
    match subject {
        DataSubject::Wearer(id) => id.to_string(),
        DataSubject::Person(id) => id.to_string(),
    }
}

/// The one that is not done, and that nothing has begun of.
async fn waiting(app: &App, subject: &DataSubject) -> Result<Option<Erasure>, Refusal> {
    Ok(app.access.erasure_of(subject).await?.filter(|erasure| erasure.row.is_none()))
}

/// Whoever came by a link says who they are: one person could be both.
fn cannot(officer: &Officer) -> Option<&'static str> {
    let is_account = matches!(officer.who(), Who::Account(_));
    (!is_account).then_some("You came by a link, which tells no two persons apart. Sign in with an account.")
}

/// Why this person, beside whoever has asked, is not two people.
async fn not_two(app: &App, officer: &Officer, asked_by: &str) -> Result<Option<&'static str>, Refusal> {
    let who = officer.who().to_string();
    let are_two = app.access.are_two(asked_by, &who, app.clock.wall()).await?;
    Ok((!are_two).then_some(
        "You and whoever asked do not count as two people: one of your accounts was made, changed or given a new link within \
         a day, or one of you did that for the other. Another supervisor has to agree.",
    ))
}

/// What is to be done first, as far as this person reaches. The engine has the last word, and the eraser looks at the holds
/// of everybody whose data stands in the same rows.
async fn in_the_way(app: &App, officer: &Officer, whose: &Whose) -> Result<Vec<String>, Refusal> {
    let (board, now) = app.look_as(officer);
    let open = board.incidents.values().chain(board.notices.values()).map(AsRef::as_ref);
    let mut first = engine::stands_in_the_way(&board.rulebook, open, now, &whose.subject);
    let cases = board.rulebook.cases_naming(&whose.subject);
    let named = cases.flat_map(|case| {
        let persons = case.persons.iter().cloned().map(DataSubject::Person);
        persons.chain([DataSubject::Wearer(case.wearer.clone())])
    });
    let others: BTreeSet<DataSubject> = named.filter(|other| *other != whose.subject).collect();
    first.extend(holds_in_the_way(&app.access, &whose.subject, &others).await?);
    Ok(first)
}

/// Whether nothing is to be done first, and the id was typed.
fn typed(values: &Values, name: &str, whose: &Whose, first: Vec<String>) -> Result<(), Wrong> {
    if !first.is_empty() {
        return Err(first_of_all(first));
    }
    let id = id_of(&whose.subject);
    if values.get(name).trim() == id {
        return Ok(());
    }
    let mut wrong = Wrong::default();
    wrong.add(name, format!("Type {id}, if it is them whom you mean."));
    Err(wrong)
}

/// What is to be done first is wrong with no field.
fn first_of_all(first: Vec<String>) -> Wrong {
    let mut wrong = Wrong::default();
    first.into_iter().for_each(|says| wrong.add("", says));
    wrong
}

pub(super) fn asks(kind: Kind) -> impl Fn(State<App>, Officer, Path<String>, Posted) -> Answer + Clone {
    move |State(app), officer, Path(id), form| {
        Box::pin(async move {
            let whose = Whose::find(&app, &officer, kind, &id)?;
            cannot(&officer).map_or(Ok(()), |why| Err(Refusal::not_approved(why)))?;
            let values = values(&form);
            let first = in_the_way(&app, &officer, &whose).await?;
            let says = "Write why: by which letter, order or rule.";
            let is_meant = typed(&values, "erase-id", &whose, first);
            let why = is_meant.and_then(|()| words(&values, "erase-why", HOLD_REASON_CHARS_MAX, says));
            let why = match why {
                Ok(why) => why,
                Err(wrong) => return refused(&app, &officer, &whose, &values, wrong).await,
            };
            let record = whose.record(&app, &officer, Act::AskErasure, officer.right(Act::AskErasure));
            let unit = Some(whose.book.unit());
            let asked = app.access.ask_erasure(&whose.subject, unit, &why, Asks::OneOfTwo, &record).await?;
            asked.ok_or_else(|| Refusal::not_approved("It is asked for already."))?;
            Ok(Redirect::to(&whose.address()).into_response())
        })
    }
}

pub(super) fn agrees(kind: Kind) -> impl Fn(State<App>, Officer, Path<String>, Posted) -> Answer + Clone {
    move |State(app), officer, Path(id), form| {
        Box::pin(async move {
            let whose = Whose::find(&app, &officer, kind, &id)?;
            cannot(&officer).map_or(Ok(()), |why| Err(Refusal::not_approved(why)))?;
            let asked = numbered(&app, &whose, &form).await?;
            if asked.asked_by != officer.who().to_string() {
                let not_two = not_two(&app, &officer, &asked.asked_by).await?;
                not_two.map_or(Ok(()), |why| Err(Refusal::not_approved(why)))?;
            }
            let values = values(&form);
            let first = in_the_way(&app, &officer, &whose).await?;
            if let Err(wrong) = typed(&values, "agree-id", &whose, first) {
                return refused(&app, &officer, &whose, &values, wrong).await;
            }
            let record = whose.record(&app, &officer, Act::AgreeErasure, officer.right(Act::AgreeErasure));
            if !app.access.agree_erasure(&whose.subject, asked.no, &record).await? {
                let why =
                    "You asked for it, or somebody has decided it meanwhile: somebody else has to agree.";
                return Err(Refusal::not_approved(why));
            }
            let told = Told::Erase { subject: whose.subject.clone() };
            // Unconfirmed, it may come about yet, and is agreed.
            let submitted = tokio::time::timeout(CONFIRM_WITHIN, app.inbox.submit(told)).await;
            let Err(error) = submitted.map_err(|_| Refusal::unconfirmed())? else {
                return Ok(Redirect::to(LIST).into_response());
            };
            // The same press twice: the first was taken, and there is no record any more.
            if Whose::find(&app, &officer, kind, &id).is_err() {
                return Ok(Redirect::to(LIST).into_response());
            }
            if matches!(error, SubmitError::Refused(_)) {
                app.access.unagree_erasure(asked.no).await?;
            }
            match error {
                SubmitError::Refused(Refused::StillNeeded(first)) => {
                    refused(&app, &officer, &whose, &values, first_of_all(first)).await
                }
                error => Err(error.into()),
            }
        })
    }
}

pub(super) fn withdraws(kind: Kind) -> impl Fn(State<App>, Officer, Path<String>, Posted) -> Answer + Clone {
    move |State(app), officer, Path(id), form| {
        Box::pin(async move {
            let whose = Whose::find(&app, &officer, kind, &id)?;
            let asked = numbered(&app, &whose, &form).await?;
            let right = officer.right(Act::WithdrawErasure);
            let record = whose.record(&app, &officer, Act::WithdrawErasure, right);
            if !app.access.withdraw_erasure(&whose.subject, asked.no, &record).await? {
                return Err(Refusal::not_approved("It is agreed to already."));
            }
            Ok(Redirect::to(&whose.address()).into_response())
        })
    }
}

/// The one that the page showed.
async fn numbered(app: &App, whose: &Whose, form: &Posted) -> Result<Erasure, Refusal> {
    let asked = waiting(app, &whose.subject).await?;
    let asked = asked.filter(|erasure| erasure.no.to_string() == form.field("erasure"));
    asked.ok_or_else(|| Refusal::not_approved("It was taken back, or somebody has decided it meanwhile."))
}
