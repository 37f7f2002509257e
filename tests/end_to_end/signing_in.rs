//! From `cordon init` over TLS to the audit log, as an operator and an administrator do it.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use sqlx::{ConnectOptions, Connection};

use crate::{
    mosquitto::certificate,
    process::{Program, free_address},
    totp::code,
    wait::until,
};

const PASSWORD: &str = "four words as these";
const SOON: Duration = Duration::from_secs(30);

/// A browser that trusts one certificate.
struct Browser {
    client: reqwest::Client,
    url: String,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    fn new(url: &str, certificate: &Path) -> Self {
        cordon::app::install_tls();
        let trusted = reqwest::Certificate::from_pem(&fs::read(certificate).unwrap()).unwrap();
        let client =
            reqwest::Client::builder().tls_certs_only([trusted]).redirect(reqwest::redirect::Policy::none());
        Self { client: client.build().unwrap(), url: url.into(), cookies: BTreeMap::new() }
    }

    async fn ask(&mut self, request: reqwest::RequestBuilder) -> (u16, String) {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header("cookie", cookies.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("; Secure"), "{cookie}");
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.into(), value.into());
        }
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn get(&mut self, path: &str) -> (u16, String) {
        let request = self.client.get(format!("{}{path}", self.url));
        self.ask(request).await
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let request =
            self.client.post(format!("{}{path}", self.url)).header("origin", &self.url).form(fields);
        self.ask(request).await
    }
}

/// What stands between two texts on a page.
fn between<'p>(page: &'p str, from: &str, to: &str) -> &'p str {
    page.split(from).nth(1).unwrap_or_else(|| panic!("{from} in {page}")).split(to).next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_init_by_tls_to_a_verified_audit_log() {
    let folder = tempfile::tempdir().unwrap();
    let Some((certificate, key)) = certificate(folder.path(), "console") else { return };
    let (program, address) = (Program::copied_to(folder.path()), free_address());
    let (config, url) = (folder.path().join("cordon.toml"), format!("https://{address}"));
    let text = format!(
        "installation = 'e2e'\nstore.url = 'sqlite:cordon.db'\n[console]\nlisten = '{address}'\npublic_url = '{url}'\n\
         certificate_file = {certificate:?}\ncertificate_key_file = {key:?}\n[access]\nheads_file = 'elsewhere.heads'\n\
         [[source]]\nname = 'away'\nurl = 'mqtt://127.0.0.1:1'\n"
    );
    fs::write(&config, text).unwrap();

    // Without an administrator it does not start, and says what to do.
    let refused = program.run(&["serve"], &config);
    let says = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && says.contains("run `cordon init`"), "{says}");
    let init = program.run(&["init", "--administrator", "root"], &config);
    let says = String::from_utf8_lossy(&init.stdout).into_owned();
    let link = says.lines().find_map(|line| line.strip_prefix("link: ")).unwrap().to_owned();
    assert!(link.starts_with(&format!("{url}/join#")), "{link}");

    let service = program.serve(&config);
    let mut browser = Browser::new(&url, &certificate);
    let client = browser.client.clone();
    until("the console answers", SOON, async || client.get(format!("{url}/livez")).send().await.ok()).await;
    assert!(reqwest::get(format!("http://{address}/livez")).await.is_err(), "nothing without TLS");
    assert_eq!(browser.get("/accounts").await.0, 303);
    assert_eq!(browser.get("/health").await.0, 401);

    let (_, page) = browser.post("/join", &[("code", &link)]).await;
    let key = between(&page, "<code class=\"key\">", "<").to_owned();
    // At the end of a step the code may be another one by the time it is read.
    let joined = until("the administrator signs up", SOON, async || {
        let fields =
            [("code", link.as_str()), ("password", PASSWORD), ("repeated", PASSWORD), ("totp", &code(&key))];
        let request = client.post(format!("{url}/join")).header("origin", &url).form(&fields);
        Some(request.send().await.unwrap().text().await.unwrap())
            .filter(|page| page.contains("Keep these codes"))
    })
    .await;
    let recovery = between(&joined, "<li><code>", "<").to_owned();
    let again = program.run(&["init", "--administrator", "other"], &config);
    assert!(String::from_utf8_lossy(&again.stderr).contains("there is an administrator already"));

    assert_eq!(browser.post("/sign-in", &[("name", "root"), ("password", "a guess of one")]).await.0, 403);
    assert_eq!(browser.post("/sign-in", &[("name", "root"), ("password", PASSWORD)]).await.0, 303);
    let (status, page) = browser.post("/sign-in/code", &[("code", &recovery)]).await;
    assert!(status == 200 && page.contains("You have 9 left"), "{page}");
    let (status, page) = browser.get("/accounts").await;
    assert!(status == 200 && page.contains("First administrator"), "{page}");
    assert_eq!(browser.get("/").await.0, 403, "an administrator sees nobody's data");
    service.stop();

    let verified = program.run(&["audit", "verify"], &config);
    let says = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success() && says.contains("ok: every record is what was written"), "{says}");
    cut_the_end_off(&folder.path().join("cordon-access.db")).await;
    let cut = program.run(&["audit", "verify"], &config);
    let says = String::from_utf8_lossy(&cut.stdout).into_owned();
    assert!(!cut.status.success() && says.contains("its end has been cut off"), "{says}");
}

async fn cut_the_end_off(file: &Path) {
    let mut log = sqlx::sqlite::SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    for sql in ["DROP TRIGGER audit_no_delete", "DELETE FROM audit WHERE no = (SELECT max(no) FROM audit)"] {
        sqlx::query(sql).execute(&mut log).await.unwrap();
    }
    log.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_of_accounts_lets_nobody_in_and_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (program, address) = (Program::copied_to(folder.path()), free_address());
    let config = folder.path().join("cordon.toml");
    let text = format!(
        "installation = 'e2e'\nstore.url = 'sqlite:cordon.db'\n[console]\nlisten = '{address}'\n\
         [[source]]\nname = 'away'\nurl = 'mqtt://127.0.0.1:1'\n"
    );
    fs::write(&config, text).unwrap();
    cordon::app::install_tls();
    fs::write(
        folder.path().join("cordon-access.db"),
        "this is no database, whatever its name says".repeat(40),
    )
    .unwrap();
    let service = program.serve(&config);
    let get = async |path: &str| reqwest::get(format!("http://{address}{path}")).await.ok();
    until("the console answers", SOON, async || get("/livez").await).await;
    until("the line turns", SOON, async || get("/health").await.filter(|it| it.status() == 503)).await;
    let client = reqwest::Client::new();
    let fields = [("name", "root"), ("password", PASSWORD)];
    let answer = client.post(format!("http://{address}/sign-in")).form(&fields).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    service.stop();
}
