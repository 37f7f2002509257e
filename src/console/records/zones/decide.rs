//! A second person approves a change of a zone, or refuses it. What is approved is in force at once.

use super::{words::Change, *};
use crate::{
    access::audit::Who,
    console::posts::CONFIRM_WITHIN,
    domain::Scope,
    engine::{Problem, Refused, Told},
    sequencer::SubmitError,
};

#[derive(Template)]
#[template(path = "proposal.html", config = ".askama.toml")]
struct ProposalPage {
    frame: Frame,
    case: String,
    no: i64,
    title: String,
    author: String,
    made: When,
    why: String,
    changes: Vec<Change>,
    judged: Option<Judged>,
    map: Map,
    /// Why this person cannot approve it.
    cannot: Option<&'static str>,
    may_refuse: bool,
}

pub(super) async fn page(
    State(app): State<App>,
    officer: Officer,
    Path((id, no)): Path<(String, i64)>,
) -> Result<Response, Refusal> {
    let (board, now) = app.look_as(&officer);
    let case = case(&board.rulebook, &id)?;
    record(&app, &officer, Act::SeeZones, &Book::Case(case.clone())).await?;
    let proposed = waiting(&app, &case, no).await?;
    let judged = match &proposed.zone {
        Some(zone) => Some(judge::judge(&app, &case.wearer, zone).await?),
        None => None,
    };
    let title = words::change(&proposed);
    let (_, _, frame) = framed(&app, &officer, &title, "records");
    let page = ProposalPage {
        frame,
        case: case.id.to_string(),
        no,
        title,
        author: Names(&board.rulebook).staff(&proposed.author),
        made: When::new(proposed.made_at, app.clock.wall().max(proposed.made_at)),
        why: proposed.why.clone(),
        changes: words::changes(proposed.before.as_ref(), proposed.zone.as_ref()),
        map: drawing::of(&case, proposed.zone.as_slice(), proposed.before.as_slice(), now),
        cannot: cannot(&officer, &case, &proposed),
        may_refuse: officer.may(Act::ApproveZones),
        judged,
    };
    Ok(html(&page))
}

/// Why somebody cannot approve a change.
fn cannot(officer: &Officer, case: &Case, proposed: &Proposed) -> Option<&'static str> {
    if !officer.may(Act::ApproveZones) {
        return Some("Your role does not approve zones.");
    }
    if matches!(officer.who(), Who::Link(_)) {
        // Whoever came by a link says who they are: one person could be both.
        return Some(
            "You came by a link, which tells no two persons apart. Sign in with an account to approve it.",
        );
    }
    if proposed.author == officer.id {
        return Some("You proposed it: somebody else has to approve it.");
    }
    let now = case.zones.iter().find(|zone| zone.id == proposed.id);
    if now != proposed.before.as_ref() {
        return Some("The zone has changed since this was proposed. Refuse it, and propose it anew.");
    }
    None
}

pub(super) async fn decide(
    State(app): State<App>,
    officer: Officer,
    Path((id, no)): Path<(String, i64)>,
    form: Posted,
) -> Result<Response, Refusal> {
    let (board, _) = app.look_as(&officer);
    let case = case(&board.rulebook, &id)?;
    let proposed = waiting(&app, &case, no).await?;
    if form.field("do") == "approve" {
        if let Some(why) = cannot(&officer, &case, &proposed) {
            return Err(Refusal::not_approved(why));
        }
        record(&app, &officer, Act::ApproveZones, &Book::Case(case.clone())).await?;
        // Of the same picture as the case: whoever published meanwhile is not overwritten.
        let from = board.rulebook.revision(&Scope::Case(case.id.clone()));
        approve(&app, &case, from, &proposed).await?;
    } else {
        record(&app, &officer, Act::RefuseZones, &Book::Case(case.clone())).await?;
    }
    // After the commit: what is lost in between waits on and is seen to be out of date.
    app.access.take_proposal(no).await?;
    Ok(Redirect::to(&format!("/records/cases/{}/zones", case.id)).into_response())
}

async fn waiting(app: &App, case: &Case, no: i64) -> Result<Proposed, Refusal> {
    let waiting = app.access.proposals(Some(&case.id)).await?;
    waiting.into_iter().find(|(known, _)| *known == no).map(|(_, it)| it).ok_or_else(Refusal::no_proposal)
}

/// Publishes the case, whose revision is `from`, with the zone as it is to be.
async fn approve(app: &App, case: &Case, from: u64, proposed: &Proposed) -> Result<(), Refusal> {
    let book = Book::Case(changed(case, &proposed.id, proposed.zone.as_ref()));
    let told = Told::Revise { from, book };
    let submitted = tokio::time::timeout(CONFIRM_WITHIN, app.inbox.submit(told)).await;
    match submitted.map_err(|_| Refusal::unconfirmed())? {
        Err(SubmitError::Refused(Refused::Outdated)) => {
            Err(Refusal::not_approved("The case has changed this very moment. Look again."))
        }
        other => Ok(other?),
    }
}

/// The case with one zone put in, changed or taken out; the others keep their places.
fn changed(case: &Case, id: &ZoneId, zone: Option<&Zone>) -> Case {
    let mut zones = case.zones.clone();
    match (zones.iter().position(|known| known.id == *id), zone) {
        (Some(at), Some(zone)) => zones[at] = zone.clone(),
        (Some(at), None) => drop(zones.remove(at)),
        (None, Some(zone)) => zones.push(zone.clone()),
        (None, None) => {}
    }
    Case { zones, ..case.clone() }
}

/// What the rulebook has against the case with this zone, said beside the form's fields.
pub(super) fn contradictions(app: &App, case: &Case, zone: &Zone) -> Wrong {
    let (whole, _) = app.look();
    let changed = changed(case, &zone.id, Some(zone));
    let place = changed.zones.iter().position(|known| known.id == zone.id).unwrap_or_default();
    let about = |problem: &Problem| problem.at == format!("zone.{place}");
    let problems = whole.rulebook.problems(&Book::Case(changed));
    let mut wrong = Wrong::default();
    for says in Wrong::of(problems.into_iter().filter(about).collect(), str::to_owned).0.into_values() {
        for says in says {
            let field = match says.as_str() {
                says if says.starts_with("A code") => "code",
                says if says.contains("of that id") => "id",
                _ => "kind",
            };
            wrong.add(field, says);
        }
    }
    wrong
}
