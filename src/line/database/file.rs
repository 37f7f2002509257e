//! Files that are for their owner alone.

use std::{
    fs::OpenOptions,
    io::{self, ErrorKind},
    path::Path,
};

/// Makes a file that is readable for its owner alone; the files that SQLite puts beside it are made alike. One that is
/// there is not even opened: closing it again would drop the locks that this process holds on it.
///
/// # Errors
/// If it cannot be made.
pub fn create_private(path: &Path) -> io::Result<()> {
    match for_owner_alone().create_new(true).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// How a file is written that only its owner may read.
#[must_use]
pub fn for_owner_alone() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
