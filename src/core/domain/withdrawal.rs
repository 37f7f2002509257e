//! A wearer takes their consent back: who was told of it first, and when watching ended.
//!
//! It stands in the case's record, so that each step is a revision of the case and stands in the journal. The order of the
//! steps is the rulebook's to keep (`engine::withdrawal_check`): nobody stops watching before every protected person of the
//! case was told, or it is written down why one could not be.

use serde::{Deserialize, Serialize};

use super::{PersonId, StaffId, Timestamp, rfc3339};

/// Hours after the wearer has said so by which watching is to end. Telling the protected persons must not become a way to
/// go on for days; how long it may take is for the agency's lawyers, and no law that we know of names a number.
pub const END_WITHIN_H: i64 = 24;

/// See the module's documentation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// When the wearer said so.
    #[serde(with = "rfc3339")]
    pub said_at: Timestamp,
    /// How they said it.
    pub manner: Manner,
    /// Who wrote that down.
    pub recorded: Signed,
    /// Which persons of the case were told, or could not be, in the order in which it was written down.
    #[serde(rename = "told", default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Telling>,
    /// Who ended the watching; not ended if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Signed>,
    /// The wearer agrees again, or it was a mistake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_back: Option<TakenBack>,
}

/// How somebody said something to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// Face to face.
    InPerson,
    /// In a call.
    Call,
    /// In a letter, an email or a text.
    Writing,
    /// By somebody who speaks for them, or whom they trust.
    Another,
}

/// Who wrote something down, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// Who.
    pub by: StaffId,
    /// When.
    #[serde(with = "rfc3339")]
    pub at: Timestamp,
}

/// A protected person was told, or could not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telling {
    /// Whom.
    pub person: PersonId,
    /// How, or why not.
    pub how: ToldHow,
    /// When they were told, or last tried.
    #[serde(with = "rfc3339")]
    pub at: Timestamp,
    /// Who wrote that down.
    pub recorded: Signed,
}

/// How somebody was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToldHow {
    /// They were, in this manner.
    By(Manner),
    /// They could not be, for a reason of 1 to 1,000 characters.
    Not(String),
}

/// A withdrawal that no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakenBack {
    /// Why, in 1 to 1,000 characters.
    pub reason: String,
    /// Who wrote that down.
    pub recorded: Signed,
}

impl Withdrawal {
    /// Whether something is still to be done.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.ended.is_none() && self.taken_back.is_none()
    }

    /// By when watching is to have ended.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        self.said_at.plus_ms(END_WITHIN_H * 3_600_000)
    }

    /// What is written about telling somebody; the last word, where there are several.
    #[must_use]
    pub fn telling(&self, person: &PersonId) -> Option<&Telling> {
        self.told.iter().rev().find(|telling| telling.person == *person)
    }

    /// Those of `persons` of whom nothing is written yet.
    pub fn untold<'a>(&'a self, persons: &'a [PersonId]) -> impl Iterator<Item = &'a PersonId> {
        persons.iter().filter(|person| self.telling(person).is_none())
    }

    /// Whether it is `earlier` with nothing of it changed or taken out.
    #[must_use]
    pub fn continues(&self, earlier: &Self) -> bool {
        let kept = |was: bool, same: bool| !was || same;
        (self.said_at, self.manner, &self.recorded) == (earlier.said_at, earlier.manner, &earlier.recorded)
            && self.told.starts_with(&earlier.told)
            && kept(earlier.ended.is_some(), self.ended == earlier.ended)
            && kept(earlier.taken_back.is_some(), self.taken_back == earlier.taken_back)
    }
}
