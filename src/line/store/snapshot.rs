//! What the engine remembered after a row of the journal, as it is kept.

/// The last part written makes it one: without its head its parts are left over from a process that died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The row after which it was so.
    pub no: i64,
    /// That row's chain value.
    pub chain: Vec<u8>,
    /// How its parts are written.
    pub form: i64,
    /// How many they are.
    pub parts: i64,
    /// SHA-256 over all of them.
    pub digest: Vec<u8>,
}

/// What is remembered about one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotPart {
    /// 0, 1, 2 ...
    pub nth: i64,
    /// Whom it is about, as in [`JournalRow::subject`](super::JournalRow::subject); an alert is about its recipient, who may be
    /// `staff:ID`.
    pub subject: String,
    /// What is remembered.
    pub content: Vec<u8>,
}
