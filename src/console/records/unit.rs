//! A unit's record: its area, its staff and rotas, and who is told in which order. Policies that the unit writes itself, and
//! zones that bind all its wearers, are left as they are.

use std::collections::BTreeMap;

use super::{
    Of,
    read::{Reader, Wrong, sentence},
    rotas,
    sheet::{Choice, Control, Field, Section},
    staff,
    values::Values,
};
use crate::domain::{
    Area, Book, EscalationPolicy, PolicyId, Risk, Roles, Rota, Staff, StaffId, Unit, UnitId, is_standard,
};

const STANDARD: &str = "standard";
pub(super) const RISKS: [(Risk, &str); 3] = [
    (Risk::Standard, "Cases of standard risk"),
    (Risk::Medium, "Cases of medium risk"),
    (Risk::High, "Cases of high risk"),
];
const AREA: &str = "Every zone of the unit lies inside this box. Degrees: of latitude like 53.2, of longitude like -2.9, with a \
                    minus west of Greenwich.";
const SIDES: [(&str, &str); 4] = [("south", "South"), ("north", "North"), ("west", "West"), ("east", "East")];

pub(super) fn write(unit: &Unit) -> Values {
    let mut values = Values::default();
    values.put("name", &unit.name);
    let Area { south, west, north, east } = unit.area;
    for (side, degrees) in [("south", south), ("north", north), ("west", west), ("east", east)] {
        values.put(format!("area.{side}"), degrees.to_string());
    }
    staff::write(&mut values, unit);
    rotas::write(&mut values, &unit.rotas);
    if let Some(Roles { desks, supervisor, duty_manager }) = unit.standard_roles() {
        let desks: Vec<&str> = desks.iter().map(StaffId::as_str).collect();
        values.put("roles.desks", desks.join(", "));
        values.put("roles.supervisor", supervisor.as_str());
        values.put("roles.duty_manager", duty_manager.as_str());
    }
    values.put("default_policy", unit.policy.as_str());
    for (risk, policy) in &unit.policies_by_risk {
        values.put(format!("policies_by_risk.{}", risk.as_str()), policy.as_str());
    }
    values
}

pub(super) fn sheet(of: &Of<'_>, values: &Values) -> Vec<Section> {
    let base = base(of);
    let mut who = Vec::new();
    if base.is_none() {
        who.push(
            Field::line("id", "Id")
                .hint("Small letters, digits and '-', such as cheshire. It never changes."),
        );
    }
    who.push(Field::line("name", "Name"));
    let area = SIDES.map(|(side, label)| Field::new(format!("area.{side}"), label, Control::Line(24)));
    let roles = vec![
        Field::line("roles.desks", "Desks").hint(
            "Ids of those who watch the console, such as desk-1, desk-2. The first of them is told first.",
        ),
        Field::line("roles.supervisor", "Supervisor").hint("Whose phone rings when no desk has taken it."),
        Field::line("roles.duty_manager", "Duty manager")
            .hint("Whose phone rings when the supervisor has not taken it."),
    ];
    let is_own = base.is_some_and(|unit| own(unit).iter().any(|policy| is_standard(&policy.id)));
    let roles_hint = if is_own {
        "This unit writes a policy of the name 'standard' itself, below: these stay empty."
    } else {
        "Ids of staff or rotas. Danger comes to a desk at once, to every desk after 30 seconds, to the supervisor's phone \
         after 60 and to the duty manager's after 120. Empty if the unit has other policies alone."
    };
    let mut policies = vec![Choice::new(STANDARD, "The standard policy")];
    let own = base.map(own).unwrap_or_default();
    let others = own.iter().filter(|policy| !is_standard(&policy.id));
    policies.extend(others.map(|policy| Choice::new(policy.id.as_str(), policy.id.as_str())));
    let mut told = vec![Field::new("default_policy", "Policy", Control::Choice(policies.clone()))];
    policies.insert(0, Choice::new("", "The same"));
    told.extend(RISKS.map(|(risk, label)| {
        Field::new(format!("policies_by_risk.{}", risk.as_str()), label, Control::Choice(policies.clone()))
    }));
    let mut sections = vec![
        Section::new("Unit", who),
        Section::new("Area", area.into()).named("area").hint(AREA),
        staff::sheet(of, values, base),
        rotas::sheet(values),
        Section::new("Whom the standard policy tells", roles).named("roles").hint(roles_hint),
        Section::new("Who is told of what", told).hint("Of cases that name no policy of their own."),
    ];
    let names = |names: Vec<String>| {
        format!("{}. They stay as they are: a rulebook file changes them.", names.join(", "))
    };
    if !own.is_empty() {
        let own = own.iter().map(|policy| policy.id.to_string()).collect();
        sections.push(Section::kept("Policies that the unit writes itself", "policy", names(own)));
    }
    let zones: Vec<String> =
        base.into_iter().flat_map(|unit| &unit.zones).map(|zone| zone.code.clone()).collect();
    if !zones.is_empty() {
        sections.push(Section::kept("Zones that bind every wearer of the unit", "zone", names(zones)));
    }
    sections
}

pub(super) fn read(of: &Of<'_>, values: &Values, base: Option<&Unit>) -> Result<Unit, Wrong> {
    let mut reader = Reader::new(values);
    let id: Option<UnitId> =
        base.map_or_else(|| reader.parsed("id", "Give it an id."), |base| Some(base.id.clone()));
    let name = reader.text("name", "Write the unit's name.");
    let area = area(&mut reader);
    let staff = staff::read(of, &mut reader, base);
    let rotas = rotas::read(&mut reader);
    let roles = roles(&mut reader, &staff, &rotas);
    let policy = reader.parsed("default_policy", "Choose the policy.");
    let policies_by_risk: BTreeMap<Risk, PolicyId> = RISKS
        .iter()
        .filter_map(|(risk, _)| {
            Some((*risk, reader.parsed_if_any(&format!("policies_by_risk.{}", risk.as_str()))?))
        })
        .collect();
    let policies = base.map(own).unwrap_or_default();
    let zones = base.map(|base| base.zones.clone()).unwrap_or_default();
    let book = || {
        let (id, area, policy) = (id?, area?, policy?);
        let unit = Unit { id, name, area, policy, policies_by_risk, roles, staff, rotas, policies, zones };
        Some(unit.with_standard_policy())
    };
    let book = book();
    reader.done(book)
}

/// Where a place in the book stands in the form.
pub(super) fn beside(unit: &Unit, at: &str) -> String {
    let policy = || unit.policies.get(at.strip_prefix("policy.")?.split('.').next()?.parse::<usize>().ok()?);
    if let Some(at) = staff::beside(unit, at) {
        return at;
    }
    match (at.split('.').next(), policy()) {
        (_, Some(policy)) if is_standard(&policy.id) && unit.standard_roles().is_some() => "roles".into(),
        (Some("policy"), _) => "policy".into(),
        (Some("zone"), _) => "zone".into(),
        _ => at.into(),
    }
}

fn base<'a>(of: &Of<'a>) -> Option<&'a Unit> {
    match of.base {
        Some(Book::Unit(unit)) => Some(unit),
        _ => None,
    }
}

/// The policies that the unit writes itself.
pub(super) fn own(unit: &Unit) -> Vec<EscalationPolicy> {
    unit.clone().without_standard_policy().policies
}

fn area(reader: &mut Reader<'_>) -> Option<Area> {
    let [south, north, west, east] = SIDES.map(|(side, label)| {
        let degrees = |text: &str| text.parse().ok().filter(|degrees: &f64| degrees.is_finite());
        reader.chosen(&format!("area.{side}"), degrees, &format!("{label}: write degrees, like 53.2."))
    });
    Some(Area { south: south?, west: west?, north: north?, east: east? })
}

fn roles(reader: &mut Reader<'_>, staff: &[Staff], rotas: &[Rota]) -> Option<Roles> {
    let names = ["roles.desks", "roles.supervisor", "roles.duty_manager"];
    if names.iter().all(|name| reader.values.get(name).is_empty()) {
        return None;
    }
    let says = ["Name at least one desk.", "Name the supervisor.", "Name the duty manager."];
    let mut known = |name: &str, says: &str| {
        let text = reader.text(name, says);
        let mut found = Vec::new();
        for id in text.split([',', ' ', ';']).filter(|id| !id.is_empty()) {
            match id.parse::<StaffId>() {
                Ok(id) if staff.iter().any(|it| it.id == id) || rotas.iter().any(|it| it.id == id) => {
                    found.push(id);
                }
                Ok(id) => {
                    reader.wrong.add(name, format!("Nobody of the staff, and no rota, has the id '{id}'."));
                }
                Err(error) => reader.wrong.add(name, sentence(&error.to_string())),
            }
        }
        found
    };
    let mut desks = known(names[0], says[0]);
    let supervisors = known(names[1], says[1]);
    let managers = known(names[2], says[2]);
    desks.dedup();
    for (name, found) in [(names[1], &supervisors), (names[2], &managers)] {
        if found.len() > 1 {
            reader.wrong.add(name, "Name one. Several take turns by a rota.");
        }
    }
    let (supervisor, duty_manager) = (supervisors.into_iter().next()?, managers.into_iter().next()?);
    Some(Roles { desks, supervisor, duty_manager })
}
