//! Instants in rulebook files are written in RFC 3339: people read and sign them.

use std::fmt;

use serde::{
    Deserializer, Serializer,
    de::{Error, Unexpected, Visitor},
};

use super::Timestamp;

pub(super) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    deserializer.deserialize_str(InstantVisitor)
}

struct InstantVisitor;

impl Visitor<'_> for InstantVisitor {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an instant in quotes such as \"2026-03-01T09:00:00Z\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Timestamp, E> {
        let instant: jiff::Timestamp =
            text.parse().map_err(|_| E::invalid_value(Unexpected::Str(text), &self))?;
        Ok(Timestamp::from_ms(instant.as_millisecond()))
    }
}

/// Those that may be absent.
pub(super) mod option {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{super::rfc3339, Timestamp};

    pub(in super::super) fn serialize<S: Serializer>(
        at: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => rfc3339::serialize(at, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        #[derive(Deserialize)]
        struct Instant(#[serde(with = "rfc3339")] Timestamp);
        Ok(Option::<Instant>::deserialize(deserializer)?.map(|instant| instant.0))
    }
}
