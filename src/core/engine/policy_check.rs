//! What a unit's policies and rotas must not contradict. What can never work is refused here; what works at some hours
//! only is found by `cordon policy check`.

use super::{
    contact_check::{Who, has, who},
    rulebook_check::Problems,
};
use crate::domain::{Channel, EscalationPolicy, PolicyId, Rota, StaffId, StaffStep, Unit};

const WAIT_S: std::ops::RangeInclusive<u32> = 5..=86_400;

impl Problems<'_> {
    /// Everybody on a rota, and whoever stands in, can be told.
    pub(super) fn rotas(&mut self, unit: &Unit) {
        for (i, rota) in unit.rotas.iter().enumerate() {
            let place = format!("unit {}: rota {}", unit.id, rota.id);
            self.look_at(format!("rota.{i}.name"));
            self.named(&place, &rota.name);
            self.look_at(format!("rota.{i}.id"));
            let twice = unit.rotas[..i].iter().any(|earlier| earlier.id == rota.id);
            let is_staff = unit.staff.iter().any(|staff| staff.id == rota.id);
            self.once(&unit.id, &rota.id, twice || is_staff);
            self.free_staff_id(&place, &unit.id, &rota.id);
            self.look_at(format!("rota.{i}"));
            for id in rota.members().into_iter().chain([&rota.otherwise]) {
                let is_staff = unit.staff.iter().any(|staff| staff.id == *id);
                self.add(is_staff, || {
                    format!("{place}: names '{id}', who is not among the unit's staff; add them there")
                });
                self.add(!is_staff || who(unit, id) == Who::Told, || {
                    format!("{place}: names '{id}', who has no contact; add one to them")
                });
            }
        }
    }

    /// Every policy, and that each name stands for one.
    pub(super) fn policies(&mut self, unit: &Unit) {
        let id = &unit.id;
        for (i, policy) in unit.policies.iter().enumerate() {
            self.look_at(format!("policy.{i}"));
            self.policy(unit, policy);
        }
        self.look_at("default_policy");
        let is_known = |name: &PolicyId| unit.policies.iter().any(|policy| policy.id == *name);
        self.add(is_known(&unit.policy), || {
            format!(
                "unit {id}: there is no policy '{}'; name one of the unit's policies, or write the roles of the \
                 standard policy",
                unit.policy
            )
        });
        for (risk, name) in &unit.policies_by_risk {
            self.look_at(format!("policies_by_risk.{}", risk.as_str()));
            self.add(is_known(name), || {
                format!("unit {id}: cases of {} risk have policy '{name}', which there is not", risk.as_str())
            });
        }
        if let Some(roles) = &unit.roles {
            let what = match roles.desks.is_empty() {
                true => "need at least one desk",
                false => "are those of policy 'standard', which the unit writes itself; take one of them out",
            };
            self.look_at("roles");
            self.add(false, || format!("unit {id}: the roles {what}"));
        }
    }

    fn policy(&mut self, unit: &Unit, policy: &EscalationPolicy) {
        let place = format!("unit {}: policy {}", unit.id, policy.id);
        self.add(!policy.protected.is_empty(), || format!("{place}: protected needs at least one step"));
        let lists = [("danger", &policy.danger), ("device", &policy.device), ("upkeep", &policy.upkeep)];
        self.waits(&place, "protected", policy.protected.iter().map(|step| step.wait_s));
        for (name, steps) in lists {
            self.waits(&place, name, steps.iter().map(|step| step.wait_s));
        }
        for (name, steps) in lists {
            self.add(!steps.is_empty(), || {
                format!("{place}: {name} needs at least one step: the last one repeats")
            });
            for step in steps {
                self.step(unit, &format!("{place}: {name}"), step);
            }
        }
    }

    /// Somebody whom a step names can be told by its channel; on a rota somebody at least.
    fn step(&mut self, unit: &Unit, place: &str, StaffStep { to, channel, .. }: &StaffStep) {
        let rota = unit.rotas.iter().find(|rota| rota.id == *to);
        let is_staff = unit.staff.iter().any(|staff| staff.id == *to);
        self.add(is_staff || rota.is_some(), || {
            format!("{place} names '{to}', who is not among the unit's staff or rotas")
        });
        if !is_staff && rota.is_none() {
            return;
        }
        let reached =
            rota.map_or_else(|| vec![to], everybody).into_iter().any(|id| is_reached(unit, id, *channel));
        self.add(reached, || {
            format!("{place} reaches {to} by {}, for which they have no contact", channel.as_str())
        });
    }

    /// The last step comes again and again, and must not do so at once.
    fn waits(&mut self, place: &str, list: &str, waits: impl DoubleEndedIterator<Item = u32>) {
        let mut waits = waits.rev();
        let sound = waits.next().is_none_or(|last| WAIT_S.contains(&last))
            && waits.all(|wait_s| wait_s == 0 || WAIT_S.contains(&wait_s));
        let (min, max) = (WAIT_S.start(), WAIT_S.end());
        self.add(sound, || {
            format!(
                "{place}: {list}: wait_s is {min} to {max} seconds, or 0 for a step that goes together with the next"
            )
        });
    }
}

fn everybody(rota: &Rota) -> Vec<&StaffId> {
    rota.members().into_iter().chain([&rota.otherwise]).collect()
}

fn is_reached(unit: &Unit, id: &StaffId, channel: Channel) -> bool {
    unit.staff.iter().any(|staff| staff.id == *id && has(&staff.contacts, channel))
}
