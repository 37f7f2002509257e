//! The failing disk of `disk_shim.c`: built, put in front of a program, and what it wrote down.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// How a call fails.
pub(crate) const EIO: i32 = 5;
pub(crate) const ENOSPC: i32 = 28;

/// The library, built once in each process that wants it.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let library = folder.join("disk_shim.so");
        let new = folder.join(format!("disk_shim.{}.so", std::process::id()));
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o"])
            .arg(&new)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/disk_shim.c"))
            .args(["-ldl", "-lpthread"])
            .status()
            .unwrap();
        assert!(built.success(), "cc could not build the failing disk");
        // Another process may be using the one that is there.
        fs::rename(new, &library).unwrap();
        library
    })
}

/// What the disk below a folder is to do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk {
    /// The call with this number fails, with this error.
    pub(crate) fails: Option<(u64, i32)>,
    /// The number of calls is kept here.
    pub(crate) count: Option<PathBuf>,
    /// Every change is written down here.
    pub(crate) log: Option<PathBuf>,
    /// While this file is there every sync takes so many milliseconds longer.
    pub(crate) slow: Option<(PathBuf, u32)>,
}

impl Disk {
    /// Puts it in front of a program that is about to start.
    pub(crate) fn under(&self, command: &mut Command, below: &Path) {
        command.env("LD_PRELOAD", library()).env("SHIM_BELOW", below);
        if let Some((call, errno)) = self.fails {
            command.env("SHIM_FAIL", call.to_string()).env("SHIM_ERRNO", errno.to_string());
        }
        if let Some(count) = &self.count {
            command.env("SHIM_COUNT", count);
        }
        if let Some(log) = &self.log {
            command.env("SHIM_LOG", log);
        }
        if let Some((while_there, ms)) = &self.slow {
            command.env("SHIM_SLOW", while_there).env("SHIM_SLOW_MS", ms.to_string());
        }
    }
}

/// The number of calls that a disk has kept.
pub(crate) fn calls(count: &Path) -> u64 {
    u64::from_ne_bytes(fs::read(count).unwrap().try_into().unwrap())
}

/// One change of a file below the folder, in the order in which they happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Written { name: String, at: usize, bytes: Vec<u8> },
    Synced { name: String },
    Cut { name: String, to: usize },
    Removed { name: String },
}

/// What a disk has written down.
pub(crate) fn changes(log: &Path) -> Vec<Change> {
    let log = fs::read(log).unwrap();
    let (mut rest, mut changes) = (log.as_slice(), Vec::new());
    while let Some((what, after)) = rest.split_first() {
        let (name_length, after) = after.split_first_chunk().unwrap();
        let (length, after) = after.split_first_chunk().unwrap();
        let (place, after) = after.split_first_chunk().unwrap();
        let (name, after) = after.split_at(u32::from_ne_bytes(*name_length) as usize);
        let (bytes, after) = after.split_at(u32::from_ne_bytes(*length) as usize);
        let name = String::from_utf8(name.to_vec()).unwrap();
        let place = usize::try_from(u64::from_ne_bytes(*place)).unwrap();
        changes.push(match what {
            b'w' => Change::Written { name, at: place, bytes: bytes.to_vec() },
            b's' => Change::Synced { name },
            b't' => Change::Cut { name, to: place },
            b'u' => Change::Removed { name },
            _ => panic!("no such change: {what}"),
        });
        rest = after;
    }
    changes
}
