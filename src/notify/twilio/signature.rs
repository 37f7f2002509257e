//! How Twilio proves that a request comes from it: `X-Twilio-Signature` is the HMAC-SHA1 in base64, by the account's token,
//! over the full URL and behind it every parameter of the form with its value, in the order of their names
//! (<https://www.twilio.com/docs/usage/security>).

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use sha1::Sha1;

use crate::secret::Secret;

/// The header with the signature.
pub const HEADER: &str = "x-twilio-signature";

/// The signature of a form that is posted to `url`.
#[must_use]
pub fn sign(token: &Secret, url: &str, form: &[(String, String)]) -> String {
    BASE64_STANDARD.encode(mac(token, url, form).finalize().into_bytes())
}

/// Whether a form that came to `url` was signed with the token; in constant time. Twilio leaves the port out of an https
/// address.
#[must_use]
pub fn is_genuine(token: &Secret, url: &str, form: &[(String, String)], signature: &str) -> bool {
    let Ok(given) = BASE64_STANDARD.decode(signature) else {
        return false;
    };
    let signed = |url: &str| mac(token, url, form).verify_slice(&given).is_ok();
    signed(url) || without_port(url).is_some_and(|url| signed(&url))
}

fn without_port(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https")?;
    let port = format!(":{}", url.port()?);
    Some(text.replacen(&port, "", 1))
}

fn mac(token: &Secret, url: &str, form: &[(String, String)]) -> Hmac<Sha1> {
    let mut sorted: Vec<&(String, String)> = form.iter().collect();
    sorted.sort();
    // A parameter that comes twice with the same value counts once.
    sorted.dedup();
    let mut mac =
        Hmac::<Sha1>::new_from_slice(token.expose().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    // The examples of Twilio's documentation and of its libraries.
    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";

    fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    fn documented() -> Vec<(String, String)> {
        form(&[
            ("CallSid", "CA1234567890ABCDE"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
            ("Caller", "+14158675309"),
        ])
    }

    #[test]
    fn it_is_as_twilio_documents_it() {
        let token = Secret::new("12345");
        assert_eq!(sign(&token, URL, &documented()), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
        let twice =
            form(&[("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234")]);
        assert_eq!(sign(&token, URL, &twice), "IK+Dwps556ElfBT0I3Rgjkr1wJU=");
        let http = "http://mycompany.com:1234/myapp.php?foo=1&bar=2";
        assert_eq!(sign(&token, http, &documented()), "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=");
    }

    #[test]
    fn nothing_but_the_form_as_it_was_signed_is_genuine() {
        let (token, signature) = (Secret::new("12345"), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
        let good = |token: &Secret, url: &str, form: &[(String, String)], signature: &str| {
            is_genuine(token, url, form, signature)
        };
        assert!(good(&token, URL, &documented(), signature));
        assert!(good(&token, &URL.replace(".com", ".com:1234"), &documented(), signature));
        let mut other = documented();
        other[1].1 = "2".into();
        assert!(!good(&token, URL, &other, signature));
        other.pop();
        assert!(!good(&token, URL, &other, signature));
        assert!(!good(&Secret::new("12346"), URL, &documented(), signature));
        assert!(!good(&token, &URL.replace("foo=1", "foo=2"), &documented(), signature));
        assert!(!good(&token, &URL.replace("https", "http"), &documented(), signature));
        assert!(!good(&token, URL, &documented(), ""));
        assert!(!good(&token, URL, &documented(), "?"));
    }
}
