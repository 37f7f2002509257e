//! Responders on their way to an incident, and what is put aside for a while.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{StaffId, Timestamp};

/// A responder who was sent to an incident, or goes by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attendance {
    /// Who goes.
    pub responder: StaffId,
    /// Who sent them; themselves, if nobody did.
    pub by: StaffId,
    /// Every stage that they have come to, and when: at least one, each further than the one before.
    pub stages: Vec<(Attending, Timestamp)>,
}

impl Attendance {
    /// One that begins.
    #[must_use]
    pub fn begin(responder: StaffId, by: StaffId, stage: Attending, at: Timestamp) -> Self {
        Self { responder, by, stages: vec![(stage, at)] }
    }

    /// How far they have come.
    #[must_use]
    pub fn stage(&self) -> Attending {
        self.stages.last().map_or(Attending::Sent, |(stage, _)| *stage)
    }

    /// Since when they have been there.
    #[must_use]
    pub fn since(&self) -> Option<Timestamp> {
        self.stages.last().map(|(_, at)| *at)
    }

    /// Is asked anew.
    pub fn ask_again(&mut self, at: Timestamp) {
        self.stages = vec![(Attending::Sent, at)];
    }

    /// Goes on to a later stage; whether that is one.
    pub fn go_on(&mut self, stage: Attending, at: Timestamp) -> bool {
        let is_later = stage > self.stage() && !self.stage().is_over();
        if is_later {
            self.stages.push((stage, at));
        }
        is_later
    }
}

/// How far a responder has come, in the order in which they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attending {
    /// They are being told, and have a moment to answer.
    Sent,
    /// They have not answered in time, or could not be told: nobody waits for them. They may still say something.
    NoAnswer,
    /// "I am going."
    Accepted,
    /// On the way.
    EnRoute,
    /// There.
    OnScene,
    /// They have done what there was to do.
    Done,
    /// They cannot go, or cannot get there.
    Declined,
}

impl Attending {
    /// What a responder can say, in the order in which a page offers it.
    pub const ANSWERS: [Self; 5] = [Self::Accepted, Self::EnRoute, Self::OnScene, Self::Done, Self::Declined];

    /// Whether they are asked to go, and have not said anything to it.
    #[must_use]
    pub fn is_asked(self) -> bool {
        matches!(self, Self::Sent | Self::NoAnswer)
    }

    /// Whether somebody is there, or will be.
    #[must_use]
    pub fn is_going(self) -> bool {
        matches!(self, Self::Accepted | Self::EnRoute | Self::OnScene)
    }

    /// Whether nothing more comes of it.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Declined)
    }

    /// As it is written in forms and records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::NoAnswer => "no_answer",
            Self::Accepted => "accepted",
            Self::EnRoute => "en_route",
            Self::OnScene => "on_scene",
            Self::Done => "done",
            Self::Declined => "declined",
        }
    }
}

/// An incident of less than danger that is put aside for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    /// By whom.
    pub by: StaffId,
    /// When it comes back by itself.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_responder_goes_on_and_never_back() {
        let (id, at) = (|| "rita".parse().unwrap(), Timestamp::from_ms(0));
        let mut attendance = Attendance::begin(id(), id(), Attending::Sent, at);
        assert!(attendance.go_on(Attending::EnRoute, at));
        assert!(!attendance.go_on(Attending::Accepted, at));
        assert!(!attendance.go_on(Attending::EnRoute, at));
        assert!(attendance.go_on(Attending::Declined, at));
        assert!(!attendance.go_on(Attending::Declined, at));
        let mut done = Attendance::begin(id(), id(), Attending::Done, at);
        assert!(!done.go_on(Attending::Declined, at));
    }
}
