//! Why a message was refused.

use alloc::string::String;
use core::fmt;

/// Why a message was refused, and where. It never repeats a value from the message, so that it can be
/// logged and sent without giving a position away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, from a closed list.
    pub code: RefusalCode,
    /// Where: an RFC 6901 JSON pointer such as `/fixes/3/lat`, or `""` for the message as a whole.
    /// At most [`limits::POINTER_CHARS_MAX`](crate::limits::POINTER_CHARS_MAX) ASCII characters.
    pub pointer: String,
    /// What would have been right, in English. At most
    /// [`limits::DETAIL_CHARS_MAX`](crate::limits::DETAIL_CHARS_MAX) characters.
    pub detail: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "the message" } else { &self.pointer };
        write!(f, "{} at {place}: {}", self.code.as_str(), self.detail)
    }
}

impl core::error::Error for Refusal {}

/// What is wrong with a refused message. The order is the order of checking: a message with several
/// faults is refused for the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalCode {
    /// Longer than [`limits::PACKET_BYTES_MAX`](crate::limits::PACKET_BYTES_MAX).
    TooLarge,
    /// Not UTF-8.
    NotUtf8,
    /// Nested deeper than [`limits::DEPTH_MAX`](crate::limits::DEPTH_MAX).
    TooDeep,
    /// Not one JSON value (RFC 8259): truncated, followed by something, or a number no double can hold.
    NotJson,
    /// A list or object with more entries than allowed.
    TooMany,
    /// An object that names a field twice.
    DuplicateField,
    /// `v` is missing or not a version this side reads.
    UnsupportedVersion,
    /// A required field is missing.
    MissingField,
    /// A field of another JSON type; `null` where a value is required.
    WrongType,
    /// A number outside of its range, or two numbers that contradict each other.
    OutOfRange,
    /// A text that is not one of the listed values.
    UnknownValue,
    /// A text that is empty, too long or has characters that are not allowed.
    BadText,
}

impl RefusalCode {
    /// All codes, in the order of checking.
    pub const ALL: [Self; 12] = [
        Self::TooLarge,
        Self::NotUtf8,
        Self::TooDeep,
        Self::NotJson,
        Self::TooMany,
        Self::DuplicateField,
        Self::UnsupportedVersion,
        Self::MissingField,
        Self::WrongType,
        Self::OutOfRange,
        Self::UnknownValue,
        Self::BadText,
    ];

    /// The code as it stands in a `reject`, in snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::NotUtf8 => "not_utf8",
            Self::TooDeep => "too_deep",
            Self::NotJson => "not_json",
            Self::TooMany => "too_many",
            Self::DuplicateField => "duplicate_field",
            Self::UnsupportedVersion => "unsupported_version",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::OutOfRange => "out_of_range",
            Self::UnknownValue => "unknown_value",
            Self::BadText => "bad_text",
        }
    }

    /// The code with that text, if this version of the contract has it.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
