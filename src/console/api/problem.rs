//! Refusals as the API says them: RFC 9457, with a word that a program can go by.

use axum::{
    Json,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::super::{grounds::Grounds, refusal::Refusal};

/// What it is sent as.
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not served, as RFC 9457 has it.
#[derive(Serialize, JsonSchema)]
pub(super) struct Problem<'a> {
    /// Where the reason is explained.
    #[serde(rename = "type")]
    #[schemars(extend("format" = "uri-reference"))]
    kind: String,
    /// A heading.
    title: &'a str,
    /// The status of the answer.
    status: u16,
    /// What was wrong, and what to do now, in plain words. They may change.
    detail: &'a str,
    /// The word that a program can go by. It stays.
    reason: Grounds,
}

/// Says in JSON what would be a page elsewhere.
pub(in crate::console) async fn problems(request: Request, next: Next) -> Response {
    let is_api = super::is_api(request.uri().path());
    let response = next.run(request).await;
    let refusal = response.extensions().get::<Refusal>().filter(|_| is_api);
    match refusal.cloned() {
        Some(refusal) => problem(&refusal, response),
        None => response,
    }
}

/// In place of the page, with the headers that say more than its type and length.
fn problem(refusal: &Refusal, page: Response) -> Response {
    let problem = Problem {
        kind: format!("/api#reason-{}", refusal.grounds.word()),
        title: refusal.title,
        status: refusal.status.as_u16(),
        detail: &refusal.why,
        reason: refusal.grounds,
    };
    let mut response = (refusal.status, Json(problem)).into_response();
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = page.headers().get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    if refusal.status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}
