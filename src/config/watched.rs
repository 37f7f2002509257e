//! How the service is watched: its canary, the monitor that it calls, and the watchdog that calls it.

use super::{
    Canary, Heartbeat, Login, Source,
    judge::Judge,
    raw::{self, Whole},
};
use crate::{domain::TagId, secret::Secret};

/// Seconds between two pings of the canary.
const INTERVAL_S: std::ops::RangeInclusive<u32> = 6..=60;

impl Judge<'_> {
    /// What there is of the three. What is wrong has left a problem behind.
    pub(super) fn watched(
        &mut self,
        sources: &[Source],
        canary: Option<raw::Canary>,
        heartbeat: Option<raw::Heartbeat>,
        watch: Option<raw::Watch>,
    ) -> (Option<Canary>, Option<Heartbeat>, Option<Secret>) {
        if heartbeat.is_some() && canary.is_none() {
            self.problem::<()>(
                "heartbeat",
                "it says that the canary comes through, and there is no [canary]; add it",
            );
        }
        if canary.is_none() {
            self.warnings.push(
                "there is no [canary], so nothing proves that danger gets through; add [canary] with password_file"
                    .into(),
            );
        }
        (
            canary.and_then(|canary| self.canary(sources, canary)),
            heartbeat.and_then(|heartbeat| self.heartbeat(heartbeat)),
            watch.and_then(|watch| self.own_key("watch.token", watch.token, watch.token_file)),
        )
    }

    fn canary(&mut self, sources: &[Source], raw: raw::Canary) -> Option<Canary> {
        let source = match &raw.source {
            None if sources.len() == 1 => sources.first(),
            None => {
                return self.problem("canary.source", "name one of the sources: that one's broker is tested");
            }
            Some(name) => sources.iter().find(|source| source.name == *name),
        };
        let Some(source) = source else {
            return self.problem("canary.source", "there is no source of that name; name one of them");
        };
        let tag = TagId::canary(source.vendor.as_ref());
        // As every tag's login is made.
        let username = raw.username.unwrap_or_else(|| format!("{}@{}", tag.tag(), tag.vendor()));
        if source.login.as_ref().is_some_and(|login| login.username == username) {
            return self.problem(
                "canary.username",
                "that is the source's own login, and the broker would cut one of the two off; give it another",
            );
        }
        let password = self.secret("canary.password", raw.password, raw.password_file);
        let interval_s = self.whole("canary.interval_s", raw.interval_s, INTERVAL_S, 60);
        let login = Login { username, password: password? };
        Some(Canary { source: source.name.clone(), login, interval_s: interval_s? })
    }

    fn heartbeat(&mut self, raw: raw::Heartbeat) -> Option<Heartbeat> {
        let url = self.secret("heartbeat.url", raw.url, raw.url_file)?;
        self.web_url("heartbeat.url", url.expose())?;
        let token = match (&raw.token, &raw.token_file) {
            (None, None) => None,
            _ => Some(self.secret("heartbeat.token", raw.token, raw.token_file)?),
        };
        Some(Heartbeat { url, token })
    }

    /// A whole number within its bounds.
    pub(super) fn whole(
        &mut self,
        at: &str,
        raw: Option<Whole>,
        bounds: std::ops::RangeInclusive<u32>,
        usual: u32,
    ) -> Option<u32> {
        let number = match raw {
            None => Some(usual),
            Some(Whole::Number(number)) => Some(number),
            Some(Whole::Text(text)) => text.trim().parse().ok(),
        };
        match number.filter(|number| bounds.contains(number)) {
            Some(number) => Some(number),
            None => {
                self.problem(at, &format!("write a whole number from {} to {}", bounds.start(), bounds.end()))
            }
        }
    }
}
