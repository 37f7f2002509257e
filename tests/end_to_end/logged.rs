//! Whoever looks at somebody by a command, or publishes a rulebook, stands in the audit log first: while that takes nothing,
//! nothing is said and nothing is changed.

use std::{fs, path::Path, process::Output};

use cordon::{
    access::{Access, audit::Entry},
    store,
};
use sqlx::{Connection as _, SqliteConnection};

use crate::{lived, process::Program, reference::journal};

const WHY: &str = "letter of 1 March";
const BOOKS: &str = r#"
[[wearer]]
id = "w-7"
unit = "north"
name = "Robin Example"

[[person]]
id = "p-7"
unit = "north"
name = "Alex Example"
contact = []
"#;

struct Office<'f> {
    program: Program,
    folder: &'f Path,
}

impl Office<'_> {
    fn run(&self, arguments: &[&str]) -> Output {
        self.program.run(&[arguments, &["--reason", WHY]].concat(), &self.folder.join("cordon.toml"))
    }

    /// What the log says of one command that must be content, the first record first.
    async fn logged(&self, access: &Access, arguments: &[&str]) -> Vec<Entry> {
        let before = access.head().await.unwrap().map_or(0, |(no, _)| no);
        let done = self.run(arguments);
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        let mut entries = access.entries(i64::MAX, 100, None).await.unwrap();
        entries.retain(|entry| entry.no > before);
        entries.reverse();
        entries
    }
}

/// Who, what, about whom, of which unit, case and incident, and why.
fn said(entry: &Entry) -> (&str, &str, &str, &str, &str, i64, &str) {
    let Entry { who, what, subject, unit, case_id, incident, why, .. } = entry;
    (who, what, subject, unit, case_id, *incident, why)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_shows_or_changes_somebody_stands_in_the_log_first() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office { program: Program::copied_to(folder.path()), folder: folder.path() };
    let url = format!("sqlite:{}", folder.path().join("cordon.db").display());
    let config = format!(
        r#"installation = "office"
        store = {{ url = "{url}" }}
        source = [{{ name = "tags", url = "mqtt://127.0.0.1:1", username = "cordon-office", password = "never used" }}]
        "#
    );
    fs::write(folder.path().join("cordon.toml"), config).unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (books, page) = (file("books.toml"), file("page.html"));
    fs::write(&books, BOOKS).unwrap();
    let records = store::open(&url).await.unwrap();
    let life = lived::commuter(1);
    let sent = lived::sends(lived::tag(60), 1, |s| life.at(s));
    let incidents =
        lived::record(records.as_ref(), lived::books(lived::zone("z-1", [0.0, 0.0], 100.0)), &sent).await;
    let incident = incidents.values().find(|it| it.case.is_some()).expect("they live in the zone");
    let number = incident.id.to_string();
    let database = folder.path().join("cordon-access.db");
    let access = Access::open(&database).await.unwrap();
    let replay = ["replay", "--incident", &number, "--html", &page];
    let rehearse = ["rehearse", "z-1", "--wearer", "w-1"];
    let load = ["rulebook", "load", &books];

    let entries = office.logged(&access, &replay).await;
    let [one] = &entries[..] else { panic!("{entries:?}") };
    let whom = ("a command", "see explanation", "wearer:w-1", "north", "c-1", incident.id.0, WHY);
    assert_eq!(said(one), whom);
    let entries = office.logged(&access, &rehearse).await;
    let [one] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(said(one), ("a command", "rehearse zone", "wearer:w-1", "north", "", 0, WHY));
    let entries = office.logged(&access, &load).await;
    let [wearer, person] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(said(wearer), ("a command", "change wearer", "wearer:w-7", "north", "", 0, WHY));
    assert_eq!(said(person), ("a command", "change person", "person:p-7", "north", "", 0, WHY));
    fs::remove_file(&page).unwrap();

    takes_nothing_any_more(&database).await;
    let before = journal(records.as_ref()).await;
    for arguments in [&replay[..], &rehearse, &load] {
        let done = office.run(arguments);
        assert!(!done.status.success() && done.stdout.is_empty(), "{arguments:?}: {done:?}");
        let why = String::from_utf8(done.stderr).unwrap();
        assert!(why.contains("audit log are not available"), "{arguments:?}: {why}");
    }
    assert!(!Path::new(&page).exists());
    assert_eq!(journal(records.as_ref()).await, before);
    assert_eq!(access.head().await.unwrap().map(|(no, _)| no), Some(4), "one record of each, and no more");
}

/// The log can be opened and read, and no more be written.
async fn takes_nothing_any_more(database: &Path) {
    const AWAY: &str =
        "CREATE TRIGGER away BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    let mut connection = SqliteConnection::connect(&format!("sqlite:{}", database.display())).await.unwrap();
    sqlx::query(AWAY).execute(&mut connection).await.unwrap();
}
