//! Sends pages by text, each again until a provider has taken it, the next one follows or the trouble is over.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::task::{AbortHandle, JoinSet};

use super::watch::{Act, Cause};
use crate::{
    clock::Clock,
    domain::{Language, MessageClass, Priority, Timestamp},
    notify::{Message, Provider, Sent},
};

/// A page that was not taken is tried again after so long, milliseconds.
const AGAIN_MS: i64 = 5_000;
/// A provider that asks for a longer pause gets this one, milliseconds.
const PAUSE_MS_MAX: i64 = 60_000;

/// Who is paged, and how.
pub(super) struct Pager {
    provider: Arc<dyn Provider>,
    clock: Clock,
    /// What texts call the service.
    name: String,
    /// Phone numbers, step by step.
    steps: Vec<Vec<String>>,
    /// Sends under way, and whether anybody has been told of a cause.
    sends: JoinSet<()>,
    told: BTreeMap<Cause, Told>,
}

#[derive(Default)]
struct Told {
    since: Option<Timestamp>,
    reached: Arc<AtomicBool>,
    under_way: Vec<AbortHandle>,
}

impl Pager {
    pub(super) fn new(
        provider: Arc<dyn Provider>,
        clock: Clock,
        name: String,
        steps: Vec<Vec<String>>,
    ) -> Self {
        Self { provider, clock, name, steps, sends: JoinSet::new(), told: BTreeMap::new() }
    }

    /// Begins to do it.
    pub(super) fn act(&mut self, act: Act) {
        while self.sends.try_join_next().is_some() {}
        match act {
            Act::Page { cause, nth } => {
                tracing::error!(?cause, nth, "paging");
                let now = self.clock.wall();
                let told = self.told.entry(cause).or_default();
                told.stop();
                let since = *told.since.get_or_insert(now);
                let reached = Arc::clone(&told.reached);
                let text = words(&self.name, cause, since, nth);
                let under_way = self.send(nth, &text, &format!("{cause:?}-{nth}"), &reached);
                self.told.entry(cause).or_default().under_way = under_way;
            }
            Act::Recovered { cause, pages } => {
                tracing::warn!(?cause, pages, "over");
                let Some(told) = self.told.remove(&cause) else {
                    return;
                };
                told.stop();
                // Whoever has heard nothing of it need not hear that it is over.
                if told.reached.load(Ordering::Relaxed) {
                    let text = recovered(&self.name, cause);
                    let reached = Arc::default();
                    self.send(pages, &text, &format!("{cause:?}-over"), &reached);
                }
            }
        }
    }

    /// To everybody of the first `nth` steps.
    fn send(&mut self, nth: u32, text: &str, key: &str, reached: &Arc<AtomicBool>) -> Vec<AbortHandle> {
        let steps = usize::try_from(nth).unwrap_or(usize::MAX).min(self.steps.len());
        let numbers: Vec<String> = self.steps[..steps].iter().flatten().cloned().collect();
        let at_s = self.clock.wall().as_ms() / 1_000;
        let mut under_way = Vec::new();
        for (n, to) in numbers.into_iter().enumerate() {
            let message = message(to, text.into(), format!("watch-{}-{at_s}-{n}", key.to_lowercase()));
            let (provider, clock, reached) =
                (Arc::clone(&self.provider), self.clock.clone(), Arc::clone(reached));
            under_way.push(self.sends.spawn(async move {
                if until_taken(provider.as_ref(), &clock, message).await {
                    reached.store(true, Ordering::Relaxed);
                }
            }));
        }
        under_way
    }

    /// Sends everybody one text that says it is a test; how many providers took of how many.
    pub(super) async fn test(&self) -> (usize, usize) {
        let text = test_text(&self.name);
        let (mut taken, at_s) = (0, self.clock.wall().as_ms() / 1_000);
        let numbers: Vec<&String> = self.steps.iter().flatten().collect();
        for (n, to) in numbers.iter().enumerate() {
            let message = message((*to).clone(), text.clone(), format!("watch-test-{at_s}-{n}"));
            taken += usize::from(matches!(self.provider.send(&message).await, Sent::Accepted { .. }));
        }
        (taken, numbers.len())
    }
}

impl Told {
    /// What is still being tried is no longer wanted.
    fn stop(&self) {
        self.under_way.iter().for_each(AbortHandle::abort);
    }
}

fn message(to: String, body: String, idempotency_key: String) -> Message {
    let (class, language, priority) = (MessageClass::Card, Language::English, Priority::P1);
    Message { idempotency_key, to, body, language, class, reference: 0, priority, is_repeat: false }
}

/// Whether it was taken; ends only when it was, or can never be.
async fn until_taken(provider: &dyn Provider, clock: &Clock, mut message: Message) -> bool {
    loop {
        let pause_ms = match provider.send(&message).await {
            Sent::Accepted { .. } => return true,
            Sent::Refused { reason } | Sent::NoSuchAddress { reason } => {
                tracing::error!(reason, "a page was refused; check the number and the provider's settings");
                return false;
            }
            Sent::Retry { reason } => {
                tracing::warn!(reason, "a page was not taken; trying again");
                AGAIN_MS
            }
            Sent::Busy { reason, pause_ms } => {
                tracing::warn!(reason, "a page was not taken; trying again");
                pause_ms.unwrap_or(AGAIN_MS).clamp(AGAIN_MS, PAUSE_MS_MAX)
            }
        };
        message.is_repeat = true;
        clock.wait_ms(pause_ms).await;
    }
}

/// What a page says: no person, no place, and not what the service is for.
fn words(name: &str, cause: Cause, since: Timestamp, nth: u32) -> String {
    let at = since.to_string();
    // Hours and minutes of RFC 3339.
    let at = at.get(11..16).unwrap_or_default();
    format!("{name}: {}. Seen {at} UTC, page {nth}. Please look now.", wrong(cause))
}

fn recovered(name: &str, cause: Cause) -> String {
    format!("{name} works again. It was: {}.", wrong(cause))
}

fn test_text(name: &str) -> String {
    format!("TEST page from the watch on {name}. Nothing to do.")
}

fn wrong(cause: Cause) -> &'static str {
    match cause {
        Cause::Unreachable => "no answer",
        Cause::StuckLine => "stuck, nothing is decided or written down",
        Cause::StuckDispatch => "stuck, no message is sent",
        Cause::BrokerLost => "it hears nothing, the broker is away",
        Cause::CanaryStopped => "its own test does not get through",
        Cause::ClockDiffers => "its clock and the watch's differ",
    }
}

/// The longest texts that can be sent under this name, for whoever checks it.
pub(super) fn longest_texts(name: &str) -> Vec<String> {
    let at = Timestamp::from_ms(0);
    let each = Cause::ALL.into_iter();
    let pages = each.clone().map(|cause| words(name, cause, at, u32::from(u8::MAX)));
    pages.chain(each.map(|cause| recovered(name, cause))).chain([test_text(name)]).collect()
}
