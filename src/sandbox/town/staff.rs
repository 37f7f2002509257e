//! The unit: who answers, and who is told in which order. Waits are short, so that a minute shows an escalation.

use super::{id, phone_number};
use crate::domain::{
    Area, Channel, Contact, EscalationPolicy, PersonStep, PolicyId, Risk, Staff, StaffId, StaffStep, Unit,
    UnitId, Zone,
};

const DESK: &str = "duty-desk";
const RESPONDER: &str = "responder-1";
const SUPERVISOR: &str = "supervisor-1";
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
        staff: vec![
            staff(DESK, "Duty desk", vec![desk, text_to(1)]),
            staff(RESPONDER, "Responder", vec![text_to(2)]),
            staff(SUPERVISOR, "Supervisor", vec![text_to(3)]),
        ],
        policies: vec![policy(SWIFT, 5, 10), policy(STEADY, 10, 20)],
        zones: vec![refuge],
    }
}

/// In danger the responder hears after `desk_s` seconds, the supervisor `responder_s` later.
fn policy(name: &str, desk_s: u32, responder_s: u32) -> EscalationPolicy {
    let step = |to: &str, channel, wait_s| StaffStep { to: id(to), channel, wait_s };
    let desk = |wait_s| step(DESK, Channel::Webhook, wait_s);
    let to_person = |channel, wait_s| PersonStep { channel, wait_s, nominated: false };
    EscalationPolicy {
        id: id(name),
        protected: vec![
            to_person(Channel::Sms, 10),
            to_person(Channel::SecondSms, 10),
            to_person(Channel::Voice, 60),
        ],
        danger: vec![
            desk(desk_s),
            step(RESPONDER, Channel::Sms, responder_s),
            step(SUPERVISOR, Channel::Sms, 60),
        ],
        device: vec![desk(20), step(DESK, Channel::Sms, 30), step(RESPONDER, Channel::Sms, 120)],
        upkeep: vec![desk(600)],
    }
}

fn text_to(n: usize) -> Contact {
    Contact { channel: Channel::Sms, address: phone_number(n) }
}
