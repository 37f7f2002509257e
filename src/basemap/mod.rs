//! The ground below the console's map: one region of vector tiles, which an administrator brings as a PMTiles file.
//!
//! Nothing is ever fetched for it: `cordon map import` judges the file and puts a copy where the service looks, and
//! browsers read ranges of that copy from the service itself.

mod about;
mod header;
mod import;
#[cfg(test)]
#[path = "../../tests/support/pmtiles.rs"]
pub(crate) mod pmtiles;
#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

pub use about::About;
pub use import::ImportError;

/// The imported file's name.
const NAME: &str = "cordon-map.pmtiles";

/// Why a file is no region that the console can show.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// It could not be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error(
        "it is no PMTiles file. Make one with a tool that writes PMTiles version 3, or cut one out of a larger one"
    )]
    NotPmtiles,
    /// It is of another version.
    #[error("it is PMTiles version {0}, and the console reads version 3. Convert it")]
    Version(u8),
    /// It ends before what its header speaks of.
    #[error("it is cut off or damaged: {0} lies outside of it. Copy it again from where it came from")]
    Outside(&'static str),
    /// Parts that cannot be.
    #[error("it is damaged: {0}. Make it anew")]
    Damaged(&'static str),
    /// Pictures, or tiles of another kind.
    #[error("its tiles are {0}, and the console draws vector tiles (MVT). Bring a file of vector tiles")]
    Tiles(&'static str),
    /// Browsers cannot unpack it.
    #[error("its {0} are packed by a method that browsers cannot unpack. Pack them with gzip, or not at all")]
    Packed(&'static str),
    /// Larger than anybody's region.
    #[error("it has {0} bytes, and {max} at most can be served. Cut out the region that you watch", max = header::BYTES_MAX)]
    TooLarge(u64),
    /// Tiles of a schema that there is no style for.
    #[error(
        "it lacks the layers {0}: the console draws tiles of the Protomaps basemap schema. Bring a file of that schema"
    )]
    Layers(String),
}

/// Where the imported region lies, if there is one.
#[derive(Debug, Clone)]
pub struct Region {
    file: PathBuf,
}

impl Region {
    /// The one in a folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self { file: folder.join(NAME) }
    }

    /// What is known of it; `None` if nothing was imported.
    ///
    /// # Errors
    /// Why what lies there cannot be shown.
    pub fn about(&self) -> Result<Option<About>, Unfit> {
        match File::open(&self.file) {
            Ok(mut file) => About::read(&mut file).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens it to read from; `None` if nothing was imported.
    ///
    /// # Errors
    /// If it is there and cannot be opened.
    pub fn open(&self) -> io::Result<Option<Opened>> {
        match File::open(&self.file) {
            Ok(file) => {
                let known = file.metadata()?;
                Ok(Some(Opened { file, bytes: known.len(), tag: tag(&known) }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The region's file as it is now: a new import does not change what is read from it.
#[derive(Debug)]
pub struct Opened {
    file: File,
    /// How long it is.
    pub bytes: u64,
    /// Another one for every import.
    pub tag: String,
}

impl Opened {
    /// These bytes of it.
    ///
    /// # Errors
    /// If they cannot be read, or end before that.
    pub fn read(&mut self, range: &RangeInclusive<u64>) -> io::Result<Vec<u8>> {
        let length = (range.end() + 1).saturating_sub(*range.start());
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        self.file.seek(SeekFrom::Start(*range.start()))?;
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

fn tag(known: &std::fs::Metadata) -> String {
    let changed = known.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    format!("{:x}-{:x}", known.len(), changed.map_or(0, |since| since.as_nanos()))
}
