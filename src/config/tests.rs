use std::{ffi::OsString, fs, path::Path};

use super::*;
use crate::{domain::Channel, notify::push::PushKey};

const SMALL: &str = "installation = 'london-1'\nstore.url = 'sqlite:cordon.db'\n\
                     [[source]]\nname = 'main'\nurl = 'mqtt://127.0.0.1'\n";

fn load_text(text: &str, environment: &[(&str, &str)]) -> Result<Loaded, ConfigErrors> {
    let folder = tempfile::tempdir().unwrap();
    load_in(folder.path(), text, environment)
}

fn load_in(folder: &Path, text: &str, environment: &[(&str, &str)]) -> Result<Loaded, ConfigErrors> {
    let path = folder.join("cordon.toml");
    fs::write(&path, text).unwrap();
    load_with(&path, environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))))
}

/// The example of Notify's documentation.
const NOTIFY_KEY: &str =
    "my_test_key-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0";

/// The only problem of a configuration.
fn problem(text: &str, environment: &[(&str, &str)]) -> String {
    let ConfigErrors(problems) = load_text(text, environment).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems[0].clone()
}

fn write_secret(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

#[test]
fn the_template_is_sound_once_its_secrets_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let ConfigErrors(missing) = load_in(folder.path(), TEMPLATE, &[]).unwrap_err();
    assert_eq!(missing.len(), 12, "{missing:?}");

    fs::create_dir(folder.path().join("secrets")).unwrap();
    fs::write(folder.path().join("broker-ca.pem"), "").unwrap();
    write_secret(&folder.path().join("secrets/heartbeat-url"), "https://monitor.example.org/beat/7\n");
    let names =
        "broker-password notify-callback twilio-token webhook pager-token canary-password watch-token";
    for name in names.split(' ') {
        write_secret(&folder.path().join("secrets").join(name), "correct horse battery\n");
    }
    write_secret(&folder.path().join("secrets/notify-key"), NOTIFY_KEY);
    let push_key = PushKey::generate().unwrap().secret();
    push_key.write_new(&folder.path().join("secrets/push-key")).unwrap();
    let loaded = load_in(folder.path(), TEMPLATE, &[]).unwrap();
    assert_eq!(loaded.warnings, Vec::<String>::new());
    assert_eq!(loaded.config.mqtt_client_id(), "cordon-london-1");
    assert_eq!(loaded.config.sources[0].login.as_ref().unwrap().password.expose(), "correct horse battery");
}

#[test]
fn the_template_names_every_key() {
    let keys = "migrate public_url armed vendor source username interval_s token_file variable sms_sender_id senders \
                certificate_file certificate_key_file tls_proxy";
    let commented = keys
        .split_whitespace()
        .fold(TEMPLATE.to_owned(), |text, key| text.replace(&format!("# {key} = "), &format!("{key} = ")));
    document::from_toml::<Raw>(&commented).unwrap();
    let keys = "installation url url_file migrate listen public_url armed name ca_file username password_file vendor format \
                provider api_key_file template_id variable sms_sender_id callback_token_file account_sid \
                auth_token_file from messaging_service_sid key_file contact token_file secret_file certificate_file \
                certificate_key_file tls_proxy database heads_file";
    for key in keys.split_whitespace() {
        assert!(TEMPLATE.contains(&format!("{key} = ")), "{key}");
    }
}

#[test]
fn a_file_is_brought_up_to_date_at_the_start_and_a_server_by_command() {
    const SERVER: &str = "postgres://cordon@db.example.org/cordon";
    for (environment, migrate) in [
        (&[][..], Migrate::AtStart),
        (&[("CORDON_STORE__MIGRATE", "command")], Migrate::ByCommand),
        (&[("CORDON_STORE__URL", SERVER)], Migrate::ByCommand),
        (&[("CORDON_STORE__URL", SERVER), ("CORDON_STORE__MIGRATE", "start")], Migrate::AtStart),
    ] {
        let config = load_text(SMALL, environment).unwrap().config;
        assert_eq!(config.store.migrate, migrate, "{environment:?}");
        let word = if migrate == Migrate::AtStart { "start" } else { "command" };
        assert!(config.to_string().contains(&format!("\nmigrate = \"{word}\"\n")), "{config}");
    }
    let said = problem(SMALL, &[("CORDON_STORE__MIGRATE", "never")]);
    assert_eq!(said, "store.migrate: write start or command");
}

#[test]
fn the_least_that_works_has_defaults_and_three_warnings() {
    let Loaded { config, warnings } = load_text(SMALL, &[]).unwrap();
    assert_eq!(config.console.listen.to_string(), "127.0.0.1:8080");
    assert_eq!((config.sources[0].port, &config.sources[0].tls), (1883, &None));
    assert!(
        config.store.url.expose().ends_with("/cordon.db")
            && config.store.url.expose().starts_with("sqlite:/")
    );
    assert_eq!(warnings.len(), 3, "{warnings:?}");
}

#[test]
fn beyond_this_machine_a_proxy_or_a_certificate_encrypts() {
    let public = "[console]\nlisten = '0.0.0.0:443'\npublic_url = 'https://cordon.example.org/'\n";
    let folder = tempfile::tempdir().unwrap();
    for name in ["cert.pem", "key.pem"] {
        write_secret(&folder.path().join(name), "x");
    }
    for (more, own) in [
        ("tls_proxy = true", false),
        ("tls_proxy = 'true'", false),
        ("certificate_file = 'cert.pem'\ncertificate_key_file = 'key.pem'", true),
    ] {
        let text = format!("{SMALL}{public}{more}\n");
        let Loaded { config, warnings } = load_in(folder.path(), &text, &[]).unwrap();
        assert_eq!(config.console.url(), "https://cordon.example.org");
        assert_eq!(matches!(config.console.tls, Some(ConsoleTls::Own { .. })), own, "{more}");
        assert!(
            config.access.database.starts_with(folder.path())
                && config.access.heads.starts_with(folder.path())
        );
        assert!(warnings.iter().any(|warning| warning.contains("access.heads_file")), "{warnings:?}");
    }
}

#[test]
fn the_environment_overrides_and_stays_text() {
    let loaded = load_text(
        SMALL,
        &[
            ("CORDON_CONSOLE__LISTEN", "[::1]:9000"),
            ("CORDON_INSTALLATION", "42"),
            ("CORDON_SOURCE__0__USERNAME", "cordon"),
            ("CORDON_SOURCE__0__PASSWORD", "007"),
            ("CORDON_TRACKS", "/not/a/setting"),
            ("OTHER__LISTEN", "x"),
        ],
    )
    .unwrap();
    assert_eq!(loaded.config.console.listen.to_string(), "[::1]:9000");
    assert_eq!(loaded.config.installation, "42");
    assert_eq!(loaded.config.sources[0].login.as_ref().unwrap().password.expose(), "007");
}

#[test]
fn consoles_are_counted_on_where_it_says_so() {
    let armed = |text: &str, environment: &[(&str, &str)]| {
        let config = load_text(&format!("{SMALL}\n[console]\n{text}\n"), environment).unwrap().config;
        assert_eq!(config.to_string().contains("\narmed = true\n"), config.console.armed);
        config.console.armed
    };
    assert!(!armed("", &[]));
    assert!(armed("armed = true", &[]));
    assert!(armed("", &[("CORDON_CONSOLE__ARMED", "true")]));
    assert!(!armed("armed = true", &[("CORDON_CONSOLE__ARMED", "false")]));
}

#[test]
fn an_unknown_key_is_an_error_wherever_it_stands() {
    let error = problem(&format!("{SMALL}\n[console]\nlisen = 'x'\n"), &[]);
    assert!(
        error.ends_with("cordon.toml: line 8, console.lisen: unknown key `lisen`, did you mean `listen`?"),
        "{error}"
    );
    let error = problem(SMALL, &[("CORDON_CONSOLE__LISEN", "x")]);
    assert_eq!(error, "environment, CORDON_CONSOLE__LISEN: unknown key `lisen`, did you mean `listen`?");
    let error = problem(SMALL, &[("CORDON_SOURCE__0__NAMES", "x")]);
    assert_eq!(error, "environment, CORDON_SOURCE__0__NAMES: unknown key `names`, did you mean `name`?");
    let error = problem(SMALL, &[("CORDON_SOURCE__1__NAME", "x")]);
    assert!(error.contains("the file has 1 `[[source]]`"), "{error}");
    let error = problem(SMALL, &[("CORDON_INSTALLATION__X", "x")]);
    assert!(error.contains("nothing inside"), "{error}");
}

#[test]
fn there_is_no_key_for_the_speed_of_the_clock() {
    for key in ["clock.speed = 20", "speed = 20"] {
        assert!(problem(&format!("{key}\n{SMALL}"), &[]).contains("unknown key"), "{key}");
    }
}

const TEMPLATE_ID: &str = "f33517ff-2a88-4f6e-b855-c550268ce08a";
const SID: &str = "AC00000000000000000000000000000001";
const HOOKS: &str = "[callbacks]\npublic_url = 'https://hooks.example.org/'";

#[test]
fn each_mistake_says_its_fix() {
    let source = |lines: &str| {
        format!("installation = 'a'\nstore.url = 'sqlite:a'\n[[source]]\nname = 'main'\n{lines}\n")
    };
    let table = |lines: &str| format!("{SMALL}\n{lines}\n");
    let notify = |lines: &str| {
        table(&format!(
            "[sms]\nprovider = 'notify'\ntemplate_id = '{TEMPLATE_ID}'\n\
             callback_token = 'correct horse battery'\n{lines}"
        ))
    };
    let twilio = |channel: &str, lines: &str| {
        table(&format!(
            "[{channel}]\nprovider = 'twilio'\naccount_sid = '{SID}'\nauth_token = 'hunter2'\n{lines}"
        ))
    };
    for (text, says) in [
        (SMALL.replace("london-1", "London"), "installation: an id is made of a-z"),
        (SMALL.replace("installation = 'london-1'", ""), "installation: is missing"),
        (SMALL.replace("sqlite:cordon.db", "mysql://x"), "store.url: write sqlite:PATH"),
        (SMALL.replace("sqlite:cordon.db", "sqlite::memory:"), "store.url: SQLite needs a plain file path"),
        (SMALL.replace("sqlite:cordon.db", " "), "store.url: is empty"),
        ("installation = 'a'\nstore.url = 'sqlite:a'".into(), "source: Cordon would hear no tag"),
        (source("url = 'http://x'"), "source[0].url: write mqtt://HOST:PORT"),
        (source("url = 'mqtt://me:pw@x'"), "source[0].url: a URL is shown in logs"),
        (source("url = 'mqtt://x/topic'"), "source[0].url: write mqtt://HOST:PORT"),
        (source("url = 'mqtt://x'\nca_file = 'x'"), "source[0].ca_file: mqtt:// is not encrypted"),
        (source("url = 'mqtts://x'\nca_file = 'x'"), "source[0].ca_file: there is no file"),
        (source("url = 'mqtt://x'\npassword = 'x'"), "source[0].username: there is a password without"),
        (
            source("url = 'mqtt://x'\nusername = 'x'"),
            "source[0].password: is missing; write source[0].password_file",
        ),
        (source("url = 'mqtt://x'\nformat = 'nativ'"), "did you mean `native`?"),
        (source("url = 'mqtt://x'\nvendor = 'A/b'"), "source[0].vendor: "),
        (source("url = 'mqtt://x'\n[[source]]\nname = 'main'\nurl = 'mqtt://y'"), "two are named 'main'"),
        (
            table("[console]\nlisten = '0.0.0.0:8080'"),
            "console.listen: other machines could reach it and nothing",
        ),
        (
            table("[console]\ntls_proxy = true"),
            "console.public_url: is missing; write the address that officers",
        ),
        (table("[console]\ntls_proxy = 'perhaps'"), "console.tls_proxy: write true or false"),
        (table("[console]\ncertificate_file = 'x'"), "console.certificate_key_file: is missing"),
        (table("[console]\ncertificate_key_file = 'x'"), "console.certificate_file: is missing"),
        (
            table("[console]\ncertificate_file = 'x'\ncertificate_key_file = 'y'"),
            "console.certificate_file: there is no file",
        ),
        (
            table("[console]\ncertificate_file = 'x'\ncertificate_key_file = 'y'\ntls_proxy = true"),
            "console.tls_proxy: either Cordon does TLS or a proxy",
        ),
        (table("[console]\narmed = 'always'"), "console.armed: write true or false"),
        (table("[console]\nlisten = 'localhost'"), "console.listen: write an address and a port"),
        (table("[console]\npublic_url = 'http://cordon.example.org'"), "console.public_url: personal data"),
        (table("[sms]\nprovider = 'plane'"), "sms.provider: unknown word `plane`, did you mean `plain`?"),
        (table("[second_sms]\nurl = 'x'"), "second_sms: missing field `provider`"),
        (notify(""), "sms.api_key: is missing; write sms.api_key_file"),
        (notify("api_key = 'hunter2'"), "sms.api_key: is no key of Notify; copy it whole"),
        (notify("api_key_file = 'x'\nkey = 'x'"), "sms: unknown key `key`; known here: "),
        (
            twilio("voice", "from = '+447700900099'"),
            "callbacks.public_url: is missing; Twilio ([voice]) reports",
        ),
        (twilio("voice", &format!("from = '0'\n{HOOKS}")), "voice.from: write a number of the account"),
        (twilio("second_sms", HOOKS), "second_sms: write either from"),
        (
            twilio("second_sms", &format!("from = '+447700900099'\nmessaging_service_sid = 'MG1'\n{HOOKS}")),
            "second_sms: write either from",
        ),
        (
            twilio("sms", &format!("messaging_service_sid = 'MG1'\n{HOOKS}")),
            "sms.messaging_service_sid: write it",
        ),
        (
            twilio("sms", &format!("from = '+447700900099'\n{HOOKS}")).replace(SID, "AC1"),
            "sms.account_sid: write it as Twilio shows it",
        ),
        (
            twilio("sms", "from = '+447700900099'")
                + &twilio("second_sms", &format!("from = '+447700900098'\n{HOOKS}")).replace(SMALL, ""),
            "second_sms: is the supplier of [sms] again",
        ),
        (
            table("[callbacks]\npublic_url = 'http://a.example'"),
            "callbacks.public_url: personal data would cross",
        ),
        (table("[push]\nkey = 'hunter2'\ncontact = 'mailto:a@example.org'"), "push.key: is no key for push"),
        (table("[pager]\nurl = 'http://ntfy.example.org'\ntoken = 'hunter2'"), "pager.url: personal data"),
        (table("[pager]\nurl = 'https://ntfy.example.org'"), "pager.token: is missing"),
        (table("[webhook]\nsecret = 'hunter2'"), "webhook.secret: has fewer than 16 characters"),
        (table("[canary]"), "canary.password: is missing"),
        (
            table("[canary]\npassword = 'x'\nsource = 'other'"),
            "canary.source: there is no source of that name",
        ),
        (
            table("[canary]\npassword = 'x'\ninterval_s = 5"),
            "canary.interval_s: write a whole number from 6 to 60",
        ),
        (table("[canary]\npassword = 'x'\ninterval_s = 'often'"), "canary.interval_s: write a whole number"),
        (table("[heartbeat]\nurl = 'https://x'"), "heartbeat: it says that the canary comes through"),
        (
            table("[canary]\npassword = 'x'\n[heartbeat]\nurl = 'http://monitor.example.org'"),
            "heartbeat.url: personal data would cross",
        ),
        (table("[watch]\ntoken = 'hunter2'"), "watch.token: has fewer than 16 characters"),
        (table("[webhook]\nsecret = 'x'\nsecret_file = 'y'"), "are both given; drop one"),
        (table("[webhook]\nsecret_file = 'missing'"), "webhook.secret_file: cannot read"),
    ] {
        let error = problem(&text, &[]);
        assert!(error.contains(says), "{says}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = "[console]\nlisten = 'x'\n[sms]\nprovider = 'plain'\nurl = 'http://sms.example.org'\n";
    let ConfigErrors(problems) = load_text(text, &[]).unwrap_err();
    let places: Vec<&str> = problems.iter().map(|problem| problem.split(':').next().unwrap()).collect();
    let expected = [
        "sms.url",
        "sms.token",
        "sms.callback_secret",
        "installation",
        "store.url",
        "console.listen",
        "source",
    ];
    assert_eq!(places, expected);
}

#[test]
fn push_needs_a_key_a_contact_and_a_private_address() {
    let key = PushKey::generate().unwrap().secret();
    let with = |lines: &str| format!("{SMALL}[push]\nkey = '{}'\n{lines}\n", key.expose());
    for (lines, says) in [
        ("contact = 'duty@example.org'", "push.contact: write whom"),
        ("", "push.contact: write whom"),
        ("contact = 'mailto:duty@example.org'\nurl = 'http://phones.example.org'", "push.url: personal data"),
    ] {
        let error = problem(&with(lines), &[]);
        assert!(error.contains(says), "{error}");
    }
    let text = with("contact = 'mailto:duty@example.org'\nurl = 'https://phones.example.org/'");
    let config = load_text(&text, &[]).unwrap().config;
    let push = config.channels.push.as_ref().unwrap();
    assert_eq!(push.url.as_deref(), Some("https://phones.example.org"));
    let shown = config.to_string();
    assert!(!shown.contains(key.expose()), "{shown}");
    document::from_toml::<Raw>(&shown).unwrap();
}

#[test]
fn what_is_shown_holds_no_secret() {
    let text = "installation = 'a'\nstore.url = 'postgres://cordon:hunter2@db/cordon?password=hunter2'\n\
                [[source]]\nname = 'main'\nurl = 'mqtts://[fd00::1]:8884'\nusername = 'me'\npassword = 'hunter2'\n\
                [sms]\nprovider = 'plain'\nurl = 'http://127.0.0.1:1/send'\ntoken = 'hunter2'\ncallback_secret = 'hunter2hunter2hunter2'\n\
                [pager]\nurl = 'https://ntfy.example.org'\ntoken = 'hunter2'\n\
                [webhook]\nsecret = 'hunter2hunter2hunter2'\n";
    let twilio = "provider = 'twilio'\nauth_token = 'hunter2'\nfrom = '+447700900099'";
    let other = format!(
        "{SMALL}\n[sms]\nprovider = 'notify'\napi_key = '{NOTIFY_KEY}'\ntemplate_id = '{TEMPLATE_ID}'\n\
         callback_token = 'hunter2hunter2hunter2'\n[second_sms]\naccount_sid = '{SID}'\n{twilio}\n\
         [voice]\naccount_sid = '{SID}'\n{twilio}\n{HOOKS}"
    );
    let other = load_text(&other, &[]).unwrap().config;
    for shown in [other.to_string(), format!("{other:?}")] {
        let secrets = ["hunter2", "3d844edf-8d35-48ac-975b-e847b4f122b0"];
        assert!(!secrets.iter().any(|secret| shown.contains(secret)), "{shown}");
    }
    document::from_toml::<Raw>(&other.to_string()).unwrap();
    let config = load_text(text, &[]).unwrap().config;
    assert!(config.store.url.expose().contains("hunter2"));
    for shown in [config.to_string(), format!("{config:?}"), format!("{config:#?}")] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let shown = config.to_string();
    assert!(shown.contains("url = \"postgres://cordon:***@db/cordon\""), "{shown}");
    assert!(shown.contains("url = \"mqtts://[fd00::1]:8884\""), "{shown}");
    document::from_toml::<Raw>(&shown).unwrap();
}

#[test]
fn the_canary_is_a_tag_of_its_source() {
    let login = |text: &str| load_text(text, &[]).unwrap().config.canary.unwrap().login.username;
    let canary = "[canary]\npassword = 'x'";
    assert_eq!(login(&format!("{SMALL}{canary}")), "cordon-canary@cordon");
    assert_eq!(login(&format!("{SMALL}vendor = 'acme'\n{canary}")), "cordon-canary@acme");
    let own = format!("{SMALL}username = 'a@b'\npassword = 'x'\n{canary}\nusername = 'a@b'");
    assert!(problem(&own, &[]).starts_with("canary.username: that is the source's own login"));
    let two = format!("{SMALL}[[source]]\nname = 'second'\nurl = 'mqtt://[::1]'\n{canary}");
    assert!(problem(&two, &[]).starts_with("canary.source: name one of the sources"));
    let loaded = load_text(&format!("{SMALL}{canary}"), &[("CORDON_CANARY__INTERVAL_S", "30")]).unwrap();
    assert_eq!(loaded.config.canary.unwrap().interval_s, 30);
}

const WATCH: &str = include_str!("../../deploy/watch.example.toml");

fn watchdog(text: &str) -> Result<(Watchdog, Vec<String>), ConfigErrors> {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("secrets")).unwrap();
    for name in ["watch-token", "watch-sms-token"] {
        write_secret(&folder.path().join("secrets").join(name), "correct horse battery\n");
    }
    let path = folder.path().join("watch.toml");
    fs::write(&path, text).unwrap();
    load_watchdog(&path)
}

#[test]
fn the_example_of_a_watchdog_is_sound() {
    let (config, warnings) = watchdog(WATCH).unwrap();
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!((config.poll_s, config.steps.len()), (10, 2));
    assert!(!format!("{config:?}").contains("correct horse"));
}

#[test]
fn each_mistake_of_a_watchdog_says_its_fix() {
    for (from, to, says) in [
        ("# poll_s = 10", "poll_s = 11", "service.poll_s: write a whole number from 1 to 10"),
        ("name = \"Service 1\"", "name = \"\"", "service.name: write 1 to 24 characters"),
        (
            "url = \"http://127.0.0.1:8080/watch\"",
            "url = \"http://a.example/watch\"",
            "service.url: personal data",
        ),
        ("token_file = \"secrets/watch-token\"", "token = \"short\"", "service.token: has fewer than 16"),
        ("[sms]", "[smss]", "did you mean `sms`?"),
        ("\"+447700900190\"", "\"07700 900190\"", "step: a phone number is written like"),
        ("\"+447700900190\"", "", "step: write 1 to 8 [[step]]"),
    ] {
        let ConfigErrors(problems) = watchdog(&WATCH.replace(from, to)).unwrap_err();
        assert!(problems.len() == 1 && problems[0].contains(says), "{to}: {problems:?}");
    }
    let ConfigErrors(problems) = watchdog("").unwrap_err();
    let places: Vec<&str> = problems.iter().map(|problem| problem.split(':').next().unwrap()).collect();
    assert_eq!(places, ["service.url", "service.token", "sms", "step"]);
}

#[test]
fn senders_are_known_by_their_labels_and_what_is_none_is_refused() {
    let texts = |senders: &str| {
        let account =
            "account_sid = 'AC00000000000000000000000000000000'\nauth_token = 'x'\nfrom = '+447700900099'";
        let hooks = "[callbacks]\npublic_url = 'https://cordon.example'";
        format!("{SMALL}\n[sms]\nprovider = 'twilio'\n{account}\nsenders = {senders}\n{hooks}\n")
    };
    let good = "{ choir = '+447700900088', bells = 'MG00000000000000000000000000000001' }";
    let config = load_text(&texts(good), &[]).unwrap().config;
    let shown = config.to_string();
    assert!(shown.contains("senders.choir = \"+447700900088\""), "{shown}");
    let has = |label: &str| config.channels.has_sender(Channel::Sms, &label.parse().unwrap());
    assert_eq!([has("choir"), has("bells"), has("other")], [Some(true), Some(true), Some(false)]);
    assert_eq!(config.channels.has_sender(Channel::Voice, &"choir".parse().unwrap()), None);
    for (bad, says) in [
        ("{ choir = 'Choir' }", "sms.senders.choir: write a number of the account"),
        ("{ 'The Choir' = '+447700900088' }", "is no label"),
    ] {
        let error = problem(&texts(bad), &[]);
        assert!(error.contains(says), "{error}");
    }
}
