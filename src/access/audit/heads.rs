//! The second place: a file to which the log's head is written every minute. Whoever can change the log must not be able to
//! change this file: keep it on another machine's disk, or on one that only grows.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

use super::Chain;
use crate::{
    access::{Access, AccessError},
    domain::Timestamp,
};

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
    /// The file's disk does not answer.
    #[error("{} is not written within {} s; it is where the audit log's head is kept", path.display(), patience.as_secs())]
    Hangs {
        /// Which file.
        path: PathBuf,
        /// How long it was waited for.
        patience: Duration,
    },
    /// The log.
    #[error("the audit log's head cannot be read: {0}")]
    Log(#[from] AccessError),
}

/// How the second place does, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SecondPlace {
    /// Heads that were written there.
    pub written: u64,
    /// Tries in which none was.
    pub failed: u64,
    /// The last try failed: what has come into the log since is kept in one place only.
    pub is_failing: bool,
}

/// A head on its way to the second place, by a thread of its own: a disk of another machine may not answer for ever.
type UnderWay = oneshot::Receiver<(i64, Result<(), HeadsError>)>;

/// What has become of the heads so far.
#[derive(Debug, Default)]
pub(in crate::access) struct Keeping {
    /// The number of the record whose head was last written.
    last: Option<i64>,
    under_way: Option<UnderWay>,
}

impl Access {
    /// Sees to it that the log's head is in its second place, and remembers how that went for [`Self::second_place`].
    ///
    /// # Errors
    /// If it is not there within `patience`.
    pub async fn keep_head(
        &self,
        place: &HeadsFile,
        at: Timestamp,
        patience: Duration,
    ) -> Result<(), HeadsError> {
        let kept = self.keeping.lock().await.keep(self, place, at, patience).await;
        self.second_place.send_modify(|known| {
            known.is_failing = kept.is_err();
            known.failed += u64::from(kept.is_err());
            known.written += u64::from(matches!(kept, Ok(true)));
        });
        kept.map(drop)
    }

    /// How the log's second place does.
    #[must_use]
    pub fn second_place(&self) -> SecondPlace {
        *self.second_place.borrow()
    }
}

impl Keeping {
    /// Whether there was anything to write.
    async fn keep(
        &mut self,
        access: &Access,
        place: &HeadsFile,
        at: Timestamp,
        patience: Duration,
    ) -> Result<bool, HeadsError> {
        // One that hangs is waited for again: another behind it would hang, too.
        let under_way = match self.under_way.take() {
            Some(under_way) => self.under_way.insert(under_way),
            None => match access.head().await? {
                Some((no, chain)) if self.last != Some(no) => {
                    self.under_way.insert(write(place.clone(), at, no, chain))
                }
                _ => return Ok(false),
            },
        };
        let hangs = || HeadsError::Hangs { path: place.path.clone(), patience };
        let written = timeout(patience, under_way).await.map_err(|_| hangs())?;
        self.under_way = None;
        let (no, written) = written.map_err(|_| hangs())?;
        written?;
        self.last = Some(no);
        Ok(true)
    }
}

fn write(place: HeadsFile, at: Timestamp, no: i64, chain: Chain) -> UnderWay {
    let (done, under_way) = oneshot::channel();
    std::thread::spawn(move || {
        // Nobody waits any more once the service stops.
        let _ = done.send((no, place.write(at, no, &chain)));
    });
    under_way
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
