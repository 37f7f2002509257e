//! Whose data something is.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{IdError, PersonId, WearerId};

/// Somebody whose data Cordon keeps and who may ask for it: a wearer or a protected person. Written `wearer:ID` or
/// `person:ID`, as the journal's rows name them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DataSubject {
    /// A wearer.
    Wearer(WearerId),
    /// A protected person.
    Person(PersonId),
}

/// Why a text names nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataSubjectError {
    /// Neither of the two sorts.
    #[error("write wearer:ID or person:ID")]
    Sort,
    /// The id is none.
    #[error(transparent)]
    Id(#[from] IdError),
}

impl fmt::Display for DataSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wearer(id) => write!(f, "wearer:{id}"),
            Self::Person(id) => write!(f, "person:{id}"),
        }
    }
}

impl FromStr for DataSubject {
    type Err = DataSubjectError;

    fn from_str(text: &str) -> Result<Self, DataSubjectError> {
        match text.split_once(':') {
            Some(("wearer", id)) => Ok(Self::Wearer(id.parse()?)),
            Some(("person", id)) => Ok(Self::Person(id.parse()?)),
            _ => Err(DataSubjectError::Sort),
        }
    }
}

impl TryFrom<String> for DataSubject {
    type Error = DataSubjectError;

    fn try_from(text: String) -> Result<Self, DataSubjectError> {
        text.parse()
    }
}

impl From<DataSubject> for String {
    fn from(subject: DataSubject) -> Self {
        subject.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_read_as_it_is_written() {
        for text in ["wearer:w-1", "person:p-1"] {
            let subject = text.parse::<DataSubject>();
            assert_eq!(subject.as_ref().map(ToString::to_string), Ok(text.into()));
            assert_eq!(serde_json::to_value(subject.unwrap()).unwrap(), text);
        }
        for text in ["", "w-1", "wearer", "wearer:", "wearer:W", "staff:amy", "service", "person:p:1"] {
            assert!(text.parse::<DataSubject>().is_err(), "{text}");
        }
    }
}
