//! Bounded reading of JSON into a small tree.
//!
//! A tree instead of serde's derive because a refusal must carry an exact code and pointer, and because
//! duplicate fields must be found inside unknown objects too. (Pings that need neither: `plain`.)

use alloc::borrow::{Cow, ToOwned};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;
use core::ops::RangeInclusive;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::fields::{Fields, Path};
use crate::limits::{DEPTH_MAX, FIELDS_MAX, PACKET_BYTES_MAX, TOKEN_CHARS_MAX};
use crate::{Refusal, RefusalCode, VERSION};

/// Room that is made for an object's fields, once there is one.
const FIELDS_USUAL: usize = 8;

/// A message's bytes: its version first, then its fields in the order of the struct.
pub(crate) fn encode<T: Serialize>(body: &T) -> Vec<u8> {
    #[derive(Serialize)]
    struct Versioned<'a, T> {
        v: u8,
        #[serde(flatten)]
        body: &'a T,
    }
    serde_json::to_vec(&Versioned { v: VERSION, body })
        .expect("messages are structs with text keys, which always serialise into memory")
}

/// Whether a text is 1 to 32 characters of `a-z 0-9 _`.
pub(crate) fn is_token(text: &str) -> bool {
    (1..=TOKEN_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Reads a message into a tree within all bounds that do not depend on its fields' meaning, and checks
/// its version.
pub(crate) fn parse(bytes: &[u8]) -> Result<Message<'_>, Refusal> {
    let whole = Path::Root;
    if bytes.len() > PACKET_BYTES_MAX {
        return Err(
            whole.refuse(RefusalCode::TooLarge, format!("a message has at most {PACKET_BYTES_MAX} bytes"))
        );
    }
    let text = core::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        whole.refuse(RefusalCode::NotUtf8, format!("the byte at offset {at} is not UTF-8"))
    })?;
    if nests_deeper_than(text, DEPTH_MAX) {
        return Err(
            whole.refuse(RefusalCode::TooDeep, format!("objects and lists nest at most {DEPTH_MAX} deep"))
        );
    }
    let root: Node<'_> =
        serde_json::from_str(text).map_err(|error| whole.refuse(RefusalCode::NotJson, error.to_string()))?;
    root.check(&whole)?;
    let message = Message(root);
    message.check_version()?;
    Ok(message)
}

/// A message whose form and version are right and whose fields are still unread.
pub(crate) struct Message<'t>(Node<'t>);

impl<'t> Message<'t> {
    /// The fields of the message.
    pub(crate) fn fields(&self) -> Result<Fields<'_, 't>, Refusal> {
        self.0.fields(Path::Root)
    }

    fn check_version(&self) -> Result<(), Refusal> {
        let fields = self.fields()?;
        match fields.optional("v") {
            Some(Node::Integer(v)) if *v == i128::from(VERSION) => Ok(()),
            _ => Err(fields.refuse(
                "v",
                RefusalCode::UnsupportedVersion,
                format!("the version \"v\" must be one of: {VERSION}"),
            )),
        }
    }
}

/// One JSON value. Texts are those of the message itself, unless something in them is escaped.
pub(crate) enum Node<'t> {
    Null,
    Boolean(bool),
    Integer(i128),
    Real(f64),
    Text(Text<'t>),
    List(Vec<Self>),
    Object(Vec<(Text<'t>, Self)>),
}

/// A text, or a field's name.
#[derive(PartialEq, Eq)]
pub(crate) struct Text<'t>(Cow<'t, str>);

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'t> Node<'t> {
    /// Reads this node as an object.
    pub(crate) fn fields<'a>(&'a self, path: Path<'a>) -> Result<Fields<'a, 't>, Refusal> {
        match self {
            Self::Object(fields) => Ok(Fields::new(fields, path)),
            _ => Err(path.refuse(RefusalCode::WrongType, "must be an object".to_owned())),
        }
    }

    /// Reads this node as a whole number within `range`.
    pub(crate) fn integer<T>(&self, path: &Path<'_>, range: &RangeInclusive<T>) -> Result<T, Refusal>
    where
        T: Copy + PartialOrd + fmt::Display + TryFrom<i128>,
    {
        let expected = || format!("must be a whole number from {} to {}", range.start(), range.end());
        let Self::Integer(value) = self else {
            return Err(path.refuse(RefusalCode::WrongType, expected()));
        };
        T::try_from(*value)
            .ok()
            .filter(|value| range.contains(value))
            .ok_or_else(|| path.refuse(RefusalCode::OutOfRange, expected()))
    }

    /// Refuses an object with too many fields or the same field twice, at any depth.
    fn check(&self, path: &Path<'_>) -> Result<(), Refusal> {
        match self {
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.check(&Path::Item(path, index))?;
                }
            }
            Self::Object(fields) => {
                if fields.len() > FIELDS_MAX {
                    return Err(path
                        .refuse(RefusalCode::TooMany, format!("an object has at most {FIELDS_MAX} fields")));
                }
                for (index, (name, value)) in fields.iter().enumerate() {
                    let here = Path::Field(path, name.as_str());
                    if fields[..index].iter().any(|(earlier, _)| earlier == name) {
                        let detail = "a field may occur once in an object".to_owned();
                        return Err(here.refuse(RefusalCode::DuplicateField, detail));
                    }
                    value.check(&here)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Counts brackets outside of texts, before anything recursive sees the message.
fn nests_deeper_than(text: &str, max: usize) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > max {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node<'de>, E> {
        Ok(Node::Real(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Text(Cow::Owned(value.to_owned()))))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Text(Cow::Borrowed(value))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            if fields.is_empty() {
                fields.reserve(FIELDS_USUAL);
            }
            fields.push(entry);
        }
        Ok(Node::Object(fields))
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E>(self, value: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(value.to_owned())))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(value)))
    }
}
