//! What a case or a unit says but for its zones, and in what of it two revisions differ.

use std::borrow::Cow;

use super::unit;
use crate::{
    console::{
        names::Names,
        records::{
            case::{BASES, RISKS},
            owner::Owner,
            sheet::Differs,
            values::written,
        },
    },
    domain::{Case, Timestamp},
};

/// A part of a record, and what it says.
pub(super) type Said = (Cow<'static, str>, String);

/// Where two revisions say something else.
pub(super) fn differences(before: &Owner, after: &Owner, names: Names<'_>) -> Vec<Differs> {
    match (before, after) {
        (Owner::Case(before), Owner::Case(after)) => differing(case(before, names), case(after, names)),
        (Owner::Unit(before), Owner::Unit(after)) => {
            let differ = differing(unit::said(before), unit::said(after));
            differ.into_iter().chain(unit::enrolled_anew(before, after)).collect()
        }
        // They are revisions of one record.
        (Owner::Case(_), Owner::Unit(_)) | (Owner::Unit(_), Owner::Case(_)) => Vec::new(),
    }
}

/// Of parts in the order in which they first stand there. One that only the one has says nothing in the other.
fn differing(before: Vec<Said>, mut after: Vec<Said>) -> Vec<Differs> {
    let mut both = Vec::new();
    for (label, theirs) in before {
        let ours = after.iter().position(|(known, _)| *known == label).map(|at| after.remove(at).1);
        both.push((label, theirs, ours.unwrap_or_default()));
    }
    both.extend(after.into_iter().map(|(label, ours)| (label, String::new(), ours)));
    both.retain(|(_, theirs, ours)| theirs != ours);
    both.into_iter().map(|(label, theirs, ours)| Differs { label: label.into(), theirs, ours }).collect()
}

/// The fields of a case, as a person reads them.
fn case(case: &Case, names: Names<'_>) -> Vec<Said> {
    let instant = |at: Option<Timestamp>| at.map(|at| format!("{} UTC", written(at))).unwrap_or_default();
    let persons: Vec<String> = case.persons.iter().map(|person| names.person(person)).collect();
    let basis = BASES.iter().find(|(kind, ..)| *kind == case.basis.kind);
    let risk = RISKS.iter().find(|(risk, _)| *risk == case.risk);
    let why = case.assessed.as_ref().map(|why| {
        let (by, at) = (names.staff(&why.by), instant(Some(why.at)));
        format!("{} ({by}, {at})", why.reason)
    });
    let said = [
        ("Wearer", names.wearer(&case.wearer)),
        ("Protected persons", persons.join(", ")),
        ("What allows it", basis.map(|(.., words)| (*words).into()).unwrap_or_default()),
        ("In force from", instant(Some(case.basis.from))),
        ("In force until", instant(case.basis.until)),
        ("Risk", risk.map(|(_, words)| (*words).into()).unwrap_or_default()),
        ("Why this risk", why.unwrap_or_default()),
        ("Plan", case.plan.clone().unwrap_or_default()),
        ("Next review", instant(case.review_due)),
        ("Who is told of what", case.policy.as_ref().map(ToString::to_string).unwrap_or_default()),
    ];
    said.map(|(label, says)| (label.into(), says)).into()
}
