//! What a case says, field by field, and in which of them two revisions differ.

use crate::{
    console::{
        names::Names,
        records::{
            case::{BASES, RISKS},
            sheet::Differs,
            values::written,
        },
    },
    domain::{Case, Timestamp},
};

/// The fields of a case but for its zones, as a person reads them.
fn fields(case: &Case, names: Names<'_>) -> [(&'static str, String); 10] {
    let instant = |at: Option<Timestamp>| at.map(|at| format!("{} UTC", written(at))).unwrap_or_default();
    let persons: Vec<String> = case.persons.iter().map(|person| names.person(person)).collect();
    let basis = BASES.iter().find(|(kind, ..)| *kind == case.basis.kind);
    let risk = RISKS.iter().find(|(risk, _)| *risk == case.risk);
    let why = case.assessed.as_ref().map(|why| {
        let (by, at) = (names.staff(&why.by), instant(Some(why.at)));
        format!("{} ({by}, {at})", why.reason)
    });
    [
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
    ]
}

/// Where two revisions say something else.
pub(super) fn differences(before: &Case, after: &Case, names: Names<'_>) -> Vec<Differs> {
    let both = fields(before, names).into_iter().zip(fields(after, names));
    let differ = both.filter(|((_, theirs), (_, ours))| theirs != ours);
    differ.map(|((label, theirs), (_, ours))| Differs { label: label.into(), theirs, ours }).collect()
}
