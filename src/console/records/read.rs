//! Reads a form: what cannot be read is named beside its field, all of it at once.

use std::{collections::BTreeMap, fmt::Display, str::FromStr};

use super::values::{Values, instant};
use crate::{domain::Timestamp, engine::Problem};

/// What is wrong, by the name of the field.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wrong(pub(super) BTreeMap<String, Vec<String>>);

impl Wrong {
    pub(super) fn add(&mut self, name: impl Into<String>, sentence: impl Into<String>) {
        let (said, sentence) = (self.0.entry(name.into()).or_default(), sentence.into());
        if !said.contains(&sentence) {
            said.push(sentence);
        }
    }

    /// What the rulebook has against a book, said beside the field that it is about: `beside` knows where a place in the
    /// book stands in its form.
    pub(super) fn of(problems: Vec<Problem>, beside: impl Fn(&str) -> String) -> Self {
        let mut wrong = Self::default();
        for Problem { at, says } in problems {
            // Whose book it is stands at the top of the page.
            wrong.add(beside(&at), sentence(without_place(&says)));
        }
        wrong
    }
}

/// A form that is being read.
pub(super) struct Reader<'v> {
    pub(super) values: &'v Values,
    pub(super) wrong: Wrong,
}

impl<'v> Reader<'v> {
    pub(super) fn new(values: &'v Values) -> Self {
        Self { values, wrong: Wrong::default() }
    }

    /// What must be written.
    pub(super) fn text(&mut self, name: &str, empty: &str) -> String {
        let text = self.values.get(name);
        if text.is_empty() {
            self.wrong.add(name, empty);
        }
        text.into()
    }

    /// What may be left empty.
    pub(super) fn text_if_any(&self, name: &str) -> Option<String> {
        Some(self.values.get(name)).filter(|text| !text.is_empty()).map(Into::into)
    }

    /// What must be written, and be one of a kind.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&mut self, name: &str, empty: &str) -> Option<T> {
        match self.values.get(name) {
            "" => {
                self.wrong.add(name, empty);
                None
            }
            text => {
                text.parse().map_err(|error: T::Err| self.wrong.add(name, sentence(&error.to_string()))).ok()
            }
        }
    }

    /// The same, where it may be left empty.
    pub(super) fn parsed_if_any<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        if self.values.get(name).is_empty() { None } else { self.parsed(name, "") }
    }

    /// One of a list that the form offers.
    pub(super) fn chosen<T>(
        &mut self,
        name: &str,
        pick: impl FnOnce(&str) -> Option<T>,
        none: &str,
    ) -> Option<T> {
        let picked = pick(self.values.get(name));
        if picked.is_none() {
            self.wrong.add(name, none);
        }
        picked
    }

    pub(super) fn instant(&mut self, name: &str, empty: &str) -> Option<Timestamp> {
        if self.values.get(name).is_empty() {
            self.wrong.add(name, empty);
            return None;
        }
        self.instant_if_any(name)
    }

    pub(super) fn instant_if_any(&mut self, name: &str) -> Option<Timestamp> {
        let text = self.values.get(name);
        if text.is_empty() {
            return None;
        }
        let read = instant(text);
        if read.is_none() {
            self.wrong.add(name, "Write day and time like 2026-03-01 09:00 (UTC).");
        }
        read
    }

    /// Reads each row of a list in which something is written; a row that is wiped out is taken out.
    pub(super) fn rows<T>(
        &mut self,
        list: &str,
        mut row: impl FnMut(&mut Self, &str) -> Option<T>,
    ) -> Vec<T> {
        let numbers = self.values.written_rows(list);
        numbers.into_iter().filter_map(|n| row(self, &format!("{list}.{n}"))).collect()
    }

    /// The book, if nothing was wrong.
    pub(super) fn done<T>(self, book: Option<T>) -> Result<T, Wrong> {
        match book {
            Some(book) if self.wrong.0.is_empty() => Ok(book),
            _ => Err(self.wrong),
        }
    }
}

/// What is wrong, without whose it is: that stands at the top of the page, or beside the field.
fn without_place(says: &str) -> &str {
    const KINDS: [&str; 9] =
        ["unit", "wearer", "person", "case", "zone", "proximity zone", "staff", "rota", "policy"];
    let mut rest = says;
    while let Some((place, after)) = rest.split_once(": ")
        && place.rsplit_once(' ').is_some_and(|(kind, _)| KINDS.contains(&kind))
    {
        rest = after;
    }
    rest
}

/// A sentence: with a capital and an end.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_said_without_its_place() {
        for (says, short) in [
            (
                "case c-1: zone z-1: a code is 1 to 24 letters: it is texted",
                "a code is 1 to 24 letters: it is texted",
            ),
            (
                "unit u: policy p: danger needs at least one step: the last one repeats",
                "danger needs at least one step: the last one repeats",
            ),
            ("unit u: staff or rota 'x' stands there twice", "staff or rota 'x' stands there twice"),
            ("no place at all", "no place at all"),
        ] {
            assert_eq!(without_place(says), short);
        }
    }
}
