//! What a token may be made for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that a token may do, where its account may. Which acts each stands for is in one table of the console
/// (`console::acts`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Permit {
    /// Read open and closed incidents, and follow the feed.
    ReadIncidents,
    /// Read where wearers are.
    ReadWearers,
    /// Read whom to call about an incident, with their numbers.
    ReadNumbers,
    /// Own and shelve incidents, send responders and attend, say that one has acted, and write notes.
    HandleIncidents,
    /// Close incidents.
    CloseIncidents,
    /// Read who has a device for push messages.
    ReadDevices,
    /// Read who has looked at a case.
    ReadReaders,
    /// Read the audit log.
    ReadAudit,
    /// Read accounts.
    ReadAccounts,
}

impl Permit {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::ReadIncidents,
        Self::ReadWearers,
        Self::ReadNumbers,
        Self::HandleIncidents,
        Self::CloseIncidents,
        Self::ReadDevices,
        Self::ReadReaders,
        Self::ReadAudit,
        Self::ReadAccounts,
    ];

    /// As it is stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadIncidents => "read_incidents",
            Self::ReadWearers => "read_wearers",
            Self::ReadNumbers => "read_numbers",
            Self::HandleIncidents => "handle_incidents",
            Self::CloseIncidents => "close_incidents",
            Self::ReadDevices => "read_devices",
            Self::ReadReaders => "read_readers",
            Self::ReadAudit => "read_audit",
            Self::ReadAccounts => "read_accounts",
        }
    }

    /// From [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permit| permit.as_str() == text)
    }

    /// As they are stored: each once, with spaces between.
    pub(super) fn join(permits: &[Self]) -> String {
        let words: Vec<&str> =
            Self::ALL.into_iter().filter(|it| permits.contains(it)).map(Self::as_str).collect();
        words.join(" ")
    }

    /// From [`Self::join`].
    pub(super) fn split(text: &str) -> Option<Vec<Self>> {
        text.split_whitespace().map(Self::parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_are_stored_and_sent_by_one_word() {
        for permit in Permit::ALL {
            assert_eq!(serde_json::json!(permit), permit.as_str());
            assert_eq!(Permit::split(&Permit::join(&[permit])), Some(vec![permit]));
        }
        assert_eq!(Permit::split(&Permit::join(&Permit::ALL)), Some(Permit::ALL.into()));
        assert_eq!(
            Permit::join(&[Permit::ReadAudit, Permit::ReadIncidents, Permit::ReadAudit]),
            "read_incidents read_audit"
        );
        assert_eq!(Permit::split("read_incidents do_all"), None);
    }
}
