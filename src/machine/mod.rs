//! What this machine has left.

mod wall_clock;

pub use wall_clock::watch_wall_clock;
