//! The console's own certificate is renewed while it serves.

use std::{fs, path::Path, sync::Arc, time::Duration};

use cordon::{
    access::Access,
    app::{Admission, Plan, Running, Watched, install_tls},
    clock::Clock,
    console::{Ground, Public, TlsFiles},
    notify::Settings,
    secret::Secret,
    store::MemoryStore,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::{mosquitto::certificate, wait::until};

const TOKEN: &str = "token-of-a-watchdog";
const SOON: Duration = Duration::from_secs(60);
const TROUBLE: &str = "renewed certificate of the console unusable, the old one still in use";

/// A console that proves itself with files of its own.
struct Served {
    running: Running,
    files: TlsFiles,
    url: String,
    folder: TempDir,
}

impl Served {
    /// With the pair `first`, on a clock whose minute takes a tenth of a second. `None` without openssl.
    async fn start() -> Option<Self> {
        install_tls();
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles {
            certificate: folder.path().join("console.pem"),
            key: folder.path().join("console.key"),
        };
        for name in ["first", "second"] {
            certificate(folder.path(), name)?;
        }
        let at = |name: &str, kind: &str| folder.path().join(format!("{name}.{kind}"));
        fs::copy(at("first", "pem"), &files.certificate).unwrap();
        fs::copy(at("first", "key"), &files.key).unwrap();
        let (real, console) = (Clock::real(), TcpListener::bind(("127.0.0.1", 0)).await.unwrap());
        let host = console.local_addr().unwrap().to_string();
        let access = Arc::new(Access::in_memory().await.unwrap());
        access.first_administrator(&"root".parse().unwrap(), "Root", real.wall()).await.unwrap();
        let public = Some(Public { host: host.clone(), tls: Some(files.clone()) });
        let plan = Plan {
            store: Arc::new(MemoryStore::default()),
            store_file: None,
            sources: Vec::new(),
            channels: Settings::default(),
            watched: Watched { token: Some(Secret::new(TOKEN)), ..Watched::default() },
            clock: Clock::scaled(real.wall(), 600.0),
            console,
            admission: Admission { access, heads: None, public, installation: "test".into() },
            ground: Ground::Region(cordon::basemap::Region::in_folder(folder.path())),
        };
        let running = plan.start().await.unwrap();
        Some(Self { running, files, url: format!("https://{host}"), folder })
    }

    /// Puts one file of a pair in the place of the console's, as whatever renews it does.
    fn put(&self, name: &str, kind: &str) {
        let (new, place) = (self.folder.path().join(format!("{name}.{kind}")), self.place(kind));
        let beside = place.with_extension("new");
        fs::copy(new, &beside).unwrap();
        fs::rename(beside, place).unwrap();
    }

    fn place(&self, kind: &str) -> &Path {
        if kind == "pem" { &self.files.certificate } else { &self.files.key }
    }

    /// Somebody who trusts one certificate and has never been here.
    fn browser(&self, trusts: &str) -> reqwest::Client {
        let pem = fs::read(self.folder.path().join(format!("{trusts}.pem"))).unwrap();
        let trusted = reqwest::Certificate::from_pem(&pem).unwrap();
        reqwest::Client::builder().tls_certs_only([trusted]).build().unwrap()
    }

    /// Whether a new handshake shows this certificate.
    async fn shows(&self, name: &str) -> bool {
        let answer = self.browser(name).get(format!("{}/livez", self.url)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// What is said to be wrong.
    async fn trouble(&self, client: &reqwest::Client) -> Value {
        let request = client.get(format!("{}/health", self.url)).bearer_auth(TOKEN);
        let health: Value = request.send().await.unwrap().json().await.unwrap();
        let metrics = client.get(format!("{}/metrics", self.url)).bearer_auth(TOKEN);
        let metrics = metrics.send().await.unwrap().text().await.unwrap();
        // It may have changed between the two.
        assert!(metrics.contains("cordon_certificate_renewal_failing "), "{metrics}");
        health["trouble"].clone()
    }

    async fn says(&self, client: &reqwest::Client, trouble: &Value) {
        until("the trouble is told", SOON, async || (self.trouble(client).await == *trouble).then_some(()))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_shown_to_whoever_comes_next_and_a_broken_one_never() {
    let Some(served) = Served::start().await else { return };
    assert!(served.shows("first").await && !served.shows("second").await);
    let before = served.browser("first");
    assert_eq!(served.trouble(&before).await, json!([]));

    // Half of a pair is no pair: whoever comes is shown the first as before.
    served.put("second", "pem");
    served.says(&before, &json!([TROUBLE])).await;
    assert!(served.shows("first").await && !served.shows("second").await);
    served.put("second", "key");
    until("the second is shown", SOON, async || served.shows("second").await.then_some(())).await;
    assert!(!served.shows("first").await);
    // Whoever was here already is not thrown out.
    served.says(&before, &json!([])).await;

    // Damaged, empty, and gone: the last good one goes on.
    for damage in [Some("-----BEGIN CERTIFICATE-----\nnonsense"), Some(""), None] {
        for kind in ["pem", "key"] {
            match damage {
                Some(text) => fs::write(served.place(kind), text).unwrap(),
                None => fs::remove_file(served.place(kind)).unwrap(),
            }
            served.says(&before, &json!([TROUBLE])).await;
            assert!(served.shows("second").await && !served.shows("first").await, "{damage:?} {kind}");
            // What was shown all the time is there again.
            served.put("second", kind);
            served.says(&before, &json!([])).await;
            assert!(served.shows("second").await);
        }
    }
    // And back: a pair that is older by its times is as good as a new one.
    served.put("first", "key");
    served.put("first", "pem");
    until("the first is shown", SOON, async || served.shows("first").await.then_some(())).await;
    served.running.stop().await.unwrap();
}
