//! TLS in front of the console. A handshake that hangs holds up nobody else.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{extract::connect_info::Connected, serve::IncomingStream};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::renewal::{self, Pair, Renewal};
use crate::clock::Clock;

/// A browser shakes hands at once, or not at all.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Handshakes at a time; beyond that, connections wait in the machine's queue.
const HANDSHAKES_MAX: usize = 256;
/// After the system has refused a connection, as when there are too many files open.
const PAUSE: Duration = Duration::from_millis(100);

/// What the console proves itself with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those above it, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file.
    #[error("{} holds no {what} that can be read ({why})", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What should be in it.
        what: &'static str,
        /// What the reader says.
        why: String,
    },
    /// They do not fit each other.
    #[error("certificate and key cannot be used together: {0}")]
    Unfit(#[from] rustls::Error),
}

impl TlsFiles {
    /// Reads them.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn read(&self) -> Result<ServerConfig, TlsError> {
        self.understand(&self.load()?)
    }

    /// What is in them.
    pub(super) fn load(&self) -> Result<Pair, TlsError> {
        let of =
            |path: &Path, what| std::fs::read(path).map_err(|error| wrong(path, what, error.to_string()));
        Ok(Pair { certificate: of(&self.certificate, CERTIFICATE)?, key: of(&self.key, KEY)? })
    }

    /// What a pair means, which was read from them.
    pub(super) fn understand(&self, pair: &Pair) -> Result<ServerConfig, TlsError> {
        let bad = |why: rustls::pki_types::pem::Error| wrong(&self.certificate, CERTIFICATE, why.to_string());
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(&pair.certificate).collect::<Result<_, _>>().map_err(bad)?;
        if chain.is_empty() {
            return Err(wrong(&self.certificate, CERTIFICATE, "none in it".into()));
        }
        let key = PrivateKeyDer::from_pem_slice(&pair.key);
        let key = key.map_err(|why| wrong(&self.key, KEY, why.to_string()))?;
        let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

fn wrong(path: &Path, what: &'static str, why: String) -> TlsError {
    TlsError::File { path: path.into(), what, why }
}

const CERTIFICATE: &str = "certificate";
const KEY: &str = "private key";

/// Gives connections whose handshake is done.
pub(super) struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
    accepting: JoinHandle<()>,
    renewing: JoinHandle<()>,
}

impl TlsListener {
    /// What is renewed in the files is taken up; `renewal` says how that goes.
    pub(super) fn new(
        listener: TcpListener,
        files: TlsFiles,
        clock: Clock,
        renewal: Arc<Renewal>,
    ) -> Result<Self, ServeTls> {
        let pair = files.load()?;
        let (in_use, acceptor) = watch::channel(TlsAcceptor::from(Arc::new(files.understand(&pair)?)));
        let address = listener.local_addr()?;
        let (done, ready) = mpsc::channel(HANDSHAKES_MAX);
        let accepting = tokio::spawn(accept(listener, acceptor, done));
        let following = renewal::follow(files, pair.mark(), in_use, clock, renewal, renewal::PATIENCE);
        let renewing = tokio::spawn(following);
        Ok(Self { ready, address, accepting, renewing })
    }
}

/// Why there is no listener.
#[derive(Debug, thiserror::Error)]
pub enum ServeTls {
    /// The files.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The socket.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Drop for TlsListener {
    fn drop(&mut self) {
        self.accepting.abort();
        self.renewing.abort();
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: watch::Receiver<TlsAcceptor>,
    done: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let room = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        let Ok(turn) = Arc::clone(&room).acquire_owned().await else { return };
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "the console could not take a connection");
                let _ = timeout(PAUSE, std::future::pending::<()>()).await;
                continue;
            }
        };
        let (acceptor, done) = (acceptor.borrow().clone(), done.clone());
        tokio::spawn(async move {
            let _turn = turn;
            // Whoever does not speak TLS is none of our browsers.
            if let Ok(Ok(stream)) = timeout(HANDSHAKE_MAX, acceptor.accept(stream)).await {
                let _ = done.send((stream, from)).await;
            }
        });
    }
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // The task that sends lives as long as this.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// Where a connection comes from: of a proxy's, the proxy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

impl Connected<IncomingStream<'_, TcpListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        Self(*stream.remote_addr())
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        Self(*stream.remote_addr())
    }
}
