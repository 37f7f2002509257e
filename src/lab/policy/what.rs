//! Everything that can be wrong with how people are told.

use serde::Serialize;

use crate::domain::{CaseId, Channel, PersonId, PolicyId, SenderLabel, StaffId};

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// An alert does not end at a person who can be reached, or too late.
    Hole,
    /// It does, and one thing more that fails makes it a hole.
    Warning,
    /// Worth knowing.
    Note,
}

/// Which of a policy's lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// Danger, towards a protected person.
    Protected,
    /// Danger, towards staff.
    Danger,
    /// Device or blind.
    Device,
    /// Upkeep.
    Upkeep,
}

impl List {
    /// As it is written in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Protected => "protected",
            Self::Danger => "danger",
            Self::Device => "device",
            Self::Upkeep => "upkeep",
        }
    }

    /// Danger: somebody's phone must ring, and soon.
    #[must_use]
    pub fn is_danger(self) -> bool {
        matches!(self, Self::Protected | Self::Danger)
    }

    /// Whether what goes by a channel comes before a person. What a browser or a pager shows is a courtesy; the screen of
    /// a desk will do for what is no danger.
    #[must_use]
    pub fn counts(self, channel: Channel) -> bool {
        channel.is_phone() || channel == Channel::Webhook && !self.is_danger()
    }
}

/// One cause. Steps are counted from 1, as people do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Nothing comes before a person: no phone rings, or for what is no danger no desk's screen shows it either.
    Nobody {
        /// By which policy ...
        policy: PolicyId,
        /// ... and list.
        list: List,
        /// Channels that would, and have no provider.
        unprovided: Vec<Channel>,
    },
    /// The first phone rings too late.
    Late {
        /// By which policy ...
        policy: PolicyId,
        /// ... and list.
        list: List,
        /// At which step; none for one that stands beside the policy.
        step: Option<usize>,
        /// After so many seconds.
        after_s: i64,
    },
    /// What repeats comes before nobody.
    LastStep {
        /// By which policy ...
        policy: PolicyId,
        /// ... and list.
        list: List,
        /// Which step; none for one that stands beside the policy.
        step: Option<usize>,
        /// By which channels it goes.
        channels: Vec<Channel>,
    },
    /// Somebody has no contact for a step's channel, and is told by another.
    NoContact {
        /// By which policy ...
        policy: PolicyId,
        /// ... and list ...
        list: List,
        /// ... at which step.
        step: usize,
        /// Who.
        staff: StaffId,
        /// What the step says.
        channel: Channel,
        /// What is done.
        instead: Channel,
    },
    /// All whom a protected person has named are off duty.
    NominatedOff {
        /// They.
        staff: Vec<StaffId>,
    },
    /// Whoever stands in while nobody is on duty is off duty, too.
    StandInOff {
        /// On which rota.
        rota: StaffId,
        /// Who.
        staff: StaffId,
    },
    /// Nobody is on duty, and somebody stands in.
    NobodyOnDuty {
        /// On which rota.
        rota: StaffId,
        /// Who stands in.
        stand_in: StaffId,
    },
    /// A step names somebody who works shifts, and is off duty.
    OffDuty {
        /// By which policy ...
        policy: PolicyId,
        /// ... and list ...
        list: List,
        /// ... at which step.
        step: usize,
        /// Who.
        staff: StaffId,
    },
    /// A channel that steps go by has no provider: they are passed over.
    NoProvider {
        /// Which.
        channel: Channel,
    },
    /// Everything goes to one phone.
    OnePhone {
        /// By which policy ...
        policy: PolicyId,
        /// ... and list.
        list: List,
    },
    /// The policy tells those whom a protected person has named, and they have named nobody.
    NobodyNominated {
        /// Which policy.
        policy: PolicyId,
    },
    /// A protected person and a member of staff have one phone number.
    SharedNumber {
        /// The person.
        person: PersonId,
        /// The member of staff.
        staff: StaffId,
    },
    /// What a protected person is told beside danger comes to none of their phones.
    NoticesUnheard {
        /// By which policy.
        policy: PolicyId,
        /// By which channels it goes.
        channels: Vec<Channel>,
    },
    /// A contact plan names a sender that a channel's provider does not have: its usual one is shown.
    NoSender {
        /// By its label.
        sender: SenderLabel,
        /// On which channels.
        channels: Vec<Channel>,
    },
    /// The basis of a case ends.
    BasisEnds {
        /// Which case.
        case: CaseId,
    },
}

impl What {
    /// How grave it is.
    #[must_use]
    pub fn grade(&self) -> Grade {
        match self {
            Self::Nobody { .. }
            | Self::Late { .. }
            | Self::LastStep { .. }
            | Self::NoContact { .. }
            | Self::NominatedOff { .. }
            | Self::StandInOff { .. } => Grade::Hole,
            Self::NobodyOnDuty { .. }
            | Self::OffDuty { .. }
            | Self::NoProvider { .. }
            | Self::OnePhone { .. }
            | Self::NobodyNominated { .. }
            | Self::SharedNumber { .. }
            | Self::NoticesUnheard { .. }
            | Self::NoSender { .. } => Grade::Warning,
            Self::BasisEnds { .. } => Grade::Note,
        }
    }
}
