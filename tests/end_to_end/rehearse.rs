//! `cordon rehearse` on an installation's own store, as an officer runs it.

use std::{fs, path::Path};

use cordon::store;
use serde_json::Value;

use crate::{lived, process::Program, reference::journal};

const DAYS: u32 = 8;

/// On the way to work, 100 m beside it.
const PROPOSED: &str = r#"
id = "z-9"
code = "TEAL"
margin_m = 300
shape = { circle = { lat = 53.482248, lon = -2.285336, radius_m = 150 } }

[schedule]
time_zone = "Europe/London"
spans = [{ days = "mon-fri", from = "06:00", until = "12:00" }]
"#;

struct Office<'f> {
    program: Program,
    folder: &'f Path,
}

impl Office<'_> {
    /// Whether the command was content, and what it said, or why it was not.
    fn rehearse(&self, arguments: &[&str]) -> (bool, String) {
        let all: Vec<&str> = ["rehearse"].iter().chain(arguments).copied().collect();
        let done = self.program.run(&all, &self.folder.join("cordon.toml"));
        let is_content = done.status.success();
        let said = if is_content { done.stdout } else { done.stderr };
        (is_content, String::from_utf8(said).unwrap())
    }

    fn write(&self, name: &str, text: &str) -> String {
        let file = self.folder.join(name);
        fs::write(&file, text).unwrap();
        file.display().to_string()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposed_zone_is_rehearsed_on_the_installations_own_journal() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office { program: Program::copied_to(folder.path()), folder: folder.path() };
    let url = format!("sqlite:{}", folder.path().join("cordon.db").display());
    office.write(
        "cordon.toml",
        &format!(
            r#"installation = "office"
            store = {{ url = "{url}" }}
            source = [{{ name = "tags", url = "mqtt://127.0.0.1:1", username = "cordon-office", password = "never used" }}]
            "#
        ),
    );
    let records = store::open(&url).await.unwrap();
    let life = lived::commuter(DAYS);
    let sent = lived::sends(lived::tag(20), DAYS, |s| life.at(s));
    let home = lived::zone("z-1", [0.0, 0.0], 100.0);
    lived::record(records.as_ref(), lived::books(home), &sent).await;
    let before = journal(records.as_ref()).await;

    let file = office.write("proposed.toml", PROPOSED);
    let (is_content, said) = office.rehearse(&[&file, "--wearer", "w-1"]);
    assert!(is_content, "{said}");
    for line in [
        "Zone TEAL (z-9) for wearer w-1",
        "(times: Europe/London)",
        "6 alerts in 8 days, all of them on one way from the south-east to the south-west.",
        "6 of 6 on weekdays between 7 and 8",
        "The journal holds 8 days of the 30 asked for.",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let place = ["53.48", "53.4", "2.24", "2.28"];
    assert!(!place.iter().any(|degrees| said.contains(degrees)), "{said}");

    let (is_content, said) = office.rehearse(&[&file, "--wearer", "w-1", "--days", "2", "--json"]);
    let found: Value = serde_json::from_str(said.trim()).unwrap();
    assert!(is_content && found["approaches"] == 1 && found["violations"] == 0, "{said}");
    assert_eq!(found["visits"].as_array().unwrap().len(), 1 + found["watches"].as_u64().unwrap() as usize);
    assert!(!place.iter().any(|degrees| said.contains(degrees)), "{said}");

    let (is_content, said) = office.rehearse(&["z-1", "--wearer", "w-1", "--time-zone", "Europe/London"]);
    assert!(is_content && said.contains("Do they live there?"), "{said}");

    let copied = office.write("copied.toml", &format!("[[case.zone]]{PROPOSED}"));
    for (arguments, why) in [
        ([file.as_str(), "--wearer", "w-9"], "the rulebook has no wearer 'w-9'"),
        (["z-7", "--wearer", "w-1"], "no zone 'z-7' is in force"),
        (["/nowhere.toml", "--wearer", "w-1"], "check the path"),
        ([copied.as_str(), "--wearer", "w-1"], "unknown key `case`"),
    ] {
        let (is_content, said) = office.rehearse(&arguments);
        assert!(!is_content && said.contains(why), "{arguments:?}: {said}");
    }
    assert_eq!(journal(records.as_ref()).await, before, "nothing is changed by it");
}
