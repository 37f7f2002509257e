//! Just enough of Rust's grammar: what is code, what is a test, where a word stands.

/// The text with comments and the insides of string and character literals blanked out; lines stay where they are.
pub(crate) fn code_only(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let end = literal_end(bytes, i).unwrap_or(i);
        if end == i {
            code.push(bytes[i]);
            i += 1;
        } else {
            code.extend(bytes[i..end].iter().map(|b| if *b == b'\n' { b'\n' } else { b' ' }));
            i = end;
        }
    }
    String::from_utf8_lossy(&code).into_owned()
}

/// Where the comment or literal that begins at `i` ends.
fn literal_end(bytes: &[u8], i: usize) -> Option<usize> {
    let rest = &bytes[i..];
    let until = |end: &[u8], from: usize| {
        let found = rest[from..].windows(end.len()).position(|window| window == end);
        Some(found.map_or(bytes.len(), |at| i + from + at + end.len()))
    };
    let in_word = i > 0 && (bytes[i - 1].is_ascii_alphanumeric() || bytes[i - 1] == b'_');
    match rest {
        [b'/', b'/', ..] => Some(rest.iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| i + at)),
        [b'/', b'*', ..] => until(b"*/", 2),
        [b'"', ..] => Some(i + quoted_length(rest)),
        [b'r', b'"', ..] if !in_word => until(b"\"", 2),
        [b'r', b'#', ..] if !in_word => {
            let hashes = rest[1..].iter().take_while(|b| **b == b'#').count();
            if rest.get(1 + hashes) != Some(&b'"') {
                return None; // r#type
            }
            until(format!("\"{}", "#".repeat(hashes)).as_bytes(), 2 + hashes)
        }
        [b'\'', b'\\', _, ..] => until(b"'", 3),
        // Not a lifetime: one character, then the closing quote.
        [b'\'', _, b'\'', ..] => Some(i + 3),
        _ => None,
    }
}

fn quoted_length(text: &[u8]) -> usize {
    let mut i = 1;
    while i < text.len() && text[i] != b'"' {
        i += if text[i] == b'\\' { 2 } else { 1 };
    }
    (i + 1).min(text.len())
}

/// The code in front of the file's unit tests, which stand last.
pub(crate) fn without_tests(code: &str) -> &str {
    code.find("#[cfg(test)]\nmod ").map_or(code, |at| &code[..at])
}

/// Whether the whole file is tests.
pub(crate) fn is_test_file(name: &str) -> bool {
    name.starts_with("tests/")
        || name.contains("/tests/")
        || name.ends_with("/tests.rs")
        || name.ends_with("/testing.rs")
}

/// The line, from 1, of a byte.
pub(crate) fn line(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Every identifier with where it begins.
pub(crate) fn identifiers(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + code[rest..].find(is_word)?;
        let end = code[start..].find(|c| !is_word(c)).map_or(code.len(), |length| start + length);
        rest = end;
        Some((start, &code[start..end]))
    })
}

#[test]
fn only_code_is_left() {
    for (text, code) in [
        ("a // b\nc", "a     \nc"),
        ("a /* b\n */ c", "a     \n    c"),
        ("f(\"a \\\" b\") + c", "f(        ) + c"),
        ("r\"a\\\" + b", "      + b"),
        ("r#\"a \" b\"# + c", "           + c"),
        ("r#type + b", "r#type + b"),
        ("'\"' + a + '\\'' + b", "    + a +      + b"),
        ("<'a>(b: &'a str)", "<'a>(b: &'a str)"),
    ] {
        assert_eq!(code_only(text), code, "{text}");
    }
    assert_eq!(without_tests("a\n#[cfg(test)]\nmod tests { b }"), "a\n");
}
