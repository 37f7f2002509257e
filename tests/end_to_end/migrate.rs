//! An upgrade as an operator does it: the service refuses a schema that is not its own, and says which command helps.

use std::{fs, path::Path};

use sqlx::{Connection, Executor, PgConnection, SqliteConnection};

use crate::{postgres, process::Program};

const LATER: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
    SELECT 9999, 'contract later', success, checksum, execution_time FROM _sqlx_migrations WHERE version = 1";

/// Whether the command was content, and all that it said.
fn run(program: &Program, folder: &Path, arguments: &[&str]) -> (bool, String) {
    let done = program.run(arguments, &folder.join("cordon.toml"));
    (done.status.success(), String::from_utf8([done.stdout, done.stderr].concat()).unwrap())
}

async fn upgraded(url: &str, later: impl AsyncFnOnce()) {
    let place = tempfile::tempdir().unwrap();
    let program = Program::copied_to(place.path());
    let config = format!(
        "installation = 'office'\nstore = {{ url = '{url}', migrate = 'command' }}\n\
         source = [{{ name = 'tags', url = 'mqtt://127.0.0.1:1' }}]\n"
    );
    fs::write(place.path().join("cordon.toml"), config).unwrap();
    let run = |arguments: &[&str]| run(&program, place.path(), arguments);

    let (is_content, said) = run(&["serve"]);
    assert!(!is_content && said.contains("if this is the right database, run `cordon migrate up`"), "{said}");
    let (is_content, said) = run(&["migrate", "plan"]);
    assert!(is_content && said.contains("): 1 (line)\n  done in a moment"), "{said}");
    let (is_content, said) = run(&["migrate", "status"]);
    assert!(is_content && said.contains("): empty; "), "{said}");
    let (is_content, said) = run(&["migrate", "up"]);
    assert!(is_content && said.contains("store (") && said.contains("): 4 (snapshots) is done"), "{said}");
    assert!(said.contains("access (SQLite): 9 (erasures) is done"), "{said}");
    let (is_content, said) = run(&["migrate", "status"]);
    assert!(is_content && said.matches("; nothing to do").count() == 2, "{said}");
    let (is_content, said) = run(&["replay"]);
    assert!(is_content && said.starts_with("no difference in 0 rows"), "{said}");

    later().await;
    for command in [&["serve"][..], &["migrate", "up"], &["migrate", "plan"], &["migrate", "status"]] {
        let (is_content, said) = run(command);
        let refusal = "migration 9999 (contract later), which this version of Cordon does not know";
        assert!(
            !is_content && said.contains(refusal) && said.contains("run the version that made it"),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_is_brought_up_to_date_by_command_or_refused() {
    let place = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", place.path().join("cordon.db").display());
    upgraded(&url, async || {
        SqliteConnection::connect(&url).await.unwrap().execute(LATER).await.unwrap();
    })
    .await;
    let Some(url) = postgres::fresh_database().await else {
        return;
    };
    upgraded(&url, async || {
        PgConnection::connect(&url).await.unwrap().execute(LATER).await.unwrap();
    })
    .await;
}
