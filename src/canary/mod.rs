//! Cordon's canary: a synthetic tag that walks through synthetic zones, once a minute, for ever.
//!
//! Its pings go the way of every other: through the broker, the sequencer, the engine, the store and dispatch, to the
//! only contact that its synthetic person and staff have, which leads back here. When one does not come through in time,
//! some part of that way is stuck, whatever the parts say of themselves.
//!
//! The engine judges it like any other case; everything that is made of it stands in a unit of its own, which nobody is
//! shown and nobody else can use (`domain::CANARY`).
//!
//! | Part | What it does |
//! |---|---|
//! | `books` | the synthetic unit, wearer, person and case, as rulebook revisions |
//! | `course` | which zone is next, and whether the last ping came through; synchronous, told what time it is |
//! | `link` | the synthetic tag's connection to the broker |
//! | `loopback` | the provider that leads back here |
//! | `walk` | joins them |

mod books;
mod course;
mod link;
mod loopback;
mod walk;

pub use loopback::{Loopback, Messages};
pub use walk::{Parts, retire, run};

use crate::ingest::{Login, Source};

/// What a canary needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Through whose broker it goes.
    pub source: Source,
    /// Who it is to that broker: a tag like any other (`TagId::canary`).
    pub login: Login,
    /// Seconds from one ping to the next, 6 to 60. So long one may take.
    pub interval_s: u32,
}
