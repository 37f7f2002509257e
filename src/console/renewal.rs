//! The console's certificate is renewed while it serves: each minute its files are looked at, and whoever shakes hands
//! from then on is shown what is in them. A pair that cannot be used changes nothing but what is said of it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::tls::{TlsError, TlsFiles};
use crate::{clock::Clock, domain::MINUTE_MS};

/// How often the files are looked at, milliseconds. By what is in them, not by their times: a link may have been turned to
/// other files, which are older.
const LOOK_MS: i64 = MINUTE_MS;

/// What stands in the files of a certificate and its key.
pub(super) struct Pair {
    pub(super) certificate: Vec<u8>,
    pub(super) key: Vec<u8>,
}

/// Tells one pair from another, and nothing of the key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark([u8; 32]);

impl Pair {
    pub(super) fn mark(&self) -> Mark {
        let parts = [&self.certificate, &self.key].map(Sha256::digest);
        Mark(Sha256::digest(parts.concat()).into())
    }
}

/// How the renewal goes.
#[derive(Debug, Default)]
pub(super) struct Renewal {
    fails: AtomicBool,
}

impl Renewal {
    /// Whether what is in the files cannot be used: an older certificate is shown, which will run out.
    pub(super) fn fails(&self) -> bool {
        self.fails.load(Ordering::Relaxed)
    }
}

/// What a look at the files has shown.
enum Look {
    Same,
    Renewed(Mark, TlsAcceptor),
}

/// Follows the files for as long as there is somebody to shake hands with. What is `shown` now was read from them.
pub(super) async fn follow(
    files: TlsFiles,
    mut shown: Mark,
    in_use: watch::Sender<TlsAcceptor>,
    clock: Clock,
    renewal: Arc<Renewal>,
) {
    // What was said last: the same is not said each minute.
    let mut said = None;
    loop {
        clock.wait_ms(LOOK_MS).await;
        let files = files.clone();
        // A disk that does not answer holds up nothing but this.
        let Ok(look) = tokio::task::spawn_blocking(move || look(&files, shown)).await else { continue };
        match look {
            Ok(look) => {
                if let Look::Renewed(mark, acceptor) = look {
                    shown = mark;
                    in_use.send_replace(acceptor);
                    tracing::info!("the console shows a renewed certificate");
                } else if said.is_some() {
                    tracing::info!("the files hold the certificate again that the console shows");
                }
                said = None;
            }
            Err(error) => {
                let error = without_content(&error);
                if said.as_ref() != Some(&error) {
                    tracing::error!(error, "the console goes on with the certificate that it has");
                }
                said = Some(error);
            }
        }
        renewal.fails.store(said.is_some(), Ordering::Relaxed);
    }
}

fn look(files: &TlsFiles, shown: Mark) -> Result<Look, TlsError> {
    let pair = files.load()?;
    let mark = pair.mark();
    if mark == shown {
        return Ok(Look::Same);
    }
    Ok(Look::Renewed(mark, TlsAcceptor::from(Arc::new(files.understand(&pair)?))))
}

/// What a reader says of a damaged file may quote a line of it, which may be of the key.
fn without_content(error: &TlsError) -> String {
    match error {
        TlsError::File { path, what, .. } => format!("{} holds no {what} that can be read", path.display()),
        TlsError::Unfit(_) => "certificate and key cannot be used together".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_damaged_key_quotes_nothing_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles { certificate: folder.path().join("c.pem"), key: folder.path().join("k.pem") };
        let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        std::fs::write(&files.certificate, certificate).unwrap();
        for key in [
            "-----BEGIN SECRET",
            "-----BEGIN PRIVATE KEY-----\nSECRET",
            "-----BEGIN PRIVATE KEY-----\nSECRET!\n-----END PRIVATE KEY-----\n",
            "-----BEGIN SECRET-----\nAAAA\n-----END SECRET-----\n",
            "SECRET",
        ] {
            std::fs::write(&files.key, key).unwrap();
            let Err(error) = look(&files, Mark([0; 32])) else { panic!("{key} is no key") };
            let said = without_content(&error);
            assert!(said.ends_with("k.pem holds no private key that can be read"), "{said}");
        }
    }

    #[test]
    fn another_pair_has_another_mark() {
        let pair =
            |certificate: &str, key: &str| Pair { certificate: certificate.into(), key: key.into() }.mark();
        assert!(pair("a", "b") == pair("a", "b"));
        for other in [pair("a", "c"), pair("c", "b"), pair("ab", ""), pair("b", "a")] {
            assert!(pair("a", "b") != other);
        }
    }
}
