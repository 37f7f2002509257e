//! Tags that publish what they are told to, each over its own connection.
#![allow(dead_code, reason = "no test uses all of it")]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use cordon::{domain::TagId, sandbox::broker::tag_login};
use firmware_sim::{
    clock::ScaledClock,
    kept::{Counts, Kept},
    link::{Broker, Link, Until},
    source::{PingSource, Replay},
    track::TimedPing,
};
use tokio::task::JoinSet;

/// The password of every tag.
pub(crate) const PASSWORD: &str = "secret-of-a-tag";
/// The boot of every ping.
pub(crate) const BOOT: u32 = 1;

/// Tags at work.
pub(crate) struct Fleet {
    links: JoinSet<(TagId, Counts)>,
    last_ms: Arc<AtomicI64>,
}

/// A track that may be cut short.
struct Cut {
    replay: Replay,
    /// What is due after this time is not sent.
    last_ms: Arc<AtomicI64>,
}

impl Fleet {
    /// Every tag sends its pings when they are due on `clock`, and again after `resend_after_s`.
    pub(crate) fn start(
        broker: SocketAddr,
        clock: ScaledClock,
        resend_after_s: u32,
        tags: impl IntoIterator<Item = (TagId, Vec<TimedPing>)>,
    ) -> Self {
        let (mut links, last_ms) = (JoinSet::new(), Arc::new(AtomicI64::new(i64::MAX)));
        for (tag, pings) in tags {
            let link = link(broker, &tag);
            let mut cut =
                Cut { replay: Replay::new(pings, BOOT, resend_after_s), last_ms: Arc::clone(&last_ms) };
            links.spawn(async move {
                let counts = link.run(&mut cut, clock, Until::Acked).await;
                (tag, counts)
            });
        }
        Self { links, last_ms }
    }

    /// Sends nothing that is due after a time of its clock, which must not have passed.
    pub(crate) fn stop_at(&self, last_ms: i64) {
        self.last_ms.store(last_ms, Ordering::Relaxed);
    }

    /// Waits until Cordon has acknowledged every ping, and returns how many there were.
    pub(crate) async fn acknowledged(mut self, patience: Duration) -> u64 {
        let (total, mut sent) = (self.links.len(), 0);
        let waiting = async {
            while let Some(ended) = self.links.join_next().await {
                let (tag, counts) = ended.unwrap();
                assert_eq!(counts.acked, counts.pings, "{tag}: {counts:?}");
                sent += counts.pings;
            }
        };
        let ended = tokio::time::timeout(patience, waiting).await;
        let left = self.links.len();
        assert!(
            ended.is_ok(),
            "{left} of {total} tags still hold pings that were not acknowledged within {patience:?}"
        );
        sent
    }
}

impl PingSource for Cut {
    fn wake(&mut self, now_ms: i64) {
        self.replay.wake(now_ms.min(self.last_ms.load(Ordering::Relaxed)));
    }

    fn next_wake_ms(&self) -> Option<i64> {
        self.replay.next_wake_ms().filter(|at_ms| *at_ms <= self.last_ms.load(Ordering::Relaxed))
    }

    fn kept(&mut self) -> &mut Kept {
        self.replay.kept()
    }

    fn boot(&self) -> u32 {
        self.replay.boot()
    }

    fn on_cmd(&mut self, cmd: &tag_wire::Cmd) {
        self.replay.on_cmd(cmd);
    }

    fn radio_on(&self) -> bool {
        self.replay.radio_on()
    }
}

/// A tag's way to the broker.
pub(crate) fn link(broker: SocketAddr, tag: &TagId) -> Link {
    let login = tag_login(tag);
    Link {
        broker: Broker {
            host: broker.ip().to_string(),
            port: broker.port(),
            login: Some((login.clone(), PASSWORD.into())),
        },
        client_id: login,
        vendor: tag.vendor().parse().unwrap(),
        tag: tag.tag().parse().unwrap(),
    }
}
