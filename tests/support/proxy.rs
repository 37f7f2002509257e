//! A network between a client and a broker that can go dead without a word.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

/// Passes bytes on, or keeps connections open and swallows everything.
pub(crate) struct Proxy {
    addr: SocketAddr,
    passing: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (passing, passes) = watch::channel(true);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (client_in, client_out) = client.into_split();
                let (broker_in, broker_out) = TcpStream::connect(to).await.unwrap().into_split();
                tokio::spawn(pipe(client_in, broker_out, passes.clone()));
                tokio::spawn(pipe(broker_in, client_out, passes.clone()));
            }
        });
        Self { addr, passing, accepting }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// From now on nothing arrives, on either side.
    pub(crate) fn swallow(&self) {
        self.passing.send_replace(false);
    }

    /// The network is back, for new bytes.
    pub(crate) fn pass(&self) {
        self.passing.send_replace(true);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pipe(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, passes: watch::Receiver<bool>) {
    let mut bytes = vec![0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if *passes.borrow() && to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
