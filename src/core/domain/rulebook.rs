//! The content of rulebook revisions: units, wearers, protected persons and cases, as people write them.
//!
//! A [`Book`] is what one revision publishes: a whole unit, wearer, person or case, never a part of one, so that the
//! newest revision of a [`Scope`] is all there is to know about it and erasing a person erases their revisions.
//!
//! The names that serde uses are those of rulebook files (`deploy/rulebook.example.toml`): a list of tables is named
//! in the singular there, as in `[[case.zone]]`. The journal keeps the same form.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    CaseId, Channel, ContactPlan, PersonId, PolicyId, ProximityZone, Rota, StaffId, TagId, Timestamp, UnitId,
    WearerId, Withdrawal, Zone, rfc3339, standard_policy,
};

/// What one rulebook revision publishes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Book {
    /// A unit with its staff, policies and the zones that bind all its wearers.
    Unit(Unit),
    /// A wearer and the tags they wore.
    Wearer(Wearer),
    /// A protected person and how to reach them.
    Person(Person),
    /// A case with its zones.
    Case(Case),
}

/// Whose revision a [`Book`] is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// See [`Book::Unit`].
    Unit(UnitId),
    /// See [`Book::Wearer`].
    Wearer(WearerId),
    /// See [`Book::Person`].
    Person(PersonId),
    /// See [`Book::Case`].
    Case(CaseId),
}

impl Book {
    /// Whose revision this is.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self {
            Self::Unit(unit) => Scope::Unit(unit.id.clone()),
            Self::Wearer(wearer) => Scope::Wearer(wearer.id.clone()),
            Self::Person(person) => Scope::Person(person.id.clone()),
            Self::Case(case) => Scope::Case(case.id.clone()),
        }
    }

    /// The unit it belongs to.
    #[must_use]
    pub fn unit(&self) -> &UnitId {
        match self {
            Self::Unit(unit) => &unit.id,
            Self::Wearer(wearer) => &wearer.unit,
            Self::Person(person) => &person.unit,
            Self::Case(case) => &case.unit,
        }
    }
}

/// A force or site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Its id.
    pub id: UnitId,
    /// What staff call it.
    pub name: String,
    /// Every zone of the unit lies inside this box.
    pub area: Area,
    /// The policy for incidents that belong to no case, and for cases that have no other.
    #[serde(rename = "default_policy", default = "standard_policy::id")]
    pub policy: PolicyId,
    /// The policies of cases that name none, by their risk.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub policies_by_risk: BTreeMap<Risk, PolicyId>,
    /// Whom the standard policy tells, until it is written out: see [`Unit::with_standard_policy`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Roles>,
    /// Who answers alerts.
    #[serde(default)]
    pub staff: Vec<Staff>,
    /// Which of them is on duty when.
    #[serde(rename = "rota", default, skip_serializing_if = "Vec::is_empty")]
    pub rotas: Vec<Rota>,
    /// Who is told, in which order.
    #[serde(rename = "policy", default)]
    pub policies: Vec<EscalationPolicy>,
    /// Zones that bind every wearer of the unit.
    #[serde(rename = "zone", default)]
    pub zones: Vec<Zone>,
}

impl Unit {
    /// The policy that a case goes by: its own, or the unit's for its risk.
    #[must_use]
    pub fn policy_for<'u>(&'u self, case: &'u Case) -> &'u PolicyId {
        let by_risk = || self.policies_by_risk.get(&case.risk).unwrap_or(&self.policy);
        case.policy.as_ref().unwrap_or_else(by_risk)
    }
}

/// Whom the standard policy tells: members of staff, desks or rotas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Those who watch the console; the first of them is told first.
    pub desks: Vec<StaffId>,
    /// Whose phone rings when no desk has taken it.
    pub supervisor: StaffId,
    /// Whose phone rings when the supervisor has not taken it either.
    pub duty_manager: StaffId,
}

/// A box in degrees that does not cross 180 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// Southern border, degrees of latitude.
    pub south: f64,
    /// Western border, degrees of longitude.
    pub west: f64,
    /// Northern border, degrees of latitude.
    pub north: f64,
    /// Eastern border, degrees of longitude.
    pub east: f64,
}

impl Area {
    /// Whether a latitude and a longitude lie inside; takes bare numbers, so that swapped ones can be asked about.
    #[must_use]
    pub fn contains(&self, lat_deg: f64, lon_deg: f64) -> bool {
        (self.south..=self.north).contains(&lat_deg) && (self.west..=self.east).contains(&lon_deg)
    }
}

/// A person or desk that answers alerts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Staff {
    /// Their id.
    pub id: StaffId,
    /// What colleagues call them.
    pub name: String,
    /// How to reach them.
    #[serde(rename = "contact")]
    pub contacts: Vec<Contact>,
}

/// An address on a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Which channel.
    pub channel: Channel,
    /// A phone number in E.164 for SMS, a URL for a webhook.
    pub address: String,
}

/// Who is told of what, in which order. The last step of each list repeats until a person acts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EscalationPolicy {
    /// Its id.
    pub id: PolicyId,
    /// Danger (P1): how each protected person of the case is told.
    pub protected: Vec<PersonStep>,
    /// Danger (P1): which staff are told.
    pub danger: Vec<StaffStep>,
    /// Device or blind (P2): which staff are told.
    pub device: Vec<StaffStep>,
    /// Upkeep (P3): which staff are told.
    pub upkeep: Vec<StaffStep>,
}

/// One step towards a protected person. One for which there is no contact is passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonStep {
    /// On which of their channels.
    pub channel: Channel,
    /// Seconds until the next step; 0 takes the next one together with this.
    pub wait_s: u32,
    /// It goes to those whom the person has named to be told when they do not answer, instead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nominated: bool,
}

/// One step towards staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffStep {
    /// Whom: a member of staff, or a rota for all who are on duty when the step is taken.
    pub to: StaffId,
    /// On which of their channels.
    pub channel: Channel,
    /// Seconds until the next step; 0 takes the next one together with this.
    pub wait_s: u32,
}

/// A person who wears a tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wearer {
    /// Their id.
    pub id: WearerId,
    /// The unit that monitors them.
    pub unit: UnitId,
    /// Their name, for officers.
    pub name: String,
    /// Which tags they wore, and when.
    #[serde(rename = "tag", default)]
    pub tags: Vec<Assignment>,
}

/// A wearer wore a tag, or a protected person carried a Companion, for an interval of time. A fix belongs to whoever
/// had the device at its fix time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// Which tag.
    #[serde(rename = "id")]
    pub tag: TagId,
    /// Fitted at, or agreed to from.
    #[serde(with = "rfc3339")]
    pub from: Timestamp,
    /// Removed at, or agreed to until; still so if absent.
    #[serde(default, with = "rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Assignment {
    /// Whether the tag was worn, or the Companion agreed to, at `at`.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// A person a case protects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Their id.
    pub id: PersonId,
    /// The unit that looks after them.
    pub unit: UnitId,
    /// Their name, for officers.
    pub name: String,
    /// How to reach them, one address for each channel.
    #[serde(rename = "contact")]
    pub contacts: Vec<Contact>,
    /// The devices that publish their own position, each for the time for which they have agreed to it.
    #[serde(rename = "companion", default)]
    pub companions: Vec<Assignment>,
    /// What they have agreed about how they are told.
    #[serde(default, skip_serializing_if = "ContactPlan::is_plain")]
    pub plan: ContactPlan,
}

/// Binds one wearer to the people protected from them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// The unit that owns it.
    pub unit: UnitId,
    /// Who must stay away.
    pub wearer: WearerId,
    /// From whom.
    pub persons: Vec<PersonId>,
    /// Why and for how long Cordon may watch.
    pub basis: Basis,
    /// The wearer takes their consent back, or took it back once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawal: Option<Box<Withdrawal>>,
    /// How dangerous the team thinks the wearer is.
    pub risk: Risk,
    /// Why it thinks so, who said it, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assessed: Option<Assessment>,
    /// How the wearer is managed and the persons are kept safe, in the team's words: 1 to 4,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// When the case is next to be looked at as a whole.
    #[serde(default, with = "rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub review_due: Option<Timestamp>,
    /// Who is told of what; by the unit's policy for the risk, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyId>,
    /// Where the wearer must not be.
    #[serde(rename = "zone", default)]
    pub zones: Vec<Zone>,
    /// How near the wearer must not come to the persons, wherever they are.
    #[serde(rename = "proximity_zone", default)]
    pub proximity_zones: Vec<ProximityZone>,
}

/// Why a risk was judged as it is. A judgement: it raises no alert by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// In the author's words: 1 to 1,000 characters.
    pub reason: String,
    /// The author.
    pub by: StaffId,
    /// When they said it.
    #[serde(with = "rfc3339")]
    pub at: Timestamp,
}

/// The ground on which a wearer is watched. Pings outside it are neither judged nor stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// Consent or order.
    pub kind: BasisKind,
    /// In force from.
    #[serde(with = "rfc3339")]
    pub from: Timestamp,
    /// In force until; open if absent.
    #[serde(default, with = "rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Basis {
    /// Whether it is in force at `at`.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// Why a wearer is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BasisKind {
    /// They agreed, and may withdraw.
    Consent,
    /// A court ordered it.
    Order,
}

/// The team's judgement of the danger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Standard.
    Standard,
    /// Medium.
    Medium,
    /// High: a blind or cut tag is danger, not upkeep.
    High,
}

impl Risk {
    /// As it is written in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}
