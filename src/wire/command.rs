//! What Cordon asks of a tag: `cmd`.

use alloc::vec::Vec;

use serde::Serialize;

use crate::limits::{INTERVAL_S, SEQ, TIME_MS};
use crate::{Refusal, json};

/// What Cordon asks of a tag. More requests will come as new optional fields; a tag ignores fields it
/// does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cmd {
    /// Rises with every command to one tag ([`limits::SEQ`](crate::limits::SEQ)). A tag obeys the highest
    /// it has seen and ignores lower ones and repetitions.
    pub id: u64,
    /// From this time on, by the tag's clock in Unix milliseconds, the command is void and the tag does
    /// what it would do without ([`limits::TIME_MS`](crate::limits::TIME_MS)).
    pub expires_ms: i64,
    /// Send a ping with a fresh fix at least this often, in seconds
    /// ([`limits::INTERVAL_S`](crate::limits::INTERVAL_S)). `None`: no wish.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_s: Option<u32>,
}

impl Cmd {
    /// The bytes to publish.
    pub fn encode(&self) -> Vec<u8> {
        json::encode(self)
    }
}

/// Reads a command.
///
/// # Errors
/// A [`Refusal`] for the first fault.
pub fn decode_cmd(bytes: &[u8]) -> Result<Cmd, Refusal> {
    let message = json::parse(bytes)?;
    let fields = message.fields()?;
    Ok(Cmd {
        id: fields.integer("id", &SEQ)?,
        expires_ms: fields.integer("expires_ms", &TIME_MS)?,
        interval_s: fields.optional_integer("interval_s", &INTERVAL_S)?,
    })
}
