//! Roles, and how far each reaches.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{CaseId, UnitId};

/// What somebody is here for. What each may do stands in one table of the console (`console::acts`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Watches the console and owns incidents.
    Officer,
    /// Leads a shift of officers; sees who looked at what.
    Supervisor,
    /// Attends; sees the incidents of their cases.
    Responder,
    /// Stands by the protected persons of their cases.
    Advocate,
    /// Works on their cases: police, probation, health, charity, prosecution.
    CaseWorker,
    /// Makes and revokes accounts; sees nobody's data.
    Administrator,
    /// Reads the audit log; changes nothing.
    Auditor,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Officer,
        Self::Supervisor,
        Self::Responder,
        Self::Advocate,
        Self::CaseWorker,
        Self::Administrator,
        Self::Auditor,
    ];

    /// As it is stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Supervisor => "supervisor",
            Self::Responder => "responder",
            Self::Advocate => "advocate",
            Self::CaseWorker => "case_worker",
            Self::Administrator => "administrator",
            Self::Auditor => "auditor",
        }
    }

    /// From [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// Whether it reaches the account's own cases alone.
    #[must_use]
    pub fn is_of_caseload(self) -> bool {
        matches!(self, Self::Responder | Self::Advocate | Self::CaseWorker)
    }
}

/// A role somebody has in a unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// Which role.
    pub role: Role,
    /// Where; `None` for every unit.
    pub unit: Option<UnitId>,
}

/// What somebody may see: the union of these.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reach {
    /// Everything there is.
    pub everything: bool,
    /// Everything of these units.
    pub units: Vec<UnitId>,
    /// These cases, where they are of one of the units beside them (`None`: of whichever).
    pub cases: Vec<(CaseId, Option<UnitId>)>,
}

impl Reach {
    /// Of grants and the cases of their owner.
    pub fn of<'g>(grants: impl Iterator<Item = &'g Grant>, caseload: &[CaseId]) -> Self {
        let mut reach = Self::default();
        for Grant { role, unit } in grants {
            match (role.is_of_caseload(), unit) {
                (true, unit) => reach.cases.extend(caseload.iter().map(|case| (case.clone(), unit.clone()))),
                (false, Some(unit)) => reach.units.push(unit.clone()),
                (false, None) => reach.everything = true,
            }
        }
        if reach.everything {
            return Self { everything: true, ..Self::default() };
        }
        reach.units.sort();
        reach.units.dedup();
        reach.cases.sort();
        reach.cases.dedup();
        reach
    }

    /// Whether it reaches all of a unit.
    #[must_use]
    pub fn has_unit(&self, unit: &UnitId) -> bool {
        self.everything || self.units.contains(unit)
    }

    /// Whether it reaches a case of a unit.
    #[must_use]
    pub fn has_case(&self, case: &CaseId, unit: &UnitId) -> bool {
        let own =
            |(own, of): &(CaseId, Option<UnitId>)| own == case && of.as_ref().is_none_or(|of| of == unit);
        self.has_unit(unit) || self.cases.iter().any(own)
    }
}
