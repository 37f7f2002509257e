//! The service as a process between a real broker and real phones: it can be killed, stopped and started again while they
//! go on.
#![allow(dead_code, reason = "no test uses all of it")]

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use cordon::{
    clock::Clock,
    domain::TagId,
    notify::{
        self,
        settings::{Plain, Texts, TwilioAccount, TwilioTexts},
    },
    sandbox::broker::tag_login,
};

use crate::{
    fleet,
    mosquitto::Mosquitto,
    phones::{self, Channels, Phones},
    process::{Program, Service, free_address},
    wait::until,
};

/// Cordon's login and client id on the broker, and its password.
const LOGIN: (&str, &str) = ("cordon-e2e", "secret-of-cordon");
/// A start takes no longer than this, even on a busy machine.
const START: Duration = Duration::from_secs(20);

/// Everything but the service itself.
pub(crate) struct Installation {
    pub(crate) broker: Mosquitto,
    pub(crate) phones: Phones,
    pub(crate) console: SocketAddr,
    program: Program,
    config: PathBuf,
}

impl Installation {
    /// In `folder`, with logins for these tags. `None` where Mosquitto is not installed.
    pub(crate) async fn new(folder: &Path, store_url: &str, tags: &[TagId]) -> Option<Self> {
        Self::with(folder, store_url, tags, "").await
    }

    /// The same with more lines in its configuration.
    pub(crate) async fn with(folder: &Path, store_url: &str, tags: &[TagId], more: &str) -> Option<Self> {
        let plain = |phones: &str, _: &str| phones::plain(format!("{phones}/sms"));
        Self::reaching_with(plain, folder, store_url, tags, more).await
    }

    /// The same with providers at the phones' address, which report to the service's.
    pub(crate) async fn reaching(
        channels: Channels,
        folder: &Path,
        store_url: &str,
        tags: &[TagId],
    ) -> Option<Self> {
        Self::reaching_with(channels, folder, store_url, tags, "").await
    }

    async fn reaching_with(
        channels: Channels,
        folder: &Path,
        store_url: &str,
        tags: &[TagId],
        more: &str,
    ) -> Option<Self> {
        let logins: Vec<String> = tags.iter().map(tag_login).collect();
        let mut accounts: Vec<(&str, &str)> =
            logins.iter().map(|login| (login.as_str(), fleet::PASSWORD)).collect();
        accounts.push(LOGIN);
        let broker = Mosquitto::start(LOGIN.0, &accounts)?;
        let console = free_address();
        let cordon = format!("http://{console}");
        let phones = Phones::serving(channels("", &cordon), cordon.clone(), Clock::real()).await;
        let config = folder.join("cordon.toml");
        let lines = configuration(store_url, console, broker.addr(), &channels(&phones.url, &cordon));
        fs::write(&config, format!("{more}\n{lines}")).unwrap();
        let program = Program::copied_to(folder);
        let migrated = program.run(&["migrate", "up"], &config);
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        Some(Self { broker, phones, console, program, config })
    }

    /// Another process for the same database, broker and phones, with an address of its own and its files in this folder.
    pub(crate) fn another(&self, folder: &Path) -> Instance {
        fs::create_dir(folder).unwrap();
        let console = free_address();
        let lines = fs::read_to_string(&self.config).unwrap();
        let config = folder.join("cordon.toml");
        fs::write(&config, lines.replace(&self.console.to_string(), &console.to_string())).unwrap();
        Instance { program: self.program.clone(), config, console }
    }

    /// Starts the service.
    pub(crate) fn serve(&self) -> Service {
        self.program.serve(&self.config)
    }

    /// Starts the service with crash points, as `FAILPOINTS` writes them.
    pub(crate) fn serve_armed(&self, failpoints: &str) -> Service {
        self.program.serve_armed(&self.config, failpoints)
    }

    /// Starts the service in a world that `change` makes.
    pub(crate) fn serve_in(&self, change: impl FnOnce(&mut Command)) -> Service {
        self.program.serve_in(&self.config, change)
    }

    /// Starts an outside watchdog with its own configuration.
    pub(crate) fn watch(&self, config: &Path) -> Service {
        self.program.start("watch", config, |_| ())
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str], config: &Path) -> Output {
        self.program.run(arguments, config)
    }

    /// Runs a command that needs no configuration to its end.
    pub(crate) fn run_alone(&self, arguments: &[&str]) -> Output {
        self.program.run_alone(arguments)
    }

    /// What the service has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.config.with_extension("log")).unwrap()
    }

    /// Waits until the service hears the broker.
    pub(crate) async fn heard(&self) {
        until("the service hears the broker", START, async || {
            phones::health(self.console).await.filter(|health| health.status == "ok")
        })
        .await;
    }

    /// Waits until no alert is on its way.
    pub(crate) async fn nothing_waits(&self, patience: Duration) {
        until("no alert waits", patience, async || {
            phones::health(self.console).await.filter(|health| !health.alerts.contains_key("waiting"))
        })
        .await;
    }

    /// Publishes a rulebook file.
    pub(crate) fn load(&self, rulebook: &Path) {
        let loaded = self.program.run(&["rulebook", "load", &rulebook.display().to_string()], &self.config);
        let said = String::from_utf8(loaded.stdout).unwrap();
        assert!(loaded.status.success(), "{said}{}", String::from_utf8_lossy(&loaded.stderr));
        assert!(said.starts_with("live: 1 unit, "), "{said}");
    }

    /// Whether replay was content, and what it said.
    pub(crate) fn replay(&self) -> (bool, String) {
        let replayed = self.program.run(&["replay"], &self.config);
        (replayed.status.success(), String::from_utf8(replayed.stdout).unwrap())
    }

    pub(crate) fn replays_without_a_difference(&self) {
        let (is_content, said) = self.replay();
        assert!(is_content && said.starts_with("no difference in "), "{said}");
    }
}

/// One of several processes of an installation.
pub(crate) struct Instance {
    program: Program,
    config: PathBuf,
    console: SocketAddr,
}

impl Instance {
    /// Starts the service.
    pub(crate) fn serve(&self) -> Service {
        self.program.serve(&self.config)
    }

    /// Waits until it hears the broker, which the owner of the line alone does.
    pub(crate) async fn heard(&self, patience: Duration) {
        until("this process hears the broker", patience, async || {
            phones::health(self.console).await.filter(|health| health.status == "ok")
        })
        .await;
    }

    /// Waits until no alert is on its way.
    pub(crate) async fn nothing_waits(&self, patience: Duration) {
        until("no alert waits", patience, async || {
            phones::health(self.console).await.filter(|health| !health.alerts.contains_key("waiting"))
        })
        .await;
    }
}

fn configuration(
    store_url: &str,
    console: SocketAddr,
    broker: SocketAddr,
    channels: &notify::Settings,
) -> String {
    let installation = LOGIN.0.strip_prefix("cordon-").unwrap();
    let mut text = format!(
        r#"installation = "{installation}"
        store = {{ url = "{store_url}" }}
        console = {{ listen = "{console}" }}
        source = [{{ name = "tags", url = "mqtt://{broker}", username = "{}", password = "{}" }}]
        webhook = {{ secret = "{}" }}
        "#,
        LOGIN.0,
        LOGIN.1,
        phones::WEBHOOK_SECRET,
    );
    if let Some(url) = channels.callback_url() {
        text += &format!("callbacks = {{ public_url = \"{url}\" }}\n");
    }
    for (channel, texts) in channels.texts() {
        let of = match texts {
            Texts::Plain(Plain { url, token, callback_secret }) => format!(
                "provider = \"plain\", url = \"{url}\", token = \"{}\", callback_secret = \"{}\"",
                token.expose(),
                callback_secret.expose()
            ),
            Texts::Notify(notify) => format!(
                "provider = \"notify\", url = \"{}\", api_key = \"test-{}-{}\", template_id = \"{}\", \
                 callback_token = \"{}\"",
                notify.url,
                notify.api_key.service,
                notify.api_key.secret.expose(),
                notify.template_id,
                notify.callback_token.expose()
            ),
            Texts::Twilio(TwilioTexts { account, .. }) => twilio(account),
        };
        text += &format!("{} = {{ {of} }}\n", channel.as_str());
    }
    if let Some(voice) = &channels.voice {
        text += &format!("voice = {{ {} }}\n", twilio(&voice.account));
    }
    text
}

fn twilio(account: &TwilioAccount) -> String {
    format!(
        "provider = \"twilio\", url = \"{}\", account_sid = \"{}\", auth_token = \"{}\", from = \"{}\"",
        account.url,
        account.account_sid,
        account.auth_token.expose(),
        phones::FROM
    )
}
