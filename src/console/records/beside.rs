//! What else belongs to a record, for those who may see that.

use super::{Opened, data, withdrawal, within};
use crate::{
    console::{App, caller::Officer, rights::Act},
    domain::{BasisKind, Book, Case, Timestamp},
};

/// Where it is, and what it is called.
type Link = (String, String);

/// See the module's documentation. Nothing beside a record that is not in force.
pub(super) fn beside(app: &App, officer: &Officer, opened: &Opened, now: Timestamp) -> Vec<Link> {
    let page = |act, name: &str, word: &str| {
        officer.may(act).then(|| (format!("{}/{name}", opened.address()), word.to_owned()))
    };
    match &opened.book {
        Some(Book::Case(case)) => {
            let pages = [
                page(Act::SeeZones, "zones", "Its zones"),
                page(Act::SeeCases, "history", "Its history"),
                page(Act::SeeCaseReaders, "readers", "Who has looked"),
            ];
            let withdrawal = Some(case).filter(concerns).map(|case| withdrawn(case, now));
            pages.into_iter().flatten().chain(withdrawal).collect()
        }
        Some(Book::Wearer(wearer)) => {
            let board = officer.reach_of(Act::SeeCases).map(|reach| app.look_at(&reach).0);
            let cases = board.iter().flat_map(|board| board.rulebook.cases_of(&wearer.id)).filter(concerns);
            let withdrawals = cases.map(|case| {
                let (at, word) = withdrawn(case, now);
                (at, format!("Case {}: {word}", case.id))
            });
            let playback = page(Act::SeePlayback, "playback", "Play back");
            let data = held(app, officer, opened, wearer.id.as_str());
            playback.into_iter().chain(withdrawals).chain(data).collect()
        }
        Some(Book::Person(person)) => held(app, officer, opened, person.id.as_str()).into_iter().collect(),
        Some(Book::Unit(_)) => {
            let zones = page(Act::ProposeZones, "zones", "Its zones");
            zones.into_iter().chain(page(Act::SeeUnits, "history", "Its history")).collect()
        }
        None => Vec::new(),
    }
}

/// Whether a case stands on a consent that may be taken back, or was.
fn concerns(case: &&Case) -> bool {
    case.basis.kind == BasisKind::Consent || case.withdrawal.is_some()
}

fn withdrawn(case: &Case, now: Timestamp) -> Link {
    let word = match withdrawal::waiting(case) {
        Some(open) => format!("Consent withdrawn: {}", withdrawal::waits(open, now)),
        None if case.withdrawal.is_some() => "Withdrawal of consent".into(),
        None => "The wearer takes their consent back".into(),
    };
    (withdrawal::path(&case.id), word)
}

/// All that is held about somebody.
fn held(app: &App, officer: &Officer, opened: &Opened, id: &str) -> Option<Link> {
    let reach = officer.reach_of(Act::ExportSubject).filter(|reach| within(app, opened, reach));
    reach.map(|_| (data::path(opened.kind, id), "Their data".to_owned()))
}
