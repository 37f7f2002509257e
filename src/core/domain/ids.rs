//! Names of things. Text ids are chosen by people in the rulebook; numbers are given by the engine.

use std::{fmt, str::FromStr, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest text id, in bytes: ids stand in hot tables and in every journal row.
const ID_BYTES_MAX: usize = 40;

/// The id of everything that Cordon's canary is made of: its unit, its only wearer, person, case, staff and policy, and
/// the beginning of the ids of its zones. Nobody else's may begin so.
pub const CANARY: &str = "cordon-canary";

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Empty, or longer than 40 characters (a tag: 2 x 64 and a slash).
    #[error("an id has 1 to 40 characters, this one has {0}")]
    Length(usize),
    /// A character outside `a-z 0-9 -`.
    #[error("an id is made of a-z, 0-9 and '-' and starts with a letter or digit; '{0}' is not one of them")]
    Character(char),
    /// A tag without its vendor.
    #[error("a tag is written vendor/tag")]
    NoVendor,
}

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(extend("minLength" = 1, "maxLength" = ID_BYTES_MAX, "pattern" = "^[a-z0-9][a-z0-9-]*$"))]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether it is kept for Cordon's canary (see [`CANARY`]).
            #[must_use]
            pub fn is_canary(&self) -> bool {
                self.0.starts_with(CANARY)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                check(text).map(|()| Self(Arc::from(text)))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

text_id! {
    /// A force or site that owns cases and staff.
    UnitId,
    /// A person who wears a tag.
    WearerId,
    /// A person a case protects.
    PersonId,
    /// A person or desk that answers alerts.
    StaffId,
    /// What binds a wearer to the people protected from them.
    CaseId,
    /// An exclusion zone with its warning zone.
    ZoneId,
    /// An escalation policy.
    PolicyId,
    /// A sender of texts, as the operator calls it in the settings of each supplier.
    SenderLabel,
}

fn check(text: &str) -> Result<(), IdError> {
    if text.is_empty() || text.len() > ID_BYTES_MAX {
        return Err(IdError::Length(text.chars().count()));
    }
    let bad =
        |(i, c): &(usize, char)| !(c.is_ascii_lowercase() || c.is_ascii_digit() || (*i > 0 && *c == '-'));
    text.char_indices().find(bad).map_or(Ok(()), |(_, c)| Err(IdError::Character(c)))
}

/// A tag: its vendor's name and its own, as they stand in the MQTT topic. Written `vendor/tag`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct TagId {
    text: Arc<str>,
    slash: usize,
}

impl TagId {
    /// From the two names of a topic, which `tag_wire` has already checked.
    #[must_use]
    pub fn new(vendor: &tag_wire::VendorName, tag: &tag_wire::TagName) -> Self {
        let vendor = vendor.as_str();
        Self { text: Arc::from(format!("{vendor}/{}", tag.as_str())), slash: vendor.len() }
    }

    /// The tag of Cordon's canary: of the vendor that its source speaks for, or of none but Cordon.
    #[must_use]
    pub fn canary(vendor: Option<&tag_wire::VendorName>) -> Self {
        let vendor = vendor.map_or("cordon", tag_wire::VendorName::as_str);
        Self { text: Arc::from(format!("{vendor}/{CANARY}")), slash: vendor.len() }
    }

    /// `vendor/tag`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The vendor's name.
    #[must_use]
    pub fn vendor(&self) -> &str {
        &self.text[..self.slash]
    }

    /// The tag's own name.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.text[self.slash + 1..]
    }

    /// Whether it is kept for Cordon's canary, whoever's source it publishes through (see [`CANARY`]).
    #[must_use]
    pub fn is_canary(&self) -> bool {
        self.tag().starts_with(CANARY)
    }
}

impl FromStr for TagId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let (vendor, tag) = text.split_once('/').ok_or(IdError::NoVendor)?;
        let bad = |_| IdError::Character('/');
        Ok(Self::new(&vendor.parse().map_err(bad)?, &tag.parse().map_err(bad)?))
    }
}

impl TryFrom<String> for TagId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<TagId> for String {
    fn from(id: TagId) -> Self {
        id.text.as_ref().into()
    }
}

impl fmt::Display for TagId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for TagId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

macro_rules! number_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

number_id! {
    /// An incident, numbered from 1 in the order of raising. 64 bits: a 32-bit key once silenced 16,000 tags for 12 hours.
    IncidentId,
    /// An alert, numbered from 1 in the order of raising.
    AlertId,
}

impl IncidentId {
    /// The number that a recipient can quote, and that tells a real message from a forged one: 1000 to 9998.
    #[must_use]
    pub fn reference(self) -> u16 {
        // A multiplication modulo a prime spreads neighbours apart, so that one reference does not betray the next.
        let spread = self.0.rem_euclid(8_999) * 5_003 % 8_999;
        u16::try_from(1_000 + spread).unwrap_or(1_000)
    }
}
