//! The unit: who answers, and who is told in which order. Waits are short, so that a minute shows an escalation.

use std::collections::BTreeMap;

use serde_json::json;

use super::{id, phone_number};
use crate::domain::{
    Area, Channel, Contact, EscalationPolicy, PersonStep, PolicyId, Risk, Rota, Staff, StaffId, StaffStep,
    Unit, UnitId, Zone,
};

const DESK: &str = "duty-desk";
const RESPONDER: &str = "responder-1";
const SUPERVISORS: &str = "supervisors";
const SWIFT: &str = "swift";
const STEADY: &str = "steady";

/// The town's only unit.
pub(super) fn unit_id() -> UnitId {
    id("demo")
}

/// Who goes out.
pub(super) fn responder() -> StaffId {
    id(RESPONDER)
}

/// The policy of a case.
pub(super) fn policy_for(risk: Risk) -> PolicyId {
    id(match risk {
        Risk::High | Risk::Medium => SWIFT,
        Risk::Standard => STEADY,
    })
}

/// The unit, its staff reached through `cordon phones`.
pub(super) fn unit(area: Area, refuge: Zone, phones_base_url: &str) -> Unit {
    let base = phones_base_url.trim_end_matches('/');
    let desk = Contact { channel: Channel::Webhook, address: format!("{base}/webhook/{DESK}") };
    let staff = |name: &str, title: &str, contacts| Staff { id: id(name), name: title.into(), contacts };
    Unit {
        id: unit_id(),
        name: "Doggerhaven".into(),
        area,
        policy: id(STEADY),
        policies_by_risk: BTreeMap::new(),
        roles: None,
        staff: vec![
            staff(DESK, "Duty desk", vec![desk, text_to(1)]),
            staff(RESPONDER, "Responder", vec![text_to(2)]),
            staff("supervisor-1", "Day supervisor", vec![text_to(3)]),
            staff("supervisor-2", "Night supervisor", vec![text_to(4)]),
        ],
        rotas: vec![supervisors()],
        policies: vec![policy(SWIFT, 5, 10), policy(STEADY, 10, 20)],
        zones: vec![refuge],
    }
}

/// Supervisors are paged as well as texted.
pub(crate) fn give_pagers(unit: &mut Unit) {
    let is_supervisor = |staff: &StaffId| staff.as_str().starts_with("supervisor");
    for staff in unit.staff.iter_mut().filter(|staff| is_supervisor(&staff.id)) {
        let address = format!("doggerhaven-{}", staff.id);
        staff.contacts.push(Contact { channel: Channel::Pager, address });
    }
    for policy in &mut unit.policies {
        let place = policy.danger.iter().position(|step| is_supervisor(&step.to)).unwrap_or_default();
        policy.danger.insert(place, StaffStep { to: id(SUPERVISORS), channel: Channel::Pager, wait_s: 0 });
    }
}

/// Who of the supervisors is on duty.
fn supervisors() -> Rota {
    let shift = |who, from, until| json!({"who": who, "days": "mon-sun", "from": from, "until": until});
    let rota = json!({"id": SUPERVISORS, "name": "Supervisor on duty", "time_zone": "Europe/London", "else": DESK,
        "shift": [shift("supervisor-1", "07:00", "19:00"), shift("supervisor-2", "19:00", "07:00")]});
    serde_json::from_value(rota).expect("the demo's tests publish it")
}

/// In danger the responder hears after `desk_s` seconds, the supervisor on duty `responder_s` later.
fn policy(name: &str, desk_s: u32, responder_s: u32) -> EscalationPolicy {
    let step = |to: &str, channel, wait_s| StaffStep { to: id(to), channel, wait_s };
    let desk = |wait_s| step(DESK, Channel::Webhook, wait_s);
    let to_person = |channel, wait_s| PersonStep { channel, wait_s, nominated: false };
    EscalationPolicy {
        id: id(name),
        protected: vec![
            to_person(Channel::Push, 0),
            to_person(Channel::Sms, 10),
            to_person(Channel::SecondSms, 10),
            to_person(Channel::Voice, 60),
        ],
        danger: vec![
            desk(desk_s),
            step(RESPONDER, Channel::Sms, responder_s),
            step(SUPERVISORS, Channel::Sms, 60),
        ],
        device: vec![desk(20), step(DESK, Channel::Sms, 30), step(RESPONDER, Channel::Sms, 120)],
        upkeep: vec![desk(600)],
    }
}

fn text_to(n: usize) -> Contact {
    Contact { channel: Channel::Sms, address: phone_number(n) }
}
