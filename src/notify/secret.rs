//! Secrets that cannot slip into a log.

use std::fmt;

use serde::Deserialize;

/// A shared secret or a token. It can be used, but not printed.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// From its text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself: for a header or a key, never for a message.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_it_shows_nothing() {
        let secret = Secret::new("rosebud".into());
        assert_eq!(
            format!("{secret:?} {:#?}", Some(&secret)).find("rosebud"),
            None
        );
    }
}
