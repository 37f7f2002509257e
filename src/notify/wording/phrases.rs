//! What is said to a protected person, put together from the phrases of a language or from their own words.

use super::{english, welsh};
use crate::domain::{Alert, Language, MessageClass};

/// All that is said in one language. A phrase is one sentence or two, and the four classes never begin alike.
pub(super) struct Phrases {
    /// Begin a text of danger. Their number and that of `assurances` have no common factor, so that twelve texts in a row
    /// differ: networks drop repeats.
    pub(super) calls: [&'static str; 4],
    pub(super) assurances: [&'static str; 3],
    pub(super) all_clear: &'static str,
    pub(super) weak: &'static str,
    pub(super) test: &'static str,
    /// How to answer a text of danger, of the others, and of a test.
    pub(super) reply: &'static str,
    pub(super) reply_to_be_called: &'static str,
    pub(super) reply_to_test: &'static str,
    /// The same by the keys of a phone.
    pub(super) press: &'static str,
    pub(super) reference: &'static str,
    /// The same in full, as it is said.
    pub(super) spoken_reference: &'static str,
    /// What a locked screen shows: of danger, that Cordon cannot see, that it is over, and of a test.
    pub(super) pushed: [&'static str; 4],
    /// Before a key is pressed, and after the last.
    pub(super) greeting: &'static str,
    pub(super) thanks: &'static str,
}

impl Phrases {
    /// What a locked screen shows. To staff it says the same as of danger.
    pub(super) fn pushed(&self, class: MessageClass) -> &'static str {
        let [danger, weak, all_clear, test] = self.pushed;
        match class {
            MessageClass::Danger | MessageClass::Card | MessageClass::Sent => danger,
            MessageClass::Weak => weak,
            MessageClass::AllClear => all_clear,
            MessageClass::Test => test,
        }
    }
}

pub(super) fn of(language: Language) -> &'static Phrases {
    match language {
        Language::English => &english::PHRASES,
        Language::Welsh => &welsh::PHRASES,
    }
}

/// As a text. `class` is any but those to staff.
pub(super) fn text(alert: &Alert) -> String {
    let phrases = of(alert.language);
    let reply = match alert.class {
        MessageClass::Danger | MessageClass::Card | MessageClass::Sent => phrases.reply,
        MessageClass::AllClear | MessageClass::Weak => phrases.reply_to_be_called,
        MessageClass::Test => phrases.reply_to_test,
    };
    format!("{} {reply} {} {}", says(alert, phrases), phrases.reference, quoted(alert))
}

/// As it is said on the phone.
pub(super) fn spoken(alert: &Alert) -> String {
    let phrases = of(alert.language);
    format!("{} {} {}. {}", says(alert, phrases), phrases.spoken_reference, digits(alert), phrases.press)
}

/// The reference, each digit apart: a voice would make a thousand of them.
pub(super) fn digits(alert: &Alert) -> String {
    let digits: Vec<String> = alert.reference().to_string().chars().map(Into::into).collect();
    digits.join(" ")
}

/// The message itself: in the person's own words, or else by the language's phrases.
pub(super) fn says(alert: &Alert, phrases: &Phrases) -> String {
    if let Some(own) = &alert.own_words {
        return own.trim().into();
    }
    let nth = alert.nth.saturating_sub(1) as usize;
    let [call, assurance] =
        [phrases.calls[nth % phrases.calls.len()], phrases.assurances[nth % phrases.assurances.len()]];
    match alert.class {
        MessageClass::Danger | MessageClass::Card | MessageClass::Sent => format!("{call} {assurance}"),
        MessageClass::AllClear => phrases.all_clear.into(),
        MessageClass::Weak => phrases.weak.into(),
        MessageClass::Test => phrases.test.into(),
    }
}

/// The reference; with the number of the message where nothing else tells it from the one before.
fn quoted(alert: &Alert) -> String {
    let varies = alert.own_words.is_none() && alert.class == MessageClass::Danger;
    match alert.nth {
        nth if varies || nth <= 1 => alert.reference().to_string(),
        nth => format!("{}/{nth}", alert.reference()),
    }
}
