//! From a form to a revision in force.

use super::{
    Opened,
    kind::{self, Kind, Of, is_taken},
    read::Wrong,
    record,
    values::Values,
};
use crate::{
    console::{App, caller::Officer, posts::CONFIRM_WITHIN, refusal::Refusal},
    domain::Book,
    engine::{By, Refused, Told, not_carried},
    sequencer::SubmitError,
};

/// Why a form was not published.
pub(super) enum Not {
    /// Something is wrong with it.
    Sound(Wrong),
    /// Somebody else has published a revision meanwhile.
    First,
}

const CANARYS: &str = "That unit is for Cordon's canary. Choose another.";

/// Publishes what a form holds, as a revision made from the one in force.
pub(super) async fn publish(
    app: &App,
    officer: &Officer,
    opened: &Opened,
    values: &Values,
) -> Result<Result<Book, Not>, Refusal> {
    let (board, now) = app.look_as(officer);
    let act = opened.kind.change();
    let reach = officer.reach_of(act).ok_or_else(|| officer.may_not(act))?;
    let of = Of {
        rulebook: &board.rulebook,
        reach: &reach,
        by: &officer.id,
        now,
        channels: &app.channels,
        base: opened.book.as_ref(),
        chosen_unit: values.get("unit").parse().ok(),
    };
    // A form that could not show all lines would publish the record without the others.
    if values.overflows() || opened.book.as_ref().is_some_and(|book| kind::write(book).overflows()) {
        let mut wrong = Wrong::default();
        wrong.add("", "This record has more lines than a form can hold. Publish it from a rulebook file.");
        return Ok(Err(Not::Sound(wrong)));
    }
    let book = match opened.kind.read(&of, values) {
        Ok(book) => book,
        Err(wrong) => return Ok(Err(Not::Sound(wrong))),
    };
    // The whole of it: what is beyond their reach must not be contradicted either.
    let (whole, _) = app.look();
    if opened.book.is_none() && is_taken(&whole.rulebook, &book.scope()) {
        let mut wrong = Wrong::default();
        wrong.add("id", "There is a record of that id already. Choose another.");
        return Ok(Err(Not::Sound(wrong)));
    }
    if book.unit().is_canary() {
        let mut wrong = Wrong::default();
        wrong.add(if opened.kind == Kind::Unit { "id" } else { "unit" }, CANARYS);
        return Ok(Err(Not::Sound(wrong)));
    }
    let mut problems = whole.rulebook.problems(&book);
    problems.extend(not_carried(&book, &app.channels));
    if !problems.is_empty() {
        return Ok(Err(Not::Sound(Wrong::of(problems, |at| kind::beside(&book, at)))));
    }
    record(app, officer, act, &book).await?;
    let told =
        Told::Revise { from: opened.revision, book: book.clone(), by: Some(By::one(officer.id.clone())) };
    let submitted = tokio::time::timeout(CONFIRM_WITHIN, app.inbox.submit(told)).await;
    match submitted.map_err(|_| Refusal::unconfirmed())? {
        Ok(()) => Ok(Ok(book)),
        Err(SubmitError::Refused(Refused::Outdated)) => Ok(Err(Not::First)),
        Err(SubmitError::Refused(Refused::Rulebook(says))) => {
            let mut wrong = Wrong::default();
            says.into_iter().for_each(|says| wrong.add("", says));
            Ok(Err(Not::Sound(wrong)))
        }
        Err(error) => Err(error.into()),
    }
}
