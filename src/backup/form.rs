//! How a backup is written: records of MessagePack, each behind its length, compressed, then encrypted.

use std::io::{self, BufRead as _, BufReader, Read, Write};

use flate2::{Compression, bufread::GzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};

use super::BackupError;
use crate::{
    database::Value,
    domain::Timestamp,
    sealed::{self, Key, Opened, Recipient, Sealing},
};

/// A later form gets the next number, and this version's backups stay readable.
pub(super) const FORM: u32 = 1;
/// A longer record is none.
const RECORD_BYTES_MAX: usize = 256 << 20;

/// Of which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Of {
    Store,
    Access,
}

impl Of {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Access => "access",
        }
    }
}

/// Where a backup comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// How it is written.
    pub(super) form: u32,
    /// Of which installation.
    pub installation: String,
    /// The version of Cordon that made it.
    pub cordon: String,
    /// The engine of the store.
    pub engine: String,
    /// When it was begun.
    pub at: Timestamp,
    /// The last migration of the store.
    pub(super) store: i64,
    /// The last migration of accounts and audit log.
    pub(super) access: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Record {
    Origin(Origin),
    /// What follows are rows of this table.
    Table {
        of: Of,
        name: String,
        columns: Vec<String>,
    },
    Rows(Vec<Vec<Value>>),
    /// How many rows it was, the digest of all their records, and the last number that the database gave by itself.
    TableEnd {
        rows: u64,
        digest: Vec<u8>,
        last_given: i64,
    },
    /// That many tables, and no more.
    End {
        tables: u64,
    },
}

pub(super) struct Writer<W: Write> {
    to: GzEncoder<Sealing<W>>,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(to: W, recipients: &[Recipient]) -> io::Result<Self> {
        Ok(Self { to: GzEncoder::new(sealed::seal(to, recipients)?, Compression::fast()) })
    }

    /// Writes a record and returns its bytes.
    pub(super) fn put(&mut self, record: &Record) -> Result<Vec<u8>, BackupError> {
        let bytes = rmp_serde::to_vec_named(record)
            .map_err(|_| BackupError::Form("a row cannot be written".into()))?;
        let too_long = || BackupError::Form("a row is too long to be written".into());
        let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= RECORD_BYTES_MAX);
        self.to.write_all(&length.ok_or_else(too_long)?.to_be_bytes())?;
        self.to.write_all(&bytes)?;
        Ok(bytes)
    }

    pub(super) fn finish(self) -> io::Result<W> {
        self.to.finish()?.finish()
    }
}

pub(super) struct Reader<R> {
    from: GzDecoder<BufReader<Opened<R>>>,
}

impl<R: Read> Reader<R> {
    pub(super) fn new(from: R, key: &Key) -> io::Result<Self> {
        Ok(Self { from: GzDecoder::new(BufReader::new(sealed::open(from, key)?)) })
    }

    /// The next record and its bytes.
    pub(super) fn next(&mut self) -> Result<(Record, Vec<u8>), BackupError> {
        let mut length = [0; 4];
        self.from.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        let mut bytes = Vec::new();
        if length as usize <= RECORD_BYTES_MAX {
            self.from.by_ref().take(length.into()).read_to_end(&mut bytes)?;
        }
        let is_whole = bytes.len() == length as usize;
        let record = rmp_serde::from_slice(&bytes).ok().filter(|_| is_whole);
        Ok((record.ok_or_else(|| BackupError::Form("a record of it cannot be read".into()))?, bytes))
    }

    /// That nothing follows: only at its end is the file known to be whole.
    pub(super) fn end(mut self) -> Result<(), BackupError> {
        let goes_on = self.from.read(&mut [0])? > 0 || !self.from.into_inner().fill_buf()?.is_empty();
        if goes_on {
            return Err(BackupError::Form("something follows its end".into()));
        }
        Ok(())
    }
}
