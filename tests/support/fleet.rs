//! Tags that publish what they are told to, each over its own connection.

use std::{net::SocketAddr, time::Duration};

use cordon::{domain::TagId, sandbox::broker::tag_login};
use firmware_sim::{
    clock::ScaledClock,
    kept::Counts,
    link::{Broker, Link, Until},
    source::Replay,
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
    sent: u64,
}

impl Fleet {
    /// Every tag sends its pings when they are due on `clock`, and again after `resend_after_s`.
    pub(crate) fn start(
        broker: SocketAddr,
        clock: ScaledClock,
        resend_after_s: u32,
        tags: impl IntoIterator<Item = (TagId, Vec<TimedPing>)>,
    ) -> Self {
        let (mut links, mut sent) = (JoinSet::new(), 0);
        for (tag, pings) in tags {
            sent += pings.len() as u64;
            let link = link(broker, &tag);
            links.spawn(async move {
                let mut replay = Replay::new(pings, BOOT, resend_after_s);
                let counts = link.run(&mut replay, clock, Until::Acked).await;
                (tag, counts)
            });
        }
        Self { links, sent }
    }

    /// Whether some tag has nothing left that was not acknowledged.
    pub(crate) fn has_finished_tags(&mut self) -> bool {
        self.links.try_join_next().is_some()
    }

    /// Waits until Cordon has acknowledged every ping, and returns how many there were.
    pub(crate) async fn acknowledged(mut self, patience: Duration) -> u64 {
        let total = self.links.len();
        let waiting = async {
            while let Some(ended) = self.links.join_next().await {
                let (tag, counts) = ended.unwrap();
                assert_eq!(counts.acked, counts.pings, "{tag}: {counts:?}");
            }
        };
        let ended = tokio::time::timeout(patience, waiting).await;
        let left = self.links.len();
        assert!(
            ended.is_ok(),
            "{left} of {total} tags still hold pings that were not acknowledged within {patience:?}"
        );
        self.sent
    }
}

fn link(broker: SocketAddr, tag: &TagId) -> Link {
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
