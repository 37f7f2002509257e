//! `cordon subject` on an installation's own store, as whoever answers a person's letter runs it.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use cordon::store;
use serde_json::Value;

use crate::{lived, postgres, process::Program};

const PHONE: &str = "+447700900001";

struct Office<'f> {
    program: Program,
    folder: &'f Path,
}

impl Office<'_> {
    /// Whether the command was content, and what it said, or why it was not.
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let done = self.program.run(arguments, &self.folder.join("cordon.toml"));
        let is_content = done.status.success();
        let said = if is_content { done.stdout } else { done.stderr };
        (is_content, String::from_utf8(said).unwrap())
    }

    fn export(&self, subject: &str, file: &str) -> (PathBuf, bool, String) {
        let out = self.folder.join(file);
        let (is_content, said) = self.run(&[
            "subject",
            "export",
            subject,
            "--out",
            out.to_str().unwrap(),
            "--reason",
            "letter of 1 March",
        ]);
        (out, is_content, said)
    }
}

/// With a day of somebody who lives in the zone, in the store at this address.
async fn answered(url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let office = Office { program: Program::copied_to(folder.path()), folder: folder.path() };
    let config = format!(
        r#"installation = "office"
        store = {{ url = "{url}" }}
        source = [{{ name = "tags", url = "mqtt://127.0.0.1:1", username = "cordon-office", password = "never used" }}]
        "#
    );
    fs::write(folder.path().join("cordon.toml"), config).unwrap();
    let records = store::open(url).await.unwrap();
    let life = lived::commuter(1);
    let sent = lived::sends(lived::tag(60), 1, |s| life.at(s));
    let incidents =
        lived::record(records.as_ref(), lived::books(lived::zone("z-1", [0.0, 0.0], 100.0)), &sent).await;

    let (file, is_content, said) = office.export("wearer:w-1", "wearer.json");
    assert!(is_content && said.contains("2 revisions of records"), "{said}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&file).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["installation"], "office");
    assert_eq!(document["incidents"].as_array().unwrap().len(), incidents.len());
    let pings = document["journal"].as_array().unwrap().iter().filter(|row| row["kind"] == "ping").count();
    assert_eq!(pings, sent.len(), "every ping that was heard of them");
    assert!(!text.contains(PHONE) && !text.contains("p-1"), "nothing of hers");
    let (file, is_content, said) = office.export("person:p-1", "person.json");
    assert!(is_content, "{said}");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(PHONE) && !text.contains("w-1") && !text.contains("sim/t1"), "nothing of theirs");

    // What is there is not overwritten, and what could not be made is not there.
    let (_, is_content, said) = office.export("wearer:w-1", "person.json");
    assert!(!is_content && said.contains("cannot make"), "{said}");
    let (file, is_content, said) = office.export("person:p-9", "nobody.json");
    assert!(!is_content && said.contains("there is no record of person:p-9") && !file.exists(), "{said}");

    let (is_content, said) = office.run(&["subject", "hold", "wearer:w-1", "--reason", "The trial of May"]);
    assert!(is_content && said.contains("hold 1 stands"), "{said}");
    let (_, said) = office.run(&["subject", "holds", "wearer:w-1"]);
    assert!(said.contains("The trial of May") && said.contains("it stands"), "{said}");
    let lift = |subject| office.run(&["subject", "lift", subject, "--hold", "1", "--reason", "It is over"]);
    assert!(lift("person:p-1").1.contains("no hold 1 of person:p-1 stands"));
    assert!(lift("wearer:w-1").0);
    assert!(!lift("wearer:w-1").0, "once");
    assert!(office.run(&["subject", "holds", "wearer:w-1"]).1.contains("lifted by a command"));
    let (_, is_content, _) = office.export("wearer:w-1", "again.json");
    let again: Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("again.json")).unwrap()).unwrap();
    assert!(is_content && again["holds"][0]["lifted_at"].is_string(), "{again}");
    assert!(!again.to_string().contains("trial"), "why is staff's word");
    let read: Vec<&str> =
        again["readers"].as_array().unwrap().iter().map(|reader| reader["what"].as_str().unwrap()).collect();
    assert_eq!(read, ["export subject", "export subject", "place hold", "lift hold", "export subject"]);
    assert!(office.run(&["audit", "verify"]).0);
    let (is_content, said) = office.run(&["replay"]);
    assert!(is_content, "nothing is changed by it: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_letter_is_answered_from_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    answered(&format!("sqlite:{}", folder.path().join("cordon.db").display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_letter_is_answered_from_postgresql() {
    if let Some(url) = postgres::fresh_database().await {
        answered(&url).await;
    }
}
