//! `cordon policy check`, as an operator runs it: on a file, on an installation, and on a file as if it had been loaded.

use std::{fs, path::Path, process::Command};

use cordon::{rulebook_file, store};
use serde_json::Value;

use crate::{lived, process::Program, reference::journal};

const EXAMPLE: &str = include_str!("../../deploy/rulebook.example.toml");

/// Whether the command was content, what it said, and why it was not.
fn check(folder: &Path, arguments: &[&str]) -> (bool, String, String) {
    let mut command = Command::new(folder.join("cordon"));
    command.args(["policy", "check"]).args(arguments).current_dir(folder).env_remove("CORDON_CONFIG");
    let done = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (done.status.success(), text(done.stdout), text(done.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_is_sound_and_a_hole_in_it_is_found_in_a_file_and_in_an_installation() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let _program = Program::copied_to(folder);
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    write("sound.toml", EXAMPLE);
    write(
        "holed.toml",
        &EXAMPLE.replacen("days = \"sat-sun\", from = \"19:00\"", "days = \"sat\", from = \"19:00\"", 1),
    );
    write("broken.toml", &EXAMPLE.replacen("else = \"control-room\"", "else = \"nobody\"", 1));
    let from = ["--from", "2026-03-01T00:00:00Z"];

    let (is_content, said, _) = check(folder, &[&["sound.toml"], &from[..]].concat());
    assert!(is_content, "{said}");
    assert!(
        said.contains("every alert ends at a person who can be reached, at every hour of 28 days"),
        "{said}"
    );

    let (is_content, said, _) = check(folder, &[&["holed.toml", "--days", "7"], &from[..]].concat());
    assert!(is_content, "somebody stands in: {said}");
    let line = "warning  rota supervisors: nobody is on duty, and control-room stands in; add a shift if that is not meant: \
                from Sun 1 Mar 19:00 until Mon 2 Mar 07:00";
    assert!(said.contains(line), "{said}");

    let (is_content, _, why) = check(folder, &["broken.toml"]);
    assert!(!is_content && why.contains("rota supervisors: names 'nobody'"), "{why}");

    let url = format!("sqlite:{}", folder.join("cordon.db").display());
    write(
        "cordon.toml",
        &format!(
            r#"installation = "office"
            store = {{ url = "{url}" }}
            source = [{{ name = "tags", url = "mqtt://127.0.0.1:1", username = "cordon-office", password = "never used" }}]
            "#
        ),
    );
    let (is_content, _, why) = check(folder, &["--config", "cordon.toml"]);
    assert!(!is_content && why.contains("nothing is in force yet"), "{why}");

    // Its configuration has no provider at all.
    let arguments = [&["sound.toml", "--config", "cordon.toml", "--json"], &from[..]].concat();
    let (is_content, said, why) = check(folder, &arguments);
    assert!(!is_content && why.contains("holes"), "{why}");
    let report: Value = serde_json::from_str(&said).unwrap();
    let holes = report["findings"].as_array().unwrap().iter().filter(|finding| finding["grade"] == "hole");
    let says: Vec<&str> = holes.map(|hole| hole["says"].as_str().unwrap()).collect();
    assert!(
        says.iter().any(|says| says.contains("nobody's phone rings, for sms and voice have no provider")),
        "{says:?}"
    );
    assert_eq!(report["cases"], 2);

    // In force, and the file laid over it.
    let records = store::open(&url).await.unwrap();
    lived::record(records.as_ref(), rulebook_file::read(&folder.join("sound.toml")).unwrap(), &[]).await;
    let before = journal(records.as_ref()).await;
    for (file, of) in [(None, false), (Some("holed.toml"), true)] {
        let arguments: Vec<&str> = file.into_iter().chain(["--config", "cordon.toml"]).chain(from).collect();
        let (_, said, why) = check(folder, &arguments);
        assert!(
            said.contains("Unit dogger, 1 March 2026 to 29 March 2026 (times: Europe/London)"),
            "{said} {why}"
        );
        assert_eq!(said.contains("rota supervisors: nobody is on duty"), of, "{said}");
        assert!(["+447700900003", "Alex Example"].iter().all(|secret| !said.contains(secret)), "{said}");
    }
    assert_eq!(journal(records.as_ref()).await, before, "nothing is changed by it");
}
