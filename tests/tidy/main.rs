//! Keeps the repository as its map says: imports point down, words are the agreed ones, files stay small.
//!
//! Each rule is a function from text to problems, and a unit test beside it shows that it can fail.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod imports;
mod layout;
mod rust;
mod words;

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder of the repository whose name ends so, as (path from the root, content).
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

fn rust_files() -> Vec<(String, String)> {
    ["src", "tests", "firmware-sim"].iter().flat_map(|folder| files(folder, ".rs")).collect()
}

#[track_caller]
fn assert_none(problems: Vec<String>) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn the_walk_finds_the_repository() {
    let names: Vec<String> = rust_files().into_iter().map(|(name, _)| name).collect();
    for known in [
        "src/lib.rs",
        "src/wire/lib.rs",
        "src/core/domain/ids.rs",
        "tests/tidy/main.rs",
        "firmware-sim/src/lib.rs",
    ] {
        assert!(names.iter().any(|name| name == known), "{known}");
    }
}

#[test]
fn imports_point_down_the_floors() {
    let own_crate = files("src", ".rs").into_iter().filter(|(name, _)| !name.starts_with("src/wire/"));
    assert_none(own_crate.flat_map(|(name, text)| imports::problems(&name, &text)).collect());
}

#[test]
fn words_are_the_agreed_ones() {
    let sql = files("migrations", ".sql");
    let rust = rust_files().into_iter().flat_map(|(name, text)| words::problems(&name, &text));
    assert_none(
        rust.chain(sql.into_iter().flat_map(|(name, text)| words::sql_problems(&name, &text))).collect(),
    );
}

#[test]
fn files_are_small() {
    assert_none(rust_files().iter().filter_map(|(name, text)| layout::too_long(name, text)).collect());
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |folder: &str| -> Vec<String> {
        let prefix = format!("{folder}/");
        files(folder, ".sql")
            .into_iter()
            .filter_map(|(name, _)| name.strip_prefix(&prefix).map(str::to_owned))
            .collect()
    };
    let (sqlite, postgres) = (names("migrations/sqlite"), names("migrations/postgres"));
    assert!(!sqlite.is_empty());
    assert_none(layout::migration_problems(&sqlite, &postgres));
}

#[test]
fn the_map_names_every_module() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    assert_none(layout::map_problems(&lib));
}

#[test]
fn the_readme_has_the_two_commands() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert_none(layout::readme_problems(&readme));
}
