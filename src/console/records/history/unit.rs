//! What a unit says: whoever and whatever has an id is told by it, wherever it stands in the form.

use super::fields::Said;
use crate::{
    console::{
        records::{
            rotas,
            sheet::Differs,
            unit::{RISKS, own},
        },
        words,
    },
    domain::{Area, Channel, PersonStep, Staff, StaffId, StaffStep, Unit},
};

/// All of it but for its zones, as a person reads it.
pub(super) fn said(unit: &Unit) -> Vec<Said> {
    let Area { south, north, west, east } = unit.area;
    let mut said: Vec<Said> = vec![
        ("Name".into(), unit.name.clone()),
        ("Area".into(), format!("South {south}, north {north}, west {west}, east {east} degrees")),
    ];
    said.extend(unit.staff.iter().map(|staff| (format!("Staff {}", staff.id).into(), reached(staff))));
    said.extend(unit.rotas.iter().map(|rota| (format!("Rota {}", rota.id).into(), rotas::words(rota))));
    if let Some(roles) = unit.standard_roles() {
        let desks: Vec<&str> = roles.desks.iter().map(StaffId::as_str).collect();
        said.push(("Desks".into(), desks.join(", ")));
        said.push(("Supervisor".into(), roles.supervisor.to_string()));
        said.push(("Duty manager".into(), roles.duty_manager.to_string()));
    }
    said.push(("Policy".into(), unit.policy.to_string()));
    for (risk, label) in RISKS {
        let policy = unit.policies_by_risk.get(&risk);
        said.push((label.into(), policy.map(ToString::to_string).unwrap_or_default()));
    }
    for policy in own(unit) {
        let staff = |steps: &[StaffStep]| in_turn(steps.iter().map(to_staff));
        for (of, steps) in [
            ("danger, the protected person", in_turn(policy.protected.iter().map(to_person))),
            ("danger, staff", staff(&policy.danger)),
            ("device", staff(&policy.device)),
            ("upkeep", staff(&policy.upkeep)),
        ] {
            said.push((format!("Policy {}: {of}", policy.id).into(), steps));
        }
    }
    said
}

/// Those of whom another device was enrolled than before: what a browser gave away is shown to nobody.
pub(super) fn enrolled_anew(before: &Unit, after: &Unit) -> impl Iterator<Item = Differs> {
    let anew = |new: &&Staff| {
        let old = before.staff.iter().find(|old| old.id == new.id).and_then(device);
        old.zip(device(new)).is_some_and(|(old, new)| old != new)
    };
    let differs = |staff: &Staff| Differs {
        label: format!("Device of {}", staff.id),
        theirs: "An enrolled device".into(),
        ours: "Enrolled anew".into(),
    };
    after.staff.iter().filter(anew).map(differs)
}

/// `Amy Okafor; an enrolled device; text +447700900011`: in the order of the channels.
fn reached(staff: &Staff) -> String {
    let mut contacts: Vec<_> = staff.contacts.iter().collect();
    contacts.sort_by_key(|contact| contact.channel);
    let ways = contacts.into_iter().map(|contact| match contact.channel {
        Channel::Push => "an enrolled device".into(),
        channel => format!("{} {}", words::channel(channel).to_lowercase(), contact.address),
    });
    [staff.name.clone()].into_iter().chain(ways).collect::<Vec<_>>().join("; ")
}

fn device(staff: &Staff) -> Option<&str> {
    let device = staff.contacts.iter().find(|contact| contact.channel == Channel::Push);
    device.map(|contact| contact.address.as_str())
}

/// Whom a step tells and how, and the seconds until the next.
type Step = (String, u32);

fn to_staff(step: &StaffStep) -> Step {
    (format!("{} by {}", step.to, words::channel(step.channel).to_lowercase()), step.wait_s)
}

fn to_person(step: &PersonStep) -> Step {
    let who = if step.nominated { "whom they named by " } else { "" };
    (format!("{who}{}", words::channel(step.channel).to_lowercase()), step.wait_s)
}

/// `amy by text, after 30 s ben by call, and the last again every 60 s`: to the second, for another wait is a difference.
fn in_turn(steps: impl Iterator<Item = Step>) -> String {
    let (mut said, mut wait_s) = (String::new(), None);
    for (step, next_s) in steps {
        said += &match wait_s {
            None => step,
            Some(0) => format!(" and {step}"),
            Some(wait_s) => format!(", after {wait_s} s {step}"),
        };
        wait_s = Some(next_s);
    }
    let again = wait_s.map(|wait_s| format!(", and the last again every {wait_s} s"));
    said + &again.unwrap_or_default()
}
