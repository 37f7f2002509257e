//! MQTT in: what tags publish goes into the inbox, and what is decided goes back to them.
//!
//! A message is acknowledged to the broker when the sequencer says that it is committed, and not before: until then the
//! broker keeps it for this installation's one persistent session. One task per source polls the client, and it alone
//! acknowledges, so that an acknowledgement never leaves on another connection than its message came on.

mod backoff;
mod counts;
mod doorman;
mod ledger;
mod link;
mod news;
mod replies;
mod source;

pub use counts::{Counts, Tally};
pub use link::run;
pub use source::{Login, Source, SourceError, Tls, network_options};
