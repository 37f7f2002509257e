//! What happens in a simulated world, a line each. The same seed gives the same bytes.

use std::{fmt::Write, mem};

use super::town::START;
use crate::domain::Timestamp;

/// See the module's documentation. Nothing is written unless somebody reads it.
#[derive(Debug, Default)]
pub(super) struct Trace {
    is_on: bool,
    text: String,
}

impl Trace {
    pub(super) fn new(is_on: bool) -> Self {
        Self { is_on, text: String::new() }
    }

    pub(super) fn say(&mut self, at: Timestamp, what: impl FnOnce() -> String) {
        if self.is_on {
            let us = (at.as_us() - START.as_us()).max(0);
            let (hours, minutes, seconds) = (us / 3_600_000_000, us / 60_000_000 % 60, us / 1_000_000 % 60);
            // Writing to a string cannot fail.
            let _ =
                writeln!(self.text, "{hours:02}:{minutes:02}:{seconds:02}.{:06} {}", us % 1_000_000, what());
        }
    }

    /// What has been said since this was last asked.
    pub(super) fn take(&mut self) -> String {
        mem::take(&mut self.text)
    }
}
