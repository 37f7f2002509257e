//! Refusals: what was wrong and what to do now, in plain words.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{Public, grounds::Grounds, page::html};
use crate::{
    access::{AccessError, Permit, TokenRefused},
    document::Misfit,
    engine::Refused,
    sequencer::SubmitError,
    store::StoreError,
};

/// A request that is not served. The API says it in JSON (`api::problems`), pages as one of them.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// What a program can go by.
    pub(super) grounds: Grounds,
    pub(super) title: &'static str,
    pub(super) why: String,
    next: (&'static str, &'static str),
    /// What else its answer carries.
    header: Option<Box<(header::HeaderName, String)>>,
}

#[derive(Template)]
#[template(path = "refusal.html", config = ".askama.toml")]
struct Page<'a> {
    title: &'a str,
    why: &'a str,
    next: (&'a str, &'a str),
}

const TO_QUEUE: (&str, &str) = ("/", "Go to the queue");
const TO_SIGN_IN: (&str, &str) = ("/sign-in", "Sign in");

impl Refusal {
    /// One that only pages know.
    fn new(status: StatusCode, title: &'static str, why: impl Into<String>) -> Self {
        Self { status, ..Self::on(Grounds::Refused, title, why) }
    }

    fn on(grounds: Grounds, title: &'static str, why: impl Into<String>) -> Self {
        let status = grounds.status();
        Self { status, grounds, title, why: why.into(), next: TO_QUEUE, header: None }
    }

    pub(super) fn show_a_token() -> Self {
        let why = "Send a token of your account with each request, as in `Authorization: Bearer cordon_...`.";
        Self { next: TO_SIGN_IN, ..Self::on(Grounds::NoToken, "Show a token", why) }
    }

    /// What a token was not made for.
    pub(super) fn not_permitted(permit: Option<Permit>) -> Self {
        let why = match permit {
            Some(permit) => format!("This token was not made for this: it would need {}.", permit.as_str()),
            None => "No token may do this: sign in to the console.".into(),
        };
        Self::on(Grounds::NotPermitted, "Not for this token", why)
    }

    pub(super) fn too_many(wait_s: i64) -> Self {
        let why = format!("Too many requests with this token. Wait {wait_s} s.");
        let header = Some(Box::new((header::RETRY_AFTER, wait_s.to_string())));
        Self { header, ..Self::on(Grounds::TooMany, "Too many", why) }
    }

    /// Of a handover.
    pub(super) fn no_unit() -> Self {
        let why = "A shift is handed over for a unit, and there is none yet that is yours.";
        Self::on(Grounds::Refused, "No unit", why)
    }

    pub(super) fn too_many_feeds() -> Self {
        Self::on(
            Grounds::TooMany,
            "Too many",
            "This token listens at eight places already. End a feed first.",
        )
    }

    pub(super) fn unreadable_body(misfit: &Misfit) -> Self {
        Self::on(Grounds::BodyWrong, "Body refused", format!("{misfit}. Nothing was done."))
    }

    pub(super) fn body(grounds: Grounds, why: &str) -> Self {
        Self::on(grounds, "Body refused", format!("{why} Nothing was done."))
    }

    pub(super) fn wrong_query(why: &str) -> Self {
        Self::on(Grounds::QueryWrong, "Query refused", format!("{why}."))
    }

    pub(super) fn note_length(why: String) -> Self {
        Self::on(Grounds::NoteLength, "Note refused", format!("{why} Nothing was done."))
    }

    pub(super) fn foreign_host(public: Option<&Public>) -> Self {
        let why = match public {
            None => {
                "The console answers only to this machine's own names: open it as http://127.0.0.1 or http://localhost."
            }
            Some(_) => "The console does not answer to this name. Open it at the address you were given.",
        };
        Self::on(Grounds::ForeignHost, "Not this address", why)
    }

    pub(super) fn foreign_origin() -> Self {
        let why = "This form was sent from another site, so nothing was done. Open the console itself and try again.";
        Self::on(Grounds::ForeignOrigin, "Not from here", why)
    }

    pub(super) fn sign_in_first() -> Self {
        let why = "You are not signed in, or your sign-in has ended. Nothing was done.";
        Self { next: TO_SIGN_IN, ..Self::on(Grounds::NoToken, "Sign in first", why) }
    }

    /// A page's scripts know it by its status: they take what is shown away, and go on listening for alarms.
    pub(super) fn idle() -> Self {
        let why = "You have done nothing here for 15 minutes, so nobody's data is shown. Sign in again. Nothing was done.";
        Self { next: TO_SIGN_IN, ..Self::new(StatusCode::LOCKED, "Are you still there?", why) }
    }

    pub(super) fn for_monitors() -> Self {
        let why = "Where the console is reached from other machines, machines that read these figures show the watchdog's token.";
        Self::new(StatusCode::UNAUTHORIZED, "Show the token", why)
    }

    /// It is somebody else's work.
    pub(super) fn not_yours(home: &'static str) -> Self {
        let why = "Your role does not include this. Whoever makes accounts here can say why, or change it.";
        let next = if home == "/" { TO_QUEUE } else { (home, "Go to your own page") };
        Self { next, ..Self::on(Grounds::NotForRole, "Not for your role", why) }
    }

    /// Nothing of anybody is shown that the audit log does not know of.
    pub(super) fn not_recorded(error: &AccessError) -> Self {
        tracing::error!(%error, "the audit log could not be written; nobody's data is shown");
        let why = "What you look at is recorded, and just now it cannot be, so it is not shown. Alerts go out as ever: use \
                   phone and radio. Tell whoever runs this service.";
        Self::on(Grounds::NotRecorded, "Not shown", why)
    }

    /// Nobody can say who may what.
    pub(super) fn accounts_away() -> Self {
        let why = "The accounts cannot be read at the moment, so it is not known what you may see. Alerts go out as ever: use \
                   phone and radio. Tell whoever runs this service.";
        Self::on(Grounds::AccountsAway, "Accounts not available", why)
    }

    /// The page that whoever asked for another one is led to.
    pub(super) fn leads_to(&self) -> Option<&'static str> {
        let asks_who = matches!(self.status, StatusCode::UNAUTHORIZED | StatusCode::LOCKED);
        (asks_who && self.next != TO_QUEUE).then_some(self.next.0)
    }

    pub(super) fn say_who_first() -> Self {
        let why = "Say who you are first. Nothing was done.";
        Self { next: ("/who", "Say who you are"), ..Self::new(StatusCode::UNAUTHORIZED, "Who are you?", why) }
    }

    pub(super) fn stale_form() -> Self {
        let why =
            "This form belongs to another sign-in, so nothing was done. Open the page again and repeat it.";
        Self::new(StatusCode::FORBIDDEN, "Form out of date", why)
    }

    pub(super) fn unreadable_form(status: StatusCode) -> Self {
        let why = match status {
            StatusCode::PAYLOAD_TOO_LARGE => "The form is longer than 64 KiB. Nothing was done; shorten it.",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                "A form is sent as application/x-www-form-urlencoded. Nothing was done."
            }
            _ => "The form could not be read. Nothing was done.",
        };
        Self::new(status, "Form refused", why)
    }

    pub(super) fn no_incident(id: &str) -> Self {
        let id: String = id.chars().take(20).collect();
        Self::on(Grounds::NoSuchIncident, "No such incident", format!("There is no incident {id}."))
    }

    pub(super) fn nothing_to_play() -> Self {
        let why = "This incident is about no wearer, so there are no positions to play back.";
        Self::new(StatusCode::NOT_FOUND, "Nothing to play back", why)
    }

    /// Somebody else's takes too long.
    pub(super) fn playback_busy() -> Self {
        let why = "Other playbacks are being made just now. Alerts come first, so only one is made at a time. Try again in a minute.";
        let header = Some(Box::new((header::RETRY_AFTER, "60".to_owned())));
        Self { header, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "Not yet", why) }
    }

    pub(super) fn playback_failed() -> Self {
        let why = "The journal could not be played back. Tell whoever runs this service; `cordon replay` says where it fails.";
        Self::new(StatusCode::CONFLICT, "Not played back", why)
    }

    pub(super) fn wrong_span(why: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "This time cannot be played", why)
    }

    /// For an explanation the whole journal is decided again.
    pub(super) fn not_explained(why: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "Not explained here", why)
    }

    pub(super) fn no_proposal() -> Self {
        let why = "It was decided already, or there never was one of that number.";
        let next = ("/records", "Go to the records");
        Self { next, ..Self::new(StatusCode::NOT_FOUND, "Nothing waits here", why) }
    }

    /// Whoever comes by a link says who they are: under another's name they could approve their own proposal.
    pub(super) fn by_a_link() -> Self {
        let why = "You came by a link, which tells no two persons apart. Sign in with an account to propose a zone.";
        let next = ("/records", "Go to the records");
        Self { next, ..Self::new(StatusCode::CONFLICT, "Not proposed", why) }
    }

    pub(super) fn not_approved(why: &str) -> Self {
        let next = ("/records", "Go to the records");
        Self { next, ..Self::new(StatusCode::CONFLICT, "Not approved", format!("{why} Nothing was done.")) }
    }

    pub(super) fn not_withdrawn(why: &str) -> Self {
        let next = ("/records", "Go to the records");
        let why = format!("{why} Nothing was done.");
        Self { next, ..Self::new(StatusCode::CONFLICT, "Not in this order", why) }
    }

    pub(super) fn no_hold() -> Self {
        let why = "It was lifted already, or there never was one of that number. Nothing was done.";
        let next = ("/records", "Go to the records");
        Self { next, ..Self::new(StatusCode::CONFLICT, "No such hold", why) }
    }

    pub(super) fn too_many_holds() -> Self {
        let why = "Twenty holds of this person stand already. Lift some of them first. Nothing was done.";
        let next = ("/records", "Go to the records");
        Self { next, ..Self::new(StatusCode::CONFLICT, "Too many holds", why) }
    }

    pub(super) fn exports_busy() -> Self {
        let why = "Others' data is being made into documents just now, which reads the whole journal. Try again in a minute.";
        let next = ("/records", "Go to the records");
        Self { next, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "Try again in a minute", why) }
    }

    pub(super) fn too_many_proposals() -> Self {
        let why =
            "Fifty changes of this case's zones wait already. Decide some of them first. Nothing was done.";
        let next = ("/records", "Go to the records");
        Self { next, ..Self::new(StatusCode::CONFLICT, "Too many wait", why) }
    }

    pub(super) fn no_record() -> Self {
        let why = "There is no such record, or it is not of your units and cases.";
        let next = ("/records", "Go to the records");
        Self { next, ..Self::new(StatusCode::NOT_FOUND, "No such record", why) }
    }

    pub(super) fn no_account() -> Self {
        let why = "There is no such account in your units.";
        Self {
            next: ("/accounts", "Go to the accounts"),
            ..Self::new(StatusCode::NOT_FOUND, "No such account", why)
        }
    }

    pub(super) fn no_staff() -> Self {
        let why = "The rulebook in force does not know you as a member of staff, so nothing can be put to your name. Whoever \
                   keeps the rulebook can add you, by the name you sign in as.";
        Self::on(Grounds::NoStaff, "Not in the rulebook", why)
    }

    pub(super) fn unconfirmed() -> Self {
        let why = "Cordon could not confirm this within 10 seconds; it may still come into effect. Look at the incident \
                   before you repeat it. Do not wait for this page: act by phone or radio.";
        Self::on(Grounds::NotConfirmed, "Not confirmed yet", why)
    }

    /// `allow` as the header has it.
    pub(super) fn no_such_method(allow: &str) -> Self {
        let why = "This address cannot be used in this way. Use the console's own links and buttons.";
        let header = Some(Box::new((header::ALLOW, allow.to_owned())));
        Self { header, ..Self::on(Grounds::NoSuchMethod, "Not in this way", why) }
    }
}

impl From<SubmitError> for Refusal {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Stopped => Self::on(
                Grounds::Stopping,
                "The service is stopping",
                "It took nothing in. Act by phone or radio, and repeat this when the service is back.",
            ),
            SubmitError::Refused(Refused::UnknownStaff(_)) => Self::no_staff(),
            SubmitError::Refused(why @ Refused::NoSuchIncident(_)) => {
                let why = format!("{why}: somebody may have closed it meanwhile. Nothing was done.");
                Self::on(Grounds::NotOpen, "Not open any more", why)
            }
            SubmitError::Refused(Refused::Taken(_)) => {
                let why = "Somebody else owned it a moment before you: the queue shows who. Nothing was done. You can \
                           still act on it, or close it.";
                Self::on(Grounds::Taken, "Somebody else has it", why)
            }
            SubmitError::Refused(why @ Refused::StillInside) => {
                let why = format!("{why}. Nothing was done, and everybody is still told.");
                Self::on(Grounds::StillInside, "Still in the zone", why)
            }
            SubmitError::Refused(why) => {
                let grounds = match &why {
                    Refused::NoFurther => Grounds::NoFurther,
                    Refused::Attends(_) | Refused::TooManySent => Grounds::OnTheWay,
                    Refused::Danger => Grounds::Danger,
                    _ => Grounds::Refused,
                };
                Self::on(grounds, "Refused", format!("{why}. Nothing was done."))
            }
        }
    }
}

impl From<AccessError> for Refusal {
    fn from(error: AccessError) -> Self {
        tracing::error!(%error, "accounts or audit log failed");
        Self::accounts_away()
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        // The details are for the operator; the officer needs to know that the live picture does not depend on it.
        tracing::error!(%error, "the console could not read the store");
        let why =
            "Cordon's records cannot be read at the moment. The queue is live and does not depend on them.";
        Self::on(Grounds::RecordsAway, "Records not available", why)
    }
}

impl From<TokenRefused> for Refusal {
    fn from(error: TokenRefused) -> Self {
        let grounds = match error {
            TokenRefused::Malformed => Grounds::TokenMalformed,
            TokenRefused::Unknown => Grounds::TokenUnknown,
            TokenRefused::Expired => Grounds::TokenExpired,
            TokenRefused::Revoked => Grounds::TokenRevoked,
            TokenRefused::Away => return Self::accounts_away(),
            TokenRefused::Wait(s) => {
                let header = Some(Box::new((header::RETRY_AFTER, s.to_string())));
                return Self { header, ..Self::on(Grounds::TooMany, "Too many", format!("{error}.")) };
            }
        };
        Self::on(grounds, "Token refused", format!("{error}."))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let page = Page { title: self.title, why: &self.why, next: self.next };
        let mut response = (self.status, html(&page)).into_response();
        if let Some((name, value)) = self.header.as_deref()
            && let Ok(value) = HeaderValue::from_str(value)
        {
            response.headers_mut().insert(name, value);
        }
        response.extensions_mut().insert(self);
        response
    }
}

pub(super) async fn no_such_page() -> Refusal {
    Refusal::on(Grounds::NoSuchAddress, "No such page", "The console has no page of this address.")
}

/// The gate has said so already; should it ever miss one, the router says it.
pub(super) async fn no_such_method() -> Refusal {
    Refusal::no_such_method("")
}
