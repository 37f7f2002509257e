//! The console's certificate is renewed while it serves: each minute its files are looked at, and whoever shakes hands
//! from then on is shown what is in them. A pair that cannot be used changes nothing but what is said of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sha2::{Digest, Sha256};
use tokio::{
    sync::{oneshot, watch},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::tls::{TlsError, TlsFiles};
use crate::{clock::Clock, domain::MINUTE_MS};

/// How often the files are looked at, milliseconds. By what is in them, not by their times: a link may have been turned to
/// other files, which are older.
const LOOK_MS: i64 = MINUTE_MS;
/// A disk that has not answered within this does not answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

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
    patience: Duration,
) {
    // What was said last: the same is not said each minute.
    let mut said: Option<String> = None;
    let mut under_way = None;
    loop {
        clock.wait_ms(LOOK_MS).await;
        // One that hangs is waited for again: another behind it would hang, too.
        let mut looking = under_way.take().unwrap_or_else(|| begin(files.clone(), shown));
        let fails = match timeout(patience, &mut looking).await {
            Ok(Ok(Ok(Look::Renewed(mark, acceptor)))) => {
                shown = mark;
                in_use.send_replace(acceptor);
                tracing::info!("the console shows a renewed certificate");
                None
            }
            Ok(Ok(Ok(Look::Same))) => None,
            Ok(Ok(Err(error))) => Some(without_content(&error)),
            Ok(Err(_)) => Some("what is in the files crashed whatever reads them".into()),
            Err(_) => {
                under_way = Some(looking);
                Some("the disk of its files does not answer".into())
            }
        };
        if said != fails {
            match &fails {
                Some(why) => tracing::error!(why, "the console goes on with the certificate that it has"),
                None => tracing::info!("the files hold the certificate that the console shows"),
            }
        }
        renewal.fails.store(fails.is_some(), Ordering::Relaxed);
        said = fails;
    }
}

/// By a thread of its own, which holds up nothing but this while a disk does not answer.
fn begin(files: TlsFiles, shown: Mark) -> oneshot::Receiver<Result<Look, TlsError>> {
    let (done, looking) = oneshot::channel();
    std::thread::spawn(move || {
        // Nobody waits any more once the console stops.
        let _ = done.send(look(&files, shown));
    });
    looking
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
    use std::io::Write;

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

    #[cfg(unix)]
    #[tokio::test]
    async fn a_disk_that_does_not_answer_is_said_until_it_does() {
        crate::app::install_tls();
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles { certificate: folder.path().join("c.pem"), key: folder.path().join("k.pem") };
        std::fs::write(&files.key, "a key").unwrap();
        // Whoever opens a pipe that nobody writes to waits.
        assert!(std::process::Command::new("mkfifo").arg(&files.certificate).status().unwrap().success());
        let shown = Pair { certificate: "a certificate".into(), key: "a key".into() }.mark();
        let config = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(rustls::server::ResolvesServerCertUsingSni::new()));
        let (in_use, _acceptor) = watch::channel(TlsAcceptor::from(Arc::new(config)));
        // Its minute takes a hundredth of a second.
        let (clock, renewal) = (Clock::scaled(crate::domain::Timestamp::from_ms(0), 6_000.0), Arc::default());
        let patience = Duration::from_millis(10);
        let said = Arc::<Renewal>::clone(&renewal);
        let following = follow(files.clone(), shown, in_use, clock.clone(), renewal, patience);
        let becomes = async |fails| {
            while said.fails() != fails {
                clock.wait_ms(MINUTE_MS).await;
            }
        };
        let story = async {
            becomes(true).await;
            // It answers, and from then on there is a file.
            let mended = folder.path().join("mended");
            std::fs::write(&mended, "a certificate").unwrap();
            let mending = std::thread::spawn(move || {
                let mut pipe = std::fs::OpenOptions::new().write(true).open(&files.certificate).unwrap();
                std::fs::rename(mended, files.certificate).unwrap();
                pipe.write_all(b"a certificate").unwrap();
            });
            becomes(false).await;
            mending.join().unwrap();
        };
        tokio::select! {
            () = following => panic!("it goes on for ever"),
            () = story => {}
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
