//! What the operator of an outside watchdog decides: one TOML file of its own, on another machine.

use std::path::Path;

use super::{
    ConfigErrors, FILE_BYTES_MAX,
    judge::Judge,
    raw::{self, RawWatchdog},
};
use crate::{document, domain::is_e164, secret::Secret};

/// What pages call the service, unless it is said.
const NAME: &str = "Service 1";
/// A name has room in a text, characters.
const NAME_CHARS_MAX: usize = 24;
/// Seconds between two polls.
const POLL_S: std::ops::RangeInclusive<u32> = 1..=10;
/// People who are paged at once.
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
    /// Where texts are posted to.
    pub sms_url: String,
    /// Who the watchdog is to the provider of texts.
    pub sms_token: Secret,
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
        let sms = self.own_sms(raw.sms);
        let steps = self.steps(raw.step);
        let (sms_url, sms_token) = sms?;
        Some(Watchdog {
            name: name?,
            url: url?,
            token: token?,
            poll_s: poll_s?,
            sms_url,
            sms_token,
            steps: steps?,
        })
    }

    /// Without callbacks: nobody calls a watchdog.
    fn own_sms(&mut self, raw: Option<raw::Sms>) -> Option<(String, Secret)> {
        let Some(raw) = raw else {
            return self
                .problem("sms", "is missing: nobody could be paged; add [sms] with url and token_file");
        };
        if raw.callback_secret.is_some() || raw.callback_secret_file.is_some() {
            return self.problem("sms.callback_secret", "a watchdog takes no callbacks; drop it");
        }
        let url = match raw.url {
            Some(text) => self.web_url("sms.url", &text),
            None => {
                self.problem("sms.url", "is missing; write the address that the provider takes messages at")
            }
        };
        let token = self.secret("sms.token", raw.token, raw.token_file);
        Some((url?, token?))
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
