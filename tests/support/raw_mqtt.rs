//! MQTT byte for byte, as no client library would send it.
#![allow(dead_code, reason = "no suite uses all of it")]

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::mqtt::soon;

/// Topics that no broker may let through.
pub(crate) const IMPOSSIBLE_TOPICS: [&[u8]; 6] = [
    b"",
    b"cordon/v1/+/tag-0/ping",
    b"cordon/v1/sim/#",
    b"cordon/v1/sim/tag-0\0/ping",
    b"cordon/v1/sim/tag-\xff/ping",
    b"$SYS/broker/uptime",
];

/// Connects with a login that is its client id, too, and publishes whatever the topic and the payload are. Returns when
/// the broker has acknowledged it or has ended the connection.
pub(crate) async fn publish_raw(
    at: SocketAddr,
    (login, password): (&str, &str),
    topic: &[u8],
    payload: &[u8],
    retain: bool,
) {
    let mut stream = TcpStream::connect(at).await.unwrap();
    let mut connect = b"\0\x04MQTT\x04\xc2\0\x3c".to_vec();
    for text in [login, login, password] {
        connect.extend(with_length(text.as_bytes()));
    }
    stream.write_all(&packet(0x10, &connect)).await.unwrap();
    let mut answer = [0; 4];
    soon("an answer", stream.read_exact(&mut answer)).await.unwrap();
    assert_eq!(answer, [0x20, 2, 0, 0], "the abuser may connect");
    let mut publish = with_length(topic);
    publish.extend([0, 1]);
    publish.extend(payload);
    stream.write_all(&packet(0x32 | u8::from(retain), &publish)).await.unwrap();
    // An error or nothing is the end of the connection.
    let _ = soon("an acknowledgement or the end", stream.read(&mut answer)).await;
}

/// Sends bytes that are no MQTT and waits until the broker has had enough; it may wait for more, too.
pub(crate) async fn send_garbage(at: SocketAddr, bytes: &[u8]) {
    let mut stream = TcpStream::connect(at).await.unwrap();
    // The broker may have ended it before the last byte.
    let _ = stream.write_all(bytes).await;
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    [&length[..], bytes].concat()
}

fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![kind];
    let mut left = body.len();
    loop {
        let digit = (left % 128) as u8;
        left /= 128;
        packet.push(if left > 0 { digit | 0x80 } else { digit });
        if left == 0 {
            break;
        }
    }
    packet.extend(body);
    packet
}
