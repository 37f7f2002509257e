//! What a voice says in a call, in Twilio's markup (<https://www.twilio.com/docs/voice/twiml>).

use crate::{domain::Language, notify::wording};

/// No answer to a text.
pub const NOTHING: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#;

/// How long a key is waited for after the last word, seconds.
const WAITS_S: u8 = 8;

/// The greeting, twice: it waits for a key, which is told to `keys_url`.
#[must_use]
pub fn greeting(language: Language, keys_url: &str) -> String {
    gather(language, wording::greeting(language), keys_url)
}

/// What there is to say, twice, and how to answer.
#[must_use]
pub fn message(language: Language, text: &str, keys_url: &str) -> String {
    gather(language, text, keys_url)
}

/// Thanks for an answer; then it hangs up.
#[must_use]
pub fn thanks(language: Language) -> String {
    response(&format!("{}<Hangup/>", say(language, wording::thanks(language))))
}

fn gather(language: Language, text: &str, keys_url: &str) -> String {
    let (say, url) = (say(language, text), escaped(keys_url));
    response(&format!(
        r#"<Gather numDigits="1" timeout="{WAITS_S}" method="POST" action="{url}">{say}<Pause length="2"/>{say}</Gather>"#
    ))
}

fn say(language: Language, text: &str) -> String {
    let (voice, code) = match language {
        Language::English => ("Polly.Amy", "en-GB"),
        Language::Welsh => ("Polly.Gwyneth", "cy-GB"),
    };
    format!(r#"<Say voice="{voice}" language="{code}">{}</Say>"#, escaped(text))
}

fn response(inside: &str) -> String {
    format!(r#"<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>"#)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_waits_for_one_key_and_says_everything_twice() {
        let expected = concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?><Response><Gather numDigits="1" timeout="8" method="POST" "#,
            r#"action="https://c.example/hooks/voice/keys?a=1&amp;b=2">"#,
            r#"<Say voice="Polly.Amy" language="en-GB">Tea &amp; &lt;cake&gt;</Say><Pause length="2"/>"#,
            r#"<Say voice="Polly.Amy" language="en-GB">Tea &amp; &lt;cake&gt;</Say></Gather></Response>"#
        );
        let url = "https://c.example/hooks/voice/keys?a=1&b=2";
        assert_eq!(message(Language::English, "Tea & <cake>", url), expected);
        assert!(thanks(Language::Welsh).contains(r#"<Say voice="Polly.Gwyneth" language="cy-GB">Diolch."#));
    }
}
