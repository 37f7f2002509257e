//! How an input is written into the journal, and read back to be decided again.
//!
//! A ping is kept as the tag's own bytes behind one line of JSON that says whose they are; everything else is JSON.
//! The integrity chain runs over salted digests, so that a payload can be erased and the chain still verifies.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    domain::{DataSubject, Ping, TagId, Timestamp},
    engine::{Input, Told},
    store::{JournalHead, JournalRow},
};

/// A ping: one line of JSON ([`Origin`]), a newline, the tag's bytes.
pub(super) const CODEC_PING: i64 = 1;
/// JSON of a [`Told`].
pub(super) const CODEC_TOLD: i64 = 2;
/// Bytes that are no ping: one line of JSON ([`Origin`] with a code), a newline, the bytes.
pub(super) const CODEC_UNREADABLE: i64 = 3;
/// An input that crashed the engine: one line of JSON of the [`Told`] that sets it aside, a newline, what was to be
/// written of it otherwise.
pub(super) const CODEC_SET_ASIDE: i64 = 4;

/// The kind of rows that erase somebody's data, as [`Told::name`] says it.
pub(super) const ERASE: &str = "erase";
/// The kind of rows that say which rows are blanked for it.
pub(super) const BLANK: &str = "blank";

/// Whose bytes they are.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Origin {
    pub(super) tag: TagId,
    pub(super) source: String,
    /// Why they were refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
}

/// Why a row cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Its codec is not known to this version.
    #[error("journal row {0} is written in codec {1}, which this version does not know")]
    Codec(i64, i64),
    /// Its payload is damaged.
    #[error("journal row {0} cannot be read: {1}")]
    Payload(i64, String),
}

impl Origin {
    /// The line and the bytes.
    pub(super) fn before(&self, bytes: &[u8]) -> Vec<u8> {
        line_before(self, bytes)
    }
}

/// One line of JSON, a newline, the bytes.
pub(super) fn line_before(line: &impl Serialize, bytes: &[u8]) -> Vec<u8> {
    let mut payload = serde_json::to_vec(line).unwrap_or_default();
    payload.push(b'\n');
    payload.extend_from_slice(bytes);
    payload
}

/// The input that a row holds.
///
/// # Errors
/// See [`RecordError`].
pub fn input_of(row: &JournalRow) -> Result<Input, RecordError> {
    let damaged = |error: String| RecordError::Payload(row.no, error);
    let lines = || {
        let line = row.payload.iter().position(|b| *b == b'\n').ok_or_else(|| damaged("no origin".into()))?;
        Ok((&row.payload[..line], &row.payload[line + 1..]))
    };
    match row.codec {
        CODEC_TOLD | CODEC_SET_ASIDE => {
            let told = if row.codec == CODEC_TOLD { row.payload.as_slice() } else { lines()?.0 };
            let told: Told = serde_json::from_slice(told).map_err(|error| damaged(place_of(&error)))?;
            Ok(Input::Told(told))
        }
        CODEC_PING | CODEC_UNREADABLE => {
            let (line, bytes) = lines()?;
            let origin: Origin = serde_json::from_slice(line).map_err(|error| damaged(place_of(&error)))?;
            if let Some(code) = origin.code {
                return Ok(Input::Told(Told::Unreadable { tag: origin.tag, code }));
            }
            let ping = tag_wire::decode_ping(bytes);
            let ping = ping.map_err(|refusal| damaged(refusal.code.as_str().into()))?;
            Ok(Input::Ping { tag: origin.tag, source: origin.source, ping: Ping::from(ping) })
        }
        codec => Err(RecordError::Codec(row.no, codec)),
    }
}

/// The number of the revision that a row has published; `None` of any other row, and of a revision that was refused, which
/// stands in the journal, too.
#[must_use]
pub fn revision_of(row: &JournalRow) -> Option<u64> {
    let published = row.decision.lines().find_map(|line| line.strip_prefix("published "))?;
    published.rsplit_once(" revision ")?.1.parse().ok()
}

/// Whose data a row has made the engine forget; `None` of any other row, and of an erasure that was refused.
#[must_use]
pub fn erased_of(row: &JournalRow) -> Option<DataSubject> {
    if row.kind != ERASE {
        return None;
    }
    row.decision.lines().find_map(|line| line.strip_prefix("erased ")?.parse().ok())
}

/// Where and how JSON is wrong, without a word of it: it may hold names and phone numbers.
pub(super) fn place_of(error: &serde_json::Error) -> String {
    format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column())
}

/// SHA-256 over salt, payload and decision.
#[must_use]
pub fn digest_of(row: &JournalRow) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in [row.salt.as_slice(), row.payload.as_slice(), row.decision.as_bytes()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}

/// SHA-256 over the previous row's chain value, the row's fixed columns and its digest.
#[must_use]
pub fn chain_of(previous: &[u8], row: &JournalRow) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(previous);
    for number in [row.no, row.at.as_us(), row.wall.as_us(), row.codec, row.engine] {
        hash.update(number.to_be_bytes());
    }
    let unit = row.unit.as_ref().map_or("", |unit| unit.as_str());
    for part in [row.kind.as_bytes(), unit.as_bytes(), row.subject.as_bytes(), row.digest.as_slice()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}

/// Whether a row follows the last one of a journal (`None`: it is the first) and is what was written: a sentence for each
/// thing that is wrong.
#[must_use]
pub fn wrong_with(row: &JournalRow, last: Option<&JournalHead>) -> Vec<String> {
    let (before, at) = last.map_or((0, Timestamp::MIN), |head| (head.no, head.at));
    let mut wrong = Vec::new();
    if row.no != before + 1 || row.at <= at {
        wrong.push(format!("row {}: does not follow row {before}", row.no));
    }
    if !row.is_blank() && digest_of(row) != row.digest {
        wrong.push(format!("row {}: its content is not what was digested ({})", row.no, row.kind));
    }
    if chain_of(last.map_or(&[][..], |head| &head.chain), row) != row.chain {
        wrong.push(format!("row {}: the integrity chain is broken here", row.no));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_not_repeated() {
        let json = r#"{"reply": {"from": "+447700900001", "text": 7, "+447700900001": "2"}}"#;
        let error = serde_json::from_str::<Told>(json).unwrap_err();
        let place = place_of(&error);
        assert!(place.contains("line 1") && !place.contains("4477"), "{place}");
        let error = serde_json::from_str::<Told>(r#"{"+447700900001": 1}"#).unwrap_err();
        assert!(error.to_string().contains("4477"), "the library repeats it");
        assert!(!place_of(&error).contains("4477"));
    }
}
