//! Files, migrations, the map and the front page.

const LINES_MAX: usize = 600;
const COMMANDS: [&str; 2] = ["cargo run -- demo", "bash .ci/test"];

pub(crate) fn too_long(name: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > LINES_MAX).then(|| format!("{name} has {lines} lines; cut it in two (at most {LINES_MAX})"))
}

/// Both folders must hold the same file names.
pub(crate) fn migration_problems(sqlite: &[String], postgres: &[String]) -> Vec<String> {
    let missing = |from: &str, here: &[String], there: &[String]| -> Vec<String> {
        let absent = there.iter().filter(|name| !here.contains(name));
        absent
            .map(|name| format!("migrations/{from} lacks {name}; write it, even if only a comment"))
            .collect()
    };
    [missing("sqlite", sqlite, postgres), missing("postgres", postgres, sqlite)].concat()
}

/// Every module must stand in the table at the top of lib.rs, and every row must be a module.
pub(crate) fn map_problems(lib: &str) -> Vec<String> {
    let own = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.split([';', ' ']).next());
    let of_crates = lib.lines().filter_map(|line| line.strip_prefix("pub use cordon_")?.strip_suffix("};"));
    let theirs = of_crates.filter_map(|of| Some(of.split_once("::{")?.1.split(", "))).flatten();
    let modules: Vec<&str> = own.chain(theirs).collect();
    let rows: Vec<&str> = lib
        .lines()
        .filter(|line| line.starts_with("//! | "))
        .filter_map(|line| line.split('`').nth(1))
        .collect();
    let unnamed = modules.iter().filter(|module| !rows.contains(module));
    let stale = rows.iter().filter(|row| !modules.contains(row));
    unnamed
        .map(|module| format!("src/lib.rs: the map does not name `{module}`; add its row"))
        .chain(
            stale.map(|row| {
                format!("src/lib.rs: the map names `{row}`, which is no module; take the row out")
            }),
        )
        .collect()
}

pub(crate) fn readme_problems(readme: &str) -> Vec<String> {
    let absent = COMMANDS.iter().filter(|command| !readme.contains(*command));
    absent
        .map(|command| format!("README.md does not name `{command}`; it is one of the two set-up commands"))
        .collect()
}

#[test]
fn each_rule_can_fail() {
    assert!(too_long("a", &"\n".repeat(601)).is_some_and(|problem| problem.contains("601 lines")));
    assert_eq!(too_long("a", &"\n".repeat(600)), None);

    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let (two, one) = (names(&["1.sql", "2.sql"]), names(&["1.sql"]));
    assert_eq!(
        migration_problems(&two, &one),
        ["migrations/postgres lacks 2.sql; write it, even if only a comment"]
    );
    assert_eq!(migration_problems(&one, &two).len(), 1);
    assert_eq!(migration_problems(&two, &two), Vec::<String>::new());

    let map = "//! | 0 | `a` | does a |\npub mod a;\n";
    assert_eq!(map_problems(map), Vec::<String>::new());
    assert!(map_problems(&format!("{map}pub mod b;\n"))[0].contains("does not name `b`"));
    assert!(map_problems("//! | 0 | `a` | does a |\n")[0].contains("which is no module"));
    assert!(map_problems(&format!("{map}pub use cordon_core::{{b, c}};\n"))[1].contains("does not name `c`"));

    assert_eq!(
        readme_problems("cargo run -- demo"),
        ["README.md does not name `bash .ci/test`; it is one of the two set-up commands"]
    );
}
