//! How many characters of a text message a text takes (3GPP TS 23.038): septets, or two bytes each where a character is
//! not in the GSM 7-bit alphabet.

use std::fmt;

const BASIC: &str = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENDED: &str = "^{}\\[~]|€";
const SEPTETS_MAX: usize = 160;
const UCS2_MAX: usize = 70;

/// How long a text is, and how long it may be to fit into one SMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Units {
    count: usize,
    max: usize,
}

impl Units {
    /// Whether one SMS holds it.
    #[must_use]
    pub fn fit_one_sms(self) -> bool {
        self.count <= self.max
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, max } = self;
        write!(f, "{count} characters of {max} that fit one text")?;
        if *max == UCS2_MAX { f.write_str(", since one of them is not in the SMS alphabet") } else { Ok(()) }
    }
}

/// How long a text is as an SMS.
#[must_use]
pub fn units(text: &str) -> Units {
    let septets = |c: char| match c {
        c if BASIC.contains(c) => Some(1),
        c if EXTENDED.contains(c) => Some(2),
        _ => None,
    };
    match text.chars().map(septets).sum::<Option<usize>>() {
        Some(count) => Units { count, max: SEPTETS_MAX },
        None => Units { count: text.encode_utf16().count(), max: UCS2_MAX },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_character_outside_of_the_alphabet_makes_all_of_them_wide() {
        let fits = |text: &str| units(text).fit_one_sms();
        assert!(fits(&"a".repeat(160)) && !fits(&"a".repeat(161)));
        assert!(fits(&format!("{}{{", "a".repeat(158))) && !fits(&format!("{}{{", "a".repeat(159))));
        assert!(fits(&format!("\u{175}{}", "a".repeat(69))) && !fits(&format!("\u{175}{}", "a".repeat(70))));
        assert!(!fits(&"\u{1f600}".repeat(36)), "two units each");
        assert_eq!(units("caf\u{e9}"), Units { count: 4, max: 160 });
    }
}
