//! The second place: a file to which the log's head is written every minute. Whoever can change the log must not be able to
//! change this file: keep it on another machine's disk, or on one that only grows.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use super::Chain;
use crate::domain::Timestamp;

/// The log's head at some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// When it was written down, as written.
    pub at: String,
    /// The number of the last record.
    pub no: i64,
    /// The chain at that record.
    pub chain: Chain,
}

/// Why heads cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum HeadsError {
    /// The file.
    #[error("cannot use {} ({error}); it is where the audit log's head is kept", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A line of it.
    #[error("{}, line {line}: this is no head of an audit log; the file has been changed", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
}

/// The file of heads.
#[derive(Debug, Clone)]
pub struct HeadsFile {
    path: PathBuf,
}

impl HeadsFile {
    /// The file at `path`, which need not be there yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.into() }
    }

    /// Adds a line and waits until the disk has it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, at: Timestamp, no: i64, chain: &Chain) -> Result<(), HeadsError> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let line = format!("{at} {no} {}\n", tag_wire::hex(chain));
        let written = options.open(&self.path).and_then(|mut file| {
            file.write_all(line.as_bytes())?;
            file.sync_data()
        });
        written.map_err(|error| self.file(error))
    }

    /// Every head in it, in their order; none without the file.
    ///
    /// # Errors
    /// If it cannot be read, or a line is no head.
    pub fn read(&self) -> Result<Vec<Head>, HeadsError> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.file(error)),
        };
        let lines = BufReader::new(file).lines().enumerate();
        let head = |(i, line): (usize, std::io::Result<String>)| {
            let line = line.map_err(|error| self.file(error))?;
            parse(&line).ok_or_else(|| HeadsError::Line { path: self.path.clone(), line: i + 1 })
        };
        lines.map(head).collect()
    }

    fn file(&self, error: std::io::Error) -> HeadsError {
        HeadsError::File { path: self.path.clone(), error }
    }
}

fn parse(line: &str) -> Option<Head> {
    let [at, no, chain] = line.split(' ').collect::<Vec<_>>()[..] else { return None };
    let bytes: Vec<u8> = (0..chain.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(chain.get(i..i + 2)?, 16).ok())
        .collect::<Option<_>>()?;
    Some(Head { at: at.into(), no: no.parse().ok()?, chain: bytes.try_into().ok()? })
}

/// Heads by the number of their record. Two that name one record differently are both kept.
pub(super) fn by_no(heads: &[Head]) -> BTreeMap<i64, Vec<&Head>> {
    let mut by_no: BTreeMap<i64, Vec<&Head>> = BTreeMap::new();
    for head in heads {
        by_no.entry(head.no).or_default().push(head);
    }
    by_no
}
