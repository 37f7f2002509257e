//! Notices that the wall clock was set while the service ran. Timers do not follow it, but whoever reads its times and
//! whoever signs with them must know.

use std::{future::Future, pin::pin};

use crate::{
    clock::Clock,
    engine::{ServiceReport, Told},
    sequencer::Inbox,
};

/// Between two looks, milliseconds.
const LOOK_MS: i64 = 1_000;
/// A clock that goes too fast or too slow comes apart by less between two looks.
const SET_MS: i64 = 2_000;

/// Tells the engine each time that the wall clock was set, until `shutdown` is ready.
pub async fn watch_wall_clock(inbox: Inbox, clock: Clock, shutdown: impl Future<Output = ()>) {
    let mut watch = Watch::default();
    let mut shutdown = pin!(shutdown);
    loop {
        if let Some(by_ms) = clock.wall_ahead_ms().and_then(|ahead_ms| watch.look(ahead_ms)) {
            tracing::warn!(by_ms, "the wall clock was set");
            if inbox.tell(Told::Service(ServiceReport::ClockSet { by_ms })).await.is_err() {
                return;
            }
        }
        tokio::select! {
            () = &mut shutdown => return,
            () = clock.wait_ms(LOOK_MS) => {}
        }
    }
}

/// How far the wall clock was ahead of the steady one when last looked at: not at all at the start, unless it had been
/// set back before.
#[derive(Debug, Default)]
struct Watch {
    ahead_ms: i64,
}

impl Watch {
    /// By how much it was set since the last look, if it was.
    fn look(&mut self, ahead_ms: i64) -> Option<i64> {
        let by_ms = ahead_ms.saturating_sub(std::mem::replace(&mut self.ahead_ms, ahead_ms));
        (by_ms.saturating_abs() > SET_MS).then_some(by_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Timestamp, sequencer::Arrival};

    #[test]
    fn a_step_is_told_once_and_a_drift_never() {
        let mut watch = Watch::default();
        let mut drift_ms = 0;
        for _ in 0..10_000 {
            drift_ms += 500;
            assert_eq!(watch.look(drift_ms), None);
        }
        assert_eq!(watch.look(drift_ms + 3_600_000), Some(3_600_000));
        assert_eq!(watch.look(drift_ms + 3_600_000), None);
        assert_eq!(watch.look(drift_ms - 3_600_000), Some(-7_200_000));
        assert_eq!(watch.look(drift_ms - 3_600_000 + 2_000), None);
        assert_eq!(watch.look(drift_ms - 3_600_000 + 4_001), Some(2_001));
    }

    #[tokio::test]
    async fn a_wall_clock_that_is_before_the_journal_was_set_back() {
        let (inbox, mut arrivals) = Inbox::new();
        let ahead = Clock::real().wall().plus_ms(3_600_000);
        watch_wall_clock(inbox, Clock::real().not_before(ahead), async {}).await;
        let Some(Arrival::Told(Told::Service(ServiceReport::ClockSet { by_ms }), None)) =
            arrivals.recv().await
        else {
            panic!("nothing was told");
        };
        assert!((-3_600_100..=-3_599_000).contains(&by_ms), "{by_ms}");
        assert!(arrivals.recv().await.is_none(), "it was told once");
    }

    #[tokio::test]
    async fn a_clock_that_was_not_set_is_not_told_of() {
        let (inbox, mut arrivals) = Inbox::new();
        watch_wall_clock(inbox, Clock::scaled(Timestamp::from_ms(0), 1.0), async {}).await;
        assert!(arrivals.recv().await.is_none());
    }
}
