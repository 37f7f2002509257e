//! Incidents whose owner is no longer here: who they are, and taking over what they left.

use std::collections::BTreeSet;

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use futures_util::future::join_all;

use crate::{
    access::audit::{About, Record},
    console::{
        App, caller::Officer, gate, guard::Posted, names::Names, posts, refusal::Refusal, rights::Act,
        sign_in::Signed, words,
    },
    domain::{Attendance, Incident, IncidentId, StaffId},
    engine::{Action, Refused},
    sequencer::{Board, SubmitError},
};

/// Somebody who left without a handover.
pub(in crate::console) struct Left {
    pub(in crate::console) id: String,
    pub(in crate::console) name: String,
    /// What they left: number and title.
    pub(in crate::console) incidents: Vec<(i64, String)>,
}

/// Everybody who has open incidents and is not here: neither in a session of theirs that is not idle, nor on the way to it.
/// Whoever has no account answers by phone and never was. What is put aside comes back by itself.
pub(in crate::console) fn leavers(app: &App, board: &Board, is_in: impl Fn(&Incident) -> bool) -> Vec<Left> {
    let Some(accounts) = app.access.accounts(app.clock.real_us()) else { return Vec::new() };
    let here = here(app, None);
    let is_away = |owner: &&StaffId| accounts.get(owner).is_some() && !here.contains(*owner);
    let names = Names(&board.rulebook);
    let mut left: Vec<Left> = Vec::new();
    for incident in board.incidents.values().filter(|it| it.shelf.is_none() && is_in(it)) {
        let Some(owner) = incident.owner().filter(is_away) else { continue };
        if incident.attendance(owner).map(Attendance::stage).is_some_and(|stage| stage.is_going()) {
            continue;
        }
        let of = (incident.id.0, format!("{}, {}", words::kind(incident.kind), names.subject(incident)));
        match left.iter_mut().find(|left| left.id == owner.as_str()) {
            Some(left) => left.incidents.push(of),
            None => {
                let (id, name) = (owner.to_string(), names.staff(owner));
                left.push(Left { id, name, incidents: vec![of] });
            }
        }
    }
    left
}

/// How many open incidents are somebody's who would no longer be here without this session.
pub(in crate::console) fn stays(app: &App, signed: &Signed) -> usize {
    let Some(id) = &signed.by else { return 0 };
    if here(app, Some(signed)).contains(id) {
        return 0;
    }
    let (board, _) = app.look();
    board.incidents.values().filter(|incident| incident.owner() == Some(id)).count()
}

/// Whoever has a session in which they have done something of late, this one apart.
fn here(app: &App, but: Option<&Signed>) -> BTreeSet<StaffId> {
    let real_us = app.clock.real_us();
    let accounts = app.access.accounts(real_us);
    let is_in_use = |id: &StaffId, generation: Option<i64>| {
        generation.is_none_or(|generation| {
            let account = accounts.as_ref().and_then(|all| all.live(id));
            account.is_some_and(|account| account.generation == generation)
        })
    };
    let people = app.sign_in.people(real_us, but).into_iter();
    people.filter(|(id, generation)| is_in_use(id, *generation)).map(|(id, _)| id).collect()
}

/// Somebody takes over what somebody else left.
pub(super) async fn take(
    State(app): State<App>,
    officer: Officer,
    form: Posted,
) -> Result<Response, Refusal> {
    let (board, _) = app.look_as(&officer);
    let left = leavers(&app, &board, |_| true).into_iter().find(|left| left.id == form.field("from"));
    if let Some(left) = left {
        let theirs = left.incidents.iter().filter_map(|(id, _)| board.incidents.get(&IncidentId(*id)));
        let theirs = theirs.map(|incident| incident.as_ref().clone()).collect();
        let from = left.id.parse().map_err(|_| Refusal::no_record())?;
        take_over(&app, &officer, &from, theirs).await?;
    }
    // If they are here again, or somebody was quicker, the queue says whose each is.
    Ok(Redirect::to("/").into_response())
}

/// Makes incidents somebody's that were another's. What is no longer the other's stays whose it is.
pub(super) async fn take_over(
    app: &App,
    officer: &Officer,
    from: &StaffId,
    incidents: Vec<Incident>,
) -> Result<(), Refusal> {
    let act = Act::TakeOver;
    let record = |incident: &Incident| Record {
        at: app.clock.wall(),
        who: officer.who(),
        what: act.what(),
        why: officer.right(act),
        about: About::incident(incident),
    };
    gate::record_change(app, act, &incidents.iter().map(record).collect::<Vec<_>>()).await;
    let take = |incident: &Incident| {
        posts::submit(app, officer, incident.id, Action::TakeOver { from: from.clone() })
    };
    for taken in join_all(incidents.iter().map(take)).await {
        match taken? {
            Ok(()) | Err(SubmitError::Refused(Refused::NotTheirs(_) | Refused::NoSuchIncident(_))) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
