//! What this machine has left.

mod disk;
mod wall_clock;

pub use disk::watch_disk;
pub use wall_clock::watch_wall_clock;
