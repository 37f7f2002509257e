//! A network between a client and a server that can be slow, go dead without a word, break or lose its end.
//!
//! Every fault holds until [`Proxy::pass`] ends all of them, and several hold at once. They act on the bytes of
//! connections that are open, and on those of new ones.
#![allow(dead_code, reason = "no suite uses all of it")]

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use cordon::{clock::Clock, domain::Timestamp};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    task::{JoinHandle, JoinSet},
};

/// Pieces that may be on their way in one direction: more make the sender wait, as a full pipe does.
const ON_THE_WAY_MAX: usize = 64;

/// One direction of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// What the network does at present.
#[derive(Debug, Clone, Copy, Default)]
struct Faults {
    up: OneWay,
    down: OneWay,
    /// Rises with every reset: a connection that sees it rise is reset.
    resets: u64,
    refuses: bool,
    /// Milliseconds between a side's close and the moment the other side hears of it.
    close_ms: i64,
}

#[derive(Debug, Clone, Copy, Default)]
struct OneWay {
    latency_ms: i64,
    swallows: bool,
    cut: Option<Cut>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cut {
    /// Which call it was: bytes are counted afresh for each.
    order: u64,
    after_bytes: usize,
}

/// Stands between a client and a server. Dropped, it closes every connection.
pub(crate) struct Proxy {
    addr: SocketAddr,
    faults: watch::Sender<Faults>,
    accepted: Arc<AtomicU64>,
    cuts: AtomicU64,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Passes everything on to `to`. A server that is away is a refused (reset) connection.
    pub(crate) async fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (faults, told) = watch::channel(Faults::default());
        let accepted = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&accepted);
        let accepting = tokio::spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                open.spawn(connection(client, to, told.clone()));
                while open.try_join_next().is_some() {}
            }
        });
        Self { addr, faults, accepted, cuts: AtomicU64::new(0), accepting }
    }

    /// Where clients connect to.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// How many connections were accepted since the start.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Ends every fault. A connection of which bytes were swallowed stays dead: no network brings them back.
    pub(crate) fn pass(&self) {
        self.faults.send_modify(|faults| *faults = Faults { resets: faults.resets, ..Faults::default() });
    }

    /// Nothing arrives any more, on either side, not even that a side has closed: the connection is half-open.
    pub(crate) fn swallow(&self) {
        self.swallow_way(Way::Up);
        self.swallow_way(Way::Down);
    }

    /// The same in one direction.
    pub(crate) fn swallow_way(&self, way: Way) {
        self.change(way, |one_way| one_way.swallows = true);
    }

    /// Bytes of one direction arrive so much later, in their order.
    pub(crate) fn delay(&self, way: Way, latency_ms: i64) {
        self.change(way, |one_way| one_way.latency_ms = latency_ms);
    }

    /// Each connection, open or new, breaks off as soon as so many more bytes have gone through in one direction.
    pub(crate) fn cut_after(&self, way: Way, after_bytes: usize) {
        let order = self.cuts.fetch_add(1, Ordering::Relaxed);
        self.change(way, |one_way| one_way.cut = Some(Cut { order, after_bytes }));
    }

    /// Resets (RST) every connection that is open now, on both sides. New ones are not concerned.
    pub(crate) fn reset(&self) {
        self.faults.send_modify(|faults| faults.resets += 1);
    }

    /// Resets every new connection at once.
    pub(crate) fn refuse(&self) {
        self.faults.send_modify(|faults| faults.refuses = true);
    }

    /// A side that closes is only later seen to have closed by the other.
    pub(crate) fn close_slowly(&self, close_ms: i64) {
        self.faults.send_modify(|faults| faults.close_ms = close_ms);
    }

    fn change(&self, way: Way, change: impl FnOnce(&mut OneWay)) {
        self.faults.send_modify(|faults| match way {
            Way::Up => change(&mut faults.up),
            Way::Down => change(&mut faults.down),
        });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One connection from its first byte to its last.
async fn connection(mut client: TcpStream, to: SocketAddr, mut told: watch::Receiver<Faults>) {
    let watched = told.clone();
    let resets = told.borrow().resets;
    let refused = told.borrow().refuses;
    let Some(mut server) = (if refused { None } else { TcpStream::connect(to).await.ok() }) else {
        let _ = client.set_zero_linger();
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let broken = {
        let (client_in, client_out) = client.split();
        let (server_in, server_out) = server.split();
        let up = pipe(client_in, server_out, told.clone(), Way::Up);
        let down = pipe(server_in, client_out, told.clone(), Way::Down);
        let carrying = async {
            let broken = tokio::try_join!(up, down).is_err();
            let faults = *watched.borrow();
            if broken && (faults.up.swallows || faults.down.swallows) {
                // What broke on one side is not heard of on the other.
                std::future::pending::<()>().await;
            }
            broken
        };
        tokio::select! {
            broken = carrying => broken,
            _ = told.wait_for(|faults| faults.resets != resets) => true,
        }
    };
    if broken {
        let _ = (client.set_zero_linger(), server.set_zero_linger());
    }
}

/// Carries the bytes of one direction until their sender has closed. An error breaks the whole connection.
async fn pipe(
    from: impl AsyncRead + Unpin,
    to: impl AsyncWrite + Unpin,
    told: watch::Receiver<Faults>,
    way: Way,
) -> io::Result<()> {
    let (sent, arriving) = mpsc::channel(ON_THE_WAY_MAX);
    tokio::try_join!(read(from, sent, told, way), write(to, arriving)).map(|_| ())
}

/// What is on its way, and when it arrives.
enum Piece {
    Bytes(Timestamp, Vec<u8>),
    Close(Timestamp),
    Break,
}

async fn read(
    mut from: impl AsyncRead + Unpin,
    sent: mpsc::Sender<Piece>,
    told: watch::Receiver<Faults>,
    way: Way,
) -> io::Result<()> {
    let clock = Clock::real();
    let mut buffer = vec![0; 65_536];
    let (mut dead, mut cut, mut passed) = (false, None, 0);
    loop {
        let count = from.read(&mut buffer).await;
        let faults = *told.borrow();
        let one_way = if way == Way::Up { faults.up } else { faults.down };
        dead |= one_way.swallows;
        if dead {
            match count {
                Ok(1..) => continue,
                // The other side never hears of it; its own patience, or a reset, ends the connection.
                _ => return std::future::pending().await,
            }
        }
        let count = count?;
        if one_way.cut != cut {
            (cut, passed) = (one_way.cut, 0);
        }
        let arrives = clock.steady().plus_ms(one_way.latency_ms);
        if count == 0 {
            let _ = sent.send(Piece::Close(arrives.plus_ms(faults.close_ms))).await;
            return Ok(());
        }
        let left = cut.map_or(usize::MAX, |cut| cut.after_bytes.saturating_sub(passed));
        let goes = count.min(left);
        passed += goes;
        let _ = sent.send(Piece::Bytes(arrives, buffer[..goes].to_vec())).await;
        if goes < count || goes == left {
            let _ = sent.send(Piece::Break).await;
            return Ok(());
        }
    }
}

async fn write(mut to: impl AsyncWrite + Unpin, mut arriving: mpsc::Receiver<Piece>) -> io::Result<()> {
    let clock = Clock::real();
    while let Some(piece) = arriving.recv().await {
        match piece {
            Piece::Bytes(arrives, bytes) => {
                clock.wait_until(arrives).await;
                to.write_all(&bytes).await?;
            }
            Piece::Close(arrives) => {
                clock.wait_until(arrives).await;
                return to.shutdown().await;
            }
            Piece::Break => return Err(io::ErrorKind::ConnectionReset.into()),
        }
    }
    Ok(())
}
