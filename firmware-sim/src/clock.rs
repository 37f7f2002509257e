//! Virtual time from wall time. The only file here that reads the time or waits.

use std::future::Future;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock that runs `speed` times as fast as the wall clock since `epoch_ms`, at which both agree. Two with
/// the same epoch and speed agree always, in different processes too.
#[derive(Clone, Copy, Debug)]
pub struct ScaledClock {
    epoch_ms: i64,
    speed: f64,
}

impl ScaledClock {
    /// A clock for an epoch (Unix milliseconds of wall time) and a speed. `None` when the speed is not a
    /// number from 0.001 to 10,000.
    pub fn new(epoch_ms: i64, speed: f64) -> Option<Self> {
        (0.001..=10_000.0).contains(&speed).then_some(Self { epoch_ms, speed })
    }

    /// Virtual time now, Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        let gone_ms = wall_now_ms() - self.epoch_ms;
        self.epoch_ms + (gone_ms as f64 * self.speed) as i64
    }

    /// The virtual time at which a real while from now will be over.
    pub fn after_ms(&self, real: Duration) -> i64 {
        self.now_ms() + (real.as_secs_f64() * 1e3 * self.speed) as i64
    }

    /// Waits until a virtual time, but never longer than a real minute, so that a wall clock that was set
    /// right is noticed.
    pub async fn sleep_until(&self, virtual_ms: i64) {
        let left_ms = virtual_ms.saturating_sub(self.now_ms()).max(0) as f64 / self.speed;
        wait(Duration::from_millis(left_ms.ceil().min(60_000.0) as u64)).await;
    }
}

/// Wall time now, Unix milliseconds.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
pub fn wall_now_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

/// Waits in real time.
#[expect(clippy::disallowed_methods, reason = "this is the one place that waits")]
pub async fn wait(real: Duration) {
    tokio::time::sleep(real).await;
}

/// What a future gives, or `None` when it takes longer than a real while.
pub async fn within<F: Future>(real: Duration, future: F) -> Option<F::Output> {
    tokio::time::timeout(real, future).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sane_speed_makes_a_clock() {
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY, 10_001.0] {
            assert!(ScaledClock::new(0, speed).is_none(), "{speed}");
        }
    }

    #[test]
    fn virtual_time_runs_faster_from_its_epoch_on() {
        let epoch_ms = wall_now_ms() - 60_000;
        let clock = ScaledClock::new(epoch_ms, 20.0).unwrap();
        let gone_ms = clock.now_ms() - epoch_ms;
        assert!((1_200_000..1_300_000).contains(&gone_ms), "20 minutes and a little: {gone_ms}");
        let plain = ScaledClock::new(epoch_ms, 1.0).unwrap();
        assert!((plain.now_ms() - wall_now_ms()).abs() < 1_000);
    }
}
