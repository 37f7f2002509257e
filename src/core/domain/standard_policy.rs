//! The policy of a unit that writes none: who is told, in which order, and how soon.
//!
//! It is the practice of services that answer alarms around the clock. Danger is at a desk at once, at every desk after
//! 30 s, on a supervisor's phone after 60 s, and on a duty manager's after 120 s: an urgent alarm is to be in somebody's
//! hands within a minute (EN 50518). The person in danger gets what their browser shows and a text together, by the
//! other supplier of texts after 30 s without a sign of them, a call after 60 s; whoever they have named is told after
//! 120 s.
//!
//! It is the same for every risk: a case of high risk has already more that counts as danger. A unit that wants others
//! writes them, for each risk or for each case.

use super::{Channel, EscalationPolicy, PersonStep, PolicyId, Roles, StaffId, StaffStep, Unit};

/// Its id.
const ID: &str = "standard";

/// The id of the policy that a unit goes by if it names none.
pub(super) fn id() -> PolicyId {
    ID.parse().expect("letters only")
}

/// Whether a policy is the one of that id.
#[must_use]
pub fn is_standard(policy: &PolicyId) -> bool {
    policy.as_str() == ID
}

impl Unit {
    /// The unit with the standard policy written out, if it says whom that tells and writes none of that id itself. Books
    /// hold it written out, so that a revision says all that it means whatever a later version's standard is.
    #[must_use]
    pub fn with_standard_policy(mut self) -> Self {
        let is_written = self.policies.iter().any(|policy| policy.id.as_str() == ID);
        if let Some(roles) = self.roles.take_if(|roles| !is_written && !roles.desks.is_empty()) {
            let policy = self.standard_policy(&roles);
            self.policies.push(policy);
        }
        self
    }

    /// Whom the standard policy tells: as it says, or as it is written out; `None` if there is none, or another of its id.
    #[must_use]
    pub fn standard_roles(&self) -> Option<Roles> {
        if self.roles.is_some() {
            return self.roles.clone();
        }
        let written = self.policies.iter().find(|policy| policy.id.as_str() == ID)?;
        // Of danger to a device every desk is told together, and then the supervisor.
        let desks = written.device.iter().position(|step| step.wait_s != 0)? + 1;
        let to = |step: &StaffStep| step.to.clone();
        let roles = Roles {
            desks: written.device[..desks].iter().map(to).collect(),
            supervisor: written.device.get(desks).map(to)?,
            duty_manager: written.danger.last().map(to)?,
        };
        (self.standard_policy(&roles) == *written).then_some(roles)
    }

    /// The unit without the standard policy, for whoever writes it out anew: from other roles, or for other contacts.
    #[must_use]
    pub fn without_standard_policy(mut self) -> Self {
        if self.standard_roles().is_some() {
            self.policies.retain(|policy| policy.id.as_str() != ID);
        }
        self
    }

    fn standard_policy(&self, roles: &Roles) -> EscalationPolicy {
        let Roles { desks, supervisor, duty_manager } = roles;
        let first = &desks[..desks.len().min(1)];
        let danger = [
            self.screens(first, 30),
            self.screens(desks, 30),
            self.phone(supervisor, 60),
            self.phone(duty_manager, 120),
        ];
        EscalationPolicy {
            id: id(),
            protected: towards_person(),
            danger: danger.concat(),
            device: [self.screens(desks, 90), self.phone(supervisor, 300)].concat(),
            upkeep: self.screens(first, 3_600),
        }
    }

    /// All of these desks together: their consoles, or what else they have.
    fn screens(&self, desks: &[StaffId], wait_s: u32) -> Vec<StaffStep> {
        let last = desks.len().saturating_sub(1);
        let step = |(n, desk): (usize, &StaffId)| {
            let channel = if self.all_have(desk, Channel::Webhook) { Channel::Webhook } else { Channel::Sms };
            StaffStep { to: desk.clone(), channel, wait_s: if n == last { wait_s } else { 0 } }
        };
        desks.iter().enumerate().map(step).collect()
    }

    /// A text, and a call beside it where there is a number for calls.
    fn phone(&self, to: &StaffId, wait_s: u32) -> Vec<StaffStep> {
        let step = |channel, wait_s| StaffStep { to: to.clone(), channel, wait_s };
        if self.all_have(to, Channel::Voice) {
            vec![step(Channel::Sms, 0), step(Channel::Voice, wait_s)]
        } else {
            vec![step(Channel::Sms, wait_s)]
        }
    }

    /// Whether a member of staff, or everybody of a rota, has a contact on a channel.
    fn all_have(&self, id: &StaffId, channel: Channel) -> bool {
        let rota = self.rotas.iter().find(|rota| rota.id == *id);
        let meant = match rota {
            Some(rota) => rota.members().into_iter().chain([&rota.otherwise]).collect(),
            None => vec![id],
        };
        let has = |id: &&StaffId| {
            let staff = self.staff.iter().find(|staff| staff.id == **id);
            staff.is_some_and(|staff| staff.contacts.iter().any(|contact| contact.channel == channel))
        };
        meant.iter().all(has)
    }
}

fn towards_person() -> Vec<PersonStep> {
    let step = |channel, wait_s| PersonStep { channel, wait_s, nominated: false };
    vec![
        step(Channel::Push, 0),
        step(Channel::Sms, 30),
        step(Channel::SecondSms, 30),
        step(Channel::Voice, 60),
        PersonStep { channel: Channel::Sms, wait_s: 0, nominated: true },
        step(Channel::Voice, 120),
    ]
}
