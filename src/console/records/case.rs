//! A case's record: who is kept from whom, on which ground, and how it is managed. Its zones are left as they are.

use super::{
    Of,
    kind::Fresh,
    read::{Reader, Wrong},
    sheet::{Choice, Control, Field, Section},
    values::Values,
};
use crate::domain::{Assessment, Basis, BasisKind, Case, Risk, Timestamp};

pub(super) const RISKS: [(Risk, &str); 3] = [
    (Risk::Standard, "Standard"),
    (Risk::Medium, "Medium"),
    (Risk::High, "High: a cut strap or a tag that cannot be seen is danger"),
];
pub(super) const BASES: [(BasisKind, &str, &str); 2] = [
    (BasisKind::Order, "order", "A court's order"),
    (BasisKind::Consent, "consent", "The wearer's consent, which they may withdraw"),
];
const PLAN_CHARS_MAX: usize = 4_000;
const REASON_CHARS_MAX: usize = 1_000;

pub(super) fn write(case: &Case) -> Values {
    let mut values = Values::default();
    values.put("wearer", case.wearer.as_str());
    for person in &case.persons {
        values.put("persons", person.as_str());
    }
    values.put("basis.kind", basis_word(case.basis.kind));
    values.put_instant("basis.from", Some(case.basis.from));
    values.put_instant("basis.until", case.basis.until);
    values.put("risk", case.risk.as_str());
    values.put("assessed.reason", case.assessed.as_ref().map_or("", |assessed| &assessed.reason));
    values.put("plan", case.plan.as_deref().unwrap_or_default());
    values.put_instant("review_due", case.review_due);
    values.put("policy", case.policy.as_ref().map_or("", |policy| policy.as_str()));
    values
}

pub(super) fn sheet(of: &Of<'_>, _: &Values) -> Vec<Section> {
    let mut who = of.fresh_fields();
    let wearers = of.rulebook.wearers().filter(|wearer| of.in_unit(&wearer.unit));
    let mut wearers: Vec<Choice> =
        wearers.map(|wearer| Choice::new(wearer.id.as_str(), &wearer.name)).collect();
    wearers.sort_by(|a, b| a.label.cmp(&b.label));
    wearers.insert(0, Choice::new("", "Choose"));
    let persons = of.rulebook.persons().filter(|person| of.in_unit(&person.unit));
    let mut persons: Vec<Choice> =
        persons.map(|person| Choice::new(person.id.as_str(), &person.name)).collect();
    persons.sort_by(|a, b| a.label.cmp(&b.label));
    who.push(Field::new("wearer", "Wearer", Control::Choice(wearers)));
    who.push(Field::new("persons", "Protected persons", Control::Ticks(persons)));
    let bases = BASES.iter().map(|(_, value, label)| Choice::new(*value, *label)).collect();
    let basis = vec![
        Field::new("basis.kind", "What allows it", Control::Choice(bases)),
        Field::instant("basis.from", "In force from"),
        Field::instant("basis.until", "In force until")
            .hint("Empty if it has no end. From then on nothing of the wearer is judged or kept. If they take their consent back, record that instead: the persons are told first."),
    ];
    let risks = RISKS.iter().map(|(risk, label)| Choice::new(risk.as_str(), *label)).collect();
    let policies = of.unit().into_iter().flat_map(|unit| &unit.policies);
    let mut policies: Vec<Choice> =
        policies.map(|policy| Choice::new(policy.id.as_str(), policy.id.as_str())).collect();
    policies.insert(0, Choice::new("", "As the unit has it for this risk"));
    let managed = vec![
        Field::new("risk", "Risk", Control::Choice(risks)),
        Field::new("assessed.reason", "Why this risk", Control::Text(REASON_CHARS_MAX))
            .hint("It raises no alert by itself. It is kept with your name and the time."),
        Field::new("plan", "Plan", Control::Text(PLAN_CHARS_MAX))
            .hint("How the wearer is managed and the persons are kept safe. An open case without one is counted on the first page."),
        Field::instant("review_due", "Next review"),
        Field::new("policy", "Who is told of what", Control::Choice(policies)),
    ];
    vec![
        Section::new("Who is kept from whom", who),
        Section::new("Basis", basis).hint("Pings from outside these times are neither judged nor kept."),
        Section::new("How it is managed", managed),
    ]
}

pub(super) fn read(of: &Of<'_>, values: &Values, base: Option<&Case>) -> Result<Case, Wrong> {
    let mut reader = Reader::new(values);
    let Fresh { id, unit } = of.fresh(&mut reader, base.map(|base| (&base.id, &base.unit)));
    let wearer = reader.parsed("wearer", "Choose the wearer.");
    let chosen: Vec<_> = values.all("persons").map(str::parse).collect();
    let persons: Vec<_> = chosen.into_iter().filter_map(Result::ok).collect();
    if persons.is_empty() {
        reader.wrong.add("persons", "Choose at least one person.");
    }
    let kind = |text: &str| BASES.iter().find(|(_, value, _)| *value == text).map(|(kind, ..)| *kind);
    let kind = reader.chosen("basis.kind", kind, "Choose what allows it.");
    let from = reader.instant("basis.from", "Write from when it is in force.");
    let until = reader.instant_if_any("basis.until");
    let risk = |text: &str| RISKS.iter().find(|(risk, _)| risk.as_str() == text).map(|(risk, _)| *risk);
    let risk = reader.chosen("risk", risk, "Choose the risk.");
    let assessed = risk.and_then(|risk| assessed(of, &mut reader, risk, base));
    let plan = reader.text_if_any("plan");
    let review_due = reader.instant_if_any("review_due");
    let policy = reader.parsed_if_any("policy");
    let (zones, proximity_zones) =
        base.map(|base| (base.zones.clone(), base.proximity_zones.clone())).unwrap_or_default();
    let book = || {
        let basis = Basis { kind: kind?, from: from?, until };
        let (id, unit, wearer, risk) = (id?, unit?, wearer?, risk?);
        Some(Case {
            id,
            unit,
            wearer,
            persons,
            basis,
            withdrawal: base.and_then(|base| base.withdrawal.clone()),
            risk,
            assessed,
            plan,
            review_due,
            policy,
            zones,
            proximity_zones,
        })
    };
    let book = book();
    reader.done(book)
}

/// A reason is its author's: another risk takes another reason, and what was not touched stays theirs.
fn assessed(of: &Of<'_>, reader: &mut Reader<'_>, risk: Risk, base: Option<&Case>) -> Option<Assessment> {
    let reason = reader.text_if_any("assessed.reason");
    let before = base.and_then(|base| base.assessed.as_ref());
    if reason.as_deref() != before.map(|before| before.reason.as_str()) {
        // To the millisecond, as the journal keeps it: a restart finds the same.
        let at = Timestamp::from_ms(of.now.as_ms());
        return reason.map(|reason| Assessment { reason, by: of.by.clone(), at });
    }
    if base.is_some_and(|base| base.risk != risk) {
        reader.wrong.add("assessed.reason", "The risk has changed: write why.");
    }
    before.cloned()
}

fn basis_word(kind: BasisKind) -> &'static str {
    BASES.iter().find(|(known, ..)| *known == kind).map_or("", |(_, value, _)| value)
}
