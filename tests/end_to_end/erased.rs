//! `cordon subject erase` on an installation at work: nothing of theirs is left in its files, whatever ends the service in
//! between.

use std::{fs, path::Path, time::Duration};

use cordon::{access::Access, clock::Clock, notify, store};

use crate::{
    couples::{self, OF_PERSON, OF_WEARER},
    installation::Installation,
    postgres,
    wait::until,
};

const SOON: Duration = Duration::from_secs(60);

struct Office<'f> {
    installation: Installation,
    folder: &'f Path,
}

impl Office<'_> {
    /// Whether the command was content, and all that it said.
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let done = self.installation.run(arguments, &self.folder.join("cordon.toml"));
        let said = [done.stdout, done.stderr].concat();
        (done.status.success(), String::from_utf8(said).unwrap())
    }

    fn erase(&self, subject: &str) -> (bool, String) {
        self.run(&["subject", "erase", subject, "--reason", "The letter of 1 May"])
    }

    fn plan(&self, subject: &str) -> String {
        let (is_content, said) = self.run(&["subject", "erase", subject, "--plan"]);
        assert!(is_content, "{said}");
        said
    }
}

/// The line has something to do: what the engine remembers is kept twice, after one row and after another.
async fn others_write(phones: String) {
    let (client, clock) = (notify::http::client().unwrap(), Clock::real());
    loop {
        let reply = serde_json::json!({"from": "+447700900077", "text": "1"});
        // Nobody takes it while the service is down.
        let _ = client.post(format!("{phones}/api/replies")).json(&reply).send().await;
        clock.wait_ms(300).await;
    }
}

/// Two couples of whom one is erased, in the store at this address. `reads`: everything that it holds, as bytes.
async fn erased(folder: &Path, url: &str, reads: impl AsyncFn() -> Vec<u8>) {
    let Some(installation) = Installation::new(folder, url, &[]).await else { return };
    let office = Office { installation, folder };
    {
        let records = store::open(url).await.unwrap();
        couples::lived(records.as_ref()).await;
        let access = Access::open(&folder.join("cordon-access.db")).await.unwrap();
        couples::written(&access).await;
    }
    let words = |all: &[u8], words: &[&'static str]| -> Vec<&'static str> {
        let has = |word: &&&str| all.windows(word.len()).any(|piece| piece == word.as_bytes());
        words.iter().filter(has).copied().collect()
    };
    assert_eq!(words(&reads().await, OF_PERSON), OF_PERSON, "there is something to erase");

    let (_, said) = office.run(&["subject", "hold", "wearer:w-1", "--reason", "The trial of May"]);
    assert!(said.contains("stands"), "{said}");
    let held = "of wearer:w-1 stands, whose data stands in the same rows";
    let said = office.plan("person:p-1");
    assert!(said.contains("incidents about others") && said.contains(held), "{said}");
    let (is_content, said) = office.erase("person:p-1");
    assert!(!is_content && said.contains(held), "{said}");
    let (is_content, said) = office.erase("wearer:w-2");
    assert!(!is_content && said.contains("case c-2 has not ended"), "{said}");
    let (is_content, said) = office.erase("person:p-9");
    assert!(!is_content && said.contains("there is no record of person:p-9"), "{said}");
    let lift = office.run(&["subject", "lift", "wearer:w-1", "--hold", "3", "--reason", "It is over"]);
    assert!(lift.0, "{}", lift.1);
    assert!(office.plan("person:p-1").contains("nothing stands in the way"));

    // Nobody is at work: it waits for whoever is.
    let (is_content, said) = office.erase("person:p-1");
    assert!(is_content && said.contains("stored: the service takes it up when it starts"), "{said}");
    let (is_content, said) = office.erase("person:p-1");
    assert!(!is_content && said.contains("is asked for already"), "{said}");
    assert_eq!(words(&reads().await, OF_PERSON), OF_PERSON);
    let others = tokio::spawn(others_write(office.installation.phones.url.clone()));
    let service = office.installation.serve();
    until("the engine has forgotten her", SOON, async || {
        office.plan("person:p-1").contains("there is no record of person:p-1").then_some(())
    })
    .await;
    service.kill();
    let service = office.installation.serve();
    office.installation.heard().await;
    let (is_content, said) = office.erase("wearer:w-1");
    assert!(is_content && said.contains("wearer:w-1 is erased: the content of"), "{said}");
    until("she is erased, too", SOON, async || words(&reads().await, OF_PERSON).is_empty().then_some(()))
        .await;
    others.abort();
    let all = reads().await;
    assert_eq!(words(&all, OF_WEARER), [] as [&str; 0]);
    assert_eq!(words(&all, &["Hale", "Dean Fowler", "Theirs to keep."]).len(), 3, "what is others' stays");
    service.stop();
    let service = office.installation.serve();
    office.installation.heard().await;
    service.stop();
    let (is_content, said) = office.installation.replay();
    assert!(
        is_content && said.contains("was erased") && said.contains("integrity chain: verifies"),
        "{said}"
    );
    let (is_content, said) = office.run(&["audit", "verify"]);
    assert!(is_content, "{said}");

    // One row more, and it is nobody's erasure: both a start and replay say so.
    let records = store::open(url).await.unwrap();
    let rows = records.journal(0, i64::MAX).await.unwrap();
    let row = rows.iter().find(|row| row.kind == "ping" && row.subject == "wearer:w-2").unwrap().no;
    records.erase_rows(&[row]).await.unwrap();
    let service = office.installation.serve();
    office.installation.heard().await;
    service.stop();
    let (is_content, said) = office.installation.replay();
    assert!(
        !is_content && said.contains(&format!("row {row}: its content is gone, and no erasure took it")),
        "{said}"
    );
    let log = office.installation.log();
    assert!(log.contains("a journal row's content is gone, and no erasure took it"), "{log}");
    let log = office.installation.log();
    for word in ["Barry", "Berry", "4477009"] {
        assert!(!log.contains(word), "{word}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_in_the_files_of_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let reads = async || {
        let mut all = Vec::new();
        for file in fs::read_dir(path).unwrap() {
            let file = file.unwrap().path();
            // The program holds the test's own words at most.
            if file.file_name().is_some_and(|name| name != "cordon") && file.is_file() {
                all.extend(fs::read(file).unwrap());
            }
        }
        all
    };
    erased(path, &format!("sqlite:{}", path.join("cordon.db").display()), reads).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_in_the_tables_of_postgresql() {
    let Some(url) = postgres::fresh_database().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let access = folder.path().join("cordon-access.db");
    let reads = async || {
        let records = store::open(&url).await.unwrap();
        let mut all = fs::read(&access).unwrap_or_default();
        all.extend(fs::read(access.with_extension("db-wal")).unwrap_or_default());
        all.extend(couples::kept(records.as_ref()).await);
        all
    };
    erased(folder.path(), &url, reads).await;
}
