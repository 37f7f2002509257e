//! The chain: each record's value is made of all of it and of the value before, so that no record can be changed, taken
//! out, put in or moved without every later value changing.

use sha2::{Digest, Sha256};

use super::Entry;

/// A value of the chain.
pub type Chain = [u8; 32];

/// What stands before the first record.
pub const GENESIS: Chain = [0; 32];

/// The chain's value at `entry`, whose own is not looked at.
pub(super) fn link(before: &Chain, entry: &Entry) -> Chain {
    let Entry { no, at, who, what, why, subject, unit, case_id, incident, chain: _ } = entry;
    let mut hash = Sha256::new_with_prefix(b"cordon audit 1\0").chain_update(before);
    for number in [no, at, incident] {
        hash.update(number.to_le_bytes());
    }
    // With its length before it, no text can be moved into the next.
    for text in [who, what, why, subject, unit, case_id] {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hash.finalize().into()
}
