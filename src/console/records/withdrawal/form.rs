//! The forms of a withdrawal's steps, and what is read from them.

use crate::{
    console::records::{
        read::{Reader, Wrong},
        sheet::{Choice, Control, Field, Section},
        values::Values,
    },
    domain::{Case, Manner, PersonId, Signed, TakenBack, Telling, Timestamp, ToldHow, Withdrawal},
};

const MANNERS: [(Manner, &str, &str); 4] = [
    (Manner::InPerson, "in_person", "Face to face"),
    (Manner::Call, "call", "In a call"),
    (Manner::Writing, "writing", "In writing"),
    (Manner::Another, "another", "By somebody who speaks for them"),
];
/// Nobody is told this by a letter or a text that somebody else may read.
const TELLINGS: [(Manner, &str, &str); 3] = [
    (Manner::InPerson, "in_person", "Face to face"),
    (Manner::Call, "call", "In a call"),
    (Manner::Another, "another", "By somebody whom they trust"),
];
const NOT_TOLD: &str = "not";
const WORDS_CHARS_MAX: usize = 1_000;
const EARLIER: &str = "That is still to come. Write when it was.";

/// How something was said, as the page has it.
pub(super) fn manner(manner: Manner) -> &'static str {
    MANNERS.iter().find(|(known, ..)| *known == manner).map_or("", |(.., word)| word)
}

/// How a protected person was told.
pub(super) fn telling(manner: Manner) -> &'static str {
    TELLINGS.iter().find(|(known, ..)| *known == manner).map_or("In writing", |(.., word)| word)
}

pub(super) fn said() -> Section {
    let manners = [Choice::new("", "Choose")].into_iter();
    let manners = manners.chain(MANNERS.map(|(_, value, word)| Choice::new(value, word))).collect();
    Section::new(
        "",
        vec![
            Field::instant("said_at", "When did they say so?"),
            Field::new("manner", "How did they say it?", Control::Choice(manners)),
        ],
    )
}

pub(super) fn tell(person: &PersonId) -> Section {
    let how = [Choice::new("", "Choose")].into_iter();
    let how = how.chain(TELLINGS.map(|(_, value, word)| Choice::new(value, word)));
    let how = how.chain([Choice::new(NOT_TOLD, "They could not be told")]).collect();
    Section::new(
        "",
        vec![
            Field::new(format!("how.{person}"), "How were they told?", Control::Choice(how)),
            Field::instant(format!("at.{person}"), "When were they told, or last tried?"),
            Field::new(
                format!("why.{person}"),
                "If they could not be told, why?",
                Control::Text(WORDS_CHARS_MAX),
            )
            .hint("What was tried, and who tries on. Empty if they were told."),
        ],
    )
}

pub(super) fn back() -> Section {
    let reason = Field::new("reason", "Why it no longer holds", Control::Text(WORDS_CHARS_MAX))
        .hint("Such as: they agree again, said on 4 March to their case worker.");
    Section::new("", vec![reason])
}

/// A withdrawal, as it begins.
pub(super) fn read_said(values: &Values, case: &Case, by: &Signed) -> Result<Withdrawal, Wrong> {
    let mut reader = Reader::new(values);
    let said_at = reader.instant("said_at", "Write when they said so.").filter(|at| {
        past(&mut reader, "said_at", *at, by.at);
        if *at < case.basis.from {
            reader.wrong.add("said_at", "That is before the case was in force.");
        }
        true
    });
    let chosen = |text: &str| MANNERS.iter().find(|(_, value, _)| *value == text).map(|(it, ..)| *it);
    let manner = reader.chosen("manner", chosen, "Choose how they said it.");
    let read = said_at.zip(manner).map(|(said_at, manner)| Withdrawal {
        said_at,
        manner,
        recorded: by.clone(),
        told: Vec::new(),
        ended: None,
        taken_back: None,
    });
    reader.done(read)
}

/// That somebody was told, or could not be.
pub(super) fn read_told(
    values: &Values,
    person: &PersonId,
    withdrawal: &Withdrawal,
    by: &Signed,
) -> Result<Telling, Wrong> {
    let mut reader = Reader::new(values);
    let [how_at, at_at, why_at] = ["how", "at", "why"].map(|name| format!("{name}.{person}"));
    let at = reader.instant(&at_at, "Write when.").filter(|at| {
        past(&mut reader, &at_at, *at, by.at);
        if *at < withdrawal.said_at {
            reader.wrong.add(&at_at, "That is before the wearer withdrew.");
        }
        true
    });
    let why = reader.text_if_any(&why_at);
    if why.as_ref().is_some_and(|why| why.chars().count() > WORDS_CHARS_MAX) {
        reader.wrong.add(&why_at, "Write at most 1,000 characters.");
    }
    let told = |text: &str| TELLINGS.iter().find(|(_, value, _)| *value == text).map(|(it, ..)| *it);
    let how = match (values.get(&how_at), why) {
        (NOT_TOLD, Some(why)) => Some(ToldHow::Not(why)),
        (NOT_TOLD, None) => {
            reader.wrong.add(&why_at, "Write why they could not be told.");
            None
        }
        (_, why) => {
            if why.is_some() {
                reader.wrong.add(&why_at, "They were told: leave this empty, or say that they could not be.");
            }
            reader
                .chosen(&how_at, told, "Choose how they were told, or that they could not be.")
                .map(ToldHow::By)
        }
    };
    let telling = how.zip(at);
    let person = person.clone();
    reader.done(telling.map(|(how, at)| Telling { person, how, at, recorded: by.clone() }))
}

/// That it no longer holds.
pub(super) fn read_back(values: &Values, by: &Signed) -> Result<TakenBack, Wrong> {
    let mut reader = Reader::new(values);
    let reason = reader.text("reason", "Write why it no longer holds.");
    if reason.chars().count() > WORDS_CHARS_MAX {
        reader.wrong.add("reason", "Write at most 1,000 characters.");
    }
    reader.done(Some(TakenBack { reason, recorded: by.clone() }))
}

fn past(reader: &mut Reader<'_>, name: &str, at: Timestamp, now: Timestamp) {
    if at > now {
        reader.wrong.add(name, EARLIER);
    }
}
