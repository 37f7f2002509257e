//! What this machine has left.

mod disk;

pub use disk::watch_disk;
