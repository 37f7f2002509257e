//! A second person approves a change of a zone, or refuses it. What is approved is in force at once.

use super::{words::Change, *};
use crate::{
    access::audit::Who,
    console::posts::CONFIRM_WITHIN,
    engine::{By, Problem, Refused, Told},
    sequencer::SubmitError,
};

/// The proposal in an address.
#[derive(Deserialize)]
pub(super) struct Numbered {
    no: i64,
}

/// Of a unit's zone: on whom it is to be rehearsed.
#[derive(Deserialize)]
pub(super) struct Asked {
    on: Option<String>,
}

#[derive(Template)]
#[template(path = "proposal.html", config = ".askama.toml")]
struct ProposalPage {
    frame: Frame,
    owner: OwnerPage,
    no: i64,
    author: String,
    made: When,
    why: String,
    changes: Vec<Change>,
    facts: Vec<String>,
    judged: Option<Judged>,
    /// Whom a unit's zone can be rehearsed on.
    rehearse: Vec<Section>,
    drawn: Option<Difference>,
    /// The revision that is looked at.
    from: u64,
    /// Why this person cannot approve it.
    cannot: Option<&'static str>,
    may_refuse: bool,
}

pub(super) async fn page(
    State(app): State<App>,
    officer: Officer,
    Whose(owner, from): Whose,
    Path(Numbered { no }): Path<Numbered>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let (board, now) = app.look_as(&officer);
    record(&app, &officer, Act::SeeZones, &owner.book()).await?;
    let proposed = waiting(&app, &owner, no).await?;
    let on = asked.on.unwrap_or_default();
    let judged = match &proposed.zone {
        Some(zone) => Some(judge::judge(&app, &officer, &owner, zone, &on).await?),
        None => None,
    };
    let rehearse = match (&owner, &proposed.zone) {
        (Owner::Unit(unit), Some(_)) => {
            let mut sections = vec![judge::on_section(&board.rulebook, &unit.id, now)];
            let mut values = Values::default();
            values.put("on", on);
            sheet::fill(&mut sections, &values, Wrong::default());
            sections
        }
        _ => Vec::new(),
    };
    let names = Names(&board.rulebook);
    let [before, after] = [&proposed.before, &proposed.zone];
    let [old, new] = [before, after].map(|zone| zone.as_ref().and_then(AnyZone::drawn));
    let title = words::change(&proposed);
    let (_, _, frame) = framed(&app, &officer, &title, "records");
    let page = ProposalPage {
        frame,
        no,
        author: names.staff(&proposed.author),
        made: When::new(proposed.made_at, app.clock.wall().max(proposed.made_at)),
        why: proposed.why.clone(),
        from,
        changes: words::changes_of_any(before.as_ref(), after.as_ref(), names),
        facts: old.zip(new).map(|(old, new)| words::facts(old, new)).unwrap_or_default(),
        drawn: Difference::of(0, old, new),
        cannot: cannot(&officer, &owner, &proposed),
        may_refuse: officer.may(Act::ApproveZones),
        judged,
        rehearse,
        owner: OwnerPage::new(&owner, title),
    };
    Ok(html(&page))
}

/// Why somebody cannot approve a change.
fn cannot(officer: &Officer, owner: &Owner, proposed: &Proposed) -> Option<&'static str> {
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
    if owner.of() != proposed.of {
        return Some("The case is about another wearer now. Refuse it, and propose it anew.");
    }
    if owner.zone(proposed.id.as_str()) != proposed.before {
        return Some("The zone has changed since this was proposed. Refuse it, and propose it anew.");
    }
    None
}

pub(super) async fn decide(
    State(app): State<App>,
    officer: Officer,
    Whose(owner, from): Whose,
    Path(Numbered { no }): Path<Numbered>,
    form: Posted,
) -> Result<Response, Refusal> {
    let proposed = waiting(&app, &owner, no).await?;
    if form.field("do") == "approve" {
        if let Some(why) = cannot(&officer, &owner, &proposed) {
            return Err(Refusal::not_approved(why));
        }
        // What is put in force is made from what was looked at: whoever published meanwhile is not overwritten.
        if form.field("from").parse() != Ok(from) {
            let why = format!("The {} has changed since you looked at it. Look again.", owner.word());
            return Err(Refusal::not_approved(&why));
        }
        record(&app, &officer, Act::ApproveZones, &owner.book()).await?;
        take(&app, no).await?;
        if let Err(refusal) = approve(&app, &officer, &owner, from, &proposed).await {
            // It waits on; if it is in force after all, it is seen to be out of date.
            app.access.put_proposal_back(no, &proposed).await?;
            return Err(refusal);
        }
    } else {
        record(&app, &officer, Act::RefuseZones, &owner.book()).await?;
        take(&app, no).await?;
    }
    Ok(Redirect::to(&format!("{}/zones", owner.path())).into_response())
}

/// Of two who decide at once one does; the other is told that nothing waits any more.
async fn take(app: &App, no: i64) -> Result<(), Refusal> {
    if app.access.take_proposal(no).await? { Ok(()) } else { Err(Refusal::no_proposal()) }
}

async fn waiting(app: &App, owner: &Owner, no: i64) -> Result<Proposed, Refusal> {
    let waiting = app.access.proposals(&owner.of()).await?;
    waiting.into_iter().find(|(known, _)| *known == no).map(|(_, it)| it).ok_or_else(Refusal::no_proposal)
}

/// Publishes what was approved, made from the revision `from`.
async fn approve(
    app: &App,
    officer: &Officer,
    owner: &Owner,
    from: u64,
    proposed: &Proposed,
) -> Result<(), Refusal> {
    let book = owner.with(&proposed.id, proposed.zone.as_ref());
    let (who, why) = (proposed.author.clone(), Some(proposed.why.clone()));
    let by = Some(Box::new(By { who, approved: Some(officer.id.clone()), why }));
    let submitted =
        tokio::time::timeout(CONFIRM_WITHIN, app.inbox.submit(Told::Revise { from, book, by })).await;
    match submitted.map_err(|_| Refusal::unconfirmed())? {
        Err(SubmitError::Refused(Refused::Outdated)) => {
            let why = format!("The {} has changed this very moment. Look again.", owner.word());
            Err(Refusal::not_approved(&why))
        }
        other => Ok(other?),
    }
}

/// What the rulebook has against the case or unit with this zone, said beside the form's fields.
pub(super) fn contradictions(app: &App, owner: &Owner, zone: &AnyZone) -> Wrong {
    let (whole, _) = app.look();
    let (list, other) = match zone {
        AnyZone::Drawn(_) => ("zone", "kind"),
        AnyZone::Around(_) => ("proximity_zone", "person"),
    };
    let place = owner.place(zone);
    let about = |problem: &Problem| problem.at == format!("{list}.{place}");
    let problems = whole.rulebook.problems(&owner.with(zone.id(), Some(zone)));
    let mut wrong = Wrong::default();
    for says in Wrong::of(problems.into_iter().filter(about).collect(), str::to_owned).0.into_values() {
        for says in says {
            let field = match says.as_str() {
                says if says.starts_with("A code") => "code",
                says if says.contains("of that id") => "id",
                _ => other,
            };
            wrong.add(field, says);
        }
    }
    wrong
}
