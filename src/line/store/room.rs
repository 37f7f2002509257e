//! For which waiting alerts a claimer has room.

use crate::domain::{Alert, Channel, Priority};

/// Which alerts of one channel may be claimed; each admits what those before it admit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Admit {
    /// None.
    Nothing,
    /// Danger that has never been tried.
    NewDanger,
    /// Danger.
    Danger,
    /// All.
    All,
}

impl Admit {
    /// The least urgent priority that is admitted, as a number; 0 for none.
    pub(super) fn priority_max(self) -> i64 {
        match self {
            Self::Nothing => 0,
            Self::NewDanger | Self::Danger => Priority::P1.number().into(),
            Self::All => Priority::P3.number().into(),
        }
    }

    /// No more tries than this may have been recorded.
    pub(super) fn tries_max(self) -> i64 {
        match self {
            Self::Nothing | Self::NewDanger => 0,
            Self::Danger | Self::All => i64::MAX,
        }
    }
}

/// What is admitted on each channel: one whose provider hangs must not stand in the way of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room([Admit; Channel::ALL.len()]);

impl Room {
    /// Everything.
    pub const ALL: Self = Self([Admit::All; Channel::ALL.len()]);

    /// What is said of each channel.
    #[must_use]
    pub fn of(admit: impl FnMut(Channel) -> Admit) -> Self {
        Self(Channel::ALL.map(admit))
    }

    /// What is admitted on a channel.
    #[must_use]
    pub fn on(&self, channel: Channel) -> Admit {
        self.0[channel as usize]
    }

    /// Whether an alert is admitted after so many tries.
    pub(super) fn admits(&self, alert: &Alert, tries: u32) -> bool {
        let admit = self.on(alert.channel);
        i64::from(alert.priority.number()) <= admit.priority_max() && i64::from(tries) <= admit.tries_max()
    }
}
