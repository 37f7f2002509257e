//! On what grounds a request of the API is refused: words that a program can go by, and which stay what they are.

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

/// Why a request was refused. The words stay; new ones may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Grounds {
    /// The query has a name that is not known, or a value that does not fit.
    QueryWrong,
    /// No token was sent.
    NoToken,
    /// What was sent is no token.
    TokenMalformed,
    /// Nobody made this token here.
    TokenUnknown,
    /// The token's time is over.
    TokenExpired,
    /// The token, or its account, was revoked.
    TokenRevoked,
    /// The service does not answer to this name.
    ForeignHost,
    /// The request was sent by another site's page.
    ForeignOrigin,
    /// The account's roles do not include this.
    NotForRole,
    /// The token was not made for this.
    NotPermitted,
    /// The rulebook in force does not know the account as a member of staff, so nothing can be put to its name.
    NoStaff,
    /// There is no such incident within the account's reach.
    NoSuchIncident,
    /// Nothing is at this address.
    NoSuchAddress,
    /// The address is not asked by this method.
    NoSuchMethod,
    /// The incident is not open any more: somebody closed it.
    NotOpen,
    /// Somebody else owned it a moment before.
    Taken,
    /// The wearer is still in the zone, so the incident stays open.
    StillInside,
    /// A responder has said that already, or something later.
    NoFurther,
    /// Whoever is sent is on the way already, or as many are as can be.
    OnTheWay,
    /// It is danger, which is never put aside.
    Danger,
    /// The body is longer than 64 KiB.
    BodyTooLong,
    /// The body is not sent as application/json.
    BodyType,
    /// The body is no JSON, or of another shape than it should be.
    BodyWrong,
    /// A note has 1 to 2000 characters.
    NoteLength,
    /// Something else was wrong; `detail` says what.
    Refused,
    /// Too many requests; wait as long as Retry-After says.
    TooMany,
    /// What is looked at is recorded, and just now it cannot be, so it is not shown.
    NotRecorded,
    /// The accounts cannot be read at the moment.
    AccountsAway,
    /// The records cannot be read at the moment. The queue is live and does not depend on them.
    RecordsAway,
    /// The service is stopping, and took nothing in.
    Stopping,
    /// It could not be confirmed within 10 seconds, and may still come into effect: look before you repeat it.
    NotConfirmed,
}

impl Grounds {
    /// All of them.
    pub(super) const ALL: [Self; 31] = [
        Self::QueryWrong,
        Self::NoToken,
        Self::TokenMalformed,
        Self::TokenUnknown,
        Self::TokenExpired,
        Self::TokenRevoked,
        Self::ForeignHost,
        Self::ForeignOrigin,
        Self::NotForRole,
        Self::NotPermitted,
        Self::NoStaff,
        Self::NoSuchIncident,
        Self::NoSuchAddress,
        Self::NoSuchMethod,
        Self::NotOpen,
        Self::Taken,
        Self::StillInside,
        Self::NoFurther,
        Self::OnTheWay,
        Self::Danger,
        Self::BodyTooLong,
        Self::BodyType,
        Self::BodyWrong,
        Self::NoteLength,
        Self::Refused,
        Self::TooMany,
        Self::NotRecorded,
        Self::AccountsAway,
        Self::RecordsAway,
        Self::Stopping,
        Self::NotConfirmed,
    ];

    /// The word that stands for them.
    pub(super) fn word(self) -> String {
        serde_json::to_value(self).ok().and_then(|word| Some(word.as_str()?.to_owned())).unwrap_or_default()
    }

    /// The status that goes with them.
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::QueryWrong => StatusCode::BAD_REQUEST,
            Self::NoToken
            | Self::TokenMalformed
            | Self::TokenUnknown
            | Self::TokenExpired
            | Self::TokenRevoked => StatusCode::UNAUTHORIZED,
            Self::ForeignHost
            | Self::ForeignOrigin
            | Self::NotForRole
            | Self::NotPermitted
            | Self::NoStaff => StatusCode::FORBIDDEN,
            Self::NoSuchIncident | Self::NoSuchAddress => StatusCode::NOT_FOUND,
            Self::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotOpen
            | Self::Taken
            | Self::StillInside
            | Self::NoFurther
            | Self::OnTheWay
            | Self::Danger => StatusCode::CONFLICT,
            Self::BodyTooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyWrong | Self::NoteLength | Self::Refused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::NotRecorded | Self::AccountsAway | Self::RecordsAway | Self::Stopping => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::NotConfirmed => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}
