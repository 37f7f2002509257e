//! What the operator of an outside watchdog decides: one TOML file of its own, on another machine.

use std::path::Path;

use super::{
    ConfigErrors, FILE_BYTES_MAX,
    judge::Judge,
    raw::{self, RawWatchdog},
};
use crate::{document, domain::is_e164, notify::settings::Texts, secret::Secret};

/// What pages call the service, unless it is said.
const NAME: &str = "Service 1";
/// A name has room in a text, characters.
const NAME_CHARS_MAX: usize = 24;
/// Seconds between two polls.
const POLL_S: std::ops::RangeInclusive<u32> = 1..=10;
/// Stands where a provider's callbacks would be believed by a key: none is taken.
const NO_CALLBACKS: &str = "no callback is taken";
const STEPS_MAX: usize = 8;
const NUMBERS_MAX: usize = 20;

/// A sound configuration of a watchdog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watchdog {
    /// What pages call the service.
    pub name: String,
    /// Where it answers.
    pub url: String,
    /// What it wants to be shown.
    pub token: Secret,
    /// Seconds between two polls, 1 to 10. All limits are multiples of it.
    pub poll_s: u32,
    /// The provider of the watchdog's own texts.
    pub sms: Texts,
    /// Phone numbers: those of the first step are paged at once, those of each next one with the next page.
    pub steps: Vec<Vec<String>>,
}

/// Reads the file of a watchdog. The environment is not looked at: it may be that of a service. The second value holds
/// sentences that are worth reading although the settings are sound.
///
/// # Errors
/// Every mistake at once.
pub fn load_watchdog(path: &Path) -> Result<(Watchdog, Vec<String>), ConfigErrors> {
    let one = |problem: String| ConfigErrors(vec![problem]);
    let text = document::read_text(path, FILE_BYTES_MAX).map_err(one)?;
    let raw: RawWatchdog =
        document::from_toml(&text).map_err(|misfit| one(format!("{}: {misfit}", path.display())))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut judge = Judge { folder, problems: Vec::new(), warnings: Vec::new() };
    match judge.watchdog(raw) {
        Some(watchdog) if judge.problems.is_empty() => Ok((watchdog, judge.warnings)),
        _ => Err(ConfigErrors(judge.problems)),
    }
}

impl Judge<'_> {
    fn watchdog(&mut self, raw: RawWatchdog) -> Option<Watchdog> {
        let raw::Service { name, url, token, token_file, poll_s } = raw.service;
        let name = name.unwrap_or_else(|| NAME.into());
        let name = if (1..=NAME_CHARS_MAX).contains(&name.chars().count()) {
            Some(name)
        } else {
            self.problem("service.name", &format!("write 1 to {NAME_CHARS_MAX} characters"))
        };
        let url = match url {
            Some(url) => self.web_url("service.url", &url),
            None => {
                self.problem("service.url", "is missing; write where the service answers, ending in /watch")
            }
        };
        let token = self.own_key("service.token", token, token_file);
        let poll_s = self.whole("service.poll_s", poll_s, POLL_S, *POLL_S.end());
        let sms = self.own_sms(raw.sms, raw.callbacks);
        let steps = self.steps(raw.step);
        Some(Watchdog { name: name?, url: url?, token: token?, poll_s: poll_s?, sms: sms?, steps: steps? })
    }

    /// A provider as the service would have it. Nobody calls a watchdog back, so it needs no key for that.
    fn own_sms(&mut self, raw: Option<raw::Texts>, callbacks: raw::Callbacks) -> Option<Texts> {
        let Some(mut raw) = raw else {
            return self
                .problem("sms", "is missing: nobody could be paged; add [sms] with provider and its keys");
        };
        let (key, file) = match &mut raw {
            raw::Texts::Plain(plain) => (&mut plain.callback_secret, &plain.callback_secret_file),
            raw::Texts::Notify(notify) => (&mut notify.callback_token, &notify.callback_token_file),
            raw::Texts::Twilio(_) => return self.texts("sms", raw, callbacks.public_url.as_deref()),
        };
        if key.is_none() && file.is_none() {
            *key = Some(NO_CALLBACKS.into());
        }
        self.texts("sms", raw, None)
    }

    fn steps(&mut self, raw: Vec<raw::Step>) -> Option<Vec<Vec<String>>> {
        let steps: Vec<Vec<String>> = raw.into_iter().map(|step| step.numbers).collect();
        if !(1..=STEPS_MAX).contains(&steps.len()) || steps.iter().any(Vec::is_empty) {
            return self.problem(
                "step",
                &format!("write 1 to {STEPS_MAX} [[step]], each with the numbers that are paged, as in numbers = [\"+44...\"]"),
            );
        }
        let numbers: Vec<&String> = steps.iter().flatten().collect();
        if numbers.len() > NUMBERS_MAX || !numbers.iter().all(|number| is_e164(number)) {
            return self.problem(
                "step",
                &format!("a phone number is written like +447700900123, and there are at most {NUMBERS_MAX}"),
            );
        }
        Some(steps)
    }
}
