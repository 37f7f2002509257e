//! Number, stamp, decide, apply, commit, then acknowledge.
//!
//! | Part | What it does |
//! |---|---|
//! | `inbox` | the one way in |
//! | `waiting`, `allowance` | whose turn it is, and how much a tag may send |
//! | `step` | numbers, stamps, decides, applies; synchronous, the simulator calls the same |
//! | `guard` | sets an input aside that crashes the engine |
//! | `companions` | where protected persons were in the last minutes, in memory only |
//! | `look`, `excess` | what becomes of messages beyond what a tag may send |
//! | `record` | an input as a journal row, and back; the integrity chain |
//! | `line` | turns: whose turn it is, a step, what is to be written, danger that must not wait for that; synchronous |
//! | `driver` | waits, turns the line, acknowledges |
//! | `writer`, `hand_ins` | the store, beside the line |
//! | `pause` | notices that the line stood still |
//! | `recover` | the engine's memory from the journal, when the service starts |
//! | `again`, `findings`, `compare` | the journal decided again, and what was found on the way and in the store |
//! | `erasures`, `blanks` | which rows have erased somebody's data, and which were blanked for it |
//! | `snapshot`, `keeper` | the engine's memory beside the journal, so that a start need not decide all of it again |
//! | `ownership` | which process runs the line, and the others that stand by |
//! | `board`, `hops`, `meter` | what the console shows, what is counted |

mod again;
mod allowance;
mod blanks;
mod board;
mod companions;
mod compare;
mod driver;
mod erasures;
mod excess;
mod findings;
mod guard;
mod hand_ins;
mod hops;
mod inbox;
mod keeper;
mod line;
mod look;
mod meter;
mod ownership;
mod pause;
mod record;
mod recover;
mod snapshot;
mod step;
mod trail;
mod waiting;
mod writer;

pub use again::{Again, Earlier, Recovered, Watch, decide_again};
pub use blanks::{gone_unsaid, said_to_go};
pub use board::{Board, Dot};
pub use compare::compare;
pub use driver::Driver;
pub use erasures::erasures;
pub use findings::{Findings, Otherwise, Undecided};
pub use hops::Moved;
pub use inbox::{
    Arrival, Arrivals, Asked, Done, INBOX_MESSAGES_MAX, Inbox, Message, MessageKind, SubmitError, TagReply,
    Ticket,
};
pub use keeper::Kept;
pub use line::{Line, Unwritten};
pub use meter::{Hops, Meter, Percentiles, Reading};
pub use ownership::{Ownership, Standby, Sure};
pub use record::{RecordError, chain_of, digest_of, erased_of, input_of, revision_of, wrong_with};
pub use recover::{RecoverError, catch_up, open_in, recover};
pub use snapshot::{SNAPSHOT_EVERY_ROWS, Taken, forget_snapshots, snapshots_after};
pub use step::{Answer, Now, Sequencer, Stepped};
pub use trail::{Believed, Passed};
