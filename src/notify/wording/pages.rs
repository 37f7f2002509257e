//! What the pages say that are opened on the phone of whoever is told. They say nothing that whoever looks over a shoulder
//! must not read.

use super::{english, welsh};
use crate::domain::Language;

/// All that the pages say in one language.
#[derive(Debug)]
pub struct Pages {
    /// What a tab and a home screen call them.
    pub name: &'static str,
    /// Leads away from here at once, to a page that anybody may be looking at.
    pub exit: &'static str,
    /// Where nothing is to be seen.
    pub nothing: &'static str,
    /// The page on which somebody agrees to push messages.
    pub enrol: Enrol,
    /// The page on which somebody answers.
    pub answer: Answer,
    /// The page that is always there.
    pub own: Own,
}

/// See [`Pages::enrol`].
#[derive(Debug)]
pub struct Enrol {
    /// What this is.
    pub heading: &'static str,
    /// What is asked.
    pub lead: &'static str,
    /// What it does, in plain words.
    pub points: [&'static str; 4],
    /// How it is ended.
    pub stop: &'static str,
    /// The button.
    pub agree: &'static str,
    /// While it is under way.
    pub working: &'static str,
    /// It is done.
    pub done: &'static str,
    /// The browser has been told not to.
    pub denied: &'static str,
    /// The browser cannot do it.
    pub unable: &'static str,
    /// It did not succeed.
    pub failed: &'static str,
    /// The link has done its work, or is too old.
    pub used: &'static str,
    /// Without scripts it cannot be done.
    pub no_script: &'static str,
}

/// See [`Pages::answer`].
#[derive(Debug)]
pub struct Answer {
    /// Above the buttons.
    pub choose: &'static str,
    /// What stands beside the keys 1, 2 and 3 where a protected person is asked.
    pub person: [&'static str; 3],
    /// The same on the page of a test: it was seen.
    pub seen: &'static str,
    /// What stands beside 1 and 2 where a member of staff is asked.
    pub staff: [&'static str; 2],
    /// And where a responder is sent.
    pub sent: [&'static str; 2],
    /// Beside the field for an answer in one's own words.
    pub write: &'static str,
    /// The button that sends it.
    pub send: &'static str,
    /// There was no answer in it, or too long a one.
    pub too_long: &'static str,
    /// An answer was taken.
    pub noted: &'static str,
    /// Help was asked for, and people know.
    pub helped: &'static str,
    /// What was answered is over already.
    pub over: &'static str,
    /// It is not certain that it was taken.
    pub unsure: &'static str,
}

/// See [`Pages::own`].
#[derive(Debug)]
pub struct Own {
    /// What it is for, while there is nothing to answer.
    pub lead: &'static str,
    /// Loads it again.
    pub again: &'static str,
}

/// What the pages say in a language.
#[must_use]
pub fn of(language: Language) -> &'static Pages {
    match language {
        Language::English => &english::PAGES,
        Language::Welsh => &welsh::PAGES,
    }
}
