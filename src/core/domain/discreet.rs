//! What a text to a protected person's phone must not say, since anybody may see that phone, and how long it may be.
//!
//! The same rules hold for our own words (a test goes through them all), for those that a person chooses, when they are
//! saved and when an alert is raised, and for what a text to staff says of an incident.

use super::alphabet::{Units, units};

/// Words that betray the matter or who sends, and beginnings of words, without regard to case or to digits that stand for
/// letters. English, and Welsh (heddlu: police, stelci-: stalk, dioddefwr: victim, llys: court, carchar: prison).
const WORDS: [&str; 33] = [
    "tag",
    "tags",
    "tagged",
    "tagging",
    "tracker",
    "tracking",
    "gps",
    "court",
    "prison",
    "jail",
    "bail",
    "monitoring",
    "curfew",
    "probation",
    "injunction",
    "breach",
    "zone",
    "zones",
    "ex",
    "partner",
    "boyfriend",
    "girlfriend",
    "husband",
    "wife",
    "refuge",
    "shelter",
    "arrest",
    "arrested",
    "warrant",
    "llys",
    "carchar",
    "tagio",
    "plismon",
];
const BEGINNINGS: [&str; 16] = [
    "stalk",
    "police",
    "offend",
    "perpetrat",
    "victim",
    "wearer",
    "cordon",
    "restrain",
    "abus",
    "violen",
    "harass",
    "safeguard",
    "suspect",
    "heddlu",
    "stelci",
    "dioddefw",
];
/// Words that lead to a place.
const PLACES: [&str; 9] =
    ["street", "road", "avenue", "postcode", "latitude", "longitude", "stryd", "ffordd", "crescent"];

/// Why a text must not be sent as it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Indiscreet {
    /// A line break or a character that nobody sees.
    #[error("it has a line break or an invisible character")]
    Unprintable,
    /// Longer than one SMS.
    #[error("it has {0}")]
    TooLong(Units),
    /// A word that gives the sender or the matter away.
    #[error("it says '{0}'")]
    Word(String),
    /// A link, an e-mail address or the like.
    #[error("it has a link or an address on the net: '{0}'")]
    Link(String),
    /// A street, a postcode or a position.
    #[error("it tells a place: '{0}'")]
    Place(String),
    /// Somebody's name.
    #[error("it names somebody: '{0}'")]
    Name(String),
}

/// Whether a text may be sent to a protected person's phone.
///
/// # Errors
/// See [`Indiscreet`].
pub fn check(text: &str) -> Result<(), Indiscreet> {
    // Marks that turn the direction of writing, or join and part letters, are no letters.
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    if text.chars().any(hidden) {
        return Err(Indiscreet::Unprintable);
    }
    let units = units(text);
    if !units.fit_one_sms() {
        return Err(Indiscreet::TooLong(units));
    }
    let betrays = text.split_whitespace().find(|part| is_link(part));
    betrays.map_or(Ok(()), |part| Err(Indiscreet::Link(trimmed(part).into())))?;
    let words = words(text);
    let betrays = words.iter().find(|word| is_telling(word));
    betrays.map_or(Ok(()), |word| Err(Indiscreet::Word(word.clone())))?;
    place(text, &words).map_or(Ok(()), |place| Err(Indiscreet::Place(place)))
}

/// Whether a text has a part of one of these names, of three letters or more.
///
/// # Errors
/// [`Indiscreet::Name`].
pub fn names_nobody<'n>(text: &str, names: impl IntoIterator<Item = &'n str>) -> Result<(), Indiscreet> {
    let said = words(text);
    let parts = names.into_iter().flat_map(words);
    let mut told = parts.filter(|part| part.chars().count() >= 3 && said.contains(part));
    told.next().map_or(Ok(()), |part| Err(Indiscreet::Name(part)))
}

/// The words of a text in small letters.
fn words(text: &str) -> Vec<String> {
    let is_letter = |c: char| c.is_alphanumeric() || c == '@' || c == '$';
    text.split(|c: char| !is_letter(c)).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn is_telling(word: &str) -> bool {
    let plain = plain(word);
    WORDS.contains(&plain.as_str()) || BEGINNINGS.iter().any(|beginning| plain.starts_with(beginning))
}

/// With letters for the digits and signs that stand for them, as in "p0lice".
fn plain(word: &str) -> String {
    if !word.chars().any(char::is_alphabetic) {
        return word.into();
    }
    let letter = |c| match c {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        c => c,
    };
    word.chars().map(letter).collect()
}

fn trimmed(part: &str) -> &str {
    part.trim_matches(|c: char| !c.is_alphanumeric())
}

/// Something that a phone turns into a link: with a scheme, an "@", or a dot between two letters of which two follow.
fn is_link(part: &str) -> bool {
    let part = trimmed(part);
    let dotted = part.match_indices('.').any(|(at, _)| {
        let before = part[..at].chars().next_back().is_some_and(char::is_alphanumeric);
        let after = part[at + 1..].chars().take_while(|c| c.is_alphabetic()).count();
        before && after >= 2
    });
    part.contains("://") || part.contains('@') && part.contains('.') || dotted
}

fn place(text: &str, words: &[String]) -> Option<String> {
    let named = words.iter().find(|word| PLACES.contains(&word.as_str())).cloned();
    let position = || text.split_whitespace().map(trimmed).find(|part| is_degrees(part)).map(Into::into);
    let code = || words.windows(2).find(|pair| is_postcode(&pair[0], &pair[1])).map(|pair| pair.join(" "));
    named.or_else(position).or_else(code)
}

/// A number with three decimals or more.
fn is_degrees(part: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    part.split_once('.')
        .is_some_and(|(whole, decimals)| is_number(whole) && decimals.len() >= 3 && is_number(decimals))
}

/// The two halves of a British postcode, such as "m1" and "4ab".
fn is_postcode(outward: &str, inward: &str) -> bool {
    let letters = outward.bytes().take_while(u8::is_ascii_alphabetic).count();
    let rest = &outward.as_bytes()[letters..];
    let area = (1..=2).contains(&letters)
        && (1..=2).contains(&rest.len())
        && rest[0].is_ascii_digit()
        && rest.iter().all(u8::is_ascii_alphanumeric);
    let unit = inward.as_bytes();
    area && unit.len() == 3 && unit[0].is_ascii_digit() && unit[1..].iter().all(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNSAFE: [&str; 52] = [
        "His tag is near you",
        "TAGGED man close by",
        "The t4g moved",
        "Message from the police",
        "P0lice are on the way",
        "p0l1ce",
        "The policeman will call",
        "Your stalker is near",
        "STALKING service: act now",
        "st@lker close",
        "The offender is close",
        "He is re-offending; offenders are near",
        "Perpetrator nearby",
        "Victim support here",
        "Dear victim, act now",
        "The wearer is inside",
        "Cordon alert",
        "CORDON: plan A",
        "Your ex is near",
        "Ex-partner close by",
        "Your husband is coming",
        "Your ex-wife is near",
        "The boyfriend is here",
        "GPS says he is close",
        "The tracker says go",
        "Tracking lost",
        "He left prison",
        "Court order broken",
        "Bail conditions broken",
        "Breach of the order",
        "Curfew missed",
        "Probation will call you",
        "Injunction: go inside",
        "Monitoring centre here",
        "He is in the zone",
        "Exclusion zones are active",
        "Violent man near",
        "Abusive man near, act",
        "Harassment team here",
        "Safeguarding will call",
        "He was arrested today",
        "Go to the refuge now",
        "Look: https://x.example/1",
        "See www.example.org",
        "Tap bit.ly/2abc now",
        "Write to me@example.org",
        "He is in Mill Street",
        "Leave M1 4AB now",
        "He is at 53.4800 -2.2400",
        "Go\nnow",
        "po\u{200b}lice",
        "Mae'r heddlu ar y ffordd",
    ];

    const SAFE: [&str; 52] = [
        "Please use plan A now.",
        "It is time for plan A, please.",
        "Plan A now, please.",
        "Please go ahead with plan A now.",
        "Reply 1 OK, 2 help, 3 call me. Ref 4831",
        "Plan A is over. Someone will call.",
        "Our line is down for now.",
        "TEST as booked, nothing has happened.",
        "Your library book is due today",
        "The dentist can see you now",
        "Can you pick up milk please?",
        "Dinner at 7.30?",
        "See you at 5.15 at the usual place",
        "Auntie says hello, ring her",
        "Choir is on tonight",
        "The parcel is here",
        "Ring me when you can. Thx",
        "Book club moved to today",
        "Vintage sale, stage 3",
        "The cottage is free",
        "Next heritage walk is now",
        "Extra lesson today",
        "Exam results are out",
        "Zonal chess cup starts",
        "The tailor has your coat",
        "Courtesy call: please ring",
        "A taxi is outside",
        "Is the bakery open?",
        "Please water the plants",
        "Red umbrella",
        "Blue kettle, blue kettle",
        "Time for the long walk",
        "Have you fed the cat?",
        "The cat is out, the cat is out",
        "Happy birthday!",
        "Band practice now",
        "Bring the spare key",
        "Turn the oven off",
        "Check the oven, e.g. now",
        "Mum wants you",
        "Gran is calling at 6",
        "Line 2 is up again",
        "I.e. the second one",
        "2 tickets left, call now",
        "Train 14 is late",
        "5 more minutes, then go",
        "Remember your vitamins",
        "caf\u{e9} on the corner?",
        "Ok? Ok!",
        "999 if you need it. Ref 7042",
        "Defnyddiwch gynllun A nawr.",
        "Mae d\u{175}r yn y to",
    ];

    #[test]
    fn fifty_texts_that_betray_are_refused() {
        for text in UNSAFE {
            assert!(check(text).is_err(), "{text}");
        }
    }

    #[test]
    fn fifty_texts_that_say_nothing_pass() {
        for text in SAFE {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn it_says_what_is_wrong() {
        assert_eq!(
            check("see www.x.org now").unwrap_err().to_string(),
            "it has a link or an address on the net: 'www.x.org'"
        );
        assert_eq!(check("the P0LICE").unwrap_err().to_string(), "it says 'p0lice'");
        assert_eq!(
            check(&"a".repeat(161)).unwrap_err().to_string(),
            "it has 161 characters of 160 that fit one text"
        );
    }

    #[test]
    fn nobody_is_named() {
        assert_eq!(names_nobody("Ring Al at 5", ["Al Smith"]), Ok(()), "two letters are many words");
        assert_eq!(names_nobody("Ring ALEX at 5", ["Alex Smith"]), Err(Indiscreet::Name("alex".into())));
        assert_eq!(names_nobody("The smithy", ["Alex Smith"]), Ok(()));
    }
}
