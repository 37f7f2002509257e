//! The rules of `deploy/mosquitto`, on a real Mosquitto and on the embedded broker.
//!
//! What must not arrive is followed by a message that must: when that one is there, the other has not come.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

#[path = "support/mosquitto.rs"]
mod mosquitto;
#[path = "support/mqtt.rs"]
mod mqtt;
#[path = "support/raw_mqtt.rs"]
mod raw_mqtt;

use std::net::SocketAddr;

use mqtt::{Dial, Peer, dial};
use raw_mqtt::{IMPOSSIBLE_TOPICS, publish_raw, send_garbage};

const SERVICE: (&str, &str) = ("cordon-test", "secret-of-cordon");
const T1: (&str, &str) = ("T1@acme", "secret-of-t1");
const T2: (&str, &str) = ("T2@acme", "secret-of-t2");
const GATEWAY: (&str, &str) = ("@beta", "secret-of-beta");

async fn connect(addr: SocketAddr, (login, password): (&str, &str)) -> Peer {
    Peer::connect(addr, dial(login, password)).await.unwrap_or_else(|error| panic!("{login}: {error}"))
}

async fn listening(addr: SocketAddr) -> Peer {
    let mut service = connect(addr, SERVICE).await;
    assert!(service.subscribe("cordon/v1/#").await);
    service
}

async fn only_right_logins_connect(addr: SocketAddr) {
    for login in [SERVICE, T1, T2, GATEWAY] {
        connect(addr, login).await.leave().await;
    }
    for (login, password) in
        [("", ""), (T1.0, ""), (T1.0, T2.1), (T1.0, "Secret-of-t1"), ("T3@acme", T1.1), ("@acme", GATEWAY.1)]
    {
        let dial = Dial { client_id: T1.0, ..dial(login, password) };
        assert!(Peer::connect(addr, dial).await.is_err(), "'{login}' with '{password}'");
    }
}

async fn nobody_takes_over_the_session_of_cordon(addr: SocketAddr) {
    let mut service = listening(addr).await;
    let thief = Peer::connect(addr, Dial { client_id: SERVICE.0, clean: false, ..dial(T1.0, T1.1) }).await;
    let tag = connect(addr, T2).await;
    tag.publish("cordon/v1/acme/T2/ping", "after").await;
    assert_eq!(service.next().await.1, "after");
    drop(thief);
}

async fn a_tag_publishes_on_its_own_topics_only(addr: SocketAddr) {
    let mut service = listening(addr).await;
    let tag = connect(addr, T1).await;
    for topic in [
        "cordon/v1/acme/T2/ping",
        "cordon/v1/acme/T2/status",
        "cordon/v1/beta/T1/ping",
        "cordon/v1/acme/T1/ack",
        "cordon/v1/acme/T1/reject",
        "cordon/v1/acme/T2/cmd",
        "cordon/v1/acme/T1/ping/more",
        "cordon/v1/acme/T1",
        "cordon/v1/elsewhere",
    ] {
        tag.publish(topic, "forbidden").await;
    }
    tag.publish("cordon/v1/acme/T1/ping", "own").await;
    tag.publish("cordon/v1/acme/T1/status", "own, too").await;
    assert_eq!(service.next().await, ("cordon/v1/acme/T1/ping".into(), "own".into()));
    assert_eq!(service.next().await, ("cordon/v1/acme/T1/status".into(), "own, too".into()));
}

async fn a_gateway_publishes_for_its_own_vendor_only(addr: SocketAddr) {
    let mut service = listening(addr).await;
    let gateway = connect(addr, GATEWAY).await;
    gateway.publish("cordon/v1/acme/T1/ping", "forbidden").await;
    gateway.publish("cordon/v1/beta/B7/ack", "forbidden").await;
    gateway.publish("cordon/v1/beta/B7/ping", "own").await;
    assert_eq!(service.next().await, ("cordon/v1/beta/B7/ping".into(), "own".into()));
}

async fn cordon_publishes_to_tags_only(addr: SocketAddr) {
    let mut service = listening(addr).await;
    service.publish("cordon/v1/acme/T1/ping", "forbidden").await;
    service.publish("cordon/v1/acme/T1/status", "forbidden").await;
    service.publish("cordon/v1/acme/T1/ack", "own").await;
    assert_eq!(service.next().await, ("cordon/v1/acme/T1/ack".into(), "own".into()));
}

async fn a_tag_hears_what_is_for_itself_only(addr: SocketAddr) {
    let mut spy = connect(addr, T1).await;
    for filter in [
        "#",
        "cordon/v1/#",
        "cordon/v1/acme/+/ack",
        "cordon/v1/acme/T2/ack",
        "cordon/v1/acme/T2/ping",
        "cordon/v1/+/+/cmd",
        "$share/g/cordon/v1/acme/T2/ack",
    ] {
        // Mosquitto grants them and delivers nothing; the embedded broker refuses them.
        spy.subscribe(filter).await;
    }
    for kind in ["ack", "reject", "cmd"] {
        assert!(spy.subscribe(&format!("cordon/v1/acme/T1/{kind}")).await);
    }
    let (mut service, mut other) = (connect(addr, SERVICE).await, connect(addr, T2).await);
    other.publish("cordon/v1/acme/T2/ping", "not yours").await;
    other.acknowledged(1).await;
    for (topic, payload) in [
        ("cordon/v1/acme/T2/ack", "not yours"),
        ("cordon/v1/acme/T2/cmd", "not yours"),
        ("cordon/v1/acme/T1/reject", "yours"),
    ] {
        service.publish(topic, payload).await;
        service.acknowledged(1).await;
    }
    assert_eq!(spy.next().await, ("cordon/v1/acme/T1/reject".into(), "yours".into()));
}

async fn a_last_will_obeys_the_same_rules(addr: SocketAddr) {
    let mut service = listening(addr).await;
    let will = |topic| Dial { will: Some(topic), ..dial(T1.0, T1.1) };
    for topic in ["cordon/v1/acme/T2/status", "cordon/v1/acme/T1/cmd"] {
        // Refused at once, or kept and never delivered.
        if let Ok(peer) = Peer::connect(addr, will(topic)).await {
            peer.cut().await;
        }
    }
    Peer::connect(addr, will("cordon/v1/acme/T1/status")).await.unwrap().cut().await;
    assert_eq!(service.next().await, ("cordon/v1/acme/T1/status".into(), "will".into()));
}

async fn what_no_client_sends_reaches_nobody_and_hurts_nobody(addr: SocketAddr) {
    let mut service = listening(addr).await;
    for topic in IMPOSSIBLE_TOPICS {
        publish_raw(addr, T1, topic, b"impossible", false).await;
    }
    publish_raw(addr, T1, b"cordon/v1/acme/T1/ping", &[b'x'; 64 * 1024 + 1], false).await;
    let without_end = [0x10, 0xff, 0xff, 0xff, 0xff, 0xff];
    for garbage in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0x30, 0xff, 0xff, 0xff, 0x7f], &without_end, &[0; 1_000]]
    {
        send_garbage(addr, garbage).await;
    }
    let tag = connect(addr, T2).await;
    tag.publish("cordon/v1/acme/T2/ping", "after").await;
    assert_eq!(service.next().await.1, "after");
}

async fn what_comes_while_cordon_is_away_is_kept_for_it(addr: SocketAddr) {
    let as_service = || Dial { clean: false, ..dial(SERVICE.0, SERVICE.1) };
    let mut service = Peer::connect(addr, as_service()).await.unwrap();
    assert!(!service.session_present && service.subscribe("cordon/v1/+/+/ping").await);
    service.leave().await;
    let mut tag = connect(addr, T1).await;
    for n in 0..2_000 {
        tag.publish("cordon/v1/acme/T1/ping", n.to_string()).await;
    }
    tag.acknowledged(2_000).await;
    let mut service = Peer::connect(addr, as_service()).await.unwrap();
    assert!(service.session_present);
    for n in 0..2_000 {
        assert_eq!(service.next().await.1, n.to_string());
    }
}

macro_rules! rules {
    ($($rule:ident),+ $(,)?) => {
        mod on_mosquitto {
            $(#[tokio::test]
            async fn $rule() {
                let logins = [super::SERVICE, super::T1, super::T2, super::GATEWAY];
                let Some(broker) = super::mosquitto::Mosquitto::start(super::SERVICE.0, &logins) else { return };
                super::$rule(broker.addr()).await;
            })+
        }

        mod on_the_embedded_broker {
            $(#[tokio::test]
            async fn $rule() {
                let broker = super::embedded().await;
                super::$rule(broker.addr()).await;
                broker.stop().await;
            })+
        }
    };
}

rules! {
    only_right_logins_connect,
    nobody_takes_over_the_session_of_cordon,
    a_tag_publishes_on_its_own_topics_only,
    a_gateway_publishes_for_its_own_vendor_only,
    cordon_publishes_to_tags_only,
    a_tag_hears_what_is_for_itself_only,
    a_last_will_obeys_the_same_rules,
    what_no_client_sends_reaches_nobody_and_hurts_nobody,
    what_comes_while_cordon_is_away_is_kept_for_it,
}

async fn embedded() -> Box<dyn cordon::sandbox::broker::Broker> {
    use cordon::sandbox::broker::{Accounts, Settings, start, tag_login};
    let (t1, t2) = ("acme/T1".parse().unwrap(), "acme/T2".parse().unwrap());
    assert_eq!([tag_login(&t1), tag_login(&t2)], [T1.0, T2.0]);
    let accounts = Accounts::default()
        .with_service(SERVICE.0, SERVICE.1)
        .with_tag(&t1, T1.1)
        .with_tag(&t2, T2.1)
        .with_gateway(&"beta".parse().unwrap(), GATEWAY.1);
    start(Settings { port: 0, accounts }).await.unwrap()
}

#[tokio::test]
async fn the_embedded_broker_refuses_foreign_subscriptions_and_client_ids_at_once() {
    let broker = embedded().await;
    let mut tag = connect(broker.addr(), T1).await;
    for filter in [
        "#",
        "cordon/v1/acme/+/ack",
        "cordon/v1/acme/T2/ack",
        "cordon/v1/acme/T1/ping",
        "$share/g/cordon/v1/acme/T1/ack",
    ] {
        assert!(!tag.subscribe(filter).await, "{filter}");
    }
    for client_id in [SERVICE.0, "T1@acme2", "T"] {
        assert!(
            Peer::connect(broker.addr(), Dial { client_id, ..dial(T1.0, T1.1) }).await.is_err(),
            "{client_id}"
        );
    }
    broker.stop().await;
}

#[tokio::test]
async fn the_embedded_broker_says_that_its_port_is_taken() {
    use cordon::sandbox::broker::{Accounts, Settings, start};
    let broker = embedded().await;
    let port = broker.addr().port();
    assert!(broker.addr().ip().is_loopback());
    let error = start(Settings { port, accounts: Accounts::default() }).await.err().unwrap().to_string();
    assert!(error.contains(&port.to_string()), "{error}");
    broker.stop().await;
    start(Settings { port, accounts: Accounts::default() }).await.unwrap().stop().await;
}
