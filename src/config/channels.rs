//! The tables of the channels.

use super::{
    judge::Judge,
    raw::{self, Raw},
};
use crate::{
    notify::{
        Settings,
        settings::{Plain, Texts},
    },
    secret::Secret,
};

impl Judge<'_> {
    /// What is amiss is left out, and has left a problem behind.
    pub(super) fn channels(&mut self, raw: &mut Raw) -> Settings {
        if raw.sms.is_none() {
            self.warnings.push(
                "there is no [sms], so nobody gets a text; add [sms] with provider and its keys".into(),
            );
        }
        Settings {
            sms: raw.sms.take().and_then(|raw| self.texts("sms", raw)),
            second_sms: raw.second_sms.take().and_then(|raw| self.texts("second_sms", raw)),
            webhook_secret: self.webhook(raw.webhook.take()),
        }
    }

    pub(super) fn texts(&mut self, at: &str, raw: raw::Texts) -> Option<Texts> {
        Some(match raw {
            raw::Texts::Plain(raw) => Texts::Plain(self.plain(at, raw)?),
        })
    }

    fn plain(&mut self, at: &str, raw: raw::Plain) -> Option<Plain> {
        let key = |key: &str| format!("{at}.{key}");
        let url = match raw.url {
            Some(text) => self.web_url(&key("url"), &text),
            None => {
                self.problem(&key("url"), "is missing; write the address that the provider takes messages at")
            }
        };
        let token = self.secret(&key("token"), raw.token, raw.token_file);
        let callback_secret =
            self.own_key(&key("callback_secret"), raw.callback_secret, raw.callback_secret_file);
        Some(Plain { url: url?, token: token?, callback_secret: callback_secret? })
    }

    fn webhook(&mut self, raw: Option<raw::Webhook>) -> Option<Secret> {
        let Some(raw) = raw else {
            self.warnings.push(
                "there is no [webhook], so no control room is called; add [webhook] with secret_file".into(),
            );
            return None;
        };
        self.own_key("webhook.secret", raw.secret, raw.secret_file)
    }
}
