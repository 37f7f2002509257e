//! Waiting for what can be seen from outside, never for a while.

use std::{future::Future, time::Duration};

use cordon::clock::Clock;

/// Between two looks, milliseconds.
const LOOK_MS: i64 = 25;

/// What `look` finds, once it finds something. Panics if that takes longer than `patience`.
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(
    what: &str,
    patience: Duration,
    mut look: impl FnMut() -> F,
) -> T {
    let clock = Clock::real();
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            clock.wait_ms(LOOK_MS).await;
        }
    };
    tokio::time::timeout(patience, looking)
        .await
        .unwrap_or_else(|_| panic!("{what}: not within {patience:?}"))
}
