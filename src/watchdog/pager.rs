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
    domain::{IncidentId, Language, MessageClass, Priority, Timestamp},
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
    // No incident of Cordon's: it cannot raise any.
    let incident = IncidentId(0);
    Message {
        idempotency_key,
        to,
        body,
        incident,
        language,
        class,
        reference: 0,
        priority,
        sender: None,
        silent: false,
        is_repeat: false,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Channel, discreet},
        notify::{
            self, Settings,
            settings::{Plain, Texts},
        },
        sandbox::phones::{
            Fault,
            testing::{Phones, client, sms_token},
        },
    };

    const FIRST: &str = "+447700900190";
    const SECOND: &str = "+447700900191";

    fn pager(phones: &Phones) -> Pager {
        let _ = client();
        let url = format!("{}/sms", phones.url);
        let plain = Plain { url, token: sms_token(), callback_secret: sms_token() };
        let settings = Settings { sms: Some(Texts::Plain(plain)), ..Settings::default() };
        // A minute passes in a second.
        let clock = Clock::scaled(Clock::real().wall(), 60.0);
        let providers = notify::providers(&settings, &clock).unwrap();
        let provider = Arc::clone(providers.get(Channel::Sms).unwrap());
        let steps = vec![vec![FIRST.into()], vec![SECOND.into()]];
        Pager::new(provider, clock, "Service 7".into(), steps)
    }

    impl Pager {
        async fn settle(&mut self) {
            while self.sends.join_next().await.is_some() {}
        }
    }

    async fn texts(phones: &Phones) -> Vec<(String, String)> {
        let shown = phones.messages().await.into_iter();
        let mut texts: Vec<_> = shown.map(|message| (message.address, message.text)).collect();
        texts.sort();
        texts
    }

    #[tokio::test]
    async fn a_page_goes_to_more_people_each_time_and_all_of_them_hear_that_it_is_over() {
        let phones = Phones::start(None).await;
        let (mut pager, cause) = (pager(&phones), Cause::Unreachable);
        pager.act(Act::Page { cause, nth: 1 });
        pager.settle().await;
        let first = texts(&phones).await;
        assert_eq!(first.len(), 1);
        assert!(
            first[0].1.starts_with("Service 7: no answer. Seen ") && first[0].1.contains("page 1"),
            "{first:?}"
        );
        pager.act(Act::Page { cause, nth: 2 });
        pager.settle().await;
        let told: Vec<String> = texts(&phones).await.into_iter().map(|(to, _)| to).collect();
        assert_eq!(told, [FIRST, FIRST, SECOND]);
        pager.act(Act::Recovered { cause, pages: 2 });
        pager.settle().await;
        let over = texts(&phones).await.into_iter().filter(|(_, text)| text.contains("works again"));
        assert_eq!(over.count(), 2);
    }

    #[tokio::test]
    async fn a_page_is_tried_until_it_is_taken_and_is_read_once() {
        let phones = Phones::start(None).await;
        phones.fault(Fault::Lost, None).await;
        let (mut pager, cause) = (pager(&phones), Cause::StuckDispatch);
        pager.act(Act::Page { cause, nth: 1 });
        while phones.messages().await.is_empty() {
            tokio::task::yield_now().await;
        }
        phones.fault(Fault::Ok, None).await;
        pager.settle().await;
        let shown = phones.messages().await;
        assert!(shown.len() == 1 && shown[0].repeats > 0, "{shown:?}");
    }

    #[tokio::test]
    async fn whoever_could_not_be_told_does_not_hear_that_it_is_over() {
        let phones = Phones::start(None).await;
        phones.fault(Fault::Error, None).await;
        let (mut pager, cause) = (pager(&phones), Cause::BrokerLost);
        pager.act(Act::Page { cause, nth: 1 });
        pager.act(Act::Recovered { cause, pages: 1 });
        phones.fault(Fault::Ok, None).await;
        pager.settle().await;
        assert_eq!(texts(&phones).await, []);
        pager.act(Act::Page { cause, nth: 1 });
        pager.settle().await;
        assert_eq!(texts(&phones).await.len(), 1, "the next trouble is told");
    }

    #[tokio::test]
    async fn a_test_says_that_it_is_one_and_how_many_could_be_told() {
        let phones = Phones::start(None).await;
        let pager = pager(&phones);
        assert_eq!(pager.test().await, (2, 2));
        assert!(texts(&phones).await.iter().all(|(_, text)| text.starts_with("TEST ")));
        phones.fault(Fault::Refuse, Some(SECOND)).await;
        pager.clock.wait_ms(2_000).await;
        assert_eq!(pager.test().await, (1, 2));
    }

    #[test]
    fn every_page_is_one_discreet_text_unlike_the_others() {
        let texts = longest_texts("Service 7");
        for text in &texts {
            assert_eq!(discreet::check(text), Ok(()), "{text}");
        }
        let unique: std::collections::BTreeSet<&String> = texts.iter().collect();
        assert_eq!(unique.len(), texts.len());
        assert!(longest_texts("Cordon in Mill Road").iter().any(|text| discreet::check(text).is_err()));
    }
}
