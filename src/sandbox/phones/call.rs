//! A call from the first ring to the last word: what Twilio reports of it, and what the voice says.

use std::{
    collections::HashMap,
    sync::{Arc, MutexGuard, PoisonError},
};

use reqwest::Url;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::{Does, PersonOrder, Phones, Via, twilio::sid};
use crate::notify::settings::TwilioAccount;

/// A voice needs so long for a letter, milliseconds.
const LETTER_MS: i64 = 60;
/// The network needs so long until it rings, milliseconds.
const DIAL_MS: i64 = 200;
/// Between two keys that somebody presses, milliseconds.
const KEY_MS: i64 = 500;

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallState {
    /// Taken, and not dialled yet.
    Queued,
    /// It rings.
    Ringing,
    /// Somebody has picked up.
    InProgress,
    /// It was answered, and is over.
    Completed,
    /// It rang out.
    NoAnswer,
    /// Somebody speaks to somebody else.
    Busy,
}

impl CallState {
    /// As Twilio writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::NoAnswer => "no-answer",
            Self::Busy => "busy",
        }
    }

    /// What whoever subscribes to it asks for.
    fn event(self) -> &'static str {
        match self {
            Self::Queued => "initiated",
            Self::Ringing => "ringing",
            Self::InProgress => "answered",
            Self::Completed | Self::NoAnswer | Self::Busy => "completed",
        }
    }
}

/// What whoever holds the phone does.
#[derive(Debug)]
pub(super) enum Act {
    PicksUp,
    Presses(char),
    HangsUp,
}

/// A call as it was asked for.
pub(super) struct Placed {
    pub(super) account: TwilioAccount,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) twiml: String,
    pub(super) rings_s: u32,
    pub(super) receipts: String,
    pub(super) events: Vec<String>,
    pub(super) by_machine: Option<String>,
}

/// From now on the call goes on by itself.
pub(super) async fn rings(phones: Arc<Phones>, no: u64, placed: Placed) {
    Call { phones, placed, no, sequence: 0 }.run().await;
}

struct Call {
    phones: Arc<Phones>,
    placed: Placed,
    no: u64,
    sequence: u32,
}

impl Call {
    async fn run(mut self) {
        let mut twiml = self.placed.twiml.clone();
        let (sender, mut acts) = mpsc::unbounded_channel();
        self.phones.calls().insert(self.no, sender.clone());
        self.wait_ms(DIAL_MS).await;
        let person = self.phones.people.of(&self.placed.to);
        if person.does == Does::Busy {
            return self.ends(CallState::Busy).await;
        }
        self.becomes(CallState::Ringing).await;
        tokio::spawn(scripted(Arc::clone(&self.phones), person.clone(), sender));
        let rings_ms = i64::from(self.placed.rings_s) * 1_000;
        let picked_up = tokio::select! {
            act = acts.recv() => matches!(act, Some(Act::PicksUp)),
            () = self.wait_ms(rings_ms) => false,
        };
        if !picked_up {
            return self.ends(CallState::NoAnswer).await;
        }
        self.becomes(CallState::InProgress).await;
        if let Some(url) = self.placed.by_machine.clone() {
            let by = if person.does == Does::Mailbox { "machine_start" } else { "human" };
            self.post(&url, &[("AnsweredBy", by)]).await;
        }
        while let Some(gather) = Gather::of(&twiml) {
            self.phones.inbox.says(self.no, &spoken(&twiml));
            let digit = tokio::select! {
                act = acts.recv() => match act {
                    Some(Act::Presses(digit)) => digit,
                    Some(Act::PicksUp) => continue,
                    _ => break,
                },
                () = self.wait_ms(gather.lasts_ms) => break,
            };
            match self.post(&gather.action, &[("Digits", &digit.to_string())]).await {
                Some(next) => twiml = next,
                None => break,
            }
        }
        self.phones.inbox.says(self.no, &spoken(&twiml));
        self.ends(CallState::Completed).await;
    }

    async fn ends(mut self, state: CallState) {
        self.phones.calls().remove(&self.no);
        self.becomes(state).await;
    }

    async fn becomes(&mut self, state: CallState) {
        self.phones.inbox.call_is(self.no, state);
        if self.placed.events.iter().any(|event| event == state.event()) {
            let url = self.placed.receipts.clone();
            let duration = if state == CallState::Completed { "10" } else { "0" };
            self.post(&url, &[("CallStatus", state.as_str()), ("CallDuration", duration)]).await;
        }
    }

    /// A signed form, as Twilio sends it; what is answered, if it is taken.
    async fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> Option<String> {
        let sequence = self.sequence.to_string();
        self.sequence += 1;
        let sid = sid(Via::Call, self.no);
        let common = [
            ("CallSid", sid.as_str()),
            ("AccountSid", &self.placed.account.account_sid),
            ("From", &self.placed.from),
            ("To", &self.placed.to),
            ("Direction", "outbound-api"),
            ("ApiVersion", "2010-04-01"),
            ("SequenceNumber", &sequence),
        ];
        let form: Vec<(&str, &str)> = common.into_iter().chain(fields.iter().copied()).collect();
        self.phones.callback.signed_form(&self.placed.account.auth_token, url, &form).await.ok()
    }

    async fn wait_ms(&self, ms: i64) {
        self.phones.settings.clock.wait_ms(ms).await;
    }
}

/// Whoever was told what to do does it.
async fn scripted(phones: Arc<Phones>, order: PersonOrder, acts: mpsc::UnboundedSender<Act>) {
    let keys = match &order.does {
        Does::Mailbox => None,
        Does::Answers { keys: Some(keys), .. } => Some(keys.as_str()),
        _ => return,
    };
    let clock = &phones.settings.clock;
    clock.wait_ms(i64::from(order.after_s) * 1_000).await;
    // Nobody hears it if the call is over.
    let _ = acts.send(Act::PicksUp);
    for key in keys.unwrap_or_default().chars() {
        clock.wait_ms(KEY_MS).await;
        let _ = acts.send(Act::Presses(key));
    }
    if keys.is_some() {
        clock.wait_ms(KEY_MS).await;
        let _ = acts.send(Act::HangsUp);
    }
}

impl Phones {
    pub(super) fn calls(&self) -> MutexGuard<'_, HashMap<u64, mpsc::UnboundedSender<Act>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody at the phone's page does something about the call; whether it goes on.
    pub(super) fn act(&self, no: u64, act: Act) -> bool {
        self.calls().get(&no).is_some_and(|call| call.send(act).is_ok())
    }
}

/// What a document waits for.
struct Gather {
    action: String,
    lasts_ms: i64,
}

impl Gather {
    fn of(twiml: &str) -> Option<Self> {
        let gather = twiml.split_once("<Gather ")?.1.split_once('>')?.0;
        let attribute = |name: &str| {
            let value = gather.split_once(&format!("{name}=\""))?.1.split_once('"')?.0;
            Some(unescaped(value))
        };
        let waits_s: i64 = attribute("timeout").and_then(|text| text.parse().ok()).unwrap_or(5);
        let letters = i64::try_from(spoken(twiml).len()).unwrap_or_default();
        let action = attribute("action").filter(|action| Url::parse(action).is_ok())?;
        Some(Self { action, lasts_ms: waits_s * 1_000 + 2 * letters * LETTER_MS })
    }
}

/// What is said, once.
pub(super) fn spoken(twiml: &str) -> String {
    let say = twiml.split("<Say").skip(1);
    let mut said: Vec<String> =
        say.filter_map(|rest| Some(unescaped(rest.split_once('>')?.1.split_once("</Say>")?.0))).collect();
    said.dedup();
    said.join(" ")
}

fn unescaped(text: &str) -> String {
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    pairs.into_iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
