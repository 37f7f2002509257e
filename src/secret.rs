//! Secrets: read once, never shown.

use std::{
    fmt,
    io::Read,
    path::{Path, PathBuf},
};

use subtle::ConstantTimeEq;

/// The largest secret file, in bytes. A larger one is some other file.
const SECRET_BYTES_MAX: u64 = 4_096;

/// A text that no log, page or message shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    text: String,
    origin: Origin,
}

#[derive(Clone, PartialEq, Eq)]
enum Origin {
    Inline,
    File(PathBuf),
}

impl Secret {
    /// A secret that stood in the configuration itself.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), origin: Origin::Inline }
    }

    /// The secret itself, for the one call that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Whether a text is the secret, in constant time.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.text.as_bytes().ct_eq(text.as_bytes()).into()
    }

    /// Reads a secret from a file and cuts white space off its ends. The second value is a warning for the operator.
    ///
    /// A file that everybody on the machine may read is a warning, not an error: container platforms mount secrets
    /// so inside a container of one process.
    ///
    /// # Errors
    /// A sentence with the fix, if the file cannot be read, is empty, is larger than 4 KiB or is no text.
    pub fn read(path: &Path) -> Result<(Self, Option<String>), String> {
        let shown = path.display();
        let cannot = |error: std::io::Error| {
            format!("cannot read {shown} ({error}); create it, or let the account that runs cordon read it")
        };
        let file = std::fs::File::open(path).map_err(cannot)?;
        let warning = open_to_everybody(&file)
            .then(|| format!("everybody on this machine can read {shown}; run: chmod o= {shown}"));
        let mut text = String::new();
        let mut bytes = Vec::new();
        file.take(SECRET_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(cannot)?;
        if bytes.len() as u64 > SECRET_BYTES_MAX {
            return Err(format!(
                "{shown} is larger than {SECRET_BYTES_MAX} bytes; it should hold the secret alone"
            ));
        }
        if let Ok(read) = std::str::from_utf8(&bytes) {
            text.push_str(read.trim());
        }
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(format!("{shown} does not hold one line of text; it should hold the secret alone"));
        }
        Ok((Self { text, origin: Origin::File(path.into()) }, warning))
    }
}

#[cfg(unix)]
fn open_to_everybody(file: &std::fs::File) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn open_to_everybody(_: &std::fs::File) -> bool {
    false
}

/// Where it came from, never what it is.
impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Inline => f.write_str("(set)"),
            Origin::File(path) => write!(f, "(set, from {})", path.display()),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> tempfile::TempPath {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file.into_temp_path()
    }

    #[test]
    fn a_secret_is_never_shown() {
        let inline = Secret::new("hunter2");
        let (read, _) = Secret::read(&file(b"hunter2\n")).unwrap();
        assert_eq!(read.expose(), "hunter2");
        assert!(read.is("hunter2") && !read.is("hunter") && !read.is("hunter3"));
        for text in [format!("{inline}"), format!("{inline:#?}"), format!("{read}"), format!("{read:?}")] {
            assert!(text.starts_with("(set") && !text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_a_secret_is_refused_without_showing_it() {
        for bytes in [b"".as_slice(), b" \n", b"one\ntwo", &[0xff, 0xfe], &[b'x'; 5_000]] {
            let error = Secret::read(&file(bytes)).unwrap_err();
            assert!(error.contains("should hold the secret alone") && !error.contains("two"), "{error}");
        }
        assert!(Secret::read(Path::new("/nonexistent/token")).unwrap_err().contains("create it"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_open_to_everybody_is_warned_about() {
        use std::os::unix::fs::PermissionsExt;
        let path = file(b"hunter2");
        for (mode, warned) in [(0o600, false), (0o640, false), (0o644, true)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let (_, warning) = Secret::read(&path).unwrap();
            assert_eq!(warning.is_some(), warned, "{mode:o}");
        }
    }
}
