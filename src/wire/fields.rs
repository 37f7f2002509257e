//! Fields taken out of a JSON object, each fault with a pointer to its place.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::ops::RangeInclusive;

use crate::json::{Node, Text};
use crate::limits::{DETAIL_CHARS_MAX, POINTER_CHARS_MAX, TOKEN_CHARS_MAX};
use crate::{Refusal, RefusalCode};

/// The fields of one object. `null` counts as absent wherever a field is optional.
pub(crate) struct Fields<'a, 't> {
    fields: &'a [(Text<'t>, Node<'t>)],
    path: Path<'a>,
}

impl<'a, 't> Fields<'a, 't> {
    pub(crate) const fn new(fields: &'a [(Text<'t>, Node<'t>)], path: Path<'a>) -> Self {
        Self { fields, path }
    }

    /// A refusal that points at one field.
    pub(crate) fn refuse(&self, name: &str, code: RefusalCode, detail: String) -> Refusal {
        Path::Field(&self.path, name).refuse(code, detail)
    }

    pub(crate) fn integer<T>(&self, name: &str, range: &RangeInclusive<T>) -> Result<T, Refusal>
    where
        T: Copy + PartialOrd + fmt::Display + TryFrom<i128>,
    {
        self.required(name)?.integer(&Path::Field(&self.path, name), range)
    }

    pub(crate) fn optional_integer<T>(
        &self,
        name: &str,
        range: &RangeInclusive<T>,
    ) -> Result<Option<T>, Refusal>
    where
        T: Copy + PartialOrd + fmt::Display + TryFrom<i128>,
    {
        self.optional(name).map(|node| node.integer(&Path::Field(&self.path, name), range)).transpose()
    }

    pub(crate) fn number(&self, name: &str, range: &RangeInclusive<f64>) -> Result<f64, Refusal> {
        self.as_number(name, self.required(name)?, range)
    }

    pub(crate) fn optional_number(
        &self,
        name: &str,
        range: &RangeInclusive<f64>,
    ) -> Result<Option<f64>, Refusal> {
        self.optional(name).map(|node| self.as_number(name, node, range)).transpose()
    }

    pub(crate) fn boolean(&self, name: &str) -> Result<bool, Refusal> {
        self.as_boolean(name, self.required(name)?)
    }

    pub(crate) fn optional_boolean(&self, name: &str) -> Result<Option<bool>, Refusal> {
        self.optional(name).map(|node| self.as_boolean(name, node)).transpose()
    }

    pub(crate) fn text(&self, name: &str) -> Result<&'a str, Refusal> {
        self.as_text(name, self.required(name)?)
    }

    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        self.optional(name).map(|node| self.as_text(name, node)).transpose()
    }

    /// One of the values in `all`.
    pub(crate) fn one_of<T: Copy>(
        &self,
        name: &str,
        all: &[T],
        as_str: fn(T) -> &'static str,
    ) -> Result<T, Refusal> {
        let text = self.text(name)?;
        all.iter().copied().find(|value| as_str(*value) == text).ok_or_else(|| {
            let names: Vec<_> = all.iter().map(|value| as_str(*value)).collect();
            let detail = format!("must be one of: {}", names.join(", "));
            self.refuse(name, RefusalCode::UnknownValue, detail)
        })
    }

    /// Each item of a list of at most `max`, read by `read`.
    pub(crate) fn list<T>(
        &self,
        name: &str,
        max: usize,
        mut read: impl FnMut(&Node<'t>, Path<'_>) -> Result<T, Refusal>,
    ) -> Result<Vec<T>, Refusal> {
        let Node::List(items) = self.required(name)? else {
            return Err(self.refuse(name, RefusalCode::WrongType, "must be a list".to_owned()));
        };
        if items.len() > max {
            let detail = format!("a list of at most {max}");
            return Err(self.refuse(name, RefusalCode::TooMany, detail));
        }
        let path = Path::Field(&self.path, name);
        items.iter().enumerate().map(|(index, item)| read(item, Path::Item(&path, index))).collect()
    }

    pub(crate) fn optional(&self, name: &str) -> Option<&'a Node<'t>> {
        let (_, node) = self.fields.iter().find(|(field, _)| field.as_str() == name)?;
        (!matches!(node, Node::Null)).then_some(node)
    }

    fn required(&self, name: &str) -> Result<&'a Node<'t>, Refusal> {
        let found = self.fields.iter().find(|(field, _)| field.as_str() == name);
        found
            .map(|(_, node)| node)
            .ok_or_else(|| self.refuse(name, RefusalCode::MissingField, "this field is required".to_owned()))
    }

    fn as_number(&self, name: &str, node: &Node<'_>, range: &RangeInclusive<f64>) -> Result<f64, Refusal> {
        let expected = || format!("must be a number from {} to {}", range.start(), range.end());
        let value = match node {
            #[expect(clippy::cast_precision_loss, reason = "the ranges end far below 2^53")]
            Node::Integer(value) => *value as f64,
            Node::Real(value) => *value,
            _ => return Err(self.refuse(name, RefusalCode::WrongType, expected())),
        };
        if !range.contains(&value) {
            return Err(self.refuse(name, RefusalCode::OutOfRange, expected()));
        }
        // Minus zero becomes zero, so that equal values have equal bits.
        Ok(value + 0.0)
    }

    fn as_boolean(&self, name: &str, node: &Node<'_>) -> Result<bool, Refusal> {
        let Node::Boolean(value) = node else {
            let detail = "must be true or false".to_owned();
            return Err(self.refuse(name, RefusalCode::WrongType, detail));
        };
        Ok(*value)
    }

    fn as_text(&self, name: &str, node: &'a Node<'_>) -> Result<&'a str, Refusal> {
        let Node::Text(value) = node else {
            return Err(self.refuse(name, RefusalCode::WrongType, "must be a text".to_owned()));
        };
        Ok(value.as_str())
    }
}

/// Where in the message: written out as a JSON pointer only when something is refused.
pub(crate) enum Path<'a> {
    Root,
    Field(&'a Self, &'a str),
    Item(&'a Self, usize),
}

impl Path<'_> {
    pub(crate) fn refuse(&self, code: RefusalCode, detail: String) -> Refusal {
        let mut pointer = String::new();
        self.write(&mut pointer);
        debug_assert!(detail.is_ascii() && detail.len() <= DETAIL_CHARS_MAX, "{detail}");
        Refusal { code, pointer, detail }
    }

    /// Appends this path; `false` when it had to stop at an object that contains the place. It stops at a
    /// name that is not plain (which therefore needs no escapes and cannot carry data) or gets too long.
    fn write(&self, to: &mut String) -> bool {
        let (parent, step) = match self {
            Self::Root => return true,
            Self::Field(parent, name) if is_plain(name) => (parent, (*name).to_owned()),
            Self::Field(parent, _) => {
                parent.write(to);
                return false;
            }
            Self::Item(parent, index) => (parent, index.to_string()),
        };
        if !parent.write(to) || to.len() + 1 + step.len() > POINTER_CHARS_MAX {
            return false;
        }
        to.push('/');
        to.push_str(&step);
        true
    }
}

fn is_plain(name: &str) -> bool {
    (1..=TOKEN_CHARS_MAX).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.bytes().any(|b| b.is_ascii_alphabetic())
}
