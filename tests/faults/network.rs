//! The network that the faults are made of does what each of its words says.

use std::{io::ErrorKind, net::SocketAddr, time::Duration};

use cordon::clock::Clock;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::proxy::{Proxy, Way};

/// Longer than anything on this machine takes, shorter than a test may.
const PATIENCE: Duration = Duration::from_secs(10);
/// So long that nothing came is nothing.
const NOTHING: Duration = Duration::from_millis(150);

/// A server that sends everything back and closes when its client does.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = client.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    addr
}

async fn network() -> (Proxy, TcpStream) {
    let proxy = Proxy::start(echo().await).await;
    let mut client = TcpStream::connect(proxy.addr()).await.unwrap();
    assert_eq!(said(&mut client, "hello").await.unwrap(), "hello");
    (proxy, client)
}

/// What comes back for `word`: all of it, or what came before the end.
async fn said(client: &mut TcpStream, word: &str) -> std::io::Result<String> {
    client.write_all(word.as_bytes()).await?;
    heard(client, word.len()).await
}

async fn heard(client: &mut TcpStream, count: usize) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    let mut awaited = client.take(count as u64);
    let reading = awaited.read_to_end(&mut bytes);
    tokio::time::timeout(PATIENCE, reading).await.expect("something comes, or the end")?;
    Ok(String::from_utf8(bytes).unwrap())
}

async fn is_silent(client: &mut TcpStream) -> bool {
    tokio::time::timeout(NOTHING, client.read_u8()).await.is_err()
}

#[tokio::test]
async fn bytes_come_later_and_in_their_order() {
    let (proxy, mut client) = network().await;
    proxy.delay(Way::Up, 60);
    proxy.delay(Way::Down, 60);
    let clock = Clock::real();
    client.write_all(b"one").await.unwrap();
    assert_eq!(said(&mut client, "two").await.unwrap(), "one");
    assert_eq!(heard(&mut client, 3).await.unwrap(), "two");
    assert!(clock.real_us() >= 120_000, "{} us", clock.real_us());
}

#[tokio::test]
async fn each_way_goes_dead_for_itself_and_a_dead_connection_stays_dead() {
    for way in [Way::Up, Way::Down] {
        let (proxy, mut client) = network().await;
        proxy.swallow_way(way);
        client.write_all(b"lost").await.unwrap();
        assert!(is_silent(&mut client).await, "{way:?}");
        proxy.pass();
        client.write_all(b"more").await.unwrap();
        assert!(is_silent(&mut client).await, "{way:?}");
        let mut fresh = TcpStream::connect(proxy.addr()).await.unwrap();
        assert_eq!(said(&mut fresh, "again").await.unwrap(), "again");
        assert_eq!(proxy.accepted(), 2);
    }
}

#[tokio::test]
async fn a_half_open_connection_does_not_say_that_its_other_side_has_closed() {
    let (proxy, mut client) = network().await;
    proxy.swallow_way(Way::Down);
    // The server hears of the close and closes, too.
    client.shutdown().await.unwrap();
    assert!(is_silent(&mut client).await);
    proxy.reset();
    assert_eq!(heard(&mut client, 1).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn connections_are_reset_and_new_ones_refused() {
    let (proxy, mut client) = network().await;
    proxy.reset();
    assert_eq!(heard(&mut client, 1).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    let mut fresh = TcpStream::connect(proxy.addr()).await.unwrap();
    assert_eq!(said(&mut fresh, "again").await.unwrap(), "again");
    proxy.refuse();
    assert_eq!(said(&mut fresh, "still").await.unwrap(), "still");
    let mut refused = TcpStream::connect(proxy.addr()).await.unwrap();
    assert!(said(&mut refused, "no").await.is_err());
}

#[tokio::test]
async fn every_connection_breaks_after_so_many_bytes() {
    let (proxy, mut client) = network().await;
    proxy.cut_after(Way::Down, 4);
    assert_eq!(said(&mut client, "abc").await.unwrap(), "abc");
    assert!(said(&mut client, "defgh").await.is_err(), "the client sees that it broke");
    let mut fresh = TcpStream::connect(proxy.addr()).await.unwrap();
    assert_eq!(said(&mut fresh, "abc").await.unwrap(), "abc");
    proxy.pass();
    assert_eq!(said(&mut fresh, "defgh").await.unwrap(), "defgh");
}

#[tokio::test]
async fn a_close_is_heard_of_late() {
    let (proxy, mut client) = network().await;
    proxy.close_slowly(100);
    let clock = Clock::real();
    client.shutdown().await.unwrap();
    assert_eq!(heard(&mut client, 1).await.unwrap(), "");
    assert!(clock.real_us() >= 200_000, "there and back: {} us", clock.real_us());
}
