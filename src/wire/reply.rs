//! What Cordon answers to pings: `ack` and `reject`.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::fields::{Fields, Path};
use crate::json::{self, Node};
use crate::limits::{DETAIL_CHARS_MAX, POINTER_CHARS_MAX, RANGES_MAX, SEQ};
use crate::{Refusal, RefusalCode};

/// Which pings of one boot are safely stored. Sent after they were committed to disk, again when a
/// duplicate arrives, and at most once per tag and second. A tag keeps each ping until an ack covers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ack {
    /// The boot these sequence numbers belong to; a tag ignores an ack of another boot.
    pub boot: u32,
    /// Every ping that the tag still held, from its `oldest_kept` up to and including this one, is stored.
    /// `oldest_kept - 1` (0 at first) when the oldest one is still missing.
    pub upto: u64,
    /// Pings stored above `upto`: inclusive ranges `[low, high]`, rising and apart, at most
    /// [`RANGES_MAX`]. When there are more, the lowest are listed and later acks bring the rest.
    pub ranges: Vec<[u64; 2]>,
}

impl Ack {
    /// Whether the ping with this number is stored, so that the tag may drop it.
    pub fn covers(&self, seq: u64) -> bool {
        seq <= self.upto || self.ranges.iter().any(|[low, high]| (low..=high).contains(&&seq))
    }

    /// The bytes to publish.
    pub fn encode(&self) -> Vec<u8> {
        json::encode(self)
    }
}

/// Reads an ack.
///
/// # Errors
/// A [`Refusal`] for the first fault.
pub fn decode_ack(bytes: &[u8]) -> Result<Ack, Refusal> {
    let message = json::parse(bytes)?;
    let fields = message.fields()?;
    let boot = fields.integer("boot", &(0..=u32::MAX))?;
    let upto = fields.integer("upto", &(0..=*SEQ.end()))?;
    let ranges = fields.list("ranges", RANGES_MAX, |node, path| range(node, &path))?;
    let mut below = upto;
    for [low, high] in &ranges {
        if *low <= below || high < low {
            let detail = "ranges are [low, high], above \"upto\", rising and apart".to_owned();
            return Err(fields.refuse("ranges", RefusalCode::OutOfRange, detail));
        }
        below = *high;
    }
    Ok(Ack { boot, upto, ranges })
}

fn range(node: &Node<'_>, path: &Path<'_>) -> Result<[u64; 2], Refusal> {
    let Node::List(ends) = node else {
        return Err(path.refuse(RefusalCode::WrongType, "must be a list of two".to_owned()));
    };
    let [low, high] = ends.as_slice() else {
        return Err(path.refuse(RefusalCode::OutOfRange, "must be a list of two".to_owned()));
    };
    Ok([low.integer(&Path::Item(path, 0), &SEQ)?, high.integer(&Path::Item(path, 1), &SEQ)?])
}

/// A ping that cannot be read and never will be. The tag drops the ping whose bytes have this digest, so
/// that one bad message does not block the ones behind it, and its vendor reads why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reject {
    /// SHA-256 of the refused payload; 64 lower-case hexadecimal digits on the wire.
    #[serde(serialize_with = "serialize_hex")]
    pub sha256: [u8; 32],
    /// A [`RefusalCode`], or one of a later version: 1 to 32 characters of `a-z 0-9 _`.
    pub code: String,
    /// Where, as in [`Refusal::pointer`].
    pub pointer: String,
    /// What would have been right, as in [`Refusal::detail`].
    pub detail: String,
}

impl Reject {
    /// The answer to a payload that was refused.
    pub fn new(payload: &[u8], refusal: &Refusal) -> Self {
        Self {
            sha256: payload_sha256(payload),
            code: refusal.code.as_str().to_owned(),
            pointer: refusal.pointer.clone(),
            detail: refusal.detail.clone(),
        }
    }

    /// The bytes to publish.
    pub fn encode(&self) -> Vec<u8> {
        json::encode(self)
    }
}

/// Reads a reject.
///
/// # Errors
/// A [`Refusal`] for the first fault.
pub fn decode_reject(bytes: &[u8]) -> Result<Reject, Refusal> {
    let message = json::parse(bytes)?;
    let fields = message.fields()?;
    let sha256 = parse_hex(fields.text("sha256")?).ok_or_else(|| {
        let detail = "must be 64 lower-case hexadecimal digits".to_owned();
        fields.refuse("sha256", RefusalCode::BadText, detail)
    })?;
    let code = fields.text("code")?;
    if !json::is_token(code) {
        let detail = "must be 1 to 32 characters of a-z 0-9 _".to_owned();
        return Err(fields.refuse("code", RefusalCode::BadText, detail));
    }
    Ok(Reject {
        sha256,
        code: code.to_owned(),
        pointer: bounded(&fields, "pointer", POINTER_CHARS_MAX)?,
        detail: bounded(&fields, "detail", DETAIL_CHARS_MAX)?,
    })
}

/// The digest by which a `reject` names a payload.
pub fn payload_sha256(payload: &[u8]) -> [u8; 32] {
    Sha256::digest(payload).into()
}

/// Lower-case hexadecimal digits of some bytes.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 0xf)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
}

fn serialize_hex<S: Serializer>(digest: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&hex(digest))
}

fn bounded(fields: &Fields<'_, '_>, name: &str, max: usize) -> Result<String, Refusal> {
    let text = fields.text(name)?;
    if text.chars().count() > max {
        let detail = alloc::format!("must be at most {max} characters");
        return Err(fields.refuse(name, RefusalCode::BadText, detail));
    }
    Ok(text.to_owned())
}
