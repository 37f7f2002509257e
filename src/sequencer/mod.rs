//! Number, stamp, decide, apply, commit, then acknowledge.
//!
//! | Part | What it does |
//! |---|---|
//! | `inbox` | the one way in |
//! | `step` | numbers, stamps, decides, applies; synchronous, the simulator calls the same |
//! | `guard` | sets an input aside that crashes the engine |
//! | `record` | an input as a journal row, and back; the integrity chain |
//! | `driver` | waits, steps, commits, acknowledges |
//! | `recover` | the engine's memory from the journal |
//! | `board`, `meter` | what the console shows, what is counted |

mod board;
mod driver;
mod guard;
mod inbox;
mod meter;
mod record;
mod recover;
mod step;

pub use board::{Board, Dot};
pub use driver::Driver;
pub use inbox::{
    Arrival, Done, INBOX_ARRIVALS_MAX, Inbox, Message, MessageKind, SubmitError, TagReply, Ticket,
};
pub use meter::{Meter, Percentiles, Reading};
pub use record::{RecordError, chain_of, digest_of, input_of};
pub use recover::{Findings, Recovered, decide_again, recover};
pub use step::{Answer, Now, Sequencer, Stepped};
