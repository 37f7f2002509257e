//! Who has looked at a case, at its record.

use axum::{
    extract::{Path, State},
    response::Response,
};

use super::{kind::Kind, record};
use crate::{
    access::audit::Looked,
    console::{App, caller::Officer, readers, refusal::Refusal, rights::Act},
    domain::Book,
};

/// Auditors read it who may not read the case: they come from the log, and go back to it.
pub(super) async fn page(
    State(app): State<App>,
    officer: Officer,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let (board, _) = app.look_as(&officer);
    let Some(Book::Case(case)) = Kind::Case.find(&board.rulebook, &id) else {
        return Err(Refusal::no_record());
    };
    let looked = Looked::Case(&case.id);
    let up = match officer.may(Act::SeeCases) {
        true => (format!("/records/cases/{}", case.id), looked.to_string()),
        false => ("/audit".into(), "the audit log".into()),
    };
    record(&app, &officer, Act::SeeCaseReaders, &Book::Case(case.clone())).await?;
    readers::of(&app, &officer, looked, up).await
}
