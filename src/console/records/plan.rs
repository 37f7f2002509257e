//! What a protected person has agreed about how they are told, in their form.

use super::{
    Of,
    read::{Reader, sentence},
    sheet::{Choice, Control, Field, Section},
    values::Values,
};
use crate::domain::{
    AlertShape, Book, BookingError, ContactPlan, Language, OwnWords, QuietHours, QuietHoursError,
    ScheduleError, Staff, StaffId, TestBooking, WhenWeak,
};

const LANGUAGES: [(Language, &str); 2] = [(Language::English, "English"), (Language::Welsh, "Welsh")];
const SHAPES: [(AlertShape, &str, &str); 4] = [
    (AlertShape::Loud, "loud", "Loud: by every way that there is"),
    (AlertShape::Silent, "silent", "Silent: nothing that rings"),
    (AlertShape::CallOnly, "call_only", "Call only: nothing that stays to be read"),
    (AlertShape::AdvocateFirst, "advocate_first", "Advocate first: those whom they have named, before them"),
];
const AFTER: &str = "after";
const NEVER: &str = "never";
const IN_SECONDS: &str = "Write seconds, 0 to 3600.";
const AFTER_S_MAX: u32 = 3_600;
const WORDS_CHARS_MAX: usize = 160;

pub(super) fn write(values: &mut Values, plan: &ContactPlan) {
    values.put("plan.language", plan.language.code());
    let shape = SHAPES.iter().find(|(shape, ..)| *shape == plan.shape);
    values.put("plan.shape", shape.map_or("", |(_, value, _)| value));
    for named in &plan.nominated {
        values.put("plan.nominated", named.as_str());
    }
    let (told, after_s) = match plan.weak {
        WhenWeak::Never => (NEVER, String::new()),
        WhenWeak::AfterS(after_s) => (AFTER, after_s.to_string()),
    };
    values.put("plan.weak.told", told);
    values.put("plan.weak", after_s);
    values.put("plan.words.danger", plan.words.danger.as_deref().unwrap_or_default());
    values.put("plan.duress_word", plan.duress_word.as_deref().unwrap_or_default());
    values.put("plan.duress_key", plan.duress_key.as_deref().unwrap_or_default());
    values.put("plan.sender", plan.sender.as_ref().map_or("", |label| label.as_str()));
    if let Some([from, until, time_zone]) = plan.quiet.as_ref().map(QuietHours::written) {
        values.put("plan.quiet.from", from);
        values.put("plan.quiet.until", until);
        values.put("plan.quiet.time_zone", time_zone);
    }
    if let Some((day, at, time_zone)) = plan.test.as_ref().map(TestBooking::written) {
        values.put("plan.test.day", day.to_string());
        values.put("plan.test.at", at);
        values.put("plan.test.time_zone", time_zone);
    }
}

/// What whoever speaks with them keeps to, in words.
pub(super) fn agreed(plan: &ContactPlan) -> Vec<String> {
    let language = LANGUAGES.iter().find(|(it, _)| *it == plan.language).map(|(_, word)| *word);
    let shape = SHAPES.iter().find(|(it, ..)| *it == plan.shape).map(|(.., word)| *word);
    let quiet = plan.quiet.as_ref().map(QuietHours::written);
    let quiet = quiet.map(|[from, until, time_zone]| format!("Quiet hours {from} to {until}, {time_zone}"));
    language.into_iter().chain(shape).map(Into::into).chain(quiet).collect()
}

pub(super) fn sheet(of: &Of<'_>) -> Vec<Section> {
    let languages = LANGUAGES.map(|(language, word)| Choice::new(language.code(), word)).into();
    let shapes = SHAPES.map(|(_, value, word)| Choice::new(value, word)).into();
    let weak = [Choice::new(AFTER, "Yes, once it has lasted"), Choice::new(NEVER, "No, never")].into();
    let told = vec![
        Field::new("plan.language", "Language", Control::Choice(languages)),
        Field::new("plan.shape", "How danger is told", Control::Choice(shapes))
            .hint("Whether it is told is nobody's choice."),
        Field::new("plan.nominated", "Told when they do not answer", Control::Ticks(nominees(of)))
            .hint("An advocate, or somebody whom they trust: all of them at once."),
        Field::new("plan.weak.told", "Told when protection is weak", Control::Choice(weak))
            .hint("When Cordon cannot see the wearer. Most of it passes within a minute."),
        Field::new("plan.weak", "After how many seconds", Control::Line(4)).hint("0 to 3600."),
        Field::new("plan.words.danger", "Their own words for danger", Control::Line(WORDS_CHARS_MAX))
            .hint("Words that say nothing to anybody else. Empty for the usual ones."),
        Field::new("plan.duress_word", "Duress word", Control::Line(24))
            .hint("Answers like 1 to whoever reads along, and calls for help. 4 to 24 letters and digits."),
        Field::new("plan.duress_key", "Duress key", Control::Line(1))
            .hint("The same on a phone's keypad: 0, 4, 5, 6, 7 or 8."),
        Field::new("plan.sender", "Whom texts are from", Control::Line(40))
            .hint("A sender of the suppliers of texts, by its label there. Empty for the usual one."),
    ];
    let quiet = vec![
        Field::new("plan.quiet.from", "From", Control::Line(5)).hint("Like 22:00."),
        Field::new("plan.quiet.until", "Until", Control::Line(5)).hint("Like 07:30."),
        Field::new("plan.quiet.time_zone", "Time zone", Control::Line(64)).hint("Such as Europe/London."),
    ];
    let test = vec![
        Field::new("plan.test.day", "Day of each month", Control::Line(2)).hint("1 to 28."),
        Field::new("plan.test.at", "At", Control::Line(5)).hint("Like 18:30."),
        Field::new("plan.test.time_zone", "Time zone", Control::Line(64)).hint("Such as Europe/London."),
    ];
    vec![
        Section::new("What they have agreed about how they are told", told),
        Section::new("Quiet hours", quiet)
            .named("plan.quiet")
            .hint("When they are told nothing but danger. Empty for none."),
        Section::new("Monthly test", test)
            .named("plan.test")
            .hint("When each of their ways is tried out. Empty for none."),
    ]
}

/// Whom they may name: staff and rotas of the unit, and whoever is named already.
fn nominees(of: &Of<'_>) -> Vec<Choice> {
    let unit = of.unit();
    let staff = unit.into_iter().flat_map(|unit| &unit.staff).map(|staff: &Staff| {
        let mute = if staff.contacts.is_empty() { " (has no contact)" } else { "" };
        Choice::new(staff.id.as_str(), format!("{}{mute}", staff.name))
    });
    let rotas = unit.into_iter().flat_map(|unit| &unit.rotas);
    let rotas = rotas.map(|rota| Choice::new(rota.id.as_str(), format!("{} (rota)", rota.name)));
    let mut choices: Vec<Choice> = staff.chain(rotas).collect();
    choices.sort_by(|a, b| a.label.cmp(&b.label));
    let named = match of.base {
        Some(Book::Person(person)) => person.plan.nominated.as_slice(),
        _ => &[],
    };
    for id in named {
        if !choices.iter().any(|choice| choice.value == id.as_str()) {
            choices.push(Choice::new(id.as_str(), format!("{id} (no longer there)")));
        }
    }
    choices
}

/// `base`: what they had agreed before. Since when links to their own page work is no field of a form.
pub(super) fn read(reader: &mut Reader<'_>, base: Option<&ContactPlan>) -> Option<ContactPlan> {
    let language = |code: &str| LANGUAGES.iter().find(|(it, _)| it.code() == code).map(|(it, _)| *it);
    let language = reader.chosen("plan.language", language, "Choose the language.");
    let shape = |text: &str| SHAPES.iter().find(|(_, value, _)| *value == text).map(|(it, ..)| *it);
    let shape = reader.chosen("plan.shape", shape, "Choose how danger is told.");
    let named: Vec<Result<StaffId, _>> =
        reader.values.all("plan.nominated").filter(|text| !text.is_empty()).map(str::parse).collect();
    let mut nominated = Vec::new();
    for named in named {
        match named {
            Ok(id) => nominated.push(id),
            Err(error) => reader.wrong.add("plan.nominated", sentence(&error.to_string())),
        }
    }
    let weak = weak(reader);
    let sender = reader.parsed_if_any("plan.sender");
    let (quiet, test) = (quiet(reader), test(reader));
    Some(ContactPlan {
        shape: shape?,
        nominated,
        duress_word: reader.text_if_any("plan.duress_word"),
        duress_key: reader.text_if_any("plan.duress_key"),
        sender,
        quiet,
        language: language?,
        words: OwnWords { danger: reader.text_if_any("plan.words.danger") },
        weak: weak?,
        own_page_from: base.and_then(|base| base.own_page_from),
        test,
    })
}

fn weak(reader: &mut Reader<'_>) -> Option<WhenWeak> {
    match reader.values.get("plan.weak.told") {
        NEVER => Some(WhenWeak::Never),
        AFTER => {
            let seconds = |text: &str| text.parse().ok().filter(|after_s| *after_s <= AFTER_S_MAX);
            reader.chosen("plan.weak", seconds, IN_SECONDS).map(WhenWeak::AfterS)
        }
        _ => {
            reader.wrong.add("plan.weak.told", "Choose whether they are told.");
            None
        }
    }
}

fn quiet(reader: &mut Reader<'_>) -> Option<QuietHours> {
    let says = ["Write from when.", "Write until when.", "Write the time zone."];
    let [from, until, time_zone] =
        together(reader, ["plan.quiet.from", "plan.quiet.until", "plan.quiet.time_zone"], says)?;
    let wrong = |error: QuietHoursError| {
        let at = match &error {
            QuietHoursError::Always(_) => "plan.quiet.until",
            QuietHoursError::Time(ScheduleError::Time(text)) if text == from => "plan.quiet.from",
            QuietHoursError::Time(ScheduleError::Time(_)) => "plan.quiet.until",
            QuietHoursError::Time(_) => "plan.quiet.time_zone",
        };
        reader.wrong.add(at, sentence(&error.to_string()));
    };
    QuietHours::new(from, until, time_zone).map_err(wrong).ok()
}

fn test(reader: &mut Reader<'_>) -> Option<TestBooking> {
    let says = ["Write the day.", "Write at what time.", "Write the time zone."];
    let [day, at, time_zone] =
        together(reader, ["plan.test.day", "plan.test.at", "plan.test.time_zone"], says)?;
    let day = reader.chosen("plan.test.day", |_| day.parse().ok(), "Write a day of the month, 1 to 28.")?;
    let wrong = |error: BookingError| {
        let at = match &error {
            BookingError::Day(_) => "plan.test.day",
            BookingError::Time(ScheduleError::Time(_)) => "plan.test.at",
            BookingError::Time(_) => "plan.test.time_zone",
        };
        reader.wrong.add(at, sentence(&error.to_string()));
    };
    TestBooking::new(day, at, time_zone).map_err(wrong).ok()
}

/// Fields that are all written or all empty.
fn together<'v, const N: usize>(
    reader: &mut Reader<'v>,
    names: [&str; N],
    says: [&str; N],
) -> Option<[&'v str; N]> {
    let values = reader.values;
    let written = names.map(|name| values.get(name));
    if written.iter().all(|text| text.is_empty()) {
        return None;
    }
    let missing = names.iter().zip(says).zip(written).filter(|(_, text)| text.is_empty());
    let missing: Vec<_> = missing.map(|((name, says), _)| (*name, says)).collect();
    for (name, says) in &missing {
        reader.wrong.add(*name, *says);
    }
    missing.is_empty().then_some(written)
}
