//! MQTT topics: `cordon/v1/{vendor}/{tag}/{kind}`.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::limits::NAME_CHARS_MAX;

/// Where a message is published. Its text form is `cordon/v1/{vendor}/{tag}/{kind}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic {
    /// Who made the tag and speaks for it.
    pub vendor: VendorName,
    /// Which tag of that vendor.
    pub tag: TagName,
    /// What the messages on it are.
    pub kind: TopicKind,
}

impl Topic {
    /// Reads a topic as a broker names it.
    ///
    /// # Errors
    /// [`TopicError`] names the first part that is wrong. Wildcards are never part of a name.
    pub fn parse(text: &str) -> Result<Self, TopicError> {
        let mut parts = text.split('/');
        let mut part = || parts.next().ok_or(TopicError::NotOurs);
        if part()? != "cordon" {
            return Err(TopicError::NotOurs);
        }
        if part()? != "v1" {
            return Err(TopicError::UnsupportedVersion);
        }
        let (vendor, tag, kind) = (part()?, part()?, part()?);
        if parts.next().is_some() {
            return Err(TopicError::NotOurs);
        }
        Ok(Self {
            vendor: VendorName::parse(vendor).map_err(TopicError::Vendor)?,
            tag: TagName::parse(tag).map_err(TopicError::Tag)?,
            kind: TopicKind::parse(kind).ok_or(TopicError::UnknownKind)?,
        })
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cordon/v1/{}/{}/{}", self.vendor, self.tag, self.kind)
    }
}

impl FromStr for Topic {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        Self::parse(text)
    }
}

/// What the messages on a topic are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TopicKind {
    /// Tag to Cordon: a [`Ping`](crate::Ping).
    Ping,
    /// Cordon to tag: an [`Ack`](crate::Ack).
    Ack,
    /// Cordon to tag: a [`Reject`](crate::Reject).
    Reject,
    /// Cordon to tag: a [`Cmd`](crate::Cmd).
    Cmd,
    /// Tag to Cordon: a [`Status`](crate::Status), at birth and as last will.
    Status,
}

impl TopicKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Ping, Self::Ack, Self::Reject, Self::Cmd, Self::Status];

    /// The last part of the topic.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Ack => "ack",
            Self::Reject => "reject",
            Self::Cmd => "cmd",
            Self::Status => "status",
        }
    }

    /// The kind with that text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for TopicKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a topic was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicError {
    /// Not five parts that begin with `cordon`.
    NotOurs,
    /// The second part is not `v1`.
    UnsupportedVersion,
    /// The vendor's name is wrong.
    Vendor(NameError),
    /// The tag's name is wrong.
    Tag(NameError),
    /// The last part is none of `ping`, `ack`, `reject`, `cmd`, `status`.
    UnknownKind,
}

impl fmt::Display for TopicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOurs => f.write_str("a topic is cordon/v1/{vendor}/{tag}/{kind}"),
            Self::UnsupportedVersion => f.write_str("the topic's version must be v1"),
            Self::Vendor(error) => write!(f, "the vendor's name {error}"),
            Self::Tag(error) => write!(f, "the tag's name {error}"),
            Self::UnknownKind => f.write_str("the kind must be ping, ack, reject, cmd or status"),
        }
    }
}

impl core::error::Error for TopicError {}

/// Why a name was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// No character at all.
    Empty,
    /// More than [`limits::NAME_CHARS_MAX`](crate::limits::NAME_CHARS_MAX) characters.
    TooLong,
    /// Starts with a dot.
    LeadingDot,
    /// A character other than `A-Z a-z 0-9 . _ -`.
    BadCharacter,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::TooLong => write!(f, "is longer than {NAME_CHARS_MAX} characters"),
            Self::LeadingDot => f.write_str("starts with a dot"),
            Self::BadCharacter => f.write_str("has a character other than A-Z a-z 0-9 . _ -"),
        }
    }
}

impl core::error::Error for NameError {}

fn check_name(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
        return Err(NameError::BadCharacter);
    }
    if text.len() > NAME_CHARS_MAX {
        return Err(NameError::TooLong);
    }
    if text.starts_with('.') {
        return Err(NameError::LeadingDot);
    }
    Ok(())
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        /// 1 to 64 characters of `A-Z a-z 0-9 . _ -`, the first not a dot. Case matters.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Reads a name.
            ///
            /// # Errors
            /// [`NameError`] when it is empty, too long, starts with a dot or has another character.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                check_name(text)?;
                Ok(Self(text.to_owned()))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }
    };
}

name! {
    /// The name of a tag vendor.
    VendorName
}
name! {
    /// The name of a tag, unique within its vendor.
    TagName
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    #[test]
    fn a_topic_reads_back_as_it_was_written() {
        for kind in TopicKind::ALL {
            let text = format!("cordon/v1/acme-2/A.b_7/{kind}");
            let topic = Topic::parse(&text).unwrap();
            assert_eq!(topic.to_string(), text);
            assert_eq!((topic.vendor.as_str(), topic.tag.as_str()), ("acme-2", "A.b_7"));
            assert_eq!(topic.kind, kind);
        }
    }

    #[test]
    fn a_wrong_topic_is_refused_for_its_first_wrong_part() {
        let long = "x".repeat(NAME_CHARS_MAX + 1);
        let too_long = format!("cordon/v1/acme/{long}/ping");
        for (text, error) in [
            ("", TopicError::NotOurs),
            ("other/v1/acme/t/ping", TopicError::NotOurs),
            ("cordon/v1/acme/t", TopicError::NotOurs),
            ("cordon/v1/acme/t/ping/more", TopicError::NotOurs),
            ("/cordon/v1/acme/t/ping", TopicError::NotOurs),
            ("cordon/v2/acme/t/ping", TopicError::UnsupportedVersion),
            ("cordon/v1//t/ping", TopicError::Vendor(NameError::Empty)),
            ("cordon/v1/+/t/ping", TopicError::Vendor(NameError::BadCharacter)),
            ("cordon/v1/acme/#/ping", TopicError::Tag(NameError::BadCharacter)),
            ("cordon/v1/acme/.t/ping", TopicError::Tag(NameError::LeadingDot)),
            ("cordon/v1/acme/t\u{e9}/ping", TopicError::Tag(NameError::BadCharacter)),
            (&too_long, TopicError::Tag(NameError::TooLong)),
            ("cordon/v1/acme/t/PING", TopicError::UnknownKind),
        ] {
            assert_eq!(Topic::parse(text), Err(error), "{text}");
        }
        assert!(TagName::parse(&long[1..]).is_ok());
    }
}
