//! The tables of the channels.

use std::{collections::BTreeMap, mem};

use super::{
    judge::Judge,
    raw::{self, Raw},
};
use crate::{
    domain::{SenderLabel, is_e164},
    notify::{
        Settings,
        settings::{
            GovukNotify, NotifyKey, Pager, Plain, Push, Sender, Senders, Texts, TwilioAccount, TwilioCalls,
            TwilioTexts, is_uuid,
        },
    },
    secret::Secret,
};

/// Where the APIs are, unless the configuration says otherwise.
const NOTIFY_URL: &str = "https://api.notifications.service.gov.uk";
const TWILIO_URL: &str = "https://api.twilio.com";
/// The variable of Notify's template.
const VARIABLE: &str = "text";

impl Judge<'_> {
    /// What is amiss is left out, and has left a problem behind.
    pub(super) fn channels(&mut self, raw: &mut Raw) -> Settings {
        if raw.sms.is_none() {
            self.warnings.push(
                "there is no [sms], so nobody gets a text; add [sms] with provider and its keys".into(),
            );
        }
        let hooks = raw.callbacks.public_url.take();
        let hooks = hooks.and_then(|text| self.web_url("callbacks.public_url", &text));
        let hooks = hooks.map(|url| url.trim_end_matches('/').to_owned());
        let settings = Settings {
            sms: raw.sms.take().and_then(|raw| self.texts("sms", raw, hooks.as_deref())),
            second_sms: raw.second_sms.take().and_then(|raw| self.texts("second_sms", raw, hooks.as_deref())),
            voice: raw.voice.take().and_then(|raw| self.voice(raw, hooks.as_deref())),
            push: raw.push.take().and_then(|raw| self.push(raw)),
            pager: raw.pager.take().and_then(|raw| self.pager(raw)),
            webhook_secret: self.webhook(raw.webhook.take()),
        };
        if let (Some(first), Some(second)) = (&settings.sms, &settings.second_sms)
            && first.supplier() == second.supplier()
        {
            self.problem::<()>("second_sms", "is the supplier of [sms] again; choose another, or drop it");
        }
        settings
    }

    pub(super) fn texts(&mut self, at: &str, raw: raw::Texts, hooks: Option<&str>) -> Option<Texts> {
        Some(match raw {
            raw::Texts::Plain(raw) => Texts::Plain(self.plain(at, raw)?),
            raw::Texts::Notify(raw) => Texts::Notify(self.notify(at, raw)?),
            raw::Texts::Twilio(raw) => Texts::Twilio(self.twilio_texts(at, raw, hooks)?),
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

    fn notify(&mut self, at: &str, raw: raw::Notify) -> Option<GovukNotify> {
        const ID: &str = "write the id as Notify shows it, as in f33517ff-2a88-4f6e-b855-c550268ce08a";
        let key = |key: &str| format!("{at}.{key}");
        let url = self.web_url(&key("url"), raw.url.as_deref().unwrap_or(NOTIFY_URL));
        let api_key = self.secret(&key("api_key"), raw.api_key, raw.api_key_file);
        let api_key = api_key.and_then(|secret| match NotifyKey::read(&secret) {
            None => self.problem(&key("api_key"), "is no key of Notify; copy it whole, with its name"),
            sound => sound,
        });
        let template_id = match raw.template_id.filter(|id| is_uuid(id)) {
            None => self.problem(&key("template_id"), ID),
            sound => sound,
        };
        let sms_sender_id = match raw.sms_sender_id {
            Some(id) if !is_uuid(&id) => self.problem(&key("sms_sender_id"), ID),
            sound => Some(sound),
        };
        let senders = self.senders(at, raw.senders, ID, |id| is_uuid(id).then(|| id.to_owned()));
        let variable = match raw.variable.unwrap_or_else(|| VARIABLE.into()) {
            name if name.trim().is_empty() => self.problem(
                &key("variable"),
                "is empty; write the name between the brackets of the template, as in ((text))",
            ),
            name => Some(name),
        };
        let callback_token =
            self.own_key(&key("callback_token"), raw.callback_token, raw.callback_token_file);
        Some(GovukNotify {
            url: url?,
            api_key: api_key?,
            template_id: template_id?,
            variable: variable?,
            sms_sender_id: sms_sender_id?,
            senders: senders?,
            callback_token: callback_token?,
        })
    }

    /// Each by its label; `read` gives `None` for what is no sender.
    fn senders<T>(
        &mut self,
        at: &str,
        raw: BTreeMap<String, String>,
        write: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<Senders<T>> {
        let mut senders = Some(Senders::new());
        for (label, id) in raw {
            let key = format!("{at}.senders.{label}");
            let label = match label.parse::<SenderLabel>() {
                Ok(label) => Some(label),
                Err(error) => self.problem(&key, &format!("is no label: {error}")),
            };
            let sender = read(&id).or_else(|| self.problem(&key, write));
            senders = senders.zip(label.zip(sender)).map(|(mut senders, (label, sender))| {
                senders.insert(label, sender);
                senders
            });
        }
        senders
    }

    fn twilio_texts(&mut self, at: &str, mut raw: raw::Twilio, hooks: Option<&str>) -> Option<TwilioTexts> {
        const SENDER: &str =
            "write a number of the account as +447700900123, or the id of a messaging service";
        let sender = match (raw.from.as_deref(), raw.messaging_service_sid.as_deref()) {
            (Some(from), None) => self.number(at, Some(from)).map(Sender::Number),
            (None, Some(sid)) if is_sid(sid, "MG") => Some(Sender::Service(sid.into())),
            (None, Some(_)) => self.problem(
                &format!("{at}.messaging_service_sid"),
                "write it as Twilio shows it: MG and 32 hexadecimal digits",
            ),
            _ => self.problem(at, "write either from (a number as +44...) or messaging_service_sid"),
        };
        let senders = self.senders(at, mem::take(&mut raw.senders), SENDER, |text| match text {
            number if is_e164(number) => Some(Sender::Number(number.into())),
            sid => is_sid(sid, "MG").then(|| Sender::Service(sid.into())),
        });
        let account = self.account(at, raw, hooks);
        Some(TwilioTexts { account: account?, sender: sender?, senders: senders? })
    }

    fn voice(&mut self, raw: raw::Voice, hooks: Option<&str>) -> Option<TwilioCalls> {
        const NUMBER: &str = "write a number of the account as +447700900123";
        let raw::Voice::Twilio(mut raw) = raw;
        let from = self.number("voice", raw.from.as_deref());
        if raw.messaging_service_sid.is_some() {
            return self.problem("voice.messaging_service_sid", "sends texts and cannot call; drop it");
        }
        let senders = self.senders("voice", mem::take(&mut raw.senders), NUMBER, |text| {
            is_e164(text).then(|| text.to_owned())
        });
        let account = self.account("voice", raw, hooks);
        Some(TwilioCalls { account: account?, from: from?, senders: senders? })
    }

    fn account(&mut self, at: &str, raw: raw::Twilio, hooks: Option<&str>) -> Option<TwilioAccount> {
        let key = |key: &str| format!("{at}.{key}");
        let url = self.web_url(&key("url"), raw.url.as_deref().unwrap_or(TWILIO_URL));
        let account_sid = match raw.account_sid.filter(|sid| is_sid(sid, "AC")) {
            None => {
                self.problem(&key("account_sid"), "write it as Twilio shows it: AC and 32 hexadecimal digits")
            }
            sound => sound,
        };
        let auth_token = self.secret(&key("auth_token"), raw.auth_token, raw.auth_token_file);
        let callback_url = match hooks {
            Some(hooks) => Some(hooks.to_owned()),
            None => self.problem(
                "callbacks.public_url",
                &format!(
                    "is missing; Twilio ([{at}]) reports there: write the address that it reaches this service at"
                ),
            ),
        };
        Some(TwilioAccount {
            url: url?,
            account_sid: account_sid?,
            auth_token: auth_token?,
            callback_url: callback_url?,
        })
    }

    fn number(&mut self, at: &str, text: Option<&str>) -> Option<String> {
        match text.filter(|text| is_e164(text)) {
            None => self.problem(&format!("{at}.from"), "write a number of the account as +447700900123"),
            sound => sound.map(Into::into),
        }
    }

    fn push(&mut self, raw: raw::Push) -> Option<Push> {
        let key = self.secret("push.key", raw.key, raw.key_file);
        let key = key.and_then(|key| match Push::check(&key) {
            Ok(()) => Some(key),
            Err(error) => self.problem("push.key", &error.to_string()),
        });
        let is_address = |text: &String| text.starts_with("mailto:") || text.starts_with("https://");
        let contact = match raw.contact.filter(is_address) {
            Some(contact) => Some(contact),
            None => self.problem(
                "push.contact",
                "write whom a push service can reach about Cordon, as in mailto:duty@example.org",
            ),
        };
        let url = match raw.url {
            None => Some(None),
            Some(text) => {
                self.web_url("push.url", &text).map(|url| Some(url.trim_end_matches('/').to_owned()))
            }
        };
        Some(Push { key: key?, contact: contact?, url: url? })
    }

    fn pager(&mut self, raw: raw::Pager) -> Option<Pager> {
        let url = match raw.url {
            Some(text) => self.web_url("pager.url", &text),
            None => self.problem("pager.url", "is missing; write the root of your ntfy server"),
        };
        let token = self.secret("pager.token", raw.token, raw.token_file);
        Some(Pager { url: url?, token: token? })
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

fn is_sid(text: &str, kind: &str) -> bool {
    text.strip_prefix(kind)
        .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|c| c.is_ascii_hexdigit()))
}
