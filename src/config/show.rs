//! The settings in force, as `config check` prints them: TOML again, with every secret left out.

use std::fmt;

use super::{Access, Canary, Config, ConsoleTls, Format, Heartbeat};
use crate::{
    database::Migrate,
    domain::SenderLabel,
    notify::settings::{
        GovukNotify, Pager, Plain, Push, Sender, Texts, TwilioAccount, TwilioCalls, TwilioTexts,
    },
};

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "installation = {:?}", self.installation)?;
        let migrate = match self.store.migrate {
            Migrate::AtStart => "start",
            Migrate::ByCommand => "command",
        };
        writeln!(f, "\n[store]\nurl = {:?}\nmigrate = {migrate:?}", self.store.url.to_string())?;
        writeln!(f, "\n[console]\nlisten = \"{}\"", self.console.listen)?;
        if let Some(url) = &self.console.public_url {
            writeln!(f, "public_url = {url:?}")?;
        }
        match &self.console.tls {
            None => {}
            Some(ConsoleTls::Proxy) => writeln!(f, "tls_proxy = true")?,
            Some(ConsoleTls::Own { certificate, key }) => {
                writeln!(f, "certificate_file = {certificate:?}\ncertificate_key_file = {key:?}")?;
            }
        }
        if self.console.armed {
            writeln!(f, "armed = true")?;
        }
        let Access { database, heads } = &self.access;
        writeln!(f, "\n[access]\ndatabase = {database:?}\nheads_file = {heads:?}")?;
        for source in &self.sources {
            let scheme = if source.tls.is_some() { "mqtts" } else { "mqtt" };
            let host =
                if source.host.contains(':') { format!("[{}]", source.host) } else { source.host.clone() };
            writeln!(
                f,
                "\n[[source]]\nname = {:?}\nurl = \"{scheme}://{host}:{}\"",
                source.name, source.port
            )?;
            if let Some(path) = source.tls.as_ref().and_then(|tls| tls.ca_file.as_deref()) {
                writeln!(f, "ca_file = {path:?}")?;
            }
            if let Some(login) = &source.login {
                writeln!(f, "username = {:?}\npassword = \"{}\"", login.username, login.password)?;
            }
            if let Some(vendor) = &source.vendor {
                writeln!(f, "vendor = {:?}", vendor.as_str())?;
            }
            match source.format {
                Format::Native => writeln!(f, "format = \"native\"")?,
            }
        }
        for (channel, texts) in self.channels.texts() {
            writeln!(f, "\n[{}]", channel.as_str())?;
            match texts {
                Texts::Plain(Plain { url, token, callback_secret }) => {
                    writeln!(f, "provider = \"plain\"\nurl = {url:?}\ntoken = \"{token}\"")?;
                    writeln!(f, "callback_secret = \"{callback_secret}\"")?;
                }
                Texts::Notify(notify) => show_notify(notify, f)?,
                Texts::Twilio(TwilioTexts { account, sender, senders }) => {
                    show_account(account, f)?;
                    match sender {
                        Sender::Number(number) => writeln!(f, "from = {number:?}")?,
                        Sender::Service(sid) => writeln!(f, "messaging_service_sid = {sid:?}")?,
                    }
                    let of = |(Sender::Number(id) | Sender::Service(id)): &Sender| id.clone();
                    show_senders(senders.iter().map(|(label, sender)| (label, of(sender))), f)?;
                }
            }
        }
        if let Some(TwilioCalls { account, from, senders }) = &self.channels.voice {
            writeln!(f, "\n[voice]")?;
            show_account(account, f)?;
            writeln!(f, "from = {from:?}")?;
            show_senders(senders.iter().map(|(label, number)| (label, number.clone())), f)?;
        }
        if let Some(Push { key, contact, url }) = &self.channels.push {
            writeln!(f, "\n[push]\nkey = \"{key}\"\ncontact = {contact:?}")?;
            if let Some(url) = url {
                writeln!(f, "url = {url:?}")?;
            }
        }
        if let Some(Pager { url, token }) = &self.channels.pager {
            writeln!(f, "\n[pager]\nurl = {url:?}\ntoken = \"{token}\"")?;
        }
        if let Some(secret) = &self.channels.webhook_secret {
            writeln!(f, "\n[webhook]\nsecret = \"{secret}\"")?;
        }
        if let Some(url) = self.channels.callback_url() {
            writeln!(f, "\n[callbacks]\npublic_url = {url:?}")?;
        }
        if let Some(Canary { source, login, interval_s }) = &self.canary {
            writeln!(f, "\n[canary]\nsource = {source:?}\nusername = {:?}", login.username)?;
            writeln!(f, "password = \"{}\"\ninterval_s = {interval_s}", login.password)?;
        }
        if let Some(Heartbeat { url, token }) = &self.heartbeat {
            writeln!(f, "\n[heartbeat]\nurl = \"{url}\"")?;
            if let Some(token) = token {
                writeln!(f, "token = \"{token}\"")?;
            }
        }
        if let Some(token) = &self.watch_token {
            writeln!(f, "\n[watch]\ntoken = \"{token}\"")?;
        }
        Ok(())
    }
}

fn show_notify(notify: &GovukNotify, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let GovukNotify { url, api_key, template_id, variable, sms_sender_id, senders, callback_token } = notify;
    writeln!(f, "provider = \"notify\"\nurl = {url:?}\napi_key = \"{}\"", api_key.secret)?;
    writeln!(f, "template_id = {template_id:?}\nvariable = {variable:?}")?;
    if let Some(id) = sms_sender_id {
        writeln!(f, "sms_sender_id = {id:?}")?;
    }
    writeln!(f, "callback_token = \"{callback_token}\"")?;
    show_senders(senders.iter().map(|(label, id)| (label, id.clone())), f)
}

fn show_senders<'s>(
    senders: impl Iterator<Item = (&'s SenderLabel, String)>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    for (label, sender) in senders {
        writeln!(f, "senders.{label} = {sender:?}")?;
    }
    Ok(())
}

fn show_account(account: &TwilioAccount, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let TwilioAccount { url, account_sid, auth_token, .. } = account;
    writeln!(f, "provider = \"twilio\"\nurl = {url:?}")?;
    writeln!(f, "account_sid = {account_sid:?}\nauth_token = \"{auth_token}\"")
}
