//! From what is written to what is sound: finds every mistake, not only the first.
//!
//! A function that answers `None` has left a problem behind.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use reqwest::Url;

use super::{
    Access, Config, ConfigErrors, Console, ConsoleTls, Format, Loaded, Login, Source, Store, StoreUrl, Tls,
    raw::{self, Raw},
};
use crate::{database::Migrate, document::did_you_mean, domain::UnitId, secret::Secret};

const LISTEN: &str = "127.0.0.1:8080";
/// A key that Cordon and its provider made up: a shorter one can be guessed.
const OWN_KEY_CHARS_MIN: usize = 16;

pub(super) fn judge(mut raw: Raw, folder: &Path) -> Result<Loaded, ConfigErrors> {
    let mut judge = Judge { folder, problems: Vec::new(), warnings: Vec::new() };
    let channels = judge.channels(&mut raw);
    let parts = (
        judge.id("installation", raw.installation),
        judge.store(raw.store),
        judge.console(raw.console),
        judge.sources(raw.source),
    );
    let is_public = parts.2.as_ref().is_some_and(|console| console.tls.is_some());
    let access = judge.access(raw.access, is_public);
    let watched = judge.watched(parts.3.as_deref().unwrap_or_default(), raw.canary, raw.heartbeat, raw.watch);
    match parts {
        (Some(installation), Some(store), Some(console), Some(sources)) if judge.problems.is_empty() => {
            let (canary, heartbeat, watch_token) = watched;
            let config = Config {
                installation,
                store,
                console,
                access,
                sources,
                channels,
                canary,
                heartbeat,
                watch_token,
            };
            Ok(Loaded { config, warnings: judge.warnings })
        }
        _ => Err(ConfigErrors(judge.problems)),
    }
}

pub(super) struct Judge<'a> {
    pub(super) folder: &'a Path,
    pub(super) problems: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl Judge<'_> {
    /// A file is brought up to date when the service starts; a server, which others may use, by command.
    fn store(&mut self, raw: raw::Store) -> Option<Store> {
        let migrate = match raw.migrate.as_deref() {
            None => Some(None),
            Some("start") => Some(Some(Migrate::AtStart)),
            Some("command") => Some(Some(Migrate::ByCommand)),
            Some(_) => self.problem("store.migrate", "write start or command"),
        };
        let url = self.secret("store.url", raw.url, raw.url_file)?;
        let is_file = url.expose().starts_with("sqlite:");
        let usual = if is_file { Migrate::AtStart } else { Migrate::ByCommand };
        Some(Store { url: self.store_url(url)?, migrate: migrate?.unwrap_or(usual) })
    }

    fn store_url(&mut self, url: Secret) -> Option<StoreUrl> {
        let text = url.expose();
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.contains([':', '?', '#', '%']) {
                return self.problem("store.url", "SQLite needs a plain file path, as in sqlite:cordon.db");
            }
            let shown = format!("sqlite:{}", self.folder.join(path).display());
            return Some(StoreUrl { full: Secret::new(shown.clone()), shown });
        }
        let Some(mut shown) =
            Url::parse(text).ok().filter(|url| ["postgres", "postgresql"].contains(&url.scheme()))
        else {
            return self.problem("store.url", "write sqlite:PATH, or postgres://USER:PASSWORD@HOST/DATABASE");
        };
        // The query may hold a password too.
        shown.set_query(None);
        if shown.password().is_some() && shown.set_password(Some("***")).is_err() {
            return self
                .problem("store.url", "a password needs a host: postgres://USER:PASSWORD@HOST/DATABASE");
        }
        Some(StoreUrl { shown: shown.into(), full: url })
    }

    fn console(&mut self, raw: raw::Console) -> Option<Console> {
        let listen = raw.listen.as_deref().unwrap_or(LISTEN);
        let Ok(listen) = listen.parse::<SocketAddr>() else {
            return self.problem(
                "console.listen",
                "write an address and a port, as in 127.0.0.1:8080 or [::1]:8080",
            );
        };
        let public_url = match raw.public_url {
            None => None,
            Some(text) => Some(self.web_url("console.public_url", &text)?.trim_end_matches('/').to_owned()),
        };
        let tls = self.console_tls(raw.certificate_file, raw.certificate_key_file, raw.tls_proxy)?;
        if tls.is_some() && !public_url.as_ref().is_some_and(|url| url.starts_with("https://")) {
            return self.problem(
                "console.public_url",
                "is missing; write the address that officers type, as in https://cordon.example.org",
            );
        }
        if tls.is_none() && !listen.ip().is_loopback() {
            return self.problem(
                "console.listen",
                "other machines could reach it and nothing would be encrypted; write certificate_file and \
                 certificate_key_file, or tls_proxy = true if a proxy in front of it does TLS, or listen on 127.0.0.1",
            );
        }
        let armed = self.flag("console.armed", raw.armed)?;
        Some(Console { listen, public_url, tls, armed })
    }

    fn console_tls(
        &mut self,
        certificate: Option<PathBuf>,
        key: Option<PathBuf>,
        proxy: Option<raw::Flag>,
    ) -> Option<Option<ConsoleTls>> {
        let proxy = self.flag("console.tls_proxy", proxy)?;
        match (certificate, key) {
            (None, None) => Some(proxy.then_some(ConsoleTls::Proxy)),
            (Some(_), Some(_)) if proxy => self.problem(
                "console.tls_proxy",
                "either Cordon does TLS or a proxy; drop tls_proxy, or both files",
            ),
            (Some(certificate), Some(key)) => {
                let files = [("certificate_file", certificate), ("certificate_key_file", key)];
                let [certificate, key] = files.map(|(name, path)| (name, self.folder.join(path)));
                for (name, path) in [&certificate, &key] {
                    if !path.is_file() {
                        let why = format!("there is no file {}; put it there", path.display());
                        return self.problem(&format!("console.{name}"), &why);
                    }
                }
                Some(Some(ConsoleTls::Own { certificate: certificate.1, key: key.1 }))
            }
            (Some(_), None) => {
                self.problem("console.certificate_key_file", "is missing; name the certificate's key")
            }
            (None, Some(_)) => {
                self.problem("console.certificate_file", "is missing; name the key's certificate")
            }
        }
    }

    fn access(&mut self, raw: raw::Access, is_public: bool) -> Access {
        if is_public && raw.heads_file.is_none() {
            self.warnings.push(
                "access.heads_file: the audit log's head is kept beside the log; name a file on another machine's disk, so \
                 that nobody can change both"
                    .into(),
            );
        }
        let at = |path: Option<PathBuf>, usual: &str| self.folder.join(path.unwrap_or_else(|| usual.into()));
        let database = at(raw.database, "cordon-access.db");
        Access { heads: at(raw.heads_file, "cordon-access.heads"), database }
    }

    fn sources(&mut self, raw: Vec<raw::Source>) -> Option<Vec<Source>> {
        if raw.is_empty() {
            return self.problem(
                "source",
                "Cordon would hear no tag; add [[source]] with name and url, as in url = \"mqtt://127.0.0.1:1883\"",
            );
        }
        let count = raw.len();
        let sources: Vec<Source> = raw
            .into_iter()
            .enumerate()
            .filter_map(|(i, raw)| self.source(&format!("source[{i}]"), raw))
            .collect();
        let mut names = BTreeSet::new();
        for source in &sources {
            if !names.insert(&source.name) {
                self.problems
                    .push(format!("source: two are named '{}'; give each its own name", source.name));
            }
        }
        (sources.len() == count).then_some(sources)
    }

    fn source(&mut self, at: &str, raw: raw::Source) -> Option<Source> {
        let name = self.id(&format!("{at}.name"), raw.name);
        let endpoint = self.broker(&format!("{at}.url"), raw.url);
        let login = self.login(at, raw.username, raw.password, raw.password_file);
        let vendor = match raw.vendor.map(|text| text.parse()).transpose() {
            Ok(vendor) => Some(vendor),
            Err(error) => {
                self.problem(&format!("{at}.vendor"), &format!("{error}; write the vendor's topic level"))
            }
        };
        let format = match raw.format.as_deref() {
            None | Some("native") => Some(Format::Native),
            Some(other) => {
                let hint = did_you_mean(other, ["native"]).map(|_| ", did you mean `native`?");
                self.problem(
                    &format!("{at}.format"),
                    &format!("unknown format{}", hint.unwrap_or("; known: native")),
                )
            }
        };
        let (host, port, encrypted) = endpoint?;
        if raw.ca_file.is_some() && !encrypted {
            return self.problem(
                &format!("{at}.ca_file"),
                "mqtt:// is not encrypted; write mqtts:// or drop ca_file",
            );
        }
        if !encrypted && !is_loopback(&host) {
            self.warnings.push(format!("{at}.url: positions cross the network unencrypted; write mqtts://"));
        }
        let ca_file = raw.ca_file.map(|path| self.folder.join(path));
        if let Some(path) = ca_file.as_deref().filter(|path| !path.is_file()) {
            return self.problem(
                &format!("{at}.ca_file"),
                &format!("there is no file {}; put it there", path.display()),
            );
        }
        let tls = encrypted.then_some(Tls { ca_file });
        Some(Source { name: name?, host, port, tls, login: login?, vendor: vendor?, format: format? })
    }

    /// Host, port and whether the connection is encrypted.
    fn broker(&mut self, at: &str, text: Option<String>) -> Option<(String, u16, bool)> {
        const WRITE: &str = "write mqtt://HOST:PORT or mqtts://HOST:PORT";
        let Some(url) = text.and_then(|text| Url::parse(&text).ok()) else {
            return self.problem(at, WRITE);
        };
        let encrypted = match url.scheme() {
            "mqtt" => false,
            "mqtts" => true,
            _ => return self.problem(at, WRITE),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return self.problem(
                at,
                "a URL is shown in logs; move its name and password to username and password_file",
            );
        }
        if !["", "/"].contains(&url.path()) || url.query().is_some() || url.fragment().is_some() {
            return self.problem(at, WRITE);
        }
        let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
            return self.problem(at, WRITE);
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Some((host, url.port().unwrap_or(if encrypted { 8883 } else { 1883 }), encrypted))
    }

    fn login(
        &mut self,
        at: &str,
        username: Option<String>,
        password: Option<String>,
        file: Option<PathBuf>,
    ) -> Option<Option<Login>> {
        match username {
            None if password.is_none() && file.is_none() => Some(None),
            None => self
                .problem(&format!("{at}.username"), "there is a password without a username; add username"),
            Some(username) => {
                let password = self.secret(&format!("{at}.password"), password, file)?;
                Some(Some(Login { username, password }))
            }
        }
    }

    /// A secret that stands in `KEY` or in the file that `KEY_file` names.
    pub(super) fn secret(
        &mut self,
        key: &str,
        inline: Option<String>,
        file: Option<PathBuf>,
    ) -> Option<Secret> {
        match (inline, file) {
            (Some(_), Some(_)) => {
                self.problem(key, &format!("{key} and {key}_file are both given; drop one"))
            }
            (None, None) => self.problem(key, &format!("is missing; write {key}_file (or {key})")),
            (Some(text), None) if text.trim().is_empty() => {
                self.problem(key, &format!("is empty; write it, or name its file with {key}_file"))
            }
            (Some(text), None) => Some(Secret::new(text.trim())),
            (None, Some(path)) => match Secret::read(&self.folder.join(path)) {
                Ok((secret, warning)) => {
                    self.warnings.extend(warning.map(|warning| format!("{key}_file: {warning}")));
                    Some(secret)
                }
                Err(problem) => self.problem(&format!("{key}_file"), &problem),
            },
        }
    }

    pub(super) fn own_key(
        &mut self,
        key: &str,
        inline: Option<String>,
        file: Option<PathBuf>,
    ) -> Option<Secret> {
        let secret = self.secret(key, inline, file)?;
        if secret.expose().chars().count() < OWN_KEY_CHARS_MIN {
            let fix =
                format!("has fewer than {OWN_KEY_CHARS_MIN} characters; make one with: openssl rand -hex 32");
            return self.problem(key, &fix);
        }
        Some(secret)
    }

    /// Yes or no; no, if nothing is said.
    fn flag(&mut self, at: &str, raw: Option<raw::Flag>) -> Option<bool> {
        match raw {
            None => Some(false),
            Some(raw::Flag::Is(is)) => Some(is),
            Some(raw::Flag::Text(text)) => match text.trim().parse() {
                Ok(is) => Some(is),
                Err(_) => self.problem(at, "write true or false"),
            },
        }
    }

    /// An address that may carry personal data: encrypted, unless it stays on this machine.
    pub(super) fn web_url(&mut self, at: &str, text: &str) -> Option<String> {
        let Some(url) = Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme())) else {
            return self.problem(at, "write a web address, as in https://sms.example.org/send");
        };
        if !url.username().is_empty() || url.password().is_some() {
            return self.problem(at, "a URL is shown in logs; take the name and the password out of it");
        }
        if url.scheme() == "http" && !url.host_str().is_some_and(is_loopback) {
            return self.problem(at, "personal data would cross the network unencrypted; write https://");
        }
        Some(text.into())
    }

    /// Installation and sources are named with the letters that every id is made of.
    fn id(&mut self, at: &str, text: Option<String>) -> Option<String> {
        let Some(text) = text else {
            return self.problem(at, &format!("is missing; write a short name, as in {at} = \"london-1\""));
        };
        match text.parse::<UnitId>() {
            Ok(_) => Some(text),
            Err(error) => self.problem(at, &format!("{error}; rename it")),
        }
    }

    pub(super) fn problem<T>(&mut self, at: &str, what: &str) -> Option<T> {
        self.problems.push(format!("{at}: {what}"));
        None
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    address == "localhost" || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
