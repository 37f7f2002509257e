//! `cordon map import`: judges a file and puts a copy of it where the service looks.

use std::{
    fs::{self, File},
    io::{self, Read, Seek},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::{About, Region, Unfit};

/// Why a file was not imported. What was imported before is still there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is nothing that the console can show.
    #[error("{} was not imported: {why}", .file.display())]
    Unfit {
        /// The file that was given.
        file: PathBuf,
        /// What is wrong with it, and what to do.
        why: Unfit,
    },
    /// It could not be copied.
    #[error("{} was not imported: no copy can be written into {}: {error}", .file.display(), .folder.display())]
    Copy {
        /// The file that was given.
        file: PathBuf,
        /// Where the service looks.
        folder: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl Region {
    /// Judges a file and takes a copy of it in the place of whatever was imported before: all of it, or nothing.
    ///
    /// # Errors
    /// See [`ImportError`].
    pub fn import(&self, from: &Path) -> Result<About, ImportError> {
        let unfit = |why| ImportError::Unfit { file: from.into(), why };
        let folder = self.file.parent().unwrap_or(Path::new("."));
        let failed = |error| ImportError::Copy { file: from.into(), folder: folder.into(), error };
        let mut source = File::open(from).map_err(|error| unfit(error.into()))?;
        // Before a long copy is made of what will be refused.
        About::read(&mut source).map_err(unfit)?;
        // A map is no secret, and whoever imports it is not always whom the service runs as.
        let permissions = fs::Permissions::from_mode(0o644);
        let copy =
            tempfile::Builder::new().prefix(".cordon-map-").permissions(permissions).tempfile_in(folder);
        let mut copy = copy.map_err(failed)?;
        copy_whole(&mut source, copy.as_file_mut()).map_err(failed)?;
        // What is served is what was judged, whatever happened to the file meanwhile.
        let mut written = copy.reopen().map_err(failed)?;
        let about = About::read(&mut written).map_err(unfit)?;
        copy.persist(&self.file).map_err(|error| failed(error.error))?;
        // The new name is kept, too.
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        Ok(about)
    }
}

fn copy_whole(from: &mut File, to: &mut File) -> io::Result<()> {
    from.rewind()?;
    io::copy(&mut from.by_ref().take(super::header::BYTES_MAX), to)?;
    to.sync_all()
}
