//! The configuration as it is written: every key known, nothing judged yet.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;

/// The whole file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    pub(super) installation: Option<String>,
    pub(super) store: Store,
    pub(super) console: Console,
    pub(super) access: Access,
    pub(super) source: Vec<Source>,
    pub(super) sms: Option<Texts>,
    pub(super) second_sms: Option<Texts>,
    pub(super) voice: Option<Voice>,
    pub(super) push: Option<Push>,
    pub(super) pager: Option<Pager>,
    pub(super) webhook: Option<Webhook>,
    pub(super) canary: Option<Canary>,
    pub(super) heartbeat: Option<Heartbeat>,
    pub(super) watch: Option<Watch>,
    pub(super) callbacks: Callbacks,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Store {
    pub(super) url: Option<String>,
    pub(super) url_file: Option<PathBuf>,
    pub(super) migrate: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Console {
    pub(super) listen: Option<String>,
    pub(super) public_url: Option<String>,
    pub(super) certificate_file: Option<PathBuf>,
    pub(super) certificate_key_file: Option<PathBuf>,
    pub(super) tls_proxy: Option<Flag>,
    pub(super) armed: Option<Flag>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Access {
    pub(super) database: Option<PathBuf>,
    pub(super) heads_file: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Source {
    pub(super) name: Option<String>,
    pub(super) url: Option<String>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) vendor: Option<String>,
    pub(super) format: Option<String>,
}

/// Who carries text messages: each provider has keys of its own.
#[derive(Deserialize)]
#[serde(tag = "provider", rename_all = "snake_case")]
pub(super) enum Texts {
    Plain(Plain),
    Notify(Notify),
    Twilio(Twilio),
}

/// Who calls.
#[derive(Deserialize)]
#[serde(tag = "provider", rename_all = "snake_case")]
pub(super) enum Voice {
    Twilio(Twilio),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Plain {
    pub(super) url: Option<String>,
    pub(super) token: Option<String>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) callback_secret: Option<String>,
    pub(super) callback_secret_file: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Push {
    pub(super) key: Option<String>,
    pub(super) key_file: Option<PathBuf>,
    pub(super) contact: Option<String>,
    pub(super) url: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Pager {
    pub(super) url: Option<String>,
    pub(super) token: Option<String>,
    pub(super) token_file: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Webhook {
    pub(super) secret: Option<String>,
    pub(super) secret_file: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Notify {
    pub(super) url: Option<String>,
    pub(super) api_key: Option<String>,
    pub(super) api_key_file: Option<PathBuf>,
    pub(super) template_id: Option<String>,
    pub(super) variable: Option<String>,
    pub(super) sms_sender_id: Option<String>,
    pub(super) senders: BTreeMap<String, String>,
    pub(super) callback_token: Option<String>,
    pub(super) callback_token_file: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Twilio {
    pub(super) url: Option<String>,
    pub(super) account_sid: Option<String>,
    pub(super) auth_token: Option<String>,
    pub(super) auth_token_file: Option<PathBuf>,
    pub(super) from: Option<String>,
    pub(super) messaging_service_sid: Option<String>,
    pub(super) senders: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Callbacks {
    pub(super) public_url: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Canary {
    pub(super) source: Option<String>,
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) interval_s: Option<Whole>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Heartbeat {
    pub(super) url: Option<String>,
    pub(super) url_file: Option<PathBuf>,
    pub(super) token: Option<String>,
    pub(super) token_file: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Watch {
    pub(super) token: Option<String>,
    pub(super) token_file: Option<PathBuf>,
}

/// A whole number, also as a text: the environment knows nothing else.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Whole {
    Number(u32),
    Text(String),
}

/// Yes or no, also as a text: the environment knows nothing else.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Flag {
    Is(bool),
    Text(String),
}

/// A watchdog's whole file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawWatchdog {
    pub(super) service: Service,
    pub(super) sms: Option<Texts>,
    pub(super) callbacks: Callbacks,
    pub(super) step: Vec<Step>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Service {
    pub(super) name: Option<String>,
    pub(super) url: Option<String>,
    pub(super) token: Option<String>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) poll_s: Option<Whole>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Step {
    pub(super) numbers: Vec<String>,
}
