//! Refusals: what was wrong and what to do now, in plain words.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{Public, page::html};
use crate::{access::AccessError, engine::Refused, sequencer::SubmitError, store::StoreError};

/// A request that is not served.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    title: &'static str,
    why: String,
    next: (&'static str, &'static str),
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
    fn new(status: StatusCode, title: &'static str, why: impl Into<String>) -> Self {
        Self { status, title, why: why.into(), next: TO_QUEUE }
    }

    pub(super) fn foreign_host(public: Option<&Public>) -> Self {
        let why = match public {
            None => {
                "The console answers only to this machine's own names: open it as http://127.0.0.1 or http://localhost."
            }
            Some(_) => "The console does not answer to this name. Open it at the address you were given.",
        };
        Self::new(StatusCode::FORBIDDEN, "Not this address", why)
    }

    pub(super) fn foreign_origin() -> Self {
        let why = "This form was sent from another site, so nothing was done. Open the console itself and try again.";
        Self::new(StatusCode::FORBIDDEN, "Not from here", why)
    }

    pub(super) fn sign_in_first() -> Self {
        let why = "You are not signed in, or your sign-in has ended. Nothing was done.";
        Self { next: TO_SIGN_IN, ..Self::new(StatusCode::UNAUTHORIZED, "Sign in first", why) }
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
        Self { next, ..Self::new(StatusCode::FORBIDDEN, "Not for your role", why) }
    }

    /// Nothing of anybody is shown that the audit log does not know of.
    pub(super) fn not_recorded(error: &AccessError) -> Self {
        tracing::error!(%error, "the audit log could not be written; nobody's data is shown");
        let why = "What you look at is recorded, and just now it cannot be, so it is not shown. Alerts go out as ever: use \
                   phone and radio. Tell whoever runs this service.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Not shown", why)
    }

    /// Nobody can say who may what.
    pub(super) fn accounts_away() -> Self {
        let why = "The accounts cannot be read at the moment, so it is not known what you may see. Alerts go out as ever: use \
                   phone and radio. Tell whoever runs this service.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Accounts not available", why)
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
        Self::new(StatusCode::NOT_FOUND, "No such incident", format!("There is no incident {id}."))
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
        Self::new(StatusCode::FORBIDDEN, "Not in the rulebook", why)
    }

    pub(super) fn unconfirmed() -> Self {
        let why = "Cordon could not confirm this within 10 seconds; it may still come into effect. Look at the incident \
                   before you repeat it. Do not wait for this page: act by phone or radio.";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "Not confirmed yet", why)
    }
}

impl From<SubmitError> for Refusal {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Stopped => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "The service is stopping",
                "It took nothing in. Act by phone or radio, and repeat this when the service is back.",
            ),
            SubmitError::Refused(Refused::UnknownStaff(_)) => Self::no_staff(),
            SubmitError::Refused(why @ Refused::NoSuchIncident(_)) => {
                let why = format!("{why}: somebody may have closed it meanwhile. Nothing was done.");
                Self::new(StatusCode::CONFLICT, "Not open any more", why)
            }
            SubmitError::Refused(Refused::Taken(_)) => {
                let why = "Somebody else owned it a moment before you: the queue shows who. Nothing was done. You can \
                           still act on it, or close it.";
                Self::new(StatusCode::CONFLICT, "Somebody else has it", why)
            }
            SubmitError::Refused(why @ Refused::StillInside) => {
                let why = format!("{why}. Nothing was done, and everybody is still told.");
                Self::new(StatusCode::CONFLICT, "Still in the zone", why)
            }
            SubmitError::Refused(why) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Refused", format!("{why}. Nothing was done."))
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
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Records not available", why)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let page = Page { title: self.title, why: &self.why, next: self.next };
        (self.status, html(&page)).into_response()
    }
}

pub(super) async fn no_such_page() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "No such page", "The console has no page of this address.")
}

pub(super) async fn no_such_method() -> Refusal {
    let why = "This address cannot be used in this way. Use the console's own links and buttons.";
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "Not in this way", why)
}
