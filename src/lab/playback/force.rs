//! Which of a wearer's zones were in force when, each as it was drawn then.

use super::Stood;
use crate::{
    domain::{Timestamp, WearerId},
    engine::Rulebook,
};

/// Beginnings and ends of a zone's hours that are followed.
const EDGES_MAX: usize = 400;

/// The zones that a wearer was bound by from one instant to another, during which nothing was published.
pub(super) fn stood(rulebook: &Rulebook, wearer: &WearerId, from: Timestamp, until: Timestamp) -> Vec<Stood> {
    let bound = rulebook.zones().filter_map(|zone| rulebook.bound_zone(&zone.id));
    let drawn = bound.filter(|bound| rulebook.binds(bound, wearer)).map(|bound| Stood {
        id: bound.zone.id.clone(),
        code: bound.zone.code.clone(),
        drawn: Some(bound.zone.clone()),
        case: bound.case.clone(),
        unit: bound.unit.clone(),
        applied: spans(from, until, &edges(rulebook, wearer, bound.zone.schedule.as_ref()), |at| {
            rulebook.applies(bound, wearer, at)
        }),
    });
    let around = rulebook.proximity_of(wearer).filter_map(|bound| {
        let case = rulebook.case(&bound.case)?;
        let edges = edges(rulebook, wearer, bound.zone.schedule.as_ref());
        Some(Stood {
            id: bound.zone.id.clone(),
            code: bound.zone.code.clone(),
            drawn: None,
            case: Some(case.id.clone()),
            unit: case.unit.clone(),
            applied: spans(from, until, &edges, |at| rulebook.proximity_applies(bound, wearer, at)),
        })
    });
    drawn.chain(around).collect()
}

/// Takes later zones in: one that stood unchanged goes on.
pub(super) fn join(all: &mut Vec<Stood>, later: Vec<Stood>) {
    for one in later {
        let is_same = |known: &&mut Stood| {
            let of = |it: &Stood| (it.id.clone(), it.code.clone(), it.case.clone(), it.unit.clone());
            of(known) == of(&one) && known.drawn == one.drawn
        };
        match all.iter_mut().rev().find(is_same) {
            Some(known) => one.applied.into_iter().for_each(|span| extend(&mut known.applied, span)),
            None => all.push(one),
        }
    }
}

fn extend(spans: &mut Vec<[Timestamp; 2]>, [from, until]: [Timestamp; 2]) {
    match spans.last_mut() {
        Some(last) if last[1] == from => last[1] = until,
        _ => spans.push([from, until]),
    }
}

/// The next instant after one at which it may be otherwise whether a zone applies.
fn edges<'r>(
    rulebook: &'r Rulebook,
    wearer: &'r WearerId,
    schedule: Option<&'r crate::domain::Schedule>,
) -> impl Fn(Timestamp) -> Option<Timestamp> + 'r {
    move |at| {
        let bases = rulebook.cases_of(wearer).flat_map(|case| [Some(case.basis.from), case.basis.until]);
        let hours = schedule.and_then(|schedule| schedule.next_change(at));
        bases.flatten().chain(hours).filter(|edge| *edge > at).min()
    }
}

fn spans(
    from: Timestamp,
    until: Timestamp,
    next: &impl Fn(Timestamp) -> Option<Timestamp>,
    applies: impl Fn(Timestamp) -> bool,
) -> Vec<[Timestamp; 2]> {
    let (mut spans, mut at) = (Vec::new(), from);
    for _ in 0..EDGES_MAX {
        let end = next(at).map_or(until, |edge| edge.min(until));
        if applies(at) {
            extend(&mut spans, [at, end]);
        }
        if end >= until {
            break;
        }
        at = end;
    }
    spans
}
