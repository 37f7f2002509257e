//! Links to the pages of those who are told: whoever was sent one can open it, and nobody can make one up.
//!
//! A link says what it is for under a seal of the installation's own (AES-GCM, with a key derived from that of push
//! messages), so nothing of it is kept, it survives a restart, and whoever reads it learns nothing. If that key is
//! lost, so are all subscriptions, and there is nothing left to answer.

use aes_gcm::{
    Aes128Gcm, KeyInit,
    aead::{Aead, Payload},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::key::{PushKey, bytes_of};
use crate::domain::{AlertId, IncidentId, Language, MessageClass, PersonId, Recipient, Timestamp};

const NONCE_BYTES: usize = 12;
/// No link is longer, characters.
const CHARS_MAX: usize = 400;
const ANSWER: &[u8] = b"answer";
const ENROLMENT: &[u8] = b"enrolment";
const OWN_PAGE: &[u8] = b"own page";

/// Makes links and reads them.
#[derive(Clone)]
pub struct Links(Aes128Gcm);

/// What a link to the page for an answer stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answering {
    /// The alert.
    pub alert: AlertId,
    /// The incident that it is about.
    pub incident: IncidentId,
    /// When it was raised: a new installation counts from 1 again.
    pub raised_at: Timestamp,
    /// What kind of message it was.
    pub class: MessageClass,
    /// The language of its recipient.
    pub language: Language,
}

/// What a link to the page for enrolment stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// Whose browser is to be reached.
    pub recipient: Recipient,
    /// The newest revision that named them when the link was made. Its use makes another, so it works once.
    pub revision: u64,
    /// It works until then.
    pub until: Timestamp,
}

/// What a link to a protected person's own page stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnPage {
    /// Whose.
    pub person: PersonId,
    /// When it was made: see [`ContactPlan::own_page_from`](crate::domain::ContactPlan::own_page_from).
    pub made_at: Timestamp,
}

impl Links {
    /// The installation's.
    #[must_use]
    pub fn new(key: &PushKey) -> Self {
        Self(Aes128Gcm::new(&key.derive::<16>("cordon links").into()))
    }

    /// The token of a link.
    ///
    /// # Errors
    /// If the operating system gives no random numbers.
    pub fn to_answer(&self, what: Answering) -> Result<String, getrandom::Error> {
        self.seal(ANSWER, &what)
    }

    /// What a token of [`Links::to_answer`] stands for; `None` if it is none of ours.
    #[must_use]
    pub fn answering(&self, token: &str) -> Option<Answering> {
        self.open(ANSWER, token)
    }

    /// The token of a link.
    ///
    /// # Errors
    /// If the operating system gives no random numbers.
    pub fn to_enrol(&self, what: &Enrolment) -> Result<String, getrandom::Error> {
        self.seal(ENROLMENT, what)
    }

    /// What a token of [`Links::to_enrol`] stands for; `None` if it is none of ours. Whether it still works is for the
    /// caller to see.
    #[must_use]
    pub fn enrolment(&self, token: &str) -> Option<Enrolment> {
        self.open(ENROLMENT, token)
    }

    /// The token of a link.
    ///
    /// # Errors
    /// If the operating system gives no random numbers.
    pub fn to_own_page(&self, what: &OwnPage) -> Result<String, getrandom::Error> {
        self.seal(OWN_PAGE, what)
    }

    /// What a token of [`Links::to_own_page`] stands for; `None` if it is none of ours. Whether it still works is for the
    /// caller to see.
    #[must_use]
    pub fn own_page(&self, token: &str) -> Option<OwnPage> {
        self.open(OWN_PAGE, token)
    }

    fn seal(&self, purpose: &[u8], what: &impl Serialize) -> Result<String, getrandom::Error> {
        let mut token = vec![0; NONCE_BYTES];
        getrandom::fill(&mut token)?;
        let text = serde_json::to_vec(what).expect("plain members with text keys are always JSON");
        let nonce = <[u8; NONCE_BYTES]>::try_from(&token[..]).expect("as long as it was made");
        let payload = Payload { msg: &text, aad: purpose };
        token.extend(self.0.encrypt(&nonce.into(), payload).expect("a short text can be sealed"));
        Ok(BASE64_URL_SAFE_NO_PAD.encode(&token))
    }

    fn open<T: DeserializeOwned>(&self, purpose: &[u8], token: &str) -> Option<T> {
        let bytes = bytes_of(token).filter(|_| token.len() <= CHARS_MAX)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: purpose };
        serde_json::from_slice(&self.0.decrypt(&(*nonce).into(), payload).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHAT: Answering = Answering {
        alert: AlertId(7),
        incident: IncidentId(12),
        raised_at: Timestamp::from_ms(1_780_000_000_123),
        class: MessageClass::Danger,
        language: Language::Welsh,
    };

    fn enrolment() -> Enrolment {
        let recipient = Recipient::Person("a".repeat(40).parse().unwrap());
        Enrolment { recipient, revision: u64::MAX, until: Timestamp::from_us(i64::MAX) }
    }

    #[test]
    fn a_link_is_read_by_the_same_installation_also_after_a_restart() {
        let key = PushKey::generate().unwrap();
        let (links, later) = (Links::new(&key), Links::new(&PushKey::read(&key.secret()).unwrap()));
        let (answer, enrol) = (links.to_answer(WHAT).unwrap(), links.to_enrol(&enrolment()).unwrap());
        assert_eq!(later.answering(&answer), Some(WHAT));
        assert_eq!(later.enrolment(&enrol), Some(enrolment()));
        assert!(enrol.len() <= CHARS_MAX, "the longest there is: {}", enrol.len());
        assert_ne!(links.to_answer(WHAT).unwrap(), answer, "no two are alike");
        assert!(answer.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c)), "{answer}");
    }

    #[test]
    fn what_was_made_up_changed_or_made_for_something_else_opens_nothing() {
        let links = Links::new(&PushKey::generate().unwrap());
        let token = links.to_answer(WHAT).unwrap();
        assert_eq!(Links::new(&PushKey::generate().unwrap()).answering(&token), None);
        assert_eq!(links.enrolment(&token), None);
        assert_eq!(links.answering(&links.to_enrol(&enrolment()).unwrap()), None);
        let own = OwnPage { person: "p-1".parse().unwrap(), made_at: Timestamp::from_ms(7) };
        let own_token = links.to_own_page(&own).unwrap();
        assert_eq!(links.own_page(&own_token), Some(own));
        assert_eq!((links.enrolment(&own_token), links.answering(&own_token)), (None, None));
        assert_eq!(links.own_page(&token), None);
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(links.answering(&changed), None, "{at}");
            assert_eq!(links.answering(&token[..at]), None, "{at}");
        }
        assert_eq!(links.answering(&"A".repeat(10_000)), None);
    }
}
