//! What a rulebook revision must not contradict about how people are reached.

use super::{rulebook::Rulebook, rulebook_check::Problems};
use crate::domain::{
    AlertShape, Case, Channel, Contact, EscalationPolicy, Person, StaffId, Subscription, Unit, WhenWeak,
    discreet::{self, Indiscreet},
    is_e164,
};

const URL_BYTES_MAX: usize = 500;
const SUBSCRIPTION_BYTES_MAX: usize = 1_500;
/// How to answer, and the reference.
const ANSWER_CHARS_MAX: usize = 55;
/// What no key of a phone says already: 1 to 3 are answers, 9 asks to hear the message.
const DURESS_KEYS: [&str; 6] = ["0", "4", "5", "6", "7", "8"];
const NUMBER: &str = "a phone number is written like +447700900123";
const URL: &str = "a webhook's address is an https URL of at most 500 characters; http only on this machine";
const TOPIC: &str =
    "a pager's topic has 16 to 64 of a-z, A-Z, 0-9, '-' and '_': whoever knows it can read it";
const SUBSCRIPTION: &str = "a push address is what a browser gives as its subscription, in JSON";

impl Problems<'_> {
    /// `at`: where the list stands in the book.
    pub(super) fn contacts(&mut self, place: &str, at: &str, contacts: &[Contact]) {
        for (i, contact) in contacts.iter().enumerate() {
            self.look_at(format!("{at}.{i}.channel"));
            let twice = contacts[..i].iter().any(|earlier| earlier.channel == contact.channel);
            self.add(!twice, || {
                format!("{place}: contact '{}' stands there twice", contact.channel.as_str())
            });
            self.look_at(format!("{at}.{i}.address"));
            let address = contact.address.as_str();
            let wrong = match contact.channel {
                Channel::SecondSms => Some("second_sms goes to the number of sms; give that alone"),
                Channel::Sms | Channel::Voice => (!is_e164(address)).then_some(NUMBER),
                Channel::Webhook => {
                    (!is_private_url(address) || address.len() > URL_BYTES_MAX).then_some(URL)
                }
                Channel::Pager => (!is_topic(address)).then_some(TOPIC),
                Channel::Push => (!is_subscription(address)).then_some(SUBSCRIPTION),
                // Who may have one at all is a question of its own.
                Channel::Loopback => None,
            };
            self.add(wrong.is_none(), || format!("{place}: {}", wrong.unwrap_or_default()));
        }
    }

    pub(super) fn plan(&mut self, place: &str, person: &Person) {
        let plan = &person.plan;
        self.look_at("plan.nominated");
        self.distinct(&format!("{place}: nominated"), plan.nominated.iter().map(StaffId::as_str));
        for named in &plan.nominated {
            let unit = self.rulebook.unit(&person.unit);
            let who = unit.map_or(Who::Unknown, |unit| who(unit, named));
            self.add(who != Who::Unknown, || {
                format!(
                    "{place}: nominates '{named}', who is not among the unit's staff or rotas; add them there first"
                )
            });
            self.add(who != Who::Mute, || {
                format!("{place}: nominates '{named}', who has no contact; add one there first")
            });
        }
        self.look_at("plan.shape");
        self.add(plan.shape != AlertShape::AdvocateFirst || !plan.nominated.is_empty(), || {
            format!("{place}: the advocate is told first, and nobody is nominated; nominate them")
        });
        let callable = has(&person.contacts, Channel::Voice);
        self.add(plan.shape != AlertShape::CallOnly || callable, || {
            format!("{place}: is told by call only, and has no contact for voice; add one")
        });
        self.look_at("plan.weak");
        self.add(!matches!(plan.weak, WhenWeak::AfterS(3_601..)), || {
            format!("{place}: weak protection is told after 0 to 3600 seconds, or never; give after_s in that range")
        });
        self.look_at("plan.words.danger");
        if let Some(text) = &plan.words.danger {
            self.words(place, person, text);
        }
        self.look_at("plan.duress_word");
        let sound = plan.duress_word.as_deref().is_none_or(is_duress_word);
        self.add(sound, || {
            format!(
                "{place}: a duress word has 4 to 24 letters and digits, not digits alone, and is no answer already"
            )
        });
        self.look_at("plan.duress_key");
        self.add(plan.duress_key.as_deref().is_none_or(|key| DURESS_KEYS.contains(&key)), || {
            format!("{place}: a duress key is 0, 4, 5, 6, 7 or 8; the others are answers, or ask to hear the message")
        });
    }

    /// Whether somebody's own words may stand on their phone.
    fn words(&mut self, place: &str, person: &Person, text: &str) {
        self.add(text.chars().any(char::is_alphanumeric), || format!("{place}: own words: write some"));
        if let Err(why) = may_stand(self.rulebook, person, text) {
            self.add(false, || format!("{place}: own words: {why}; choose others"));
        }
    }

    /// Some step of the case's policy must find a contact of the person: a policy that reaches nobody is a missed alert.
    /// What a browser or a pager shows is no more than a courtesy.
    pub(super) fn reachable(&mut self, case: &Case, policy: &EscalationPolicy, person: &Person) {
        let theirs = policy.protected.iter().filter(|step| !step.nominated).map(|step| step.channel);
        let carries = |channel: &Channel| !matches!(channel, Channel::Push | Channel::Pager);
        let mut ways = theirs.clone().filter(carries);
        self.add(ways.any(|channel| has(&person.contacts, channel)), || {
            let channels: Vec<&str> = theirs.filter(carries).map(Channel::as_str).collect();
            format!(
                "case {}: its policy reaches person {} by {}, for which they have no contact",
                case.id,
                person.id,
                channels.join(" or ")
            )
        });
    }

    /// Those whom a protected person has named must not vanish from under them.
    pub(super) fn still_nominated(&mut self, unit: &Unit, case: &Case) {
        self.look_at("staff");
        let persons = case.persons.iter().filter_map(|id| self.rulebook.person(id));
        let named = persons.flat_map(|person| person.plan.nominated.iter().map(|staff| (&person.id, staff)));
        for (person, named) in named.collect::<Vec<_>>() {
            self.add(who(unit, named) == Who::Told, || {
                format!(
                    "unit {}: person {person} nominates '{named}'; keep them and a contact of theirs, or change the person first",
                    unit.id
                )
            });
        }
    }
}

/// Whether somebody is told when an id is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// It is a member of staff with a contact, or a rota: those who are on one have contacts.
    Told,
    /// It is a member of staff whom nothing can reach.
    Mute,
    /// It is neither.
    Unknown,
}

/// Whom an id names in a unit.
pub(super) fn who(unit: &Unit, id: &StaffId) -> Who {
    let staff = unit.staff.iter().find(|staff| staff.id == *id);
    match staff {
        Some(staff) if staff.contacts.is_empty() => Who::Mute,
        Some(_) => Who::Told,
        None if unit.rotas.iter().any(|rota| rota.id == *id) => Who::Told,
        None => Who::Unknown,
    }
}

/// Whether the words that a person has chosen may stand on their phone, with how to answer and the reference, in the
/// longest of the languages. Looked at when they are saved, and again when they are sent: names may have come since.
pub(super) fn may_stand(rulebook: &Rulebook, person: &Person, text: &str) -> Result<(), Indiscreet> {
    discreet::check(&format!("{text} {}", "x".repeat(ANSWER_CHARS_MAX)))?;
    let wearers = rulebook.cases_for(&person.id).filter_map(|case| rulebook.wearer(&case.wearer));
    let names = wearers.map(|wearer| wearer.name.as_str()).chain([person.name.as_str()]);
    discreet::names_nobody(text, names)
}

/// Whether there is an address for a channel.
pub(super) fn has(contacts: &[Contact], channel: Channel) -> bool {
    contacts.iter().any(|contact| contact.channel == channel.address())
}

/// Fit to be remembered and written in fear, and not to be sent by accident.
fn is_duress_word(word: &str) -> bool {
    let taken = ["help", "safe", "stop", "start", "call", "call me"];
    // A number may be the reference that somebody quotes.
    (4..=24).contains(&word.chars().count())
        && word.chars().any(char::is_alphabetic)
        && word.chars().all(char::is_alphanumeric)
        && !taken.contains(&word.to_lowercase().as_str())
}

/// An ntfy topic: its name is all that keeps it from strangers.
fn is_topic(text: &str) -> bool {
    let fits = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    (16..=64).contains(&text.len()) && text.bytes().all(fits)
}

/// A browser's subscription as it gives it away (`PushSubscription.toJSON()`), with a private endpoint.
fn is_subscription(text: &str) -> bool {
    Subscription::read(text).is_some_and(|subscription| is_private_url(&subscription.endpoint))
        && text.len() <= SUBSCRIPTION_BYTES_MAX
}

/// Encrypted, or on this machine: a card that crosses a network in the clear betrays whom it is about.
fn is_private_url(url: &str) -> bool {
    let host = |rest: &str| rest.split(['/', '?', '#']).next().is_some_and(|host| !host.is_empty());
    let here = |rest: &str| {
        let hosts = ["127.0.0.1", "localhost", "[::1]"];
        hosts.iter().any(|here| {
            rest.strip_prefix(here).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        })
    };
    url.strip_prefix("https://").is_some_and(host) || url.strip_prefix("http://").is_some_and(here)
}
