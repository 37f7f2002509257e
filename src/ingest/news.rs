//! What a source tells the engine of itself, without keeping the link waiting.

use tokio::sync::watch;

use crate::{
    clock::Clock,
    domain::{MINUTE_MS, Timestamp},
    engine::{ServiceReport, Told},
    sequencer::Inbox,
};

/// How a source is, and how often what has happened to it since it was started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct News {
    /// It can be heard.
    pub(super) up: bool,
    /// Sessions that the broker had forgotten.
    pub(super) sessions_lost: u64,
    /// Messages that no tag may publish.
    pub(super) misused: u64,
}

/// Tells of every change that lasts: of misuse at most once a minute, with all that came together meanwhile.
pub(super) async fn tell(name: String, inbox: Inbox, clock: Clock, mut news: watch::Receiver<News>) {
    let (mut told, mut quiet_until) = (News::default(), Timestamp::MIN);
    loop {
        let now = *news.borrow_and_update();
        let mut reports = Vec::new();
        for _ in told.sessions_lost..now.sessions_lost {
            reports.push(Told::Service(ServiceReport::SessionLost { source: name.clone() }));
        }
        if now.up != told.up {
            reports.push(Told::Source { name: name.clone(), up: now.up });
        }
        let misused = now.misused - told.misused;
        told = News { misused: told.misused, ..now };
        if misused > 0 && clock.steady() >= quiet_until {
            let report = ServiceReport::Misuse { source: name.clone(), messages: misused };
            reports.push(Told::Service(report));
            quiet_until = clock.steady().plus_ms(MINUTE_MS);
            told.misused = now.misused;
        }
        for report in reports {
            if inbox.tell(report).await.is_err() {
                return;
            }
        }
        let waits = told.misused < now.misused;
        tokio::select! {
            changed = news.changed() => if changed.is_err() { return },
            () = clock.wait_until(quiet_until), if waits => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequencer::{Arrival, Arrivals};

    async fn next(arrivals: &mut Arrivals) -> Told {
        match arrivals.recv().await {
            Some(Arrival::Told(told, None)) => told,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn misuse_is_told_at_once_and_then_once_a_minute_with_nothing_left_out() {
        let (inbox, mut arrivals) = Inbox::new();
        // A minute in 60 ms.
        let clock = Clock::scaled(Timestamp::from_ms(0), 1_000.0);
        let (news, told) = watch::channel(News::default());
        let telling = tokio::spawn(tell("tags".into(), inbox, clock.clone(), told));
        let misuse = |messages| Told::Service(ServiceReport::Misuse { source: "tags".into(), messages });
        let misused = || news.send_modify(|news| news.misused += 1);
        misused();
        assert_eq!(next(&mut arrivals).await, misuse(1));
        let first_at = clock.steady();
        for _ in 0..50 {
            misused();
            tokio::task::yield_now().await;
        }
        // Anything else is told meanwhile.
        news.send_modify(|news| *news = News { up: true, sessions_lost: 1, ..*news });
        assert_eq!(
            next(&mut arrivals).await,
            Told::Service(ServiceReport::SessionLost { source: "tags".into() })
        );
        assert_eq!(next(&mut arrivals).await, Told::Source { name: "tags".into(), up: true });
        assert_eq!(next(&mut arrivals).await, misuse(50));
        assert!(clock.steady().ms_since(first_at) >= MINUTE_MS - 1_000, "not before a minute");
        drop(news);
        telling.await.unwrap();
    }
}
