//! Environment variables laid over the file: every value is a text, as it is in the file.

use std::ffi::OsString;

use toml::{Table, Value};

use crate::document::Misfit;

const PREFIX: &str = "CORDON_";

/// Lays `CORDON_A__B=v` over the table as `a.b = "v"`.
pub(super) fn lay_over(
    table: &mut Table,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(), Vec<String>> {
    let mut problems = Vec::new();
    for (name, value) in environment {
        let Some(name) = name.to_str().filter(|name| is_setting(name)) else {
            continue;
        };
        let Ok(value) = value.into_string() else {
            problems.push(format!("environment, {name}: not UTF-8 text; set it to text or unset it"));
            continue;
        };
        let path: Vec<String> = name[PREFIX.len()..].split("__").map(str::to_lowercase).collect();
        if let Err(problem) = put(table, &path, value) {
            problems.push(format!("environment, {name}: {problem}"));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Tells a mistake that only the overrides can have made.
pub(super) fn explain(misfit: &Misfit) -> String {
    let name = misfit.path.replace('[', "__").replace(']', "").replace('.', "__").to_uppercase();
    format!("environment, {PREFIX}{name}: {}", misfit.what)
}

/// Other names are not the configuration's: `CORDON_LOG`, `CORDON_TRACKS`.
fn is_setting(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|rest| rest == "INSTALLATION" || rest.contains("__"))
}

fn put(table: &mut Table, path: &[String], value: String) -> Result<(), String> {
    match path {
        [] => Ok(()),
        [key] => {
            table.insert(key.clone(), Value::String(value));
            Ok(())
        }
        [key, rest @ ..] => match table.entry(key.clone()).or_insert_with(|| Value::Table(Table::new())) {
            Value::Table(inner) => put(inner, rest, value),
            Value::Array(list) => put_in_list(list, key, rest, value),
            _ => Err(format!("`{key}` is one value, it has nothing inside; unset this variable")),
        },
    }
}

fn put_in_list(list: &mut [Value], key: &str, path: &[String], value: String) -> Result<(), String> {
    let length = list.len();
    let element =
        path.first().and_then(|index| index.parse().ok()).and_then(|index: usize| list.get_mut(index));
    match element {
        Some(Value::Table(inner)) => put(inner, &path[1..], value),
        _ => Err(format!(
            "the file has {length} `[[{key}]]`; number them from 0, as in {PREFIX}{}__0__...",
            key.to_uppercase()
        )),
    }
}
