//! A tag's birth and last will: `status`.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use crate::fields::Fields;
use crate::json;
use crate::limits::TEXT_CHARS_MAX;
use crate::{Refusal, RefusalCode};

/// Whether a tag has a connection to the broker. The tag publishes `online: true` when it has connected;
/// the broker publishes `online: false`, the tag's last will, when the connection is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Connected.
    pub online: bool,
    /// The boot, as in [`Ping::boot`](crate::Ping::boot).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot: Option<u32>,
    /// Firmware version, 1 to 64 printable ASCII characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// Model, 1 to 64 printable ASCII characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

impl Status {
    /// The bytes to publish.
    pub fn encode(&self) -> Vec<u8> {
        json::encode(self)
    }
}

/// Reads a status.
///
/// # Errors
/// A [`Refusal`] for the first fault.
pub fn decode_status(bytes: &[u8]) -> Result<Status, Refusal> {
    let message = json::parse(bytes)?;
    let fields = message.fields()?;
    Ok(Status {
        online: fields.boolean("online")?,
        boot: fields.optional_integer("boot", &(0..=u32::MAX))?,
        firmware: printable(&fields, "firmware")?,
        model: printable(&fields, "model")?,
    })
}

fn printable(fields: &Fields<'_, '_>, name: &str) -> Result<Option<String>, Refusal> {
    let Some(text) = fields.optional_text(name)? else {
        return Ok(None);
    };
    let fits = (1..=TEXT_CHARS_MAX).contains(&text.len());
    if !fits || !text.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        let detail = format!("must be 1 to {TEXT_CHARS_MAX} printable ASCII characters");
        return Err(fields.refuse(name, RefusalCode::BadText, detail));
    }
    Ok(Some(text.to_owned()))
}
