//! Watches a Cordon from another machine, and pages people when it no longer does its work.
//!
//! It knows nothing but what the service's `/watch` answers (`vitals::Ages`), and whether it answers at all. It has a
//! credential of its own to send texts with, since the service's may be what is stuck.
//!
//! | Part | What it does |
//! |---|---|
//! | `watch` | from what was seen to who is paged; pure, told what time it is |
//! | `poll` | asks the service |
//! | `pager` | sends pages, again until a provider has taken them |
//! | `round` | joins them |

mod pager;
mod poll;
mod round;
mod watch;

pub use round::{Settings, WatchdogError, run, test};
pub use watch::{Act, Cause, Limits, Observation, Watch};
