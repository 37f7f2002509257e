//! The one file that asks what time it is.
//!
//! Everything else is told. `real` follows the wall clock; `scaled` runs faster by a fixed factor from a fixed epoch,
//! for the demo and for tests that publish recorded tracks at speed: a tag simulator that is given the same epoch and
//! speed is in step with it. `serve` never builds a scaled one.
#![expect(clippy::disallowed_methods, reason = "this is the one place")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::Timestamp;

/// Tells the time and waits.
#[derive(Debug, Clone)]
pub struct Clock {
    speed: f64,
    epoch: Timestamp,
    started: Instant,
    started_at: Timestamp,
}

/// The longest single wait: a step of the wall clock is noticed after it.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// Reading both clocks takes no longer, milliseconds.
const READ_MS: i64 = 100;

impl Clock {
    /// The wall clock.
    #[must_use]
    pub fn real() -> Self {
        Self::scaled(Timestamp::from_ms(0), 1.0)
    }

    /// Agrees with the wall clock at `epoch` and runs `speed` times as fast from there.
    #[must_use]
    pub fn scaled(epoch: Timestamp, speed: f64) -> Self {
        let mut clock = Self { speed, epoch, started: Instant::now(), started_at: epoch };
        clock.started_at = clock.wall();
        clock
    }

    /// The same, but `steady` starts no earlier than `at`: stamps rise over restarts, whatever the wall clock did.
    #[must_use]
    pub fn not_before(self, at: Timestamp) -> Self {
        Self { started_at: self.started_at.max(at), ..self }
    }

    /// The wall clock's time (scaled), which an operator may set back.
    #[must_use]
    pub fn wall(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let real_us = i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX);
        self.scale(self.epoch, real_us - self.epoch.as_us())
    }

    /// A time that never goes back while the process lives: the wall time of the start plus what has passed since.
    #[must_use]
    pub fn steady(&self) -> Timestamp {
        self.scale(self.started_at, i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX))
    }

    /// How far the wall clock is ahead of `steady`, milliseconds, negative for behind. `None` if this process was held
    /// up while it read them, so that it cannot tell.
    #[must_use]
    pub fn wall_ahead_ms(&self) -> Option<i64> {
        let before = self.steady();
        let ahead_ms = self.wall().ms_since(before);
        (self.steady().ms_since(before) <= READ_MS).then_some(ahead_ms)
    }

    /// Real microseconds since the process started, never scaled: for measuring latency.
    #[must_use]
    pub fn real_us(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    /// Waits until `steady` has reached `until`, or somewhat less for a far one; callers look again.
    pub async fn wait_until(&self, until: Timestamp) {
        let ahead_us = until.as_us().saturating_sub(self.steady().as_us()).max(0);
        self.wait_ms(ahead_us / 1_000 + i64::from(ahead_us % 1_000 > 0)).await;
    }

    /// Waits `ms` milliseconds of this clock's time, or a minute of real time if that is shorter.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded to a minute"
    )]
    pub async fn wait_ms(&self, ms: i64) {
        let real_us = (ms.max(0) as f64 * 1_000.0 / self.speed).min(60e6) as u64;
        tokio::time::sleep(Duration::from_micros(real_us).min(WAIT_MAX)).await;
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "292,000 years of microseconds"
    )]
    fn scale(&self, from: Timestamp, real_us: i64) -> Timestamp {
        let passed = if self.speed == 1.0 { real_us } else { (real_us as f64 * self.speed) as i64 };
        Timestamp::from_us(from.as_us().saturating_add(passed))
    }
}
