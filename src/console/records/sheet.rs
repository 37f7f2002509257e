//! A form as it is drawn: sections of fields, each with its label, what helps to fill it, and what is wrong with it.

use super::{
    read::Wrong,
    values::{ROWS_MAX, Values},
};

pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) hint: String,
    pub(super) groups: Vec<Group>,
    /// What it is in the book, if it is one thing there.
    pub(super) name: &'static str,
    /// It is a list that another row can be added to.
    pub(super) adds: bool,
    /// What is wrong with none of its fields alone.
    pub(super) errors: Vec<String>,
}

/// Fields that belong together; a row of a list.
pub(super) struct Group {
    pub(super) name: String,
    /// Empty where the section's title says it all.
    pub(super) legend: String,
    pub(super) fields: Vec<Field>,
    pub(super) errors: Vec<String>,
}

pub(super) struct Field {
    pub(super) name: String,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) control: Control,
    pub(super) value: String,
    pub(super) errors: Vec<String>,
}

pub(super) enum Control {
    /// One line, of at most so many characters.
    Line(usize),
    /// Several lines.
    Text(usize),
    /// One of these.
    Choice(Vec<Choice>),
    /// Any of these.
    Ticks(Vec<Choice>),
}

#[derive(Clone)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

impl Choice {
    pub(super) fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), chosen: false }
    }
}

impl Field {
    pub(super) fn new(name: impl Into<String>, label: &'static str, control: Control) -> Self {
        Self { name: name.into(), label, hint: "", control, value: String::new(), errors: Vec::new() }
    }

    pub(super) fn line(name: impl Into<String>, label: &'static str) -> Self {
        Self::new(name, label, Control::Line(100))
    }

    pub(super) fn instant(name: impl Into<String>, label: &'static str) -> Self {
        Self::new(name, label, Control::Line(40)).hint("Day and time like 2026-03-01 09:00, UTC.")
    }

    pub(super) fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    /// What it holds, as a person reads it.
    fn reads(&self) -> String {
        match &self.control {
            Control::Line(_) | Control::Text(_) => self.value.clone(),
            Control::Choice(choices) | Control::Ticks(choices) => {
                let chosen = choices.iter().filter(|choice| choice.chosen);
                chosen.map(|choice| choice.label.as_str()).collect::<Vec<_>>().join(", ")
            }
        }
    }

    fn fill(&mut self, values: &Values, wrong: &mut Wrong) {
        self.value = values.get(&self.name).into();
        self.errors = wrong.0.remove(&self.name).unwrap_or_default();
        if let Control::Choice(choices) | Control::Ticks(choices) = &mut self.control {
            for choice in choices {
                choice.chosen = values.all(&self.name).any(|value| value == choice.value);
            }
        }
    }
}

impl Section {
    pub(super) fn new(title: &'static str, fields: Vec<Field>) -> Self {
        let group = Group { name: String::new(), legend: String::new(), fields, errors: Vec::new() };
        Self { title, hint: String::new(), groups: vec![group], name: "", adds: false, errors: Vec::new() }
    }

    /// A list with a row for each that the form holds, and an empty one to write in.
    pub(super) fn list(
        title: &'static str,
        list: &'static str,
        word: &str,
        values: &Values,
        fields: impl Fn(&str) -> Vec<Field>,
    ) -> Self {
        let rows = (values.rows(list) + 1).min(ROWS_MAX);
        let group = |n: usize| {
            let name = format!("{list}.{n}");
            let legend = if n + 1 == rows && values.rows(list) < ROWS_MAX {
                format!("Another {word}")
            } else {
                format!("{} {}", capital(word), n + 1)
            };
            Group { fields: fields(&name), name, legend, errors: Vec::new() }
        };
        let groups = (0..rows).map(group).collect();
        Self { title, hint: String::new(), groups, name: list, adds: true, errors: Vec::new() }
    }

    /// What a form shows and leaves as it is.
    pub(super) fn kept(title: &'static str, name: &'static str, hint: String) -> Self {
        Self { title, hint, groups: Vec::new(), name, adds: false, errors: Vec::new() }
    }

    pub(super) fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }
}

pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default() + letters.as_str()
}

/// What is wrong with a form, in the order in which it stands there: where it leads, and what it says.
pub(super) type Summary = Vec<(String, String)>;

/// Writes what a form holds, and what is wrong with it, into its fields. What belongs to none of them is said at the top.
pub(super) fn fill(sections: &mut [Section], values: &Values, mut wrong: Wrong) -> Summary {
    let mut summary = Summary::new();
    for section in sections.iter_mut() {
        for group in &mut section.groups {
            for field in &mut group.fields {
                field.fill(values, &mut wrong);
                // Of several rows each says which it is.
                let row = match group.legend.as_str() {
                    "" => String::new(),
                    legend => format!("{legend}: "),
                };
                let says = |says: &String| (anchor(&field.name), format!("{row}{says}"));
                summary.extend(field.errors.iter().map(says));
            }
            group.errors = Some(&group.name)
                .filter(|name| !name.is_empty())
                .and_then(|name| wrong.0.remove(name))
                .unwrap_or_default();
            let first = group.fields.first().map(|field| anchor(&field.name)).unwrap_or_default();
            let says = |says: &String| (first.clone(), format!("{}: {says}", group.legend));
            summary.extend(group.errors.iter().map(says));
        }
        section.errors = Some(section.name)
            .filter(|name| !name.is_empty())
            .and_then(|name| wrong.0.remove(name))
            .unwrap_or_default();
        let first = section.groups.first().and_then(|group| group.fields.first());
        let first = anchor(first.map_or(section.name, |field| &field.name));
        summary.extend(section.errors.iter().map(|says| (first.clone(), says.clone())));
    }
    summary.extend(wrong.0.into_values().flatten().map(|says| ("form".into(), says)));
    summary
}

/// The id of a field in its page.
fn anchor(name: &str) -> String {
    format!("f-{name}")
}

/// A field that says something else in two fillings of the same form: its label, what the one says and what the other.
pub(super) struct Differs {
    pub(super) label: String,
    pub(super) theirs: String,
    pub(super) ours: String,
}

/// What differs between two fillings.
pub(super) fn differences(theirs: &[Section], ours: &[Section]) -> Vec<Differs> {
    let lines = |sections: &[Section]| -> Vec<(String, String, String)> {
        let groups = sections.iter().flat_map(|section| &section.groups);
        let fields = groups.flat_map(|group| group.fields.iter().map(move |field| (group, field)));
        let line = |(group, field): (&Group, &Field)| {
            // A row is named by its number: what is the empty one in one filling is written in the other.
            let row = group.name.rsplit_once('.').map(|(_, n)| n.parse().unwrap_or(0) + 1);
            let label = row.map_or_else(|| field.label.into(), |n: usize| format!("{} {n}", field.label));
            (field.name.clone(), label, field.reads())
        };
        fields.map(line).collect()
    };
    let (theirs, ours) = (lines(theirs), lines(ours));
    let reads = |lines: &[(String, String, String)], name: &str| {
        lines.iter().find(|(known, ..)| known == name).map(|(.., reads)| reads.clone()).unwrap_or_default()
    };
    let mut names: Vec<(&str, &str)> = Vec::new();
    for (name, label, _) in theirs.iter().chain(&ours) {
        if !names.iter().any(|(known, _)| known == name) {
            names.push((name, label));
        }
    }
    let differs = |(name, label): (&str, &str)| {
        let (theirs, ours) = (reads(&theirs, name), reads(&ours, name));
        (theirs != ours).then(|| Differs { label: label.into(), theirs, ours })
    };
    names.into_iter().filter_map(differs).collect()
}
