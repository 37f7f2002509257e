//! A rulebook that relies on a channel for which the installation has no provider.

use std::fs;

use crate::process::Program;

#[test]
fn a_rulebook_is_refused_if_the_installation_cannot_reach_people_so() {
    let folder = tempfile::tempdir().unwrap();
    let (program, config) = (Program::copied_to(folder.path()), folder.path().join("cordon.toml"));
    fs::write(
        &config,
        r#"installation = "office"
        store = { url = "sqlite:cordon.db" }
        source = [{ name = "tags", url = "mqtt://127.0.0.1:1" }]
        sms = { provider = "plain", url = "http://127.0.0.1:1", token = "x", callback_secret = "correct horse battery" }
        webhook = { secret = "correct horse battery" }
        "#,
    )
    .unwrap();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/rulebook.example.toml");
    for command in ["check", "load"] {
        let done = program.run(&["rulebook", command, example], &config);
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(!done.status.success(), "{command}");
        for channel in ["second_sms", "voice"] {
            let reason = format!("unit dogger: policy standard: people are reached by {channel}, and");
            assert!(said.contains(&reason), "{command}: {said}");
        }
        assert!(!said.contains("reached by sms"), "{said}");
    }
}
