//! Reads TOML and JSON that people write: a mistake is named with its line, its path and what was probably meant.

use std::{fmt, io::Read, path::Path};

use serde::de::DeserializeOwned;

/// A text that does not have the shape it should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Where, from 1, if the parser knows.
    pub line: Option<usize>,
    /// Such as `case[2].zone[0].shape`; empty for the whole text.
    pub path: String,
    /// What is wrong and how to put it right.
    pub what: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}")?,
            None => write!(f, "somewhere")?,
        }
        if !self.path.is_empty() {
            write!(f, ", {}", self.path)?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for Misfit {}

/// Reads TOML.
///
/// # Errors
/// The first place where the text is no TOML or no `T`.
pub fn from_toml<T: DeserializeOwned>(text: &str) -> Result<T, Misfit> {
    let misfit = |error: &toml::de::Error, path: String| Misfit {
        line: error.span().map(|span| line_of(text, span.start)),
        path,
        what: friendly(error.message()),
    };
    let document = toml::Deserializer::parse(text).map_err(|error| misfit(&error, String::new()))?;
    serde_path_to_error::deserialize(document).map_err(|error| misfit(error.inner(), path(error.path())))
}

/// Reads JSON.
///
/// # Errors
/// The first place where the text is no JSON or no `T`.
pub fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Misfit> {
    let misfit = |error: &serde_json::Error, path: String| {
        let message = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        let what = message.strip_suffix(&position).unwrap_or(&message);
        Misfit { line: (error.line() > 0).then(|| error.line()), path, what: friendly(what) }
    };
    let mut document = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut document)
        .map_err(|error| misfit(error.inner(), path(error.path())))?;
    document.end().map_err(|error| misfit(&error, String::new()))?;
    Ok(value)
}

/// Reads a table that was put together from several places, so that no line can be told.
///
/// # Errors
/// The first place where it is no `T`.
pub fn from_table<T: DeserializeOwned>(table: toml::Table) -> Result<T, Misfit> {
    serde_path_to_error::deserialize(table).map_err(|error| Misfit {
        line: None,
        path: path(error.path()),
        what: friendly(error.inner().message()),
    })
}

/// Reads a text file of at most `bytes_max` bytes.
///
/// # Errors
/// A sentence with the fix.
pub fn read_text(path: &Path, bytes_max: u64) -> Result<String, String> {
    let shown = path.display();
    let cannot =
        |error: std::io::Error| format!("cannot read {shown} ({error}); check the path and who may read it");
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(cannot)?;
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > bytes_max {
        return Err(format!("{shown} is larger than {bytes_max} bytes; split it"));
    }
    String::from_utf8(bytes).map_err(|error| {
        format!("{shown} is not UTF-8 text (byte {}); save it as UTF-8", error.utf8_error().valid_up_to())
    })
}

/// The word among `known` that `word` was probably meant to be.
#[must_use]
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |candidate: &str| strsim::jaro_winkler(word, candidate);
    known
        .into_iter()
        .map(|candidate| (likeness(candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|b| *b == b'\n').count() + 1
}

fn path(path: &serde_path_to_error::Path) -> String {
    let text = path.to_string();
    if text == "." { String::new() } else { text }
}

/// Serde's sentence about an unknown name, shortened to the name that was probably meant.
fn friendly(message: &str) -> String {
    let (Some(kind), Some((_, rest))) = (unknown_kind(message), message.split_once('`')) else {
        return message.trim().replace('\n', ": ");
    };
    // Only the last part, "expected ...", holds names that are not the writer's own.
    let Some((word, expected)) = rest.rsplit_once("`, expected ") else {
        return message.into();
    };
    let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    match did_you_mean(word, known.iter().copied()) {
        Some(meant) => format!("unknown {kind} `{word}`, did you mean `{meant}`?"),
        None => format!("unknown {kind} `{word}`; known here: {}", known.join(", ")),
    }
}

fn unknown_kind(message: &str) -> Option<&'static str> {
    [("unknown field", "key"), ("unknown variant", "word")]
        .into_iter()
        .find(|(start, _)| message.starts_with(start))
        .map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Town {
        #[serde(default, rename = "street")]
        _streets: Vec<Street>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Street {
        #[serde(rename = "name")]
        _name: String,
        #[serde(rename = "length_m")]
        _length_m: f64,
    }

    fn says(text: &str) -> String {
        from_toml::<Town>(text).unwrap_err().to_string()
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_line_path_and_meaning() {
        let error = says("[[street]]\nname = 'a'\nlength_m = 1\n\n[[street]]\nname = 'b'\nlenght_m = 2\n");
        assert_eq!(error, "line 7, street[1].lenght_m: unknown key `lenght_m`, did you mean `length_m`?");
        let error = says("[[street]]\nqqq = 1\n");
        assert_eq!(error, "line 2, street[0].qqq: unknown key `qqq`; known here: name, length_m");
    }

    #[test]
    fn missing_wrong_and_broken_parts_are_named() {
        assert_eq!(says("\n[[street]]\nlength_m = 1"), "line 2, street[0]: missing field `name`");
        let wrong = says("[[street]]\nname = 'a'\nlength_m = 'x'");
        assert!(wrong.starts_with("line 3, street[0].length_m: invalid type: string"), "{wrong}");
        let broken = says("[[street]]\nname = 'a\n");
        assert!(broken.starts_with("line 2: "), "{broken}");
        assert!(!broken.contains('\n'), "{broken:?}");
    }

    #[test]
    fn json_is_told_the_same_way() {
        let error = from_json::<Town>("{\"street\": [\n{\"nam\": 1}]}").unwrap_err().to_string();
        assert_eq!(error, "line 2, street[0].nam: unknown key `nam`, did you mean `name`?");
        let error = from_json::<Town>("{} {}").unwrap_err().to_string();
        assert!(error.starts_with("line 1: trailing characters"), "{error}");
    }

    #[test]
    fn a_name_with_back_quotes_cannot_pass_for_a_known_one() {
        let error = says("'a`, expected `b' = 1");
        assert_eq!(error, "line 1, a`, expected `b: unknown key `a`, expected `b`; known here: street");
    }
}
