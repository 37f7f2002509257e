//! What is sent to the API, read once: a body of JSON, and a query.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;

use super::super::{App, grounds::Grounds, refusal::Refusal};
use crate::document;

/// A body of JSON.
pub(super) struct Sent<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<App> for Sent<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        if !is_json(request.headers()) {
            return Err(Refusal::body(Grounds::BodyType, "A body is sent as application/json."));
        }
        let bytes =
            Bytes::from_request(request, app).await.map_err(|rejection| match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => {
                    Refusal::body(Grounds::BodyTooLong, "The body is longer than 64 KiB; shorten it.")
                }
                _ => Refusal::body(Grounds::BodyWrong, "The body did not come whole."),
            })?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Refusal::body(Grounds::BodyWrong, "The body is not UTF-8."))?;
        // Serde would take a list of the members in their order, too.
        if !text.trim_start().starts_with('{') {
            return Err(Refusal::body(Grounds::BodyWrong, "The body is a JSON object."));
        }
        document::from_json(text).map(Self).map_err(|misfit| Refusal::unreadable_body(&misfit))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// A query.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        match Query::<T>::from_request_parts(parts, app).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(rejection) => Err(Refusal::wrong_query(&rejection.body_text())),
        }
    }
}
